// Servers that do not speak MQTT 5.0, each saying so in its own way: the client falls back to 3.1.1 and stays there.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, afterEach, before, describe, test } from "node:test";
import { CONNACK, startHostile } from "./support/hostile.mjs";
import { openLab } from "./support/lab.mjs";

/** Offset of the protocol level in a CONNECT shorter than 128 bytes. */
const LEVEL = 8;

const REFUSALS = [
  { name: "CONNACK 0x84", refuse: (visit) => visit.send(0x20, 3, 0, 0x84, 0) },
  { name: "a 3.1.1 CONNACK with code 1", refuse: (visit) => visit.send(0x20, 2, 0, 1) },
  { name: "a close frame", refuse: (visit) => visit.ws.close(1002), guessed: true },
  { name: "an abrupt end", refuse: (visit) => visit.ws.terminate(), guessed: true },
];

describe("servers without MQTT 5.0", () => {
  let lab;
  let server;
  let levels;
  before(async () => {
    lab = await openLab();
  });
  afterEach(async () => {
    await lab.clear();
    await server?.stop();
  });
  after(() => lab?.stop());

  /** A server that refuses 5.0 and answers 3.1.1 as `answer` says. */
  async function start(refuse, answer = (visit) => visit.send(CONNACK["3.1.1"])) {
    levels = [];
    server = await startHostile(async (visit) => {
      const [connect] = await once(visit.ws, "message");
      levels.push(connect[LEVEL]);
      if (connect[LEVEL] === 5) return refuse(visit);
      answer(visit);
      const publish = await Promise.race([visit.packet("PUBLISH"), visit.closed]);
      if (publish?.id) visit.send(0x40, 2, publish.id >> 8, publish.id & 255);
    });
  }

  for (const { name, refuse, guessed } of REFUSALS) {
    test(`${name} leads to 3.1.1, which is remembered`, async () => {
      await start(refuse);
      const client = await lab.connect(server.url);
      const published = client.publish("t", "x", { qos: 1, contentType: "text/plain", userProperties: { a: "b" } });
      const online = await client.until({ state: "online" });
      assert.equal(online.protocol, "3.1.1");
      assert.equal((await published).reasonCode, 0);
      const statuses = await client.statuses();
      assert.equal(statuses.filter(({ state }) => state === "waiting").length, guessed ? 1 : 0);
      const offered = statuses.filter(({ state, phase }) => state === "connecting" && phase === "handshake");
      assert.deepEqual(
        offered.map(({ protocol }) => protocol),
        ["5.0", "3.1.1"],
      );
      server.visits.at(-1).ws.terminate();
      await client.until({ state: "waiting" }, statuses.length);
      await client.until({ state: "online" }, statuses.length);
      assert.deepEqual(levels, [5, 4, 4]);
    });
  }

  test("a server that hangs up on both is offered both in turn, with the usual waits", async () => {
    const hangUp = (visit) => visit.ws.close(1011);
    await start(hangUp, hangUp);
    const reconnect = { kind: "fixed", delay: 5, jitter: 0, maxAttempts: 5 };
    const client = await lab.connect(server.url, { reconnect });
    await client.until({ state: "stopped", cause: { kind: "socket-closed", closeCode: 1011 } });
    assert.deepEqual(levels, [5, 4, 5, 4, 5]);
  });

  test("a protocol that the user has fixed is the only one", async () => {
    await start((visit) => visit.send(0x20, 2, 0, 1));
    const client = await lab.connect(server.url, { protocol: "5.0" });
    const { cause } = await client.until({ state: "stopped" });
    assert.deepEqual([cause.kind, cause.reasonCode], ["refused", 0x84]);
    assert.deepEqual(levels, [5]);
  });
});
