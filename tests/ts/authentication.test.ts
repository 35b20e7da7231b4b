// Enhanced authentication on a scripted host: what `respond` is asked and told, and how `reauthenticate()` settles.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuthenticationRequest } from "../../src/ts/index.js";
import { AuthenticationError, ClosedError, OptionError, StoppedError } from "../../src/ts/index.js";
import { encodeProperties } from "../../src/ts/properties.js";
import { type ScriptedHost, scripted } from "./scripted-host.js";
import { online, record, status } from "./words.js";

const FIRST = "ws://broker.test/mqtt";
const [DONE, CHALLENGE, BEGIN] = [0x00, 0x18, 0x19];
const settled = () => new Promise(setImmediate);

/** A client whose `respond` is `answer`, and everything that was asked of it. */
function authenticated(answer: (request: AuthenticationRequest) => unknown) {
  const requests: AuthenticationRequest[] = [];
  const respond = (request: AuthenticationRequest) => {
    requests.push(request);
    return answer(request) as Promise<Uint8Array>;
  };
  return { ...scripted({ authentication: { method: "X", respond }, credentials: { username: "u" } }), requests };
}

/** AUTHENTICATE, with the broker's properties behind something else in the frame. */
function ask(host: ScriptedHost, step: number, exchange: number, properties: Parameters<typeof encodeProperties>[0] = {}) {
  const block = encodeProperties(properties) ?? new Uint8Array(0);
  const frame = Uint8Array.of(1, 2, 3, ...block);
  host.say(record("authenticate", step, exchange, block.length > 0 ? 3 : 0, block.length), block.length > 0 ? frame : undefined);
  frame.fill(0xff); // the frame is the engine's again
}

test("the data for CONNECT are asked for with each attempt, after the credentials", async () => {
  const { host, requests } = authenticated(() => "first");
  host.say(record("prepare", 0, 1, ""));
  await settled();
  host.say([...status("waiting"), ...record("prepare", 0, 2, "")]);
  await settled();
  const data = new TextEncoder().encode("first");
  assert.deepEqual(host.all("address"), [
    [1, FIRST, "u", undefined, data],
    [2, FIRST, "u", undefined, data],
  ]);
  const [{ signal, ...request } = assert.fail("nothing was asked")] = requests;
  const asked = { step: "connect", data: undefined, reasonString: undefined, userProperties: [], url: FIRST };
  assert.deepEqual(request, asked);
  assert.ok(signal instanceof AbortSignal && !signal.aborted);
});

test("a challenge is handed on with everything in it, and its answer given back", async () => {
  const { host, requests } = authenticated(async ({ step }) => (step === "challenge" ? Uint8Array.of(7) : undefined));
  ask(host, CHALLENGE, 3, { authenticationData: Uint8Array.of(9), reasonString: "again", userProperties: [["a", "b"]] });
  await settled();
  assert.deepEqual(host.all("authenticate"), [[3, Uint8Array.of(7)]]);
  const { step, data, reasonString, userProperties } = requests[0] ?? assert.fail("nothing was asked");
  assert.deepEqual([step, data, reasonString, userProperties], ["challenge", Uint8Array.of(9), "again", [["a", "b"]]]);
  ask(host, BEGIN, 4);
  await settled();
  assert.deepEqual(host.all("authenticate")[1], [4, undefined]);
  assert.equal(requests[1]?.step, "reauthenticate");
});

test("the broker's last word is looked at, and what is returned for it goes nowhere", async () => {
  const { host, requests } = authenticated(() => "not sent");
  ask(host, DONE, 5, { authenticationData: Uint8Array.of(1) });
  await settled();
  assert.deepEqual([requests[0]?.step, requests[0]?.data], ["done", Uint8Array.of(1)]);
  assert.deepEqual(host.all("authenticate"), [[5, undefined]]);
});

test("a respond that throws, rejects or returns rubbish fails its step with what it said, and never with what it returned", async () => {
  const cases: [() => unknown, RegExp][] = [
    [() => assert.fail("thrown"), /^thrown$/],
    [() => Promise.reject(new Error("503")), /^503$/],
    [() => 53_137, /authentication\.respond\(\).*a number/],
    [() => ({ secret: "s3cret" }), /authentication\.respond\(\)/],
    [() => "s3cret\0", /authentication\.respond\(\)/],
    [() => new Uint8Array(65_536), /65535/],
  ];
  for (const [answer, about] of cases) {
    const { host } = authenticated(answer);
    host.say(record("prepare", 0, 8, ""));
    await settled();
    ask(host, CHALLENGE, 3);
    await settled();
    const failed = host.all("authenticationFailed");
    assert.deepEqual(
      failed.map(([number]) => number),
      [8, 3],
    );
    for (const [, detail] of failed) {
      assert.match(detail as string, about);
      assert.doesNotMatch(detail as string, /s3cret|53137/);
    }
    assert.deepEqual([host.all("address"), host.all("addressFailed"), host.all("authenticate")], [[], [], []]);
  }
});

test("an answer is not wanted any more when the attempt or the link is over, and is told so", async () => {
  const answers: ((value: unknown) => void)[] = [];
  const { host, requests, client } = authenticated(() => new Promise((resolve) => answers.push(resolve)));
  host.say(record("prepare", 0, 1, ""));
  await settled();
  host.say(status("waiting", { cause: 12, detail: "no answer in time" }));
  ask(host, CHALLENGE, 2);
  host.say(status("waiting", { cause: 3, code: 1006 }));
  ask(host, CHALLENGE, 3);
  host.say(status("connecting", { phase: 0 }));
  ask(host, CHALLENGE, 4);
  host.say(status("stopped", { cause: 12, detail: "no answer in time" }));
  assert.deepEqual(
    requests.map(({ signal }) => signal.aborted),
    [true, true, true, true],
  );
  for (const answer of answers) answer("late");
  await settled();
  assert.deepEqual([host.all("address"), host.all("authenticate")], [[], []]);
  assert.ok(client.status.state === "stopped" && client.status.cause.kind === "authentication");
  assert.match(client.status.cause.message, /no answer in time.*authentication\.respond/);
});

test("reauthenticate settles with what the engine says", async () => {
  const { client, host } = authenticated(() => "again");
  host.say(online());
  const first = client.reauthenticate();
  await assert.rejects(client.reauthenticate(), (error) => error instanceof AuthenticationError && error.code === "unavailable");
  await settled();
  assert.equal(host.all("reauthenticate").length, 1);
  host.say(record("done", 0, host.token("reauthenticate"), 0));
  await first;
  const second = client.reauthenticate();
  await settled();
  host.say(record("done", 0, host.token("reauthenticate"), 0x10d));
  await assert.rejects(second, (error) => error instanceof AuthenticationError && error.code === "unavailable");
});

test("reauthenticate waits until the broker's last word has been looked at, or the link is gone", async () => {
  let look: (() => void) | undefined;
  const { client, host } = authenticated(
    () =>
      new Promise<void>((resolve) => {
        look = resolve;
      }),
  );
  host.say(online());
  ask(host, DONE, 1);
  const waiting = client.reauthenticate();
  await settled();
  assert.deepEqual(host.all("reauthenticate"), []);
  look?.();
  await settled();
  assert.equal(host.all("reauthenticate").length, 1);
  host.say(record("done", 0, host.token("reauthenticate"), 0));
  await waiting;
  ask(host, DONE, 2);
  const lost = client.reauthenticate();
  host.say(status("waiting", { cause: 3, code: 1006 }));
  look?.();
  await assert.rejects(lost, (error) => error instanceof AuthenticationError && error.code === "failed");
  await settled();
  assert.equal(host.all("reauthenticate").length, 1);
});

test("reauthenticate from the listener that hears of the link waits for what is asked in the same breath", async () => {
  let look: (() => void) | undefined;
  const { client, host } = authenticated(
    () =>
      new Promise<void>((resolve) => {
        look = resolve;
      }),
  );
  client.addEventListener("status", ({ status: { state } }) => {
    if (state === "online") client.reauthenticate().catch(() => {});
  });
  host.say([...online(), ...record("authenticate", DONE, 1, 0, 0)]);
  await settled();
  assert.deepEqual(host.all("reauthenticate"), []);
  look?.();
  await settled();
  assert.equal(host.all("reauthenticate").length, 1);
});

test("reauthenticate that costs the link is told why the link ended", async () => {
  for (const next of [status("waiting", { cause: 5, code: 0x87 }), status("connecting", { cause: 5, code: 0x87 })]) {
    const { client, host } = authenticated(() => "again");
    host.say(online());
    const failed = client.reauthenticate();
    await settled();
    host.say([...record("done", 0, host.token("reauthenticate"), 0x10e), ...next]);
    await assert.rejects(failed, (error) => {
      assert.ok(error instanceof AuthenticationError && error.code === "failed");
      assert.ok(error.cause?.kind === "disconnected" && error.cause.reasonCode === 0x87);
      return true;
    });
  }
});

test("reauthenticate rejects at the client's end, and without the option that it needs", async () => {
  const closing = authenticated(() => "again");
  closing.host.say(online());
  const open = closing.client.reauthenticate();
  await settled();
  void closing.client.close();
  closing.host.say([...record("done", 0, closing.host.token("reauthenticate"), 0x10e), ...status("stopped", { cause: 1 })]);
  await assert.rejects(open, ClosedError);
  await assert.rejects(closing.client.reauthenticate(), ClosedError);
  const stopping = authenticated(() => "again");
  stopping.host.say(online());
  const late = stopping.client.reauthenticate();
  await settled();
  stopping.host.say([...record("done", 0, stopping.host.token("reauthenticate"), 0x10e), ...status("stopped", { cause: 5, code: 0x8e })]);
  await assert.rejects(late, StoppedError);
  const { client, host } = scripted();
  await assert.rejects(client.reauthenticate(), (error) => error instanceof AuthenticationError && error.code === "not-configured");
  assert.deepEqual(host.all("reauthenticate"), []);
});

test("the option is checked, and no value of it is repeated", () => {
  const respond = () => "";
  const wrong: [string, object][] = [
    ["authentication", { authentication: "s3cret" }],
    ["authentication.method", { authentication: { method: "", respond } }],
    ["authentication.method", { authentication: { method: 7, respond } }],
    ["authentication.respond", { authentication: { method: "X" } }],
    ["authentication.data", { authentication: { method: "X", respond, data: "s3cret" } }],
    ["authentication", { protocol: "3.1.1", authentication: { method: "X", respond } }],
  ];
  for (const [option, options] of wrong) {
    assert.throws(
      () => scripted(options),
      (error) => error instanceof OptionError && error.option === option && !error.message.includes("s3cret"),
      option,
    );
  }
  assert.equal(scripted({ authentication: { method: "X", respond } }).host.options.authenticationMethod, "X");
});
