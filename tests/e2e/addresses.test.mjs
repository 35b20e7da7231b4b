// Several addresses: the client goes to the next when one fails, and back to the preferred one.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { startEmbeddedBroker } from "../../www/server/broker.mjs";
import { startProxy } from "../../www/server/proxy.mjs";
import { CONNACK, startHostile } from "./support/hostile.mjs";
import { openLab, QUICK } from "./support/lab.mjs";

/** A link that holds for a moment counts as one that held. */
const STEADY = { ...QUICK, stableAfter: 1 };

describe("several addresses", () => {
  let lab;
  const running = [];
  before(async () => {
    lab = await openLab();
  });
  afterEach(async () => {
    await lab.clear();
    await Promise.all(running.splice(0).map((server) => server.stop()));
  });
  after(() => lab?.stop());

  const broker = async (options) => {
    const started = await startEmbeddedBroker(options);
    running.push(started);
    return started;
  };
  const server = async (script) => {
    const started = await startHostile(script);
    running.push(started);
    return started;
  };
  const accept = async (visit) => {
    await visit.packet("CONNECT");
    visit.send(CONNACK["5.0"]);
  };
  /** Not before CONNECT: a socket that was opened early, and is gone when it is wanted, is opened once more. */
  const slam = async (visit) => {
    await visit.packet("CONNECT");
    visit.ws.terminate();
  };

  test("when the preferred broker dies the client goes on with the next, and after a loss there is back at the first", async () => {
    const first = await broker();
    const second = await broker();
    const client = await lab.online([first.url, second.url], { reconnect: STEADY });
    const heard = await client.subscribed("failover/#", { qos: 1 });
    await client.publish("failover/a", "at the first", { qos: 1 });
    await first.kill();
    await client.until({ state: "online", url: second.url });
    // The session is not there, so it is made anew: the filter with it.
    await client.publish("failover/b", "at the second", { qos: 1 });
    await heard.until(2);
    await broker({ port: first.port, tcpPort: first.tcpPort });
    const from = (await client.statuses()).length;
    await second.kill();
    await client.until({ state: "online", url: first.url }, from);
    await client.publish("failover/c", "at the first again", { qos: 1 });
    const messages = await heard.until(3);
    assert.deepEqual(
      messages.map(({ text }) => text),
      ["at the first", "at the second", "at the first again"],
    );
  });

  test("what was subscribed to at the second broker is subscribed to at the first one too, though that has its session still", async () => {
    const [one, two] = [await broker(), await broker()];
    const first = await startProxy({ target: one.url });
    const second = await startProxy({ target: two.url });
    running.push(first, second);
    const options = { reconnect: STEADY, session: { cleanStart: false, expiry: 600 } };
    const client = await lab.online([first.url, second.url], options);
    const early = await client.subscribed("early", { qos: 1 });
    first.refuse(true);
    first.cut();
    await client.until({ state: "online", url: second.url });
    const late = await client.subscribed("late", { qos: 1 });
    first.refuse(false);
    const from = (await client.statuses()).length;
    second.cut();
    const { sessionPresent } = await client.until({ state: "online", url: first.url }, from);
    assert.ok(sessionPresent);
    await client.publish("early", "1", { qos: 1 });
    await client.publish("late", "2", { qos: 1 });
    assert.deepEqual(
      [await early.until(1), await late.until(1)].map((messages) => messages.map(({ text }) => text)),
      [["1"], ["2"]],
    );
  });

  test("with returnAfter the client goes back by itself when the preferred broker is there again, and the other one hears a goodbye", async () => {
    const first = await broker();
    const second = await server(async (visit) => {
      await accept(visit);
      await visit.packet("DISCONNECT");
      visit.ws.close();
    });
    await first.kill();
    const client = await lab.online([first.url, second.url], { reconnect: STEADY, returnAfter: 20 });
    await client.until({ state: "online", url: second.url });
    await broker({ port: first.port, tcpPort: first.tcpPort });
    await client.until({ state: "online", url: first.url });
    const types = second.visits.map(({ packets }) => packets.map(({ type }) => type));
    assert.deepEqual(types, [["CONNECT", "DISCONNECT"]]);
    const causes = (await client.statuses()).map(({ cause }) => cause?.kind);
    assert.equal(causes.at(-2), "renewed");
  });

  test("a server that takes the client in and drops it has no second turn before the others", async () => {
    const dropping = await server(async (visit) => {
      await accept(visit);
      visit.ws.close();
    });
    const good = await server(accept);
    const client = await lab.connect([dropping.url, good.url], { reconnect: { ...QUICK, stableAfter: 60_000 } });
    await client.until({ state: "online", url: good.url });
    assert.deepEqual([dropping.visits.length, good.visits.length], [1, 1]);
  });

  test("a preferred broker whose network swallows everything is left for the next one after connectTimeout", async () => {
    const swallowed = await startProxy({ target: (await broker()).url });
    running.push(swallowed);
    const good = await server(accept);
    swallowed.stall();
    const client = await lab.connect([swallowed.url, good.url], { connectTimeout: 300 });
    await client.until({ state: "online", url: good.url });
    const { cause, ended } = (await client.statuses()).find(({ state }) => state === "waiting");
    assert.deepEqual([cause.kind, cause.phase, ended.phase], ["connect-timeout", "socket", "socket"]);
  });

  test("each address has its turn, and the attempts are bounded all together", async () => {
    const servers = await Promise.all([server(slam), server(slam), server(slam)]);
    const client = await lab.connect(
      servers.map(({ url }) => url),
      { reconnect: { kind: "fixed", delay: 1, jitter: 0, maxAttempts: 7 }, protocol: "5.0" },
    );
    const { cause } = await client.until({ state: "stopped" });
    assert.equal(cause.kind, "socket-closed");
    assert.deepEqual(
      servers.map(({ visits }) => visits.length),
      [3, 2, 2],
    );
  });

  test("a function is asked for the address of each attempt", async () => {
    const [bad, good] = [await server(slam), await server(accept)];
    const asked = await lab.page.evaluate(
      async (bad, good, reconnect) => {
        const asked = [];
        const url = async ({ attempt, cause, signal }) => {
          asked.push([attempt, cause?.kind, signal.aborted]);
          return attempt < 3 ? `${bad}?token=${attempt}` : good;
        };
        const client = globalThis.hawser.connect(url, { reconnect, protocol: "5.0" });
        await new Promise((resolve) => client.addEventListener("status", ({ status }) => status.state === "online" && resolve()));
        asked.push(client.status.url);
        await client.close();
        return asked;
      },
      bad.url,
      good.url,
      QUICK,
    );
    assert.deepEqual(asked, [[1, null, false], [2, "socket-closed", false], [3, "socket-closed", false], good.url]);
    assert.deepEqual(
      bad.visits.map(({ path }) => path),
      ["/mqtt?token=1", "/mqtt?token=2"],
    );
  });
});
