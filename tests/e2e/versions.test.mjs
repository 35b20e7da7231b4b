// Which protocol versions a broker speaks, and what becomes of a client that offers one it does not speak.

import assert from "node:assert/strict";
import { BROKERS } from "./support/brokers.mjs";
import { unique } from "./support/lab.mjs";
import { matrix, NotOffered } from "./support/matrix.mjs";

/** What the broker said to a CONNECT that it does not like, as far as a client can tell. */
function answer({ kind, reasonCode, closeCode }) {
  if (kind === "refused") return `CONNACK with return code ${reasonCode}`;
  return kind === "socket-closed" ? `no CONNACK, the WebSocket is closed with ${closeCode}` : `no CONNACK (${kind})`;
}

matrix("protocol versions", { basic: true, refused: true }, (test, { protocol }) => {
  test(`a client that offers ${protocol} and nothing else gets it, or a typed cause`, `MQTT ${protocol}`, async ({ broker, connect }) => {
    const client = await connect({ reconnect: false });
    const { state } = await client.until({ settled: true });
    const status = (await client.statuses()).at(-1);
    if (state === "online") {
      assert.equal(status.protocol, protocol);
      await client.publish(unique("version"), "x", { qos: 1 });
      return;
    }
    assert.ok(["refused", "socket-closed", "socket-failed"].includes(status.cause.kind), status.cause.kind);
    assert.ok(!broker.proxy.packets.some(({ type, direction }) => direction === "up" && type === "PUBLISH"));
    throw new NotOffered(answer(status.cause));
  });
});

matrix("choice of the version", { protocols: ["5.0"], basic: true, refused: true, feature: "fall-back to what it speaks" }, (test) => {
  test("a client that leaves the choice gets the best version that the broker speaks, and stays with it", async ({
    lab,
    broker,
    access,
  }) => {
    const best = BROKERS[broker.name].protocols[0];
    const client = await lab.online(broker.url, { ...access, protocol: undefined });
    const status = (await client.statuses()).at(-1);
    assert.equal(status.protocol, best);
    const from = (await client.statuses()).length;
    broker.proxy.cut();
    assert.equal((await client.until({ state: "online" }, from)).protocol, best);
    const offered = (await client.statuses()).filter(({ phase }) => phase === "handshake").map((status) => status.protocol);
    assert.deepEqual(offered, best === "5.0" ? ["5.0", "5.0"] : ["5.0", "3.1.1", "3.1.1"]);
    await client.publish(unique("version"), "x", { qos: 1 });
  });
});
