// connect() itself: what it throws at once, and what becomes of a client whose engine cannot be loaded.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, OptionError, StoppedError, TopicError } from "../../src/ts/index.js";

test("connect throws at once for what can never work", () => {
  assert.throws(() => connect("https://broker.test"), OptionError);
  assert.throws(() => connect("ws://broker.test", { keepAlive: "x" as "1s" }), OptionError);
  assert.throws(() => connect("ws://broker.test", { will: { topic: "#" } }), TopicError);
  assert.throws(() => connect("ws://broker.test", { signal: AbortSignal.abort(new Error("early")) }), /early/);
});

test("without an engine all promises settle and the status says why", async () => {
  const client = connect("ws://broker.test", { wasm: new Uint8Array() });
  client.addEventListener("error", () => undefined);
  assert.deepEqual(client.status, { state: "idle", durability: "memory", host: { kind: "worker", reason: undefined } });
  const published = client.publish("a", "b");
  const ready = client.subscribe("a").ready;
  await assert.rejects(published, StoppedError);
  await assert.rejects(ready, StoppedError);
  assert.ok(client.status.state === "stopped" && client.status.cause.kind === "engine");
  assert.match(client.status.cause.detail, /BufferSource argument is empty/);
  await client.close();
});

test("an engine that the network drops is asked for three times more; what the server answers is final", async ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const dropped = (): Promise<Response> => Promise.reject(new TypeError("Failed to fetch"));
  const missing = async (): Promise<Response> => new Response(null, { status: 404 });
  for (const [answers, detail] of [
    [[dropped, dropped, missing], /404/],
    [[dropped, dropped, dropped, dropped], /Failed to fetch/],
  ] as const) {
    let asked = 0;
    const fetched = mock.method(globalThis, "fetch", () => (answers[asked++] ?? assert.fail("asked too often"))());
    const client = connect("ws://broker.test", { wasm: "https://page.test/hawser.wasm" });
    client.addEventListener("error", () => undefined);
    for (const delay of [1_000, 2_000, 4_000]) {
      await new Promise(setImmediate);
      mock.timers.tick(delay - 1);
      await new Promise(setImmediate);
      const before = asked;
      mock.timers.tick(1);
      await new Promise(setImmediate);
      assert.equal(asked, Math.min(before + 1, answers.length));
    }
    assert.equal(asked, answers.length);
    assert.ok(client.status.state === "stopped" && client.status.cause.kind === "engine");
    assert.match(client.status.cause.detail, detail);
    fetched.mock.restore();
  }
});

test("the engine from its usual place is on its way before the options are checked, and is asked for once", async ({ mock }) => {
  const missing = async (): Promise<Response> => new Response(null, { status: 404 });
  const fetched = mock.method(globalThis, "fetch", missing);
  assert.throws(() => connect("no address"), { code: "option" });
  const client = connect("ws://broker.test");
  client.addEventListener("error", () => undefined);
  await assert.rejects(client.subscribe("a").ready, StoppedError);
  assert.equal(fetched.mock.callCount(), 1);
  assert.match(String(fetched.mock.calls[0]?.arguments[0]), /hawser\.wasm$/);
  const other = connect("ws://broker.test", { wasm: "https://page.test/elsewhere.wasm" });
  other.addEventListener("error", () => undefined);
  await assert.rejects(other.subscribe("a").ready, StoppedError);
  assert.match(String(fetched.mock.calls[1]?.arguments[0]), /elsewhere\.wasm$/);
});
