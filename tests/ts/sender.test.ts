// The worker's side of the port: what travels together, and what does not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type BatchMessage, unpack } from "../../src/ts/batch.js";
import { Sender } from "../../src/ts/sender.js";
import type { FromWorker } from "../../src/ts/worker-place.js";
import { record } from "./words.js";

/** A sender whose next turn comes when the test says so, as the port's task or as a timer: time passes for timers only. */
function senderOf(t: { after(done: () => void): void }) {
  let time = 1_000;
  const tasks: { readonly at: number; readonly run: () => void }[] = [];
  const { MessageChannel, setTimeout } = globalThis;
  const { now } = performance;
  const port1: { onmessage?: () => void } = {};
  const port2 = { postMessage: () => tasks.push({ at: time, run: () => port1.onmessage?.() }) };
  performance.now = () => time;
  Object.assign(globalThis, {
    MessageChannel: class {
      port1 = port1;
      port2 = port2;
    },
    setTimeout: (run: () => void, delay: number) => tasks.push({ at: time + delay, run }),
  });
  t.after(() => {
    Object.assign(globalThis, { MessageChannel, setTimeout });
    performance.now = now;
  });
  const sent: unknown[] = [];
  const given: ArrayBuffer[] = [];
  const sender = new Sender((message: FromWorker) => {
    if (!Array.isArray(message)) {
      sent.push(message);
      return;
    }
    given.push((message as unknown as BatchMessage)[1]);
    const heard: number[][] = [];
    unpack(message as BatchMessage, (_frame, words, at, end) => heard.push([...words.subarray(at, end)]));
    sent.push(heard);
  });
  const hear = (...words: number[]): void => sender.hear(undefined, Uint32Array.from(words), 0, words.length);
  /** What was asked for so far is done, so many ms later. */
  const turn = (later = 0): void => {
    time += later;
    for (const { at, run } of tasks.splice(0)) {
      time = Math.max(time, at);
      run();
    }
  };
  return { sender, sent, given, hear, turn, tasks };
}

test("what comes until the page has taken a batch travels in the next one", (t) => {
  const { sender, sent, hear, turn, tasks } = senderOf(t);
  hear(...record("ready", 0, 1));
  hear(...record("ready", 0, 2));
  assert.deepEqual(sent, []);
  turn();
  hear(...record("ready", 0, 3));
  assert.equal(tasks.length, 0, "the page is busy with the first");
  hear(...record("ready", 0, 4));
  sender.taken(new ArrayBuffer(4_096));
  turn();
  sender.taken(new ArrayBuffer(4_096));
  assert.equal(tasks.length, 0, "there is nothing more");
  const all = [1, 2, 3, 4].map((delivery) => record("ready", 0, delivery));
  assert.deepEqual(sent, [all.slice(0, 2), all.slice(2)]);
});

test("what is worth a wake does not wait for its time, and still for the page", (t) => {
  const { sender, sent, hear, turn, tasks } = senderOf(t);
  const burst = Array.from({ length: 40_000 }, () => 7);
  const lengths = (): number[] => sent.map((batch) => (batch as number[][]).length);
  const taken = (): void => sender.taken(new ArrayBuffer(4_096));
  hear(...record("ready", 0, 1));
  hear(...burst);
  assert.deepEqual(lengths(), [2], "in the turn in which it came");
  hear(...burst);
  turn(10);
  assert.deepEqual(lengths(), [2], "the page is busy with the first, whatever turn was asked for before");
  taken();
  assert.deepEqual(lengths(), [2, 1], "and gets the next one when it is not");
  taken();
  sender.hear(new Uint8Array(200_000), Uint32Array.of(1), 0, 1);
  assert.deepEqual(lengths(), [2, 1, 1], "a large frame is worth one too");
  taken();
  hear(...record("ready", 0, 2));
  turn();
  assert.deepEqual([lengths(), tasks.length], [[2, 1, 1, 1], 0]);
});

test("what is little waits its time after a batch that went at once, though its turn had been asked for before", (t) => {
  const { sender, sent, hear, turn } = senderOf(t);
  hear(...record("ready", 0, 1));
  hear(...Array.from({ length: 40_000 }, () => 7));
  sender.taken(new ArrayBuffer(4_096));
  hear(...record("ready", 0, 2));
  turn(); // the one of the first word
  assert.equal(sent.length, 1);
  turn();
  assert.equal(sent.length, 2);
});

test("what follows the promise of a stored message comes in a task of its own, so that its outcome is not told before", (t) => {
  const { sender, sent, hear, turn } = senderOf(t);
  const stored = record("stored", 0, 7, 1, 0);
  hear(...record("ready", 0, 1), ...stored);
  hear(...record("done", 0, 7, 0));
  hear(...stored);
  hear(...record("done", 0, 8, 0));
  for (let batch = 0; batch < 3; batch++) {
    turn();
    sender.taken(new ArrayBuffer(4_096));
  }
  assert.deepEqual(sent, [[[...record("ready", 0, 1), ...stored]], [record("done", 0, 7, 0), stored], [record("done", 0, 8, 0)]]);
});

test("a message goes behind all that was said before it, taken or not", (t) => {
  const { sender, sent, hear, turn } = senderOf(t);
  hear(...record("ready", 0, 1));
  turn();
  hear(...record("stored", 0, 7, 1, 0));
  hear(...record("ready", 0, 2));
  sender.post({ ready: true });
  assert.deepEqual(sent, [[record("ready", 0, 1)], [record("stored", 0, 7, 1, 0)], [record("ready", 0, 2)], { ready: true }]);
  turn();
  assert.equal(sent.length, 4);
});

test("the buffer of a large block goes back with the next batch, once; small and very large ones do not", (t) => {
  const { sender, given, hear } = senderOf(t);
  const back = (): ArrayBuffer | undefined => {
    hear(...record("ready", 0, 1));
    sender.post({ alive: true });
    return given.at(-1);
  };
  const large = new ArrayBuffer(1_048_600);
  sender.spent(large);
  assert.equal(back(), large);
  for (const size of [1_024, 65_536, 2_097_153, 300_000_000]) {
    sender.spent(new ArrayBuffer(size));
    assert.equal(back()?.byteLength, 0, `${size}`);
  }
});
