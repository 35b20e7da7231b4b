// Property blocks and payloads, against bytes written by hand from the standard.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PayloadError } from "../../src/ts/errors/payload-error.js";
import { Message, TopicView } from "../../src/ts/message.js";
import { payloadBytes } from "../../src/ts/payload.js";
import { decodeProperties, encodeProperties } from "../../src/ts/properties.js";
import { record } from "./words.js";

const bytes = (text: string) => [...new TextEncoder().encode(text)];

test("no properties are no block", () => {
  assert.equal(encodeProperties({}), undefined);
});

test("a block of everything that a message can carry is read back", () => {
  const values = {
    payloadFormat: 1,
    expiry: 4_000_000_000,
    contentType: "ünï",
    responseTopic: "answers/7",
    correlationData: Uint8Array.of(0, 255),
    userProperties: [
      ["a", "1"],
      ["a", "2"],
      ["", ""],
    ] as [string, string][],
  };
  assert.deepEqual(decodeProperties(encodeProperties(values) ?? assert.fail()), values);
});

test("blocks are written as the standard says", () => {
  assert.deepEqual([...(encodeProperties({ expiry: 0x01020304 }) ?? [])], [0x02, 1, 2, 3, 4]);
  assert.deepEqual([...(encodeProperties({ contentType: "ü" }) ?? [])], [0x03, 0, 2, 0xc3, 0xbc]);
  assert.deepEqual([...(encodeProperties({ userProperties: [["k", "v"]] }) ?? [])], [0x26, 0, 1, 0x6b, 0, 1, 0x76]);
});

test("all subscription identifiers of a message are read, in order, equal ones too", () => {
  const block = [0x0b, 1, 0x0b, 0x7f, 0x0b, 0x80, 1, 0x0b, 1, 0x0b, 0xff, 0xff, 0xff, 0x7f];
  assert.deepEqual(decodeProperties(Uint8Array.from(block)), { subscriptionIdentifiers: [1, 127, 128, 1, 268_435_455] });
});

test("properties of CONNACK that are told as limits are skipped, those for people are read", () => {
  const numbers = [0x21, 0, 20, 0x24, 1, 0x25, 0, 0x27, 0, 1, 0, 0, 0x22, 0, 8, 0x13, 0, 45, 0x28, 1, 0x29, 1, 0x2a, 1, 0x11, 0, 0, 14, 16];
  const texts = [0x12, 0, 1, 0x61, 0x1a, 0, 1, 0x62, 0x1c, 0, 1, 0x63, 0x15, 0, 1, 0x64, 0x16, 0, 1, 0x65, 0x1f, 0, 2, 0x68, 0x69];
  const { reasonString, responseInformation } = decodeProperties(Uint8Array.from([...numbers, ...texts]));
  assert.deepEqual([reasonString, responseInformation], ["hi", "b"]);
});

test("a message reads its properties and its payload from its own spans of the frame", () => {
  const properties =
    encodeProperties({ expiry: 9, payloadFormat: 0, correlationData: Uint8Array.of(7), userProperties: [["k", "v"]] }) ?? assert.fail();
  const buffer = Uint8Array.from([9, 9, 9, ...properties, ...bytes('{"on":true}'), 9]);
  const frame = buffer.subarray(1); // a frame may itself be a view
  const words = Uint32Array.from(record("message", 1 | 4, 0, 2 + properties.length, 11, 2, properties.length, 77));
  const message = new Message(new TopicView("a/b", []), frame, words, 0);
  assert.deepEqual(message.json(), { on: true });
  assert.equal(message.payload, message.payload);
  assert.equal(message.payload.buffer, buffer.buffer, "a view, not a copy");
  assert.deepEqual([message.expiry, message.payloadFormat, message.contentType, message.responseTopic], [9, "bytes", undefined, undefined]);
  assert.deepEqual([...(message.correlationData ?? [])], [7]);
  assert.deepEqual(message.userProperties, [["k", "v"]]);
  assert.deepEqual(message.subscriptionIdentifiers, []);
  assert.deepEqual([message.qos, message.retain, message.dup, message.packetId, message.topic], [1, true, false, 77, "a/b"]);
});

test("a message that is not JSON says so, with its topic", () => {
  const words = Uint32Array.from(record("message", 0, 0, 0, 3, 0, 0, 0));
  const message = new Message(new TopicView("a/b", []), Uint8Array.from(bytes("{on")), words, 0);
  assert.equal(message.text(), "{on");
  assert.throws(
    () => message.json(),
    (error) => error instanceof PayloadError && /"a\/b" is not JSON/.test(error.message),
  );
});

test("an empty message has an empty payload and no properties, without a frame", () => {
  const message = new Message(new TopicView("a", []), undefined, Uint32Array.from(record("message", 0, 0, 0, 0, 0, 0, 0)), 0);
  assert.deepEqual([message.payload.length, message.text(), message.userProperties.length, message.packetId], [0, "", 0, undefined]);
});

test("text keeps its byte order mark, and bytes that are no UTF-8 become U+FFFD", () => {
  const payload = Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xff);
  const message = new Message(new TopicView("a", []), payload, Uint32Array.from(record("message", 0, 0, 0, 5, 0, 0, 0)), 0);
  assert.equal(message.text(), "\ufeffa\ufffd");
});

test("text and bytes are published as they are, everything else as JSON", () => {
  const shown = (payload: unknown) => new TextDecoder().decode(payloadBytes(payload));
  assert.equal(shown("ü☂"), "ü☂");
  assert.equal(shown(""), "");
  assert.equal(shown({ a: [1, null] }), '{"a":[1,null]}');
  assert.equal(shown(7), "7");
  assert.equal(shown(false), "false");
  assert.equal(shown(null), "null");
  assert.equal(shown({}), "{}");
  assert.equal(shown(new Date(0)), '"1970-01-01T00:00:00.000Z"');
  assert.equal(shown(Object.create(null)), "{}");
  const floats = new Float32Array([1, 2]).subarray(1);
  assert.deepEqual([...payloadBytes(floats)], [0, 0, 0, 0x40]);
  assert.deepEqual([...payloadBytes(Uint8Array.of(1, 2).buffer)], [1, 2]);
});

test("what would not arrive as it is meant is refused", () => {
  const cycle: { self?: object } = {};
  cycle.self = cycle;
  for (const wrong of [
    "a\ud800",
    undefined,
    () => 1,
    Symbol("s"),
    7n,
    cycle,
    new Map([[1, 2]]),
    new Set([1]),
    Promise.resolve(1),
    new Blob(["x"]),
    /x/,
    Object.create(Object.create(null)),
  ]) {
    assert.throws(
      () => payloadBytes(wrong),
      (error) => error instanceof PayloadError && error.code === "payload" && error.hint.length > 0,
    );
  }
});

test("a payload that is called text must be UTF-8", () => {
  assert.deepEqual([...payloadBytes(Uint8Array.of(0xc3, 0xbc), "text")], [0xc3, 0xbc]);
  assert.deepEqual([...payloadBytes(Uint8Array.of(0xff), "bytes")], [0xff]);
  for (const bytes of [Uint8Array.of(0xff), Uint8Array.of(0xc3), Uint8Array.of(0xed, 0xa0, 0x80)]) {
    assert.throws(() => payloadBytes(bytes, "text"), PayloadError);
    assert.throws(() => payloadBytes(bytes.buffer, "text"), PayloadError);
  }
});
