// The host with its engine in a worker: what becomes of everything that is under way when the worker goes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Batch } from "../../src/ts/batch.js";
import type { Message, Stats } from "../../src/ts/index.js";
import { NO_STATS } from "../../src/ts/stats.js";
import { look, settled, stateOf, working } from "./scripted-worker.js";
import { message, online, record, restored, status } from "./words.js";

const MISSED = 3;
const SESSION = { session: { name: "wall" } };

test("an answer is for what was asked, however often the worker is asked whether it lives", async () => {
  const { client, newest } = await working();
  const worker = newest();
  worker.begin();
  look();
  const stats = client.stats();
  worker.say({ alive: true });
  worker.say({ answer: { ...NO_STATS, framesSent: 3 } satisfies Stats });
  assert.equal((await stats).framesSent, 3);
  const closing = client.close();
  worker.tell(record("status", 4, 0, 0, 0, 0, 1, 0, 0, 0));
  look();
  worker.say({ alive: true });
  const [last, release] = worker.heard.filter((said) => said === "stats" || said === "release").slice(-2);
  assert.deepEqual([last, release], ["stats", "release"], "the last counters are asked for");
  worker.say({ answer: NO_STATS });
  assert.equal(await stateOf(closing), "pending", "it still commits");
  worker.say({ answer: undefined });
  assert.equal(await stateOf(closing), "resolved");
});

test("a client whose worker is gone can be closed, and stays closed", async () => {
  const { client, newest, slot } = await working(SESSION);
  const first = newest();
  first.begin();
  const closing = client.close();
  await settled();
  look(MISSED);
  await settled();
  assert.equal(client.status.state, "stopped");
  assert.equal(await stateOf(closing), "resolved");
  assert.deepEqual(slot, ["released"]);
});

test("an engine that takes the place of one that never asked where to is told so", async () => {
  const { newest } = await working();
  newest().begin();
  newest().say({ failed: "unreachable" });
  await settled();
  const second = newest();
  second.begin();
  second.tell(record("prepare", 0, 1, ""));
  await settled();
  const addresses = second.heard.filter((said) => Array.isArray(said) && said[0] === "address");
  assert.deepEqual(
    addresses.map((said) => (said as unknown[])[2]),
    ["ws://broker.test/mqtt"],
  );
});

test("a slot is given up when the second worker has gone too, and when a worker fails before it runs and is closed", async () => {
  const twice = await working(SESSION);
  for (let time = 0; time < 2; time++) {
    twice.newest().begin();
    twice.newest().say({ failed: "unreachable" });
    await settled();
  }
  assert.ok(twice.client.status.state === "stopped" && twice.client.status.cause.kind === "engine");
  assert.deepEqual(twice.slot, ["released"]);

  const early = await working(SESSION);
  early.newest().say({ failed: "no room" });
  assert.equal(await stateOf(early.client.close()), "resolved");
  assert.deepEqual(early.slot, ["released"]);
});

test("who hears that a worker was replaced may publish and subscribe at once, and only what the broker answers is acknowledged", async () => {
  const { client, newest } = await working();
  newest().begin();
  let inHandler: Promise<unknown> | undefined;
  client.addEventListener("status", ({ status }) => {
    if (status.state !== "waiting") return;
    inHandler = client.publish("first", "A", { qos: 1 });
    client.subscribe("filter", () => undefined);
  });
  newest().say({ failed: "unreachable" });
  const after = client.publish("second", "B", { qos: 1 });
  await settled();
  const worker = newest();
  worker.begin();
  const tokens = worker.asked("publish").map(([, token, , topic]) => [topic, token]);
  assert.equal(new Set(tokens.map(([, token]) => token)).size, 2);
  assert.equal(worker.asked("subscribe").length, 1);
  worker.tell(record("done", 0, tokens[0]?.[1] as number, 0));
  assert.deepEqual([await stateOf(inHandler ?? assert.fail()), await stateOf(after)], ["resolved", "pending"]);
});

test("who was leaving a filter is heard by the next engine too", async () => {
  const { client, newest } = await working(SESSION);
  newest().begin(1);
  const subscription = client.subscribe("a", { qos: 1 }, () => undefined);
  await settled();
  const left = subscription.unsubscribe();
  await settled();
  newest().say({ failed: "unreachable" });
  await settled();
  const worker = newest();
  worker.tell(record("filter", 0, 1, "a"));
  worker.begin(1);
  const [[, token, filter] = assert.fail()] = worker.asked("unsubscribe");
  assert.equal(filter, "a");
  assert.equal(await stateOf(left), "pending");
  worker.tell(record("unsubscribed", 0, token as number, 0));
  assert.equal(await stateOf(left), "resolved");
});

test("a loop gets what the broker of a stored session sends again once", async () => {
  const { client, newest } = await working(SESSION);
  newest().begin(1);
  const subscription = client.subscribe("a", { qos: 1 });
  const come = (delivery: number): number[] => message(1, "a", { payload: [delivery - 1, 1], flags: 1, packetId: delivery, delivery });
  const frame = (): Uint8Array<ArrayBuffer> => new TextEncoder().encode("12");
  newest().tell([...come(1), ...come(2)], frame());
  newest().say({ failed: "unreachable" });
  await settled();
  newest().begin(1);
  newest().tell([...come(1), ...come(2)], frame());
  const texts: string[] = [];
  void (async () => {
    for await (const each of subscription) texts.push((each as Message).text());
  })();
  await settled();
  assert.deepEqual(texts, ["1", "2"]);
  assert.deepEqual(newest().asked("handled"), [
    ["handled", 1, 1],
    ["handled", 2, 1],
  ]);
});

test("a handler that gives a payload's buffer away costs the worker, and no message is passed over in silence", async () => {
  const { client, errors, newest } = await working();
  const worker = newest();
  worker.begin();
  const texts: string[] = [];
  client.subscribe("a", (each) => {
    texts.push(each.text());
    structuredClone(each.payload, { transfer: [each.payload.buffer] });
  });
  await settled();
  worker.heard.length = 0;
  const batch = new Batch();
  for (const text of ["x", "y", "z"]) {
    const words = Uint32Array.from(message(1, "a", { payload: [0, 1] }));
    batch.add(new TextEncoder().encode(text), words, 0, words.length);
  }
  worker.say(batch.take());
  assert.deepEqual([texts, errors.length, client.status.state], [["x"], 1, "waiting"]);
});

test("what waits for an engine counts anew for the next one", async () => {
  const { client, newest } = await working({ queue: { messages: 2 } });
  newest().begin();
  const first = [1, 2].map(() => client.publish("t", "x", { qos: 1 }));
  await settled();
  newest().tell([...record("done", 0, 1, 0), ...record("done", 0, 2, 0)]);
  await Promise.all(first);
  newest().say({ failed: "unreachable" });
  assert.deepEqual(await Promise.all([1, 2, 3].map(() => stateOf(client.publish("t", "x", { qos: 1 })))), [
    "pending",
    "pending",
    "queue-full",
  ]);
});

test("who asks what is pending while the worker goes is answered by the next one", async () => {
  const { client, newest } = await working(SESSION);
  newest().begin(1);
  const pending = client.outbox();
  await settled();
  newest().say({ failed: "unreachable" });
  await settled();
  assert.equal(await stateOf(pending), "pending");
  newest().begin(1);
  await settled();
  newest().say({ answer: Uint32Array.from(restored(0xc000_0000, 5, "t")) });
  assert.deepEqual(
    (await pending).map(({ id }) => id),
    [5],
  );
});

test("a worker that goes takes along what was under way, and says so", async () => {
  const { client, errors, newest } = await working();
  newest().begin();
  const gaps: string[] = [];
  client.addEventListener("gap", ({ gap }) => gaps.push(gap.kind));
  const lost = client.publish("t", "x", { qos: 1 });
  await settled();
  look(MISSED);
  assert.equal(await stateOf(lost), "indeterminate");
  assert.deepEqual([errors.length, gaps, client.status.state], [1, ["session-lost"], "waiting"]);
  assert.ok(client.status.state === "waiting" && client.status.cause.kind === "engine");
  newest().begin();
  assert.equal(client.status.state, "online");
});

test("at QoS 0 a message is done when a worker with a link that takes it has it, and else when its engine says so", async () => {
  const { client, newest } = await working();
  const worker = newest();
  worker.say({ ready: true });
  const early = client.publish("t", "x");
  await settled();
  assert.equal(await stateOf(early), "pending");
  worker.tell([...online("me", { maximumPacketSize: 100, available: 14 })]);
  assert.equal(await stateOf(client.publish("t", "x")), "resolved");
  const [large, retained] = [client.publish("t", new Uint8Array(100)), client.publish("t", "x", { retain: true })];
  assert.deepEqual([await stateOf(large), await stateOf(retained)], ["pending", "pending"]);
  const tokens = worker.asked("publish").map(([, token]) => token);
  assert.deepEqual([tokens.length, tokens.indexOf(0), tokens.lastIndexOf(0)], [4, 1, 1], "what is done needs no token");
  worker.tell(record("done", 0, tokens[2] as number, 0x103));
  assert.equal(await stateOf(large), "packet-too-large");
  worker.tell(status("waiting", { at: 1_000, cause: 3, code: 1006 }));
  assert.equal(await stateOf(client.publish("t", "x")), "pending");
});

test("a large payload is written once, into a buffer that comes back", async () => {
  const { client, newest } = await working();
  const worker = newest();
  worker.begin();
  const MIB = 1_048_576;
  const sent = async (size: number, fill: number): Promise<ArrayBuffer> => {
    client.publish("camera", new Uint8Array(size).fill(fill), { qos: 1 }).catch(() => undefined);
    client.publish("light", "on", { qos: 1 }).catch(() => undefined);
    await settled();
    const [[, , , large, payload], [, , , small]] = worker.asked("publish").slice(-2) as [unknown[], unknown[]];
    assert.deepEqual([large, small], ["camera", "light"]);
    assert.deepEqual(Uint8Array.from(payload as number[]), new Uint8Array(size).fill(fill));
    return worker.blocks.at(-2) as ArrayBuffer;
  };
  const first = await sent(MIB, 1);
  assert.ok(first.byteLength < MIB + 100, "no room for more than the payload");
  worker.giveBack(first);
  await sent(2_000, 2);
  assert.ok(first.byteLength > MIB, "small ones are copied");
  const again = await sent(MIB, 3);
  assert.equal(first.byteLength, 0, "handed over again");
  assert.ok((await sent(MIB, 4)).byteLength > MIB, "while nothing is back, another one is made");
  // Of a buffer that is larger than its block only the block is meant.
  worker.giveBack(again);
  const asked = worker.asked("publish").length;
  assert.ok((await sent(600_000, 5)).byteLength > MIB);
  assert.equal(worker.asked("publish").length, asked + 2);
});

test("what was kept for an engine is performed once, and what came while it was made behind it", async () => {
  for (const payload of ["on", new Uint8Array(300_000)]) {
    const { client, newest } = await working();
    client.publish("light", payload, { qos: 1 }).catch(() => undefined);
    newest().begin();
    await settled();
    const [addresses, publishes] = [newest().asked("address"), newest().asked("publish")];
    assert.deepEqual([addresses.length, publishes.length], [1, 1]);
  }
});
