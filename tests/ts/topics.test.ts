// Topic names, filters, named wildcards.
import assert from "node:assert/strict";
import { test } from "node:test";
import { TopicError } from "../../src/ts/errors/topic-error.js";
import { paramsOf } from "../../src/ts/params.js";
import { checkTopic, parseFilter } from "../../src/ts/topics.js";

const refused = (action: () => void, about: RegExp) =>
  assert.throws(action, (error) => error instanceof TopicError && error.code === "topic" && about.test(error.message));

test("topic names that MQTT allows pass", () => {
  for (const topic of ["a", "/", "a//b", "a b", "$SYS/x", "ünï/☂/🚪", "x".repeat(65_535), "ü".repeat(32_767)]) checkTopic(topic);
});

test("topic names that MQTT forbids are refused with what is wrong", () => {
  refused(() => checkTopic(""), /empty/);
  refused(() => checkTopic("a/+"), /wildcard/);
  refused(() => checkTopic("a/#"), /wildcard/);
  refused(() => checkTopic("a\0b"), /U\+0000/);
  refused(() => checkTopic("a\ud800"), /lone surrogate/);
  refused(() => checkTopic("\udc00a"), /lone surrogate/);
  refused(() => checkTopic("\ud800\ud800\udc00"), /lone surrogate/);
  refused(() => checkTopic("x".repeat(65_536)), /65536 bytes/);
  refused(() => checkTopic("ü".repeat(32_768)), /65536 bytes/);
  refused(() => checkTopic("🚪".repeat(16_384)), /65536 bytes/);
  refused(() => checkTopic(7), /not a topic name/);
  refused(() => checkTopic(undefined), /not a topic name/);
});

test("filters are taken apart into what is sent, what is matched, and the names", () => {
  assert.deepEqual(parseFilter("device/+id/state/#rest"), {
    filter: "device/+/state/#",
    levels: ["device", "+", "state", "#"],
    named: [
      { name: "id", level: 1, rest: false },
      { name: "rest", level: 3, rest: true },
    ],
  });
  assert.deepEqual(parseFilter("$share/group/a/+id"), {
    filter: "$share/group/a/+",
    levels: ["a", "+"],
    named: [{ name: "id", level: 1, rest: false }],
  });
  assert.deepEqual(parseFilter("#"), { filter: "#", levels: ["#"], named: [] });
  assert.deepEqual(parseFilter("/+/"), { filter: "/+/", levels: ["", "+", ""], named: [] });
});

test("filters that MQTT forbids are refused with what is wrong", () => {
  refused(() => parseFilter(""), /empty/);
  refused(() => parseFilter("a/#/b"), /levels after #/);
  refused(() => parseFilter("a/#rest/b"), /levels after #/);
  refused(() => parseFilter("a/b+"), /middle of the level "b\+"/);
  refused(() => parseFilter("a/b#"), /middle of the level "b#"/);
  refused(() => parseFilter("a/+1"), /with the name "1"/);
  refused(() => parseFilter("a/++"), /with the name "\+"/);
  refused(() => parseFilter("+a/+a"), /two wildcards alike/);
  refused(() => parseFilter("$share/group"), /shared subscription/);
  refused(() => parseFilter("$share/group/"), /shared subscription/);
  refused(() => parseFilter("$share//a"), /shared subscription/);
  refused(() => parseFilter("$share/g+/a"), /shared subscription/);
  refused(() => parseFilter("a\0"), /U\+0000/);
  refused(() => parseFilter("\ud800"), /lone surrogate/);
  refused(() => parseFilter("x".repeat(65_536)), /65536 bytes/);
});

test("parameters are what the named wildcards stand for", () => {
  const values = (filter: string, topic: string) => paramsOf(topic, parseFilter(filter).named);
  assert.deepEqual(values("device/+id/state", "device/7/state"), { id: "7" });
  assert.deepEqual(values("device/+id/#rest", "device/7/a/b"), { id: "7", rest: "a/b" });
  assert.deepEqual(values("device/+id/#rest", "device/7"), { id: "7", rest: "" });
  assert.deepEqual(values("device/+id", "device/"), { id: "" });
  assert.deepEqual(values("+/#", "a/b"), {});
  assert.deepEqual(values("$share/g/a/+x", "a/b"), { x: "b" });
  assert.deepEqual(Object.keys(values("+__proto__", "a")), ["__proto__"]);
});
