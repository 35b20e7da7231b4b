// Every text that goes into a packet is an MQTT string before anything is sent [MQTT-1.5.4-1], [MQTT-1.5.4-2]: well-formed, without U+0000, and not too long.
import assert from "node:assert/strict";
import { test } from "node:test";
import { closeSettings } from "../../src/ts/close-options.js";
import { decodeProperties, encodeProperties } from "../../src/ts/properties.js";
import { publishSettings } from "../../src/ts/publish-options.js";
import { settingsOf } from "../../src/ts/settings.js";
import { subscribeSettings } from "../../src/ts/subscribe-options.js";
import { checkTopic, parseFilter } from "../../src/ts/topics.js";

const connectWith = (options: object) => settingsOf("wss://broker.example", options);
const engine = () => connectWith({}).engine;

/** Each place where a text of the user goes into a packet. */
const PLACES: Record<string, (text: string) => unknown> = {
  "client identifier": (clientId) => connectWith({ clientId }),
  "user name": (username) => connectWith({ credentials: { username } }),
  "password as text": (password) => connectWith({ credentials: { password } }),
  "name of a user property of CONNECT": (name) => connectWith({ userProperties: [[name, "v"]] }),
  "value of a user property of CONNECT": (value) => connectWith({ userProperties: [["n", value]] }),
  "will topic": (topic) => connectWith({ will: { topic } }),
  "content type of the will": (contentType) => connectWith({ will: { topic: "t", contentType } }),
  "response topic of the will": (responseTopic) => connectWith({ will: { topic: "t", responseTopic } }),
  "user property of the will": (value) => connectWith({ will: { topic: "t", userProperties: [["n", value]] } }),
  topic: (topic) => checkTopic(topic),
  "content type": (contentType) => publishSettings({ contentType }),
  "response topic": (responseTopic) => publishSettings({ responseTopic }),
  "name of a user property": (name) => publishSettings({ userProperties: [[name, "v"]] }),
  "value of a user property": (value) => publishSettings({ userProperties: [["n", value]] }),
  filter: (filter) => parseFilter(filter),
  "user property of SUBSCRIBE": (value) => subscribeSettings({ userProperties: [["n", value]] }, undefined, "a"),
  "user property of DISCONNECT": (value) => closeSettings({ userProperties: [["n", value]] }, engine()),
};

for (const [place, put] of Object.entries(PLACES)) {
  test(`${place}: U+0000, a lone surrogate and more than 65,535 bytes are refused, and everything else is taken`, () => {
    for (const text of ["a\0", "\0", "\ud800", "a\udfff", "\ude00\ud83d", "x".repeat(65_536), "ü".repeat(32_768)])
      assert.throws(
        () => put(text),
        (error) => error instanceof Error && error.name !== "TypeError",
        JSON.stringify(text.slice(0, 9)),
      );
    for (const text of ["a", "\ufeffa", "🚪", "x".repeat(65_535)]) put(text);
  });
}

test("a byte order mark stays in a text on its way out and back", () => {
  for (const text of ["\ufeff", "\ufeffa", "a\ufeffb", "a\ufeff"]) {
    const block = encodeProperties({ contentType: text, userProperties: [[text, text]] }) ?? assert.fail();
    assert.deepEqual(decodeProperties(block), { contentType: text, userProperties: [[text, text]] });
  }
});

test("user properties keep their order and their repetitions on their way out and back", () => {
  const userProperties: [string, string][] = [
    ["a", "1"],
    ["b", "2"],
    ["a", "1"],
    ["a", ""],
  ];
  const { properties } = publishSettings({ userProperties });
  assert.deepEqual(decodeProperties(properties ?? assert.fail()).userProperties, userProperties);
});
