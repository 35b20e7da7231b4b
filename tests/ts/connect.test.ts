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
  assert.deepEqual(client.status, { state: "idle" });
  const published = client.publish("a", "b");
  const ready = client.subscribe("a").ready;
  await assert.rejects(published, StoppedError);
  await assert.rejects(ready, StoppedError);
  assert.ok(client.status.state === "stopped" && client.status.cause.kind === "engine");
  assert.match(client.status.cause.detail, /no engine in the unit tests/);
  await client.close();
});
