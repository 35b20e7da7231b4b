// The option `dedupe`, against a scripted host: what the ledger is asked, and what becomes of its answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Dedupe, DedupeError, type DedupeKey, type Gap, type Message, OptionError } from "../../src/ts/index.js";
import { encodeProperties } from "../../src/ts/properties.js";
import { type ScriptedHost, scripted } from "./scripted-host.js";
import { message, record } from "./words.js";

const [FRESH, DUPLICATE, INTERRUPTED] = [0, 1, 2];
const HOUR = 3_600_000;

/** Delivers one message with this payload and these properties. */
function say(host: ScriptedHost, delivery: number, payload: string, topic = "a", properties: Parameters<typeof encodeProperties>[0] = {}) {
  const [body, block] = [new TextEncoder().encode(payload), encodeProperties(properties) ?? new Uint8Array(0)];
  const spans = { payload: [0, body.length], properties: [body.length, block.length] } satisfies Parameters<typeof message>[2];
  const qos = delivery === 0 ? { flags: 0 } : { flags: 1, packetId: delivery, delivery };
  host.say(message(delivery, topic, { ...spans, ...qos }), Uint8Array.of(...body, ...block));
}

/** Answers the claim that was made `nth`. */
function answer(host: ScriptedHost, nth: number, verdict: number, missing = 0) {
  host.say(record("claimed", 0, host.all("claim")[nth]?.[0] as number, verdict, missing));
}

/** A client with a subscription that de-duplicates, and all that comes of it. */
function subscribed(dedupe: Dedupe, filter = "#") {
  const { client, host } = scripted();
  const [seen, errors, gaps, interrupted]: [string[], unknown[], Gap[], Message[]] = [[], [], [], []];
  client.addEventListener("error", ({ error }) => errors.push(error));
  client.addEventListener("gap", ({ gap }) => gaps.push(gap));
  client.addEventListener("interrupted", ({ message }) => interrupted.push(message));
  client.subscribe(filter, { qos: 1, dedupe }, (message) => seen.push(message.text()));
  const claims = () => host.all("claim").map(([, ...rest]) => rest);
  return { client, host, seen, errors, gaps, interrupted, claims };
}

test("a message is handled when the ledger says that it is fresh, and dropped, but acknowledged, when it was seen", () => {
  const { host, seen, claims } = subscribed({ key: (message) => message.text() }, "a");
  say(host, 1, "x");
  assert.deepEqual([seen, claims()], [[], [[1, "a\x000x", 0, 0, HOUR]]]);
  answer(host, 0, FRESH);
  assert.deepEqual([seen, host.all("handled")], [["x"], [[1, 1]]]);
  say(host, 2, "x");
  answer(host, 1, DUPLICATE);
  assert.deepEqual([seen, host.all("handled")[1]], [["x"], [2, 1]]);
});

test("order is kept while the ledger is asked", () => {
  const { client, host, seen } = subscribed({ key: (message) => message.text() });
  client.subscribe("other", ({ topic }) => seen.push(topic));
  say(host, 1, "x");
  say(host, 2, "y");
  say(host, 0, "zero");
  say(host, 3, "z", "other");
  answer(host, 1, FRESH);
  assert.deepEqual(seen, ["other"]);
  answer(host, 0, DUPLICATE);
  assert.deepEqual(seen, ["other", "y", "zero"]);
  answer(host, 2, FRESH);
  assert.deepEqual(seen, ["other", "y", "zero", "z"]);
});

test("the key is a user property, the correlation data, or what a function gives", () => {
  const cases: [DedupeKey, Parameters<typeof encodeProperties>[0], string][] = [
    [
      "id",
      {
        userProperties: [
          ["other", "1"],
          ["id", "7"],
        ],
      },
      "7",
    ],
    ["correlationData", { correlationData: Uint8Array.of(1, 255) }, "1,255"],
    [() => 12, {}, "12"],
    [({ topic }) => topic, {}, "a"],
  ];
  for (const [key, properties, expected] of cases) {
    const { host, claims } = subscribed({ key, scope: "s", ttl: "1d" });
    say(host, 1, "", "a", properties);
    assert.deepEqual(claims(), [[1, `s\x000${expected}`, 0, 0, 24 * HOUR]]);
  }
});

test("a timestamp goes by its topic, or by a key of its own", () => {
  const { host, seen, claims } = subscribed({ timestamp: (message) => message.json<number>() });
  say(host, 1, "7.25", "dev/1");
  assert.deepEqual(claims()[0], [1, "#\x001dev/1", 1, 7.25, HOUR]);
  answer(host, 0, DUPLICATE);
  assert.deepEqual(seen, []);
  const keyed = subscribed({ key: () => "k", timestamp: () => 0 });
  say(keyed.host, 1, "");
  assert.deepEqual(keyed.claims()[0], [1, "#\x001k", 1, 0, HOUR]);
});

test("missing numbers of a sequence are told before the message that shows them, once", () => {
  const { client, host, seen, gaps, claims } = subscribed({ sequence: (message) => message.json<number>(), scope: "s" }, "m/+id");
  const again: string[] = [];
  client.subscribe("m/+", { qos: 1, dedupe: { sequence: (message) => message.json<number>(), scope: "s" } }, () => again.push("again"));
  say(host, 1, "9", "m/1");
  assert.deepEqual(claims(), [[1, "s\x002m/1", 2, 9, HOUR]]);
  answer(host, 0, FRESH, 3);
  assert.deepEqual(gaps, [{ kind: "sequence", filter: "m/+", topic: "m/1", key: "m/1", missing: 3 }]);
  assert.deepEqual([seen, again, host.all("handled")], [["9"], ["again"], [[1, 1]]]);
});

test("subscriptions share an answer about one message, but never about two", () => {
  const { client, host, seen } = subscribed({ key: () => "k", qos0: true }, "a");
  client.subscribe("a", { dedupe: { key: () => "k", qos0: true } }, () => seen.push("second"));
  client.subscribe("a", { dedupe: { key: () => "other", qos0: true } }, () => seen.push("third"));
  say(host, 0, "x");
  say(host, 0, "y");
  assert.equal(host.all("claim").length, 4);
  answer(host, 0, FRESH);
  answer(host, 1, FRESH);
  answer(host, 2, DUPLICATE);
  answer(host, 3, DUPLICATE);
  assert.deepEqual(seen, ["x", "second", "third"]);
});

test("QoS 0 is looked at on request only", () => {
  const { host, seen, claims } = subscribed({ key: () => "k" });
  say(host, 0, "x");
  assert.deepEqual([seen, claims()], [["x"], []]);
  const asked = subscribed({ key: () => "k", qos0: true });
  say(asked.host, 0, "x");
  assert.deepEqual(asked.claims(), [[0, "#\x000k", 0, 0, HOUR]]);
  answer(asked.host, 0, FRESH);
  assert.deepEqual([asked.seen, asked.host.all("handled")], [["x"], []]);
});

test("what an earlier page has begun is told with its message, not handled, and acknowledged", () => {
  const { host, seen, interrupted } = subscribed({ key: () => "k" }, "+id");
  say(host, 1, "x", "door");
  answer(host, 0, INTERRUPTED);
  assert.deepEqual(
    interrupted.map((message) => [message.text(), message.params["id"]]),
    [["x", "door"]],
  );
  assert.deepEqual([seen, host.all("handled")], [[], [[1, 1]]]);
});

test("a message without a usable key or number is handled without de-duplication, and reported", () => {
  const fails = () => {
    throw new Error("no");
  };
  const options: Dedupe[] = [
    { key: "absent" },
    { key: "correlationData" },
    { key: fails },
    { key: () => "" },
    { key: () => Number.NaN },
    { key: () => ({}) as string },
    { timestamp: () => -1 },
    { timestamp: () => Number.POSITIVE_INFINITY },
    { sequence: () => 1.5 },
    { sequence: () => undefined as unknown as number },
    { key: fails, sequence: () => 1 },
  ];
  for (const dedupe of options) {
    const { host, seen, errors, claims } = subscribed(dedupe);
    say(host, 1, "x");
    assert.deepEqual([seen, claims(), host.all("handled")], [["x"], [], [[1, 1]]]);
    const [error] = errors;
    assert.ok(error instanceof DedupeError && error.code === "dedupe" && error.filter === "#" && error.topic === "a");
  }
});

test("an answer for a subscription that was left finds nobody", async () => {
  const { client, host } = scripted();
  const subscription = client.subscribe("a", { qos: 1, dedupe: { key: () => "k" } }, () => assert.fail());
  say(host, 1, "x");
  void subscription.unsubscribe();
  assert.deepEqual(host.all("handled"), [[1, 1]]);
  answer(host, 0, FRESH);
  answer(host, 0, FRESH);
});

test("a wrong dedupe or ack option is an OptionError", () => {
  const { client, host } = scripted();
  for (const [option, wrong] of [
    ["dedupe.key", {}],
    ["dedupe.key", { key: 5 }],
    ["dedupe.timestamp", { timestamp: "at" }],
    ["dedupe.sequence", { sequence: 1 }],
    ["dedupe.sequence", { timestamp: () => 1, sequence: () => 1 }],
    ["dedupe.ttl", { key: "id", ttl: 0 }],
    ["dedupe.scope", { key: "id", scope: "" }],
    ["dedupe.qos0", { key: "id", qos0: 1 }],
    ["dedupe.id", { id: "id" }],
    ["dedupe", "id"],
  ] as const) {
    assert.throws(
      () => client.subscribe("a", { dedupe: wrong as unknown as Dedupe }),
      (error) => error instanceof OptionError && error.option === option,
      option,
    );
  }
  assert.throws(() => client.subscribe("a", { ack: "late" as "received" }), OptionError);
  assert.deepEqual(
    host.calls.map(([name]) => name),
    ["address"],
    "nothing but where to go",
  );
});
