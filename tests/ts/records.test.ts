// The record table, read from the golden file that the Rust side is tested with too.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CAUSE_KINDS, PHASES } from "../../src/ts/cause.js";
import { AUTHENTICATION_FAILED, CANCELLED, CLOSED, failureOf, STOPPED } from "../../src/ts/failures.js";
import { Message, TopicView } from "../../src/ts/message.js";
import {
  DURABILITIES,
  GAPS,
  KIND,
  kindOf,
  lengthOf,
  MESSAGE,
  readAuthenticate,
  readConnected,
  readFilter,
  readGap,
  readOutcome,
  readPacket,
  readPrepare,
  readRestored,
  readStatus,
  readStorage,
  readStored,
  readTopic,
  STORAGE_REASONS,
} from "../../src/ts/records.js";
import { record, restored } from "./words.js";

type Value = string | number | boolean | null | number[];
interface Golden {
  kinds: Record<string, number>;
  states: string[];
  phases: string[];
  causes: string[];
  failures: Record<string, number>;
  gaps: string[];
  durabilities: string[];
  storageReasons: string[];
  records: { name: string; kind: keyof typeof KIND; fields: Record<string, Value>; words: number[] }[];
}

const golden = JSON.parse(readFileSync("tests/golden/records.json", "utf8")) as Golden;

/** The fields of a record as the golden file names them. */
function decoded(kind: keyof typeof KIND, words: Uint32Array, at: number): Record<string, Value> {
  switch (kind) {
    case "status": {
      const { cause, ...rest } = readStatus(words, at);
      return { ...rest, cause: cause.kind, causeCode: cause.code, detail: cause.detail, serverReference: cause.serverReference };
    }
    case "connected": {
      const { available, properties, ...rest } = readConnected(words, at);
      return {
        ...rest,
        properties: [...properties],
        retainAvailable: available.retain,
        wildcardAvailable: available.wildcards,
        subscriptionIdAvailable: available.subscriptionIdentifiers,
        sharedAvailable: available.shared,
      };
    }
    case "topic":
      return { ...readTopic(words, at) };
    case "message":
      return messageFields(words, at);
    case "done":
    case "subscribed":
    case "unsubscribed": {
      const { token, code, properties } = readOutcome(words, at);
      return { token, code, properties: [...properties] };
    }
    case "identifier":
      return { token: words[at + 1] ?? -1, identifier: words[at + 2] ?? -1 };
    case "ready":
      return { delivery: words[at + 1] ?? -1 };
    case "claimed":
      return { token: words[at + 1] ?? -1, verdict: words[at + 2] ?? -1, missing: words[at + 3] ?? -1 };
    case "stalled":
      return { delivery: words[at + 1] ?? -1, waited: words[at + 2] ?? -1 };
    case "authenticate": {
      const { properties, ...rest } = readAuthenticate(words, at);
      return { ...rest, properties: [...properties] };
    }
    case "prepare":
      return { ...readPrepare(words, at) };
    case "packet":
      return { ...readPacket(words, at) };
    case "stored":
      return { ...readStored(words, at) };
    case "restored":
      return { ...readRestored(words, at) };
    case "gap":
      return { gap: readGap(words, at) };
    case "storage":
      return { ...readStorage(words, at) };
    case "filter":
      return { ...readFilter(words, at) };
  }
}

/** A message has no fields of its own: what can be seen is asked of it. */
function messageFields(words: Uint32Array, at: number): Record<string, Value> {
  const message = new Message(new TopicView("t", []), new Uint8Array(2_000_000), words, at);
  const { qos, retain, dup, packetId, payload } = message;
  return {
    topic: words[at + 1] ?? -1,
    payload: [payload.byteOffset, payload.length],
    properties: [words[at + 4] ?? -1, words[at + 5] ?? -1],
    qos,
    retain,
    dup,
    held: (((words[at] ?? 0) >>> 24) & 16) !== 0,
    interrupted: (((words[at] ?? 0) >>> 24) & 32) !== 0,
    packetId: packetId ?? 0,
    delivery: words[at + MESSAGE.delivery] ?? -1,
    identifiers: [...words.subarray(at + MESSAGE.identifiers, at + lengthOf(words[at] ?? 0))],
  };
}

for (const { name, kind, fields, words } of golden.records) {
  test(`reads the golden record "${name}"`, () => {
    const [before, after] = [record("prepare", 0, 9), record("prepare", 0, 9)];
    const among = Uint32Array.from([...before, ...words, ...after]);
    const head = among[before.length] ?? 0;
    assert.equal(kindOf(head), KIND[kind]);
    assert.equal(lengthOf(head), words.length);
    assert.deepEqual(decoded(kind, among, before.length), fields);
  });
}

test("the numbers of kinds, states, phases, causes and failures are the golden ones", () => {
  assert.deepEqual(KIND, golden.kinds);
  assert.deepEqual([...PHASES], golden.phases);
  assert.deepEqual([...CAUSE_KINDS], golden.causes);
  assert.deepEqual([[...GAPS], [...DURABILITIES], [...STORAGE_REASONS]], [golden.gaps, golden.durabilities, golden.storageReasons]);
  const [closed, cancelled, stopped] = [golden.failures["closed"], golden.failures["cancelled"], golden.failures["stopped"]];
  assert.deepEqual([CLOSED, CANCELLED, STOPPED], [closed, cancelled, stopped]);
  assert.equal(AUTHENTICATION_FAILED, golden.failures["authentication-failed"]);
  for (const [name, code] of Object.entries(golden.failures)) {
    if (![CLOSED, CANCELLED, STOPPED].includes(code) && !name.startsWith("authentication")) assert.equal(failureOf(code, {}).code, name);
  }
  for (const [number, state] of golden.states.entries()) {
    assert.equal(readStatus(Uint32Array.from(record("status", number)), 0).state, state);
  }
});

test("the records that the tests write are the golden ones", () => {
  const byName = new Map(golden.records.map(({ name, words }) => [name, words]));
  assert.deepEqual(record("done", 0, 0xffff_ffff, 16, 5, 17), byName.get("done, nobody subscribed, with the broker's reason"));
  assert.deepEqual(record("topic", 0, 2, "gerät/höhe/°C"), byName.get("topic that is not ASCII"));
  const wide = restored(0xc000_0001, 2 ** 33 + 5, "light/cmd/off", { flags: 14, size: 12 });
  assert.deepEqual(wide, byName.get("restored QoS 2 message that is retained and may have left"));
});

test("a record that ends too early reads as zeros and no text, never beyond its end", () => {
  const words = Uint32Array.from([...record("status", 4, 7), ...record("topic", 0, 1, "behind")]);
  assert.deepEqual(readStatus(words, 0), {
    state: "stopped",
    attempt: 7,
    phase: "address",
    protocol: 5,
    at: 0,
    cause: { kind: "none", code: 0, detail: "", serverReference: "" },
  });
});
