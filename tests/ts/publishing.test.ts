// Publishing against a scripted host: how it settles, fails and is taken back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PENDING } from "../../src/ts/engine.js";
import { OptionError, PayloadError, PublishError, StoppedError, TopicError } from "../../src/ts/index.js";
import { scripted } from "./scripted-host.js";
import { record, saying, status } from "./words.js";

const done = (token: number, code: number, ...span: number[]) => record("done", 0, token, code, ...span);
const NOTHING_SAID = { reasonString: undefined, userProperties: [], id: undefined };
const PAIRS: [string, string][] = [
  ["b", "1"],
  ["a", "2"],
  ["b", "1"],
];
const REFUSED = status("stopped", { cause: 4, code: 0x86, detail: "who are you" });

test("a publish settles with what the broker answered", async () => {
  const { client, host } = scripted();
  const first = client.publish("a", "one", { qos: 1 });
  const second = client.publish("b", "two", { qos: 2, retain: true, expiry: 5 });
  const [[token1, topic1, payload1, flags1], [token2, , , flags2, properties2]] = host.all("publish") as [unknown[], unknown[]];
  assert.deepEqual([topic1, payload1, flags1, flags2], ["a", new TextEncoder().encode("one"), 2, 5]);
  assert.deepEqual(properties2, Uint8Array.of(2, 0, 0, 0, 5));
  assert.notEqual(token1, token2);
  const { span, frame } = saying("nobody", PAIRS);
  host.say([...done(token2 as number, 0), ...done(token1 as number, 0x10, ...span)], frame);
  assert.deepEqual(await first, { reasonCode: 16, reasonString: "nobody", userProperties: PAIRS, id: undefined });
  assert.deepEqual(await second, { reasonCode: 0, ...NOTHING_SAID });
  const third = client.publish("a", "three", { qos: 1 });
  host.say(done(host.token("publish"), 0, ...span), frame);
  assert.deepEqual(await third, { reasonCode: 0, reasonString: "nobody", userProperties: PAIRS, id: undefined });
});

test("a publish that is settled when the engine returns waits for nothing", async () => {
  const { client, host } = scripted();
  host.answer = 0;
  assert.deepEqual(await client.publish("a", "one"), { reasonCode: 0, ...NOTHING_SAID });
  await client.publish("a", "two");
  assert.equal(host.token("publish"), host.all("publish")[0]?.[0], "its token is free at once");
  host.answer = 0x103;
  await assert.rejects(client.publish("a", "three"), (error) => error instanceof PublishError && error.code === "packet-too-large");
});

test("what gave way in the queue says so with a code of its own, at once or later", async () => {
  const { client, host } = scripted();
  for (const [code, literal] of [
    [0x10f, "dropped"],
    [0x110, "superseded"],
    [0x111, "offline"],
  ] as const) {
    const is = (error: unknown) => error instanceof PublishError && error.code === literal && error.hint.length > 0;
    const late = client.publish("a", "one");
    host.say(done(host.token("publish"), code));
    await assert.rejects(late, is);
    host.answer = code;
    await assert.rejects(client.publish("a", "two"), is);
    host.answer = PENDING;
  }
});

test("a publish that the engine refuses because it has stopped is told why it stopped", async () => {
  const { client, host } = scripted();
  host.answer = 0x10c;
  const late = client.publish("a", "b");
  host.say(REFUSED);
  await assert.rejects(late, (error) => error instanceof StoppedError && error.cause.kind === "refused");
});

test("tokens of settled publishes are used again, and only those", async () => {
  const { client, host } = scripted();
  const open = client.publish("a", "1");
  const openToken = host.token("publish");
  for (let round = 0; round < 3; round++) {
    const next = client.publish("a", "2");
    assert.notEqual(host.token("publish"), openToken);
    assert.notEqual(host.token("publish"), 0);
    host.say(done(host.token("publish"), 0));
    await next;
  }
  assert.ok(Math.max(...host.all("publish").map(([token]) => token as number)) <= 2);
  host.say(done(openToken, 0));
  await open;
});

test("a publish that fails says why, with a literal code and what to do", async () => {
  const cases: [code: number, literal: string, reasonCode?: number][] = [
    [0x87, "refused", 0x87],
    [0x102, "queue-full"],
    [0x103, "packet-too-large"],
    [0x104, "qos-not-supported"],
    [0x105, "retain-not-available"],
    [0x106, "indeterminate"],
    [0x107, "invalid-topic"],
    [0x108, "invalid-properties"],
    [0x10b, "expired"],
  ];
  for (const [code, literal, reasonCode] of cases) {
    const { client, host } = scripted();
    const published = client.publish("a", "b", { qos: 1 });
    const { span, frame } = saying("because", PAIRS);
    host.say(done(host.token("publish"), code, ...(reasonCode ? span : [])), frame);
    await assert.rejects(published, (error) => {
      assert.ok(error instanceof PublishError);
      assert.deepEqual([error.code, error.reasonCode], [literal, reasonCode]);
      if (reasonCode) assert.deepEqual([error.reasonName, error.reasonString, error.userProperties], ["Not authorized", "because", PAIRS]);
      else assert.deepEqual([error.reasonName, error.reasonString, error.userProperties], [undefined, undefined, []]);
      assert.ok(error.hint.length > 10 && error.message.endsWith(error.hint));
      return true;
    });
  }
});

test("bad input of publish rejects and reaches no engine", async () => {
  const { client, host } = scripted();
  await assert.rejects(client.publish("a/+", "b"), TopicError);
  await assert.rejects(client.publish("", "b"), TopicError);
  await assert.rejects(
    client.publish("a", () => 1),
    PayloadError,
  );
  await assert.rejects(client.publish("a", "b", { qos: 3 as 2 }), OptionError);
  await assert.rejects(client.publish("a", "b", { signal: AbortSignal.abort(new Error("early")) }), /early/);
  assert.deepEqual(
    host.calls.map(([name]) => name),
    ["address"],
    "nothing but where to go",
  );
});

test("an aborted publish rejects with the signal's reason and is taken back", async () => {
  const { client, host } = scripted();
  const abort = new AbortController();
  const published = client.publish("a", "b", { qos: 1, signal: abort.signal });
  const token = host.token("publish");
  abort.abort(new Error("changed my mind"));
  await assert.rejects(published, /changed my mind/);
  assert.deepEqual(host.all("cancel"), [[token]]);
  host.say(done(token, 0x101));
  const next = client.publish("a", "c");
  assert.equal(host.token("publish"), token, "the slot is free once the engine has answered");
  host.say(done(token, 0));
  await next;
});

test("a signal that aborts after the publish has settled does nothing", async () => {
  const { client, host } = scripted();
  const abort = new AbortController();
  const published = client.publish("a", "b", { signal: abort.signal });
  host.say(done(host.token("publish"), 0));
  await published;
  abort.abort();
  assert.deepEqual(host.all("cancel"), []);
});
