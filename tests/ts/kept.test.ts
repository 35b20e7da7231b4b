// Publishes before there is an engine: the same bounds, policies and outcomes as the engine has for what waits for the link.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type EngineOptions, PENDING, type RawEngine } from "../../src/ts/engine.js";
import { Kept } from "../../src/ts/kept.js";
import { settingsOf } from "../../src/ts/settings.js";

const [DROPPED, SUPERSEDED, QUEUE_FULL, OFFLINE] = [0x10f, 0x110, 0x102, 0x111];
const [QOS1, RETAIN] = [2, 1];

function kept(queue: object) {
  const options: EngineOptions = settingsOf("ws://broker.test", { queue }).engine;
  const settled: [number, number][] = [];
  const keep = new Kept(options, (token, code) => settled.push([token, code]));
  const publish = (token: number, topic = "t", { flags = QOS1, size = 1 } = {}) =>
    keep.publish(token, topic, new Uint8Array(size), flags, undefined);
  const replayed = (): number[] => {
    const tokens: number[] = [];
    keep.replay({
      publish: (token: number) => {
        tokens.push(token);
        return PENDING;
      },
    } as unknown as RawEngine);
    return tokens;
  };
  return { keep, publish, settled, replayed };
}

test("drop-oldest gives up the oldest, however many have to go, and keeps calls of another kind", () => {
  const { keep, publish, settled, replayed } = kept({ messages: 2, overflow: "drop-oldest" });
  const calls: string[] = [];
  publish(1);
  keep.call(() => calls.push("subscribe"));
  for (const token of [2, 3, 4]) assert.equal(publish(token), PENDING);
  assert.deepEqual(settled, [
    [1, DROPPED],
    [2, DROPPED],
  ]);
  assert.deepEqual(replayed(), [3, 4]);
  assert.deepEqual(calls, ["subscribe"]);
});

test("drop-oldest makes room in bytes", () => {
  const { publish, settled, replayed } = kept({ bytes: 10, overflow: "drop-oldest" });
  for (const token of [1, 2, 3]) publish(token, "t", { size: 3 });
  assert.equal(publish(4, "t", { size: 6 }), PENDING);
  assert.deepEqual(
    settled.map(([token]) => token),
    [1, 2],
  );
  assert.deepEqual(replayed(), [3, 4]);
});

test("one message is always taken, and with drop-newest what is published gives way", () => {
  const { publish, settled, replayed } = kept({ bytes: 10, overflow: "drop-newest" });
  assert.equal(publish(1, "t", { size: 11 }), PENDING);
  assert.equal(publish(2), DROPPED);
  assert.deepEqual(settled, []);
  assert.deepEqual(replayed(), [1]);
});

test("latest-per-topic keeps one message of each topic, and retained ones apart", () => {
  const { publish, settled, replayed } = kept({ messages: 3, overflow: "latest-per-topic" });
  publish(1, "a");
  publish(2, "b");
  publish(3, "a", { flags: QOS1 | RETAIN });
  publish(4, "a", { flags: 0 });
  assert.equal(publish(5, "c"), QUEUE_FULL);
  publish(6, "a");
  assert.deepEqual(settled, [
    [1, SUPERSEDED],
    [4, SUPERSEDED],
  ]);
  assert.deepEqual(replayed(), [2, 3, 6]);
});

test("latest-per-topic keeps the earlier message when the later one does not fit", () => {
  const { publish, settled, replayed } = kept({ bytes: 10, overflow: "latest-per-topic" });
  publish(1, "a", { size: 5 });
  publish(2, "b", { size: 5 });
  assert.equal(publish(3, "a", { size: 6 }), QUEUE_FULL);
  assert.deepEqual(settled, []);
  assert.deepEqual(replayed(), [1, 2]);
});

test("QoS 0 is kept, dropped or refused, as without a link", () => {
  for (const [qos0, code] of [
    ["queue", PENDING],
    ["drop", 0],
    ["refuse", OFFLINE],
  ] as const) {
    const { publish, replayed } = kept({ qos0 });
    assert.equal(publish(1, "t", { flags: RETAIN }), code);
    assert.equal(publish(2), PENDING);
    assert.deepEqual(replayed(), code === PENDING ? [1, 2] : [2]);
  }
});

test("a hundred thousand kept messages are not walked through for each that follows", () => {
  // Not timed: a walk for each message would take hours.
  for (const overflow of ["drop-oldest", "latest-per-topic"]) {
    const { publish, settled, replayed } = kept({ overflow });
    for (let token = 1; token <= 300_000; token++) publish(token, `t/${token % 100_000}`);
    assert.equal(settled.length, 200_000);
    assert.equal(replayed()[0], 200_001);
  }
});
