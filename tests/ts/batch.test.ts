// Deliveries on their way from the worker: what comes out is what went in.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Batch, unpack } from "../../src/ts/batch.js";

type Delivery = readonly [frame: number[] | undefined, words: number[]];

/** What becomes of deliveries on the other side of a message. */
function carried(batch: Batch): Delivery[] {
  const heard: Delivery[] = [];
  const message = batch.take();
  const copy = structuredClone(message, { transfer: [...message] });
  unpack(copy, (frame, words, at, end) => heard.push([frame && [...frame], [...words.subarray(at, end)]]));
  return heard;
}

const bytes = (length: number, from: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length }, (_, at) => from + at);

test("deliveries arrive one by one and in order, with their frames, without any, with empty and with large ones", () => {
  const batch = new Batch();
  const deliveries: Delivery[] = [];
  for (const [at, length] of [3, undefined, 0, 20_000, 1, 4_096, 4_095, undefined, 70_000, 5].entries()) {
    const frame = length === undefined ? undefined : bytes(length, at);
    const words = [at, at + 1, at + 2].slice(0, 1 + (at % 3));
    deliveries.push([frame && [...frame], words]);
    batch.add(frame, Uint32Array.from([9, ...words, 9]), 1, 1 + words.length);
  }
  assert.equal(batch.isEmpty, false);
  assert.deepEqual(carried(batch), deliveries);
  assert.equal(batch.isEmpty, true);
});

test("a batch that has been taken is empty, and the next one does not disturb it", () => {
  const batch = new Batch();
  batch.add(bytes(2, 1), Uint32Array.of(1), 0, 1);
  const first = batch.take();
  batch.add(bytes(2, 7), Uint32Array.of(2), 0, 1);
  const heard: number[][] = [];
  unpack(first, (frame, words, at) => heard.push([...(frame ?? []), words[at] ?? 0]));
  assert.deepEqual(heard, [[1, 2, 1]]);
  assert.deepEqual(carried(batch), [[[7, 8], [2]]]);
});

test("a large frame that is part of a buffer goes alone", () => {
  const batch = new Batch();
  const whole = bytes(40_000, 0);
  batch.add(whole.subarray(100, 20_100), Uint32Array.of(1), 0, 1);
  assert.deepEqual(carried(batch), [[[...whole.subarray(100, 20_100)], [1]]]);
  assert.equal(whole.length, 40_000, "the buffer stays where it was");
});

test("no batch has more than a few hundred buffers because of frames that could share some", () => {
  const batch = new Batch();
  const wanted = Array.from({ length: 1_000 }, (_, at): Delivery => [[...bytes(4_096 + at, at)], [at]]);
  for (const [frame, words] of wanted) batch.add(Uint8Array.from(frame ?? []), Uint32Array.from(words), 0, 1);
  const message = batch.take();
  assert.ok(message.length < 340, `${message.length}`);
  const heard: Delivery[] = [];
  unpack(message, (frame, words, at, end) => heard.push([frame && [...frame], [...words.subarray(at, end)]]));
  assert.deepEqual(heard, wanted);
});

test("many deliveries grow the batch, and lose nothing", () => {
  const batch = new Batch();
  for (let at = 0; at < 5_000; at++) batch.add(bytes(at % 7, at), Uint32Array.of(at, at), 0, 2);
  const heard = carried(batch);
  assert.equal(heard.length, 5_000);
  for (const [at, [frame, words]] of heard.entries()) assert.deepEqual([frame, words], [[...bytes(at % 7, at)], [at, at]]);
});

test("small frames share buffers that are no larger than they need, however they come, and the words that come back are used again", () => {
  const batch = new Batch();
  const lengths = Array.from({ length: 400 }, (_, at) => [0, 4_095, 1, 20_000, 2_500, 0, 700][at % 7] as number);
  for (let round = 0; round < 3; round++) {
    const wanted = lengths.slice(0, round === 1 ? 3 : 400).map((length, at): Delivery => [[...bytes(length, at + round)], [at]]);
    for (const [frame, words] of wanted) batch.add(Uint8Array.from(frame ?? []), Uint32Array.from(words), 0, 1);
    const message = batch.take();
    const [words, , ...frames] = structuredClone(message, { transfer: [...message] });
    const heard: Delivery[] = [];
    unpack([words, new ArrayBuffer(0), ...frames], (frame, at, start, end) =>
      heard.push([frame && [...frame], [...at.subarray(start, end)]]),
    );
    assert.deepEqual(heard, wanted);
    const small = frames.filter(({ byteLength }) => byteLength !== 20_000);
    assert.ok(small.every(({ byteLength }) => byteLength <= 65_536));
    const sum = (buffers: { byteLength: number }[]): number => buffers.reduce((all, { byteLength }) => all + byteLength, 0);
    const payload = wanted.reduce((all, [frame]) => all + (frame?.length === 20_000 ? 0 : (frame?.length ?? 0)), 0);
    assert.ok(sum(small) <= 1.4 * payload, `${sum(small)} bytes for ${payload}`);
    batch.giveBack(words);
  }
});

test("of a burst no words are kept that are larger than those of a stream", () => {
  const batch = new Batch();
  for (const size of [10_000, 70_000, 200_000]) {
    batch.add(undefined, new Uint32Array(size).fill(7), 0, size);
    const [words] = batch.take();
    batch.giveBack(words);
    batch.take(); // what was there meanwhile
    batch.add(undefined, Uint32Array.of(1), 0, 1);
    assert.equal(batch.take()[0] === words, size < 200_000, `${size}`);
  }
});
