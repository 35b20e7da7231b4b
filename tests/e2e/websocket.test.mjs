// MQTT over WebSocket as the server sees it (chapter 6 of the standard): the handshake, the frames, and the end.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { CONNACK, startHostile } from "./support/hostile.mjs";
import { openLab } from "./support/lab.mjs";
import { PROTOCOLS } from "./support/matrix.mjs";

const bytes = (...values) => Buffer.from(values);
const MEGABYTE = 1 << 20;

describe("the WebSocket", () => {
  let lab;
  let server;
  before(async () => {
    lab = await openLab();
  });
  afterEach(async () => {
    await lab.clear();
    await server?.stop();
  });
  after(() => lab?.stop());

  /** A server that answers CONNECT and PUBLISH at QoS 1, and does what `more` says with each visit that is in. */
  const start = (protocol, more = () => {}) =>
    startHostile(async (visit) => {
      await visit.packet("CONNECT");
      visit.send(CONNACK[protocol]);
      await more(visit);
    });

  for (const protocol of PROTOCOLS) {
    test(`${protocol}: the client offers the subprotocol mqtt and no other`, async () => {
      server = await start(protocol);
      await lab.online(server.url, { protocol });
      assert.deepEqual(
        server.visits.map(({ offered }) => offered),
        ["mqtt"],
      );
    });

    test(`${protocol}: every frame of the client is binary`, async () => {
      server = await start(protocol, async (visit) => {
        const { id } = await visit.packet("PUBLISH");
        visit.send(bytes(0x40, 2, id >> 8, id & 255));
      });
      const client = await lab.online(server.url, { protocol });
      await client.subscribe("text/#");
      await client.publish("text", "plain text, and no text frame", { qos: 1 });
      await client.publish("empty", "", { qos: 0 });
      await client.close();
      const [visit] = server.visits;
      await visit.closed;
      assert.deepEqual(
        visit.packets.map(({ type }) => type),
        ["CONNECT", "SUBSCRIBE", "PUBLISH", "PUBLISH", "DISCONNECT"],
      );
      assert.ok(visit.binary.length > 1 && visit.binary.every((binary) => binary), visit.binary);
    });

    test(`${protocol}: a text frame closes the connection, whatever is in it`, async () => {
      for (const text of ["", "hello", "\xd0\0"]) {
        server = await start(protocol, (visit) => visit.ws.send(text));
        const client = await lab.connect(server.url, { protocol, reconnect: false });
        const { cause } = await client.until({ state: "stopped" });
        assert.equal(cause.kind, "text-frame");
        const [code] = await server.visits[0].closed;
        assert.equal(code, 1000, "the client closes");
        await server.stop();
      }
    });

    test(`${protocol}: DISCONNECT comes after everything that was said before it, is the last packet, and the close follows`, async () => {
      server = await start(protocol);
      const client = await lab.online(server.url, { protocol });
      for (let number = 0; number < 8; number++) await client.publish("large", { bytes: MEGABYTE }, { qos: 0 });
      await client.close();
      const [visit] = server.visits;
      const [code] = await visit.closed;
      assert.equal(code, 1000);
      const [connect, ...rest] = visit.packets;
      assert.equal(connect.type, "CONNECT");
      assert.deepEqual(
        rest.map(({ type }) => type),
        [...Array(8).fill("PUBLISH"), "DISCONNECT"],
      );
      assert.ok(rest.slice(0, 8).every(({ size }) => size > MEGABYTE));
    });

    test(`${protocol}: path and query of the address reach the server as they are`, async () => {
      for (const path of ["/", "/mqtt", "/a/b?token=x%20y&z", "/?only=query"]) {
        server = await start(protocol);
        await lab.online(new URL(path, server.url).href, { protocol });
        assert.equal(server.visits[0].path, path);
        await lab.clear();
        await server.stop();
      }
    });
  }
});
