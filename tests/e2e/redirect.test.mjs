// Servers that send the client to another one.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { CONNACK, startHostile } from "./support/hostile.mjs";
import { openLab } from "./support/lab.mjs";
import { until } from "./support/peer.mjs";

const USE_ANOTHER = 0x9c;
const MOVED = 0x9d;
/** First bytes of the packets that may carry a Server Reference. */
const REFUSAL = 0x20;
const DISCONNECT = 0xe0;

/** CONNACK or DISCONNECT with a Server Reference. */
function sendAway(visit, first, reason, reference) {
  const text = Buffer.from(reference);
  const property = Buffer.concat([Buffer.from([0x1c, 0, text.length]), text]);
  const head = first === REFUSAL ? [0, reason, property.length] : [reason, property.length];
  visit.send(first, head.length + property.length, ...head, property);
}

describe("servers that send the client away", () => {
  let lab;
  let servers = [];
  before(async () => {
    lab = await openLab();
  });
  afterEach(async () => {
    await lab.clear();
    await Promise.all(servers.map((server) => server.stop()));
    servers = [];
  });
  after(() => lab?.stop());

  async function start(answer) {
    const server = await startHostile(async (visit) => {
      await visit.packet("CONNECT");
      answer(visit);
    });
    servers.push(server);
    return server;
  }

  const accept = (visit) => visit.send(CONNACK["5.0"]);
  const host = ({ url }) => new URL(url).host;

  for (const [first, name] of [
    [REFUSAL, "CONNACK"],
    [DISCONNECT, "DISCONNECT"],
  ]) {
    for (const [reason, meaning, stays] of [
      [USE_ANOTHER, "use another server", false],
      [MOVED, "server moved", true],
    ]) {
      test(`"${meaning}" in ${name} holds ${stays ? "for good" : "for one link"}`, async () => {
        const b = await start(accept);
        const a = await start((visit) => {
          if (first === DISCONNECT || visit.number > 1) accept(visit);
          if (visit.number === 1) sendAway(visit, first, reason, `ws://[bad ${host(b)}`);
        });
        const client = await lab.connect(a.url);
        const onlines = async () => (await client.statuses()).filter(({ state }) => state === "online").length;
        const links = first === DISCONNECT ? 2 : 1;
        await until(async () => (await onlines()) === links, "a link to the other server");
        b.visits[0].ws.terminate();
        await until(async () => (await onlines()) === links + 1, "a link after that");
        assert.deepEqual([a.visits.length, b.visits.length], stays ? [1, 2] : [2, 1]);
      });
    }
  }

  test("servers that send the client in circles see it six times and then after a wait", async () => {
    const a = await start((visit) => sendAway(visit, REFUSAL, MOVED, host(a)));
    const reconnect = { kind: "fixed", delay: 5, jitter: 0, maxAttempts: 12 };
    const client = await lab.connect(a.url, { reconnect });
    const { cause } = await client.until({ state: "stopped" });
    assert.deepEqual([cause.kind, cause.reasonCode, cause.serverReference], ["refused", MOVED, host(a)]);
    const waits = (await client.statuses()).filter(({ state }) => state === "waiting");
    assert.equal(waits.length, 1);
    assert.equal(a.visits.length, 12);
  });

  test("a client that only wants to be told is told", async () => {
    const b = await start(accept);
    const a = await start((visit) => sendAway(visit, REFUSAL, USE_ANOTHER, host(b)));
    const client = await lab.connect(a.url, { redirect: "report", reconnect: false });
    const { cause } = await client.until({ state: "stopped" });
    assert.equal(cause.serverReference, host(b));
    assert.equal(b.visits.length, 0);
  });
});
