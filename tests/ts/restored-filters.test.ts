// Messages for filters that an earlier page has subscribed to, against a scripted host: kept until this page wants them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ClosedError, SubscribeError, TopicError } from "../../src/ts/index.js";
import { scripted } from "./scripted-host.js";
import { message, record, status } from "./words.js";

const qos1 = (delivery: number, topic: string, identifiers: number[] = []) =>
  message(delivery, topic, { flags: 1, packetId: delivery, delivery, identifiers });
const filter = (identifier: number, name: string) => record("filter", 0, identifier, name);

test("messages for a filter that nobody asks for yet are kept, and come first to all who do, after subscribe() has returned", async () => {
  const { client, host } = scripted();
  host.say([...filter(0, "door/+"), ...qos1(1, "door/1"), ...message(2, "door/zero"), ...qos1(3, "door/3")]);
  assert.deepEqual(host.all("handled"), []);
  const seen: string[] = [];
  client.subscribe("door/+id", { qos: 1 }, ({ params }) => seen.push(`a${params.id}`));
  client.subscribe("door/+name", { qos: 1 }, ({ params }) => seen.push(`b${params.name}`));
  host.say(qos1(4, "door/4"));
  assert.deepEqual(seen, []);
  await Promise.resolve();
  assert.deepEqual(seen, ["a1", "a3", "a4", "b1", "b3", "b4"]);
  assert.deepEqual(
    host.all("handled").map(([delivery]) => delivery),
    [1, 3, 4],
  );
  host.say(qos1(5, "door/5"));
  assert.deepEqual(seen.slice(6), ["a5", "b5"]);
});

test("a message that overlaps goes to who listens, and waits for the filter that nobody asks for yet", async () => {
  const { client, host } = scripted();
  host.say([...filter(1, "a/b"), ...filter(2, "a/#")]);
  const seen: string[] = [];
  client.subscribe("a/b", { qos: 1 }, () => seen.push("a/b"));
  await Promise.resolve();
  host.say([...qos1(1, "a/b", [1, 2]), ...qos1(2, "a/b", [1])]);
  assert.deepEqual([seen, host.all("handled")], [["a/b", "a/b"], [[2, 1]]]);
  const iterator = client.subscribe("a/#", { qos: 1 })[Symbol.asyncIterator]();
  assert.equal((await iterator.next()).value?.packetId, 1);
  void iterator.next();
  assert.deepEqual(host.all("handled")[1], [1, 1]);
});

test("what comes between subscribing and the end of that task comes once, behind what was kept", async () => {
  const { client, host } = scripted();
  host.say([...filter(0, "a"), ...qos1(1, "a")]);
  const seen: (number | undefined)[] = [];
  const take = ({ packetId }: { readonly packetId: number | undefined }) => seen.push(packetId);
  client.subscribe("a", { qos: 1 }, take);
  host.say(qos1(2, "a"));
  client.subscribe("a", { qos: 1 }, take);
  await Promise.resolve();
  assert.deepEqual(seen, [1, 2, 1]);
  assert.deepEqual(
    host.all("handled").map(([delivery]) => delivery),
    [2, 1],
  );
});

test("a filter that the page has asked for already has nothing kept", () => {
  const { client, host } = scripted();
  const seen: string[] = [];
  client.subscribe("a", { qos: 1 }, ({ topic }) => seen.push(topic));
  host.say([...filter(1, "a"), ...qos1(1, "a", [1])]);
  assert.deepEqual([seen, host.all("handled")], [["a"], [[1, 1]]]);
});

test("a filter that the page has left before it was restored has nothing kept", () => {
  const { client, host } = scripted();
  void client.subscribe("a", () => assert.fail()).unsubscribe();
  host.say([...filter(1, "a"), ...qos1(1, "a", [1])]);
  assert.deepEqual(host.all("handled"), [[1, 1]]);
});

test("all subscriptions share the answers about what was kept", async () => {
  const { client, host } = scripted();
  host.say([...filter(0, "a"), ...qos1(1, "a"), ...qos1(2, "a")]);
  const seen: string[] = [];
  for (const name of ["x", "y"])
    client.subscribe("a", { qos: 1, dedupe: { key: ({ packetId }) => packetId ?? 0 } }, ({ packetId }) => seen.push(`${name}${packetId}`));
  await Promise.resolve();
  assert.equal(host.all("claim").length, 2);
  for (const [token] of host.all("claim")) host.say(record("claimed", 0, token as number, 0, 0));
  assert.deepEqual(seen, ["x1", "y1", "x2", "y2"]);
});

test("what is kept for a filter that is left at once is let go", async () => {
  const { client, host } = scripted();
  host.say([...filter(0, "old/#"), ...qos1(1, "old/a")]);
  void client.subscribe("old/#", () => assert.fail()).unsubscribe();
  await Promise.resolve();
  assert.deepEqual(host.all("handled"), [[1, 1]]);
});

test("a message of QoS 2 that is kept comes when its store has it", async () => {
  const { client, host } = scripted();
  host.say([...filter(0, "a"), ...message(1, "a", { flags: 2 | 16, packetId: 1, delivery: 1 })]);
  const seen: string[] = [];
  client.subscribe("a", { qos: 2 }, ({ topic }) => seen.push(topic));
  await Promise.resolve();
  assert.deepEqual(seen, []);
  host.say(record("ready", 0, 1));
  assert.deepEqual([seen, host.all("handled")], [["a"], [[1, 1]]]);
});

test("a filter that this page does not want any more is unsubscribed by its name, and what was kept for it is let go", async () => {
  const { client, host } = scripted();
  host.say([...filter(0, "old/+"), ...qos1(1, "old/a"), ...filter(0, "b"), ...qos1(2, "b")]);
  const gone = client.unsubscribe("old/+id");
  assert.deepEqual(host.all("handled"), [[1, 1]]);
  assert.deepEqual(
    host.all("unsubscribe").map(([, name]) => name),
    ["old/+"],
  );
  host.say([...qos1(3, "old/a"), ...record("unsubscribed", 0, host.token("unsubscribe"), 0)]);
  await gone;
  assert.deepEqual(host.all("handled").slice(1), [[3, 1]]);
  const seen: string[] = [];
  client.subscribe("old/+", { qos: 1 }, ({ topic }) => seen.push(topic));
  await Promise.resolve();
  assert.deepEqual(seen, []);
});

test("a filter that is unsubscribed before it is restored has nothing kept", async () => {
  const { client, host } = scripted();
  void client.unsubscribe("a");
  host.say([...filter(1, "a"), ...qos1(1, "a", [1])]);
  assert.deepEqual([host.all("handled"), host.all("unsubscribe").length], [[[1, 1]], 1]);
});

test("unsubscribe() ends all subscriptions to the filter, also before they have got what was kept, and asks the broker once", async () => {
  const { client, host } = scripted();
  host.say([...filter(0, "a"), ...qos1(1, "a")]);
  const loop = client.subscribe("a", { qos: 1 });
  const { ready } = client.subscribe("a", { qos: 1 }, () => assert.fail());
  const gone = client.unsubscribe("a");
  await assert.rejects(ready, (error) => error instanceof SubscribeError);
  for await (const message of loop) assert.fail(message.topic);
  assert.deepEqual([host.all("handled"), host.all("unsubscribe").length], [[[1, 1]], 1]);
  host.say(record("unsubscribed", 0, host.token("unsubscribe"), 0x87));
  await assert.rejects(gone, (error) => error instanceof SubscribeError && error.reasonCode === 0x87);
});

test("unsubscribe() rejects what is no filter, and after the end", async () => {
  const { client, host } = scripted();
  await assert.rejects(client.unsubscribe("a/#/b"), (error) => error instanceof TopicError);
  const open = client.unsubscribe("a");
  host.say(status("stopped", { cause: 1 }));
  await open; // who was leaving has left
  await assert.rejects(client.unsubscribe("a"), (error) => error instanceof ClosedError);
});
