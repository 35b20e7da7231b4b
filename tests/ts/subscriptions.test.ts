// Subscriptions against a scripted host: routing, sharing, refusals, loops.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ClosedError, OptionError, StoppedError, SubscribeError, TopicError } from "../../src/ts/index.js";
import { scripted } from "./scripted-host.js";
import { message, record, saying, status } from "./words.js";

const subscribed = (token: number, code: number, ...span: number[]) => record("subscribed", 0, token, code, ...span);
const unsubscribed = (token: number, code: number) => record("unsubscribed", 0, token, code);
const STOPPED_BY_USER = status("stopped", { cause: 1 });
const REFUSED = status("stopped", { cause: 4, code: 0x86 });
const text = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value);

/** Collects what goes to the error event. */
function errorsOf(client: ReturnType<typeof scripted>["client"]): unknown[] {
  const errors: unknown[] = [];
  client.addEventListener("error", (event) => errors.push(event.error));
  return errors;
}

test("a handler gets the messages of its filter, with parameters", () => {
  const { client, host } = scripted();
  const seen: string[] = [];
  client.subscribe("device/+id/#rest", { qos: 1 }, ({ topic, params, text }) =>
    seen.push(`${topic} ${params.id} ${params.rest} ${typeof text}`),
  );
  client.subscribe("other", () => seen.push("other"));
  assert.deepEqual(
    host.all("subscribe").map(([, ...rest]) => rest),
    [
      ["device/+/#", 1, undefined],
      ["other", 0, undefined],
    ],
  );
  host.say([...message(0, "device/7/a/b"), ...record("message", 0, 0, 0, 0, 0, 0, 0), ...message(1, "unknown")]);
  assert.deepEqual(seen, ["device/7/a/b 7 a/b function", "device/7/a/b 7 a/b function"]);
});

test("each of several matching subscriptions gets the message with its own parameters", () => {
  const { client, host } = scripted();
  const seen: object[] = [];
  client.subscribe("a/+x", ({ params }) => seen.push(params));
  client.subscribe("a/+y", ({ params }) => seen.push(params));
  client.subscribe("#all", ({ params }) => seen.push(params));
  host.say(message(0, "a/b"));
  assert.deepEqual(seen.map((params) => JSON.stringify(params)).sort(), ['{"all":"a/b"}', '{"x":"b"}', '{"y":"b"}']);
});

test("a handler that throws or rejects goes to the error event and harms nobody", async () => {
  const { client, host } = scripted();
  const errors = errorsOf(client);
  const [thrown, rejected] = [new Error("thrown"), new Error("rejected")];
  const seen: string[] = [];
  client.subscribe("a", () => {
    throw thrown;
  });
  client.subscribe("+", async () => {
    throw rejected;
  });
  client.subscribe("#", ({ topic }) => seen.push(topic));
  host.say([...message(0, "a"), ...message(1, "b")]);
  await new Promise(setImmediate);
  assert.deepEqual(errors, [thrown, rejected, rejected]);
  assert.deepEqual(seen, ["a", "b"]);
});

test("a handler may publish, subscribe and unsubscribe while messages are being delivered", () => {
  const { client, host } = scripted();
  const seen: string[] = [];
  const first = client.subscribe("a", () => {
    seen.push("first");
    void client.publish("b", "c");
    client.subscribe("a", () => seen.push("second"));
    void first.unsubscribe();
  });
  host.say([...message(0, "a"), ...record("message", 0, 0, 0, 0, 0, 0, 0)]);
  assert.deepEqual(seen, ["first", "second"]);
  assert.equal(host.all("publish").length, 1);
});

test("the same filter twice is one subscription at the broker, which the last one ends", async () => {
  const { client, host } = scripted();
  const first = client.subscribe("a/+x", { qos: 1 }, () => undefined);
  const token = host.token("subscribe");
  host.say(subscribed(token, 1));
  const second = client.subscribe("a/+y", () => undefined);
  assert.equal(host.all("subscribe").length, 1);
  assert.deepEqual(await second.ready, { qos: 1, reasonCode: 1, reasonString: undefined, userProperties: [] });
  assert.deepEqual([first.filter, second.filter], ["a/+", "a/+"]);
  await first.unsubscribe();
  await first.unsubscribe();
  assert.deepEqual(host.all("unsubscribe"), []);
  const left = second.unsubscribe();
  assert.deepEqual(host.all("unsubscribe"), [[host.token("unsubscribe"), "a/+"]]);
  host.say(unsubscribed(host.token("unsubscribe"), 0));
  await left;
  const third = client.subscribe("a/+", () => undefined);
  assert.equal(host.all("subscribe").length, 2);
  host.say(subscribed(token, 0x87));
  const { span, frame } = saying("less", []);
  host.say(subscribed(host.token("subscribe"), 0, ...span), frame);
  const { qos, reasonString } = await third.ready;
  assert.deepEqual([qos, reasonString], [0, "less"]);
});

test("a higher QoS or other options ask the broker again, and keep the highest QoS", () => {
  const { client, host } = scripted();
  client.subscribe("a", { qos: 1 }, () => undefined);
  client.subscribe("a", { qos: 2 }, () => undefined);
  client.subscribe("a", { qos: 0, retainAsPublished: true }, () => undefined);
  client.subscribe("a", { qos: 1, retainAsPublished: true }, () => undefined);
  client.subscribe("a", { retainAsPublished: true, userProperties: { k: "v" } }, () => undefined);
  const asked = host.all("subscribe").map(([, filter, bits, properties]) => [filter, bits, properties === undefined]);
  assert.deepEqual(asked, [
    ["a", 1, true],
    ["a", 2, true],
    ["a", 2 | 8, true],
    ["a", 2 | 8, false],
  ]);
});

test("of two subscriptions to one filter the broker sends our own messages if one of them wants them", () => {
  const { client, host } = scripted();
  const bits = () => host.all("subscribe").map(([, filter, options]) => `${filter} ${options}`);
  client.subscribe("a", { noLocal: true }, () => undefined);
  client.subscribe("a", { noLocal: true }, () => undefined);
  assert.deepEqual(bits(), ["a 4"]);
  client.subscribe("a", () => undefined);
  client.subscribe("a", { noLocal: true }, () => undefined);
  assert.deepEqual(bits(), ["a 4", "a 0"]);
});

test("a shared subscription is sent whole and routed without its group", () => {
  const { client, host } = scripted();
  const seen: string[] = [];
  client.subscribe("$share/workers/job/+id", ({ params }) => seen.push(params.id));
  assert.equal(host.all("subscribe")[0]?.[1], "$share/workers/job/+");
  host.say(message(0, "job/7"));
  assert.deepEqual(seen, ["7"]);
});

test("a refused filter rejects ready, and its handler is gone", async () => {
  const { client, host } = scripted();
  const errors = errorsOf(client);
  const seen: string[] = [];
  const subscription = client.subscribe("secret/#", ({ topic }) => seen.push(topic));
  const ready = subscription.ready;
  const { span, frame } = saying("not yours", [["k", "v"]]);
  host.say(subscribed(host.token("subscribe"), 0x87, ...span), frame);
  await assert.rejects(ready, (error) => {
    assert.ok(error instanceof SubscribeError);
    assert.deepEqual([error.code, error.filter, error.reasonCode, error.reasonString], ["refused", "secret/#", 0x87, "not yours"]);
    assert.deepEqual(error.userProperties, [["k", "v"]]);
    return error.reasonName === "Not authorized" && error.hint.length > 10;
  });
  host.say(message(0, "secret/a"));
  assert.deepEqual(seen, []);
  assert.deepEqual(errors, [], "who waits for ready has heard of it");
  await subscription.unsubscribe();
  assert.deepEqual(host.all("unsubscribe"), []);
});

test("a refused filter that nobody waits for goes to the error event, also when the refusal comes after a reconnect", async () => {
  const { client, host } = scripted();
  const errors = errorsOf(client);
  client.subscribe("a", () => undefined);
  host.say(record("done", 0, host.token("subscribe"), 0x109));
  const later = client.subscribe("b", () => undefined);
  host.say(subscribed(host.token("subscribe"), 0));
  await later.ready;
  host.say(subscribed(host.token("subscribe"), 0x80));
  assert.deepEqual(
    errors.map((error) => (error as SubscribeError).code),
    ["wildcard-not-available", "refused"],
  );
});

test("a refused unsubscribe rejects", async () => {
  const { client, host } = scripted();
  const left = client.subscribe("a", () => undefined).unsubscribe();
  host.say(unsubscribed(host.token("unsubscribe"), 0x83));
  await assert.rejects(left, SubscribeError);
});

test("ready rejects for a subscription that is ended before the broker answers", async () => {
  const { client } = scripted();
  const subscription = client.subscribe("a", () => undefined);
  const ready = subscription.ready;
  void subscription.unsubscribe();
  await assert.rejects(ready, (error) => error instanceof SubscribeError && error.code === "unsubscribed");
});

test("a loop takes messages in order, from the moment of subscribing, and leaving it unsubscribes", async () => {
  const { client, host } = scripted();
  const subscription = client.subscribe("a/+n");
  host.say([...message(0, "a/1", { payload: [0, 1] }), ...message(1, "a/2", { payload: [1, 1] })], text("xy"));
  const seen: string[] = [];
  for await (const one of subscription) {
    seen.push(one.params.n + one.text());
    if (one.params.n === "2") host.say(message(0, "a/3", { payload: [0, 1] }), text("z"));
    if (one.params.n === "3") break;
  }
  assert.deepEqual(seen, ["1x", "2y", "3z"]);
  assert.equal(host.all("unsubscribe").length, 1);
  host.say(message(0, "a/4"));
  const next = await subscription[Symbol.asyncIterator]().next();
  assert.deepEqual(next, { done: true, value: undefined });
});

test("a loop that waits gets the next message, ends with close, and throws when the client stops", async () => {
  for (const [end, expected] of [
    [STOPPED_BY_USER, undefined],
    [REFUSED, StoppedError],
  ] as const) {
    const { client, host } = scripted();
    const seen: string[] = [];
    const loop = (async () => {
      for await (const { topic } of client.subscribe("#")) seen.push(topic);
    })();
    host.say(message(0, "one"));
    await new Promise(setImmediate);
    host.say([...message(0, "two"), ...end]);
    if (expected === undefined) await loop;
    else await assert.rejects(loop, expected);
    assert.deepEqual(seen, ["one", "two"]);
  }
});

test("a loop over a refused filter throws", async () => {
  const { client, host } = scripted();
  const errors = errorsOf(client);
  const iterator = client.subscribe("a")[Symbol.asyncIterator]();
  const next = iterator.next();
  host.say(subscribed(host.token("subscribe"), 0x87));
  await assert.rejects(next, SubscribeError);
  assert.deepEqual(await iterator.next(), { done: true, value: undefined });
  assert.deepEqual(errors, []);
});

test("a loop that falls behind drops the oldest and says so once for each time", async () => {
  const { client, host } = scripted();
  const errors = errorsOf(client);
  const iterator = client.subscribe("+n", { buffer: 2 })[Symbol.asyncIterator]();
  const take = async () => (await iterator.next()).value?.topic;
  host.say(["1", "2", "3", "4"].flatMap((topic, id) => message(id, topic)));
  assert.equal(errors.length, 1);
  assert.deepEqual([await take(), await take()], ["3", "4"]);
  host.say(["5", "6", "7"].flatMap((topic, id) => message(id, topic)));
  assert.equal(errors.length, 2);
  assert.deepEqual([await take(), await take()], ["6", "7"]);
});

test("a long backlog keeps its order while it is taken", async () => {
  const { client, host } = scripted();
  const iterator = client.subscribe("+n")[Symbol.asyncIterator]();
  let sent = 0;
  let taken = 0;
  for (let round = 0; round < 20; round++) {
    host.say(Array.from({ length: 300 }, () => message(0, `${sent++}`)).flat());
    for (let count = 0; count < (round < 10 ? 200 : 400); count++) assert.equal((await iterator.next()).value?.topic, `${taken++}`);
  }
  assert.equal(taken, sent);
});

test("an aborted subscription ends, and its signal is not followed any longer than it lives", async () => {
  const { client, host } = scripted();
  const abort = new AbortController();
  const reason = new Error("gone");
  const seen: string[] = [];
  const subscription = client.subscribe("a", { signal: abort.signal }, ({ topic }) => seen.push(topic));
  const iterable = client.subscribe("b", { signal: abort.signal });
  const early = client.subscribe("c", { signal: abort.signal }, () => undefined);
  void early.unsubscribe();
  const [ready, next] = [subscription.ready, iterable[Symbol.asyncIterator]().next()];
  abort.abort(reason);
  await assert.rejects(ready, reason);
  await assert.rejects(next, reason);
  host.say(message(0, "a"));
  assert.deepEqual(seen, []);
  assert.deepEqual(
    host.all("unsubscribe").map(([, filter]) => filter),
    ["c", "a", "b"],
  );
  assert.throws(() => client.subscribe("a", { signal: AbortSignal.abort(reason) }), reason);
});

test("at the end of the client ready rejects, and who was leaving has left", async () => {
  const { client, host } = scripted();
  const waiting = client.subscribe("a", () => undefined).ready;
  const left = client.subscribe("b", () => undefined).unsubscribe();
  host.say(STOPPED_BY_USER);
  await assert.rejects(waiting, ClosedError);
  await left;
});

test("a subscription that is asked for when the engine fails still ends", async () => {
  const { client, host } = scripted();
  const errors = errorsOf(client);
  client.subscribe("shared", () => undefined);
  const failure = new Error("unreachable");
  host.subscribe = () => host.stop({ kind: "engine", detail: "", message: "" }, failure);
  const { signal } = new AbortController();
  const loop = client.subscribe("shared", { qos: 1, signal });
  await assert.rejects(loop[Symbol.asyncIterator]().next(), StoppedError);
  await assert.rejects(loop.ready, StoppedError);
  assert.deepEqual(errors, [failure]);
});

test("a handler is let go when its subscription ends, though its topics are still known", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const { client, host } = scripted();
  const held = ((): WeakRef<object> => {
    const screen: string[] = [];
    const subscription = client.subscribe("a", ({ topic }) => screen.push(topic));
    host.say(message(0, "a"));
    assert.deepEqual(screen, ["a"]);
    void subscription.unsubscribe();
    return new WeakRef(screen);
  })();
  await new Promise(setImmediate); // a WeakRef holds on until the task that made it is over
  collect();
  assert.equal(held.deref(), undefined);
});

test("bad input of subscribe throws at once and reaches no engine", () => {
  const { client, host } = scripted();
  assert.throws(() => client.subscribe("a/#/b"), TopicError);
  assert.throws(() => client.subscribe("", () => undefined), TopicError);
  assert.throws(() => client.subscribe("a", { qos: 5 as 2 }), OptionError);
  assert.throws(() => client.subscribe("a", {}, "handler" as unknown as () => void), OptionError);
  assert.deepEqual(
    host.calls.map(([name]) => name),
    ["address"],
    "nothing but where to go",
  );
});

test("ten thousand filters lead each message to the one that it is for", () => {
  const { client, host } = scripted();
  const counts = new Map<string, number>();
  for (let n = 0; n < 10_000; n++) client.subscribe(`device/${n}/+`, ({ topic }) => counts.set(topic, (counts.get(topic) ?? 0) + 1));
  const messages = [17, 9_999, 17].flatMap((n, id) => message(id, `device/${n}/state`));
  host.say([...messages, ...messages]);
  assert.deepEqual(
    [...counts],
    [
      ["device/17/state", 4],
      ["device/9999/state", 2],
    ],
  );
});
