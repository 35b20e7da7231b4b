// Acknowledged when handled, against a scripted host: what is told to be done, when, and in how many calls.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { InterruptedEvent, Message, StalledEvent } from "../../src/ts/index.js";
import { scripted } from "./scripted-host.js";
import { message, record, status } from "./words.js";

const HELD = 16;
const frame = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
/** A message of QoS 1 on `topic`; its topic id is its delivery. */
const qos1 = (delivery: number, topic = "a") => message(delivery, topic, { flags: 1, packetId: delivery, delivery });
/** A message of QoS 2 that waits for its READY. */
const held = (delivery: number, topic = "a") => message(delivery, topic, { flags: 2 | HELD, packetId: delivery, delivery });
const ready = (delivery: number) => record("ready", 0, delivery);
const settled = () => new Promise(setImmediate);

/** A promise and its ends. */
function deferred() {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

test("what is handled at once is told in one call at the end of a delivery, and QoS 0 not at all", () => {
  const { client, host } = scripted();
  const seen: number[] = [];
  client.subscribe("a", () => seen.push(host.all("handled").length));
  host.say([...qos1(1), ...message(9, "a"), ...qos1(2), ...qos1(3)]);
  assert.deepEqual(seen, [0, 0, 0, 0]);
  assert.deepEqual(host.all("handled"), [[1, 3]]);
  host.say(message(9, "a"));
  assert.equal(host.all("handled").length, 1);
});

test("a handler that is busy keeps its message open, and those behind it are told by themselves", async () => {
  const { client, host } = scripted();
  const errors: unknown[] = [];
  client.addEventListener("error", ({ error }) => errors.push(error));
  const [first, third] = [deferred(), deferred()];
  const results = [first.promise, undefined, third.promise, undefined];
  client.subscribe("a", () => results.shift());
  host.say([...qos1(1), ...qos1(2), ...qos1(3), ...qos1(4)]);
  assert.deepEqual(host.all("handled"), [
    [2, 1],
    [4, 1],
  ]);
  const failure = new Error("no");
  third.reject(failure);
  await settled();
  first.resolve();
  await settled();
  assert.deepEqual(host.all("handled").slice(2), [
    [3, 1],
    [1, 1],
  ]);
  assert.deepEqual(errors, [failure]);
});

test("a handler that throws is done", () => {
  const { client, host } = scripted();
  client.addEventListener("error", () => undefined);
  client.subscribe("a", () => {
    throw new Error("no");
  });
  host.say(qos1(1));
  assert.deepEqual(host.all("handled"), [[1, 1]]);
});

test("a handler whose promise cannot be waited for is done, and reported", () => {
  const { client, host } = scripted();
  const errors: unknown[] = [];
  client.addEventListener("error", ({ error }) => errors.push(error));
  const failure = new Error("no promise");
  const throws = () => {
    throw failure;
  };
  const broken = new Proxy({}, { has: () => true, get: () => throws });
  client.subscribe("a", () => broken);
  host.say(qos1(1));
  assert.deepEqual([host.all("handled"), errors], [[[1, 1]], [failure]]);
});

test("a message for several subscriptions is done when all of them are, and one for nobody at once", async () => {
  const { client, host } = scripted();
  const [slow, slower] = [deferred(), deferred()];
  client.subscribe("a", () => slow.promise);
  client.subscribe("+", () => slower.promise);
  client.subscribe("#", () => undefined);
  host.say([...qos1(1), ...qos1(2, "x/y/nobody")]);
  assert.deepEqual(host.all("handled"), [[2, 1]]);
  slow.resolve();
  await settled();
  assert.equal(host.all("handled").length, 1);
  slower.resolve();
  await settled();
  assert.deepEqual(host.all("handled")[1], [1, 1]);
});

test("a promise that settles twice is done once, and does not speak for another subscription", async () => {
  const { client, host } = scripted();
  const rest = deferred();
  client.subscribe("a", () => rest.promise);
  // biome-ignore lint/suspicious/noThenProperty: a thenable that breaks the rules is what this is about
  client.subscribe("a", () => ({ then: (done: () => void) => [done(), done()] }));
  host.say(qos1(1));
  await settled();
  assert.deepEqual(host.all("handled"), []);
  rest.resolve();
  await settled();
  assert.deepEqual(host.all("handled"), [[1, 1]]);
});

test('with ack: "received" nothing waits for a handler or a loop', () => {
  const { client, host } = scripted();
  client.subscribe("a", { qos: 1, ack: "received" }, () => new Promise(() => undefined));
  client.subscribe("a", { qos: 1, ack: "received" });
  host.say([...qos1(1), ...qos1(2)]);
  assert.deepEqual(host.all("handled"), [[1, 2]]);
});

test("a loop is done with a message when it asks for the next one, or is left", async () => {
  const { client, host } = scripted();
  host.say([]);
  const iterator = client.subscribe("a", { qos: 1 })[Symbol.asyncIterator]();
  host.say([...qos1(1), ...qos1(2), ...qos1(3), ...qos1(4)]);
  await iterator.next();
  assert.deepEqual(host.all("handled"), []);
  await iterator.next();
  assert.deepEqual(host.all("handled"), [[1, 1]]);
  const left = iterator.return?.();
  assert.deepEqual(
    host.all("handled").map(([delivery]) => delivery),
    [1, 2, 3, 4],
  );
  await left;
});

test("a message that was taken is done when its subscription ends, however that comes about, and only once", async () => {
  const aborter = new AbortController();
  const { client, host } = scripted();
  const left = client.subscribe("a", { qos: 1 });
  const aborted = client.subscribe("b", { qos: 1, signal: aborter.signal });
  host.say([...qos1(1), ...qos1(2, "b"), ...qos1(3)]);
  const [one, other, third] = [left, aborted, left].map((subscription) => subscription[Symbol.asyncIterator]());
  assert.deepEqual([(await one?.next())?.value?.packetId, (await other?.next())?.value?.packetId], [1, 2]);
  assert.equal((await third?.next())?.value?.packetId, 3);
  host.say(qos1(4));
  assert.deepEqual(host.all("handled"), []);
  void left.unsubscribe();
  aborter.abort();
  assert.deepEqual(host.all("handled").flat(), [1, 1, 3, 1, 4, 1, 2, 1]);
  await one?.next();
  await assert.rejects(async () => other?.next(), { name: "AbortError" });
  await other?.return?.();
  assert.equal(host.all("handled").length, 4);
});

test("messages that were asked for together are done together", async () => {
  const { client, host } = scripted();
  const iterator = client.subscribe("a", { qos: 1 })[Symbol.asyncIterator]();
  const both = [iterator.next(), iterator.next()];
  host.say([...qos1(1), ...qos1(2)]);
  await Promise.all(both);
  assert.deepEqual(host.all("handled"), []);
  void iterator.next();
  assert.deepEqual(host.all("handled"), [
    [1, 1],
    [2, 1],
  ]);
});

test("a loop that falls behind drops QoS 0 only: what the broker waits for stays, in order", async () => {
  const { client, host } = scripted();
  client.addEventListener("error", () => undefined);
  const iterator = client.subscribe("+n", { qos: 1, buffer: 2 })[Symbol.asyncIterator]();
  const topics = ["q1", "0a", "q2", "0b", "q3", "0c", "q4", "0d"];
  host.say(topics.flatMap((topic, at) => (topic.startsWith("q") ? qos1(at + 1, topic) : message(at + 1, topic))));
  const seen: (string | undefined)[] = [];
  for (let count = 0; count < 6; count++) seen.push((await iterator.next()).value?.topic);
  assert.deepEqual(seen, ["q1", "q2", "q3", "0c", "q4", "0d"]);
});

test("a loop that is behind for long drops what it may, in order, however much it has taken", async () => {
  const { client, host } = scripted();
  client.addEventListener("error", () => undefined);
  const iterator = client.subscribe("+", { qos: 1, buffer: 3 })[Symbol.asyncIterator]();
  const kept: string[] = [];
  for (let round = 0; round < 40; round++) {
    for (let at = 0; at < 100; at++) {
      const delivery = round * 100 + at + 1;
      host.say(at % 2 === 0 ? qos1(delivery, `q${delivery}`) : message(delivery, `0${delivery}`));
    }
    // Of each round the last three of QoS 0 are left, of all rounds before it none.
    for (let count = 0; count < 53; count++) kept.push((await iterator.next()).value?.topic ?? "");
  }
  assert.equal(kept.filter((topic) => topic.startsWith("q")).length, 2_000);
  const numbers = kept.map((topic) => Number(topic.slice(1)));
  assert.deepEqual(
    numbers,
    numbers.toSorted((a, b) => a - b),
  );
});

test("ten thousand unacknowledged messages stay in a buffer of ten, and nothing is dropped", async () => {
  const { client, host } = scripted();
  const errors: unknown[] = [];
  client.addEventListener("error", ({ error }) => errors.push(error));
  const iterator = client.subscribe("a", { qos: 1, buffer: 10 })[Symbol.asyncIterator]();
  for (let first = 1; first < 10_000; first += 1_000) host.say(Array.from({ length: 1_000 }, (_, at) => qos1(first + at)).flat());
  for (let packetId = 1; packetId <= 10_000; packetId++) assert.equal((await iterator.next()).value?.packetId, packetId);
  assert.deepEqual(errors, []);
});

test("a handler that leaves another subscription of its message does not end it for itself", async () => {
  const { client, host } = scripted();
  const busy = deferred();
  const loop = client.subscribe("a", { qos: 1 });
  client.subscribe("a", () => {
    void loop.unsubscribe();
    assert.deepEqual(host.all("handled"), []);
    return busy.promise;
  });
  host.say(qos1(1));
  assert.deepEqual(host.all("handled"), []);
  busy.resolve();
  await settled();
  assert.deepEqual(host.all("handled"), [[1, 1]]);
});

test("a held message comes when the engine says so, and holds back what is behind it, but no other subscription", () => {
  const { client, host } = scripted();
  const seen: string[] = [];
  client.subscribe("a/+n", { qos: 2 }, ({ topic }) => seen.push(topic));
  client.subscribe("b", { qos: 1 }, ({ topic }) => seen.push(topic));
  host.say([...held(1, "a/1"), ...qos1(2, "a/2"), ...message(3, "a/3"), ...held(4, "a/4"), ...qos1(5, "b")]);
  assert.deepEqual([seen, host.all("handled")], [["b"], [[5, 1]]]);
  host.say(ready(4));
  assert.deepEqual(seen, ["b"]);
  host.say(ready(1));
  assert.deepEqual(seen, ["b", "a/1", "a/2", "a/3", "a/4"]);
  assert.deepEqual(host.all("handled").slice(1), [
    [1, 2],
    [4, 1],
  ]);
  host.say(qos1(6, "a/6"));
  assert.equal(seen.at(-1), "a/6");
});

test("a held message is kept by a loop, too, and its bytes outlive the delivery", async () => {
  const { client, host } = scripted();
  const iterator = client.subscribe("a", { qos: 2 })[Symbol.asyncIterator]();
  const next = iterator.next();
  host.say(message(0, "a", { payload: [0, 2], flags: 2 | HELD, packetId: 1, delivery: 1 }), frame("hi"));
  host.say(ready(1));
  const { value } = await next;
  assert.deepEqual([value?.text(), value?.qos], ["hi", 2]);
});

test("held messages of a subscription that is left are done, and READY finds nobody", async () => {
  const { client, host } = scripted();
  const seen: string[] = [];
  const subscription = client.subscribe("a", { qos: 2 }, ({ topic }) => seen.push(topic));
  host.say([...held(1), ...qos1(2), ...held(3, "nobody")]);
  assert.deepEqual(host.all("handled"), [[3, 1]]);
  void subscription.unsubscribe();
  assert.deepEqual(host.all("handled").slice(1), [
    [1, 1],
    [2, 1],
  ]);
  host.say([...ready(1), ...ready(3)]);
  assert.deepEqual(seen, []);
});

test('a held message with ack: "received" is acknowledged before its handler runs', () => {
  const { client, host } = scripted();
  client.subscribe("a", { qos: 2, ack: "received" }, () => new Promise(() => undefined));
  host.say(held(1));
  assert.deepEqual(host.all("handled"), []);
  host.say(ready(1));
  assert.deepEqual(host.all("handled"), [[1, 1]]);
});

test("at the end of the client what is not done stays undone, and what is done is told", async () => {
  const { client, host } = scripted();
  const busy = deferred();
  client.subscribe("a", ({ packetId }) => (packetId === 1 ? busy.promise : undefined));
  const iterator = client.subscribe("b", { qos: 1 })[Symbol.asyncIterator]();
  host.say([...qos1(1), ...qos1(2), ...qos1(3, "b"), ...status("stopped", { cause: 1 })]);
  assert.deepEqual(host.all("handled"), [[2, 1]]);
  busy.resolve();
  await iterator.next();
  await iterator.next();
  await settled();
  assert.equal(host.all("handled").length, 1);
});

test("stalled names the subscription that is not done", async () => {
  const { client, host } = scripted();
  const stalls: StalledEvent[] = [];
  client.addEventListener("stalled", (event) => stalls.push(event));
  const first = deferred();
  client.subscribe("door/#", () => first.promise);
  client.subscribe("door/+id", { qos: 1 });
  host.say([...qos1(1, "door/7"), ...record("stalled", 0, 1, 30_000)]);
  first.resolve();
  await settled();
  host.say([...record("stalled", 0, 1, 31_000), ...record("stalled", 0, 99, 1)]);
  assert.deepEqual(
    stalls.map(({ filter, topic, waited }) => [filter, topic, waited]),
    [
      ["door/#", "door/7", 30_000],
      ["door/+", "door/7", 31_000],
    ],
  );
});

test("what an earlier page has begun with is told by an event, and handed to nobody", () => {
  const { client, host } = scripted();
  const told: Message[] = [];
  client.addEventListener("interrupted", ({ message }: InterruptedEvent) => told.push(message));
  client.subscribe("a", () => assert.fail());
  host.say(message(0, "a", { payload: [0, 2], flags: 2 | 32, packetId: 7, delivery: 1 }), frame("hi"));
  assert.deepEqual(
    told.map((message) => [message.topic, message.text(), message.qos, message.packetId]),
    [["a", "hi", 2, 7]],
  );
  assert.deepEqual(host.all("handled"), [[1, 1]], "told, and for the next page done");
});

test("an event that tells of trouble goes to the console when nobody listens", (context) => {
  const warn = context.mock.method(console, "warn", () => undefined);
  const { client, host } = scripted();
  client.subscribe("a", () => new Promise(() => undefined));
  host.say([...qos1(1), ...record("stalled", 0, 1, 30_000)]);
  assert.equal(warn.mock.callCount(), 1);
  const listener = () => undefined;
  client.addEventListener("stalled", listener);
  host.say(record("stalled", 0, 1, 30_000));
  assert.equal(warn.mock.callCount(), 1);
  client.removeEventListener("stalled", listener);
  host.say(record("stalled", 0, 1, 30_000));
  assert.equal(warn.mock.callCount(), 2);
});
