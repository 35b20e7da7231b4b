// The credentials of each attempt: what the function is asked and told, and what becomes of its answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { scripted } from "./scripted-host.js";
import { record, status } from "./words.js";

const FIRST = "ws://broker.test/mqtt";

test("each attempt is answered with the address and the credentials of the options", () => {
  const { host } = scripted({ credentials: { username: "u", password: "ü" } });
  host.say(record("prepare", 0, 1));
  host.say(record("prepare", 0, 2));
  const password = new TextEncoder().encode("ü");
  assert.deepEqual(host.all("address"), [
    [1, "ws://broker.test/mqtt", "u", password, undefined],
    [2, "ws://broker.test/mqtt", "u", password, undefined],
  ]);
});

test("a credentials function is asked for each attempt, and told when an attempt is over", async () => {
  const signals: AbortSignal[] = [];
  const answers: ((value: object) => void)[] = [];
  const credentials = ({ attempt, signal }: { attempt: number; signal: AbortSignal }) => {
    assert.equal(attempt, signals.length + 1);
    signals.push(signal);
    return new Promise<object>((resolve) => answers.push(resolve));
  };
  const { host } = scripted({ credentials });
  host.say(record("prepare", 0, 1));
  host.say(status("waiting", { cause: 7 }));
  assert.ok(signals[0]?.aborted);
  host.say(record("prepare", 0, 2));
  answers[0]?.({ username: "too late" });
  answers[1]?.({ username: "fresh", password: Uint8Array.of(1) });
  await new Promise(setImmediate);
  assert.deepEqual(host.all("address"), [[2, "ws://broker.test/mqtt", "fresh", Uint8Array.of(1), undefined]]);
  assert.ok(!signals[1]?.aborted);
});

test("credentials are asked for with the address that they go to", () => {
  const urls: string[] = [];
  const { host } = scripted({
    credentials: ({ url }) => {
      urls.push(url);
      return {};
    },
  });
  host.say([...record("prepare", 0, 1, ""), ...record("prepare", 0, 2, "b.test")]);
  assert.deepEqual(urls, [FIRST, "ws://b.test/mqtt"]);
});

test("credentials are asked for with the cause that ended what was before", () => {
  const causes: (string | undefined)[] = [];
  const { host } = scripted({
    credentials: ({ cause }) => {
      causes.push(cause?.kind);
      return {};
    },
  });
  host.say([...status("connecting"), ...record("prepare", 0, 1, "")]);
  host.say([...status("connecting", { cause: 4, code: 0x86 }), ...record("prepare", 0, 2, "")]);
  assert.deepEqual(causes, [undefined, "refused"]);
});

test("a credentials function that throws, rejects or returns rubbish fails the attempt with what it said", async () => {
  const rubbish = "secret" as unknown as object;
  const functions: [() => object | Promise<object>, RegExp][] = [
    [() => assert.fail("thrown"), /thrown/],
    [() => Promise.reject(new Error("503")), /503/],
    [() => Promise.reject("plain text"), /plain text/],
    [() => rubbish, /username, password/],
    [() => undefined as unknown as object, /username, password/],
    [() => ({ username: 7 }), /credentials\(\)\.username/],
    [() => Promise.reject(Object.assign(new Error(), { message: 503 })), /^503$/],
    [() => Promise.reject(Object.assign(new Error(), { message: undefined })), /^undefined$/],
    [() => Promise.reject(Object.assign(new Error(), { message: Object.create(null) })), /^object$/],
    [() => Promise.reject(Object.create(null)), /^object$/],
    [() => Promise.reject(Symbol("none")), /none/],
    [() => Promise.reject(), /^undefined$/],
  ];
  for (const [credentials, about] of functions) {
    const { host } = scripted({ credentials });
    host.say(record("prepare", 0, 4));
    await new Promise(setImmediate);
    const [[attempt, detail] = []] = host.all("addressFailed");
    assert.equal(attempt, 4);
    assert.match(detail as string, about);
    assert.deepEqual(host.all("address"), []);
  }
});
