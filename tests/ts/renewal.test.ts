// When what lets the client in is renewed: by the clock on the wall, before it runs out, never in a tight loop.
import assert from "node:assert/strict";
import { type MockTimers, test } from "node:test";
import type { ConnectOptions, CredentialsRequest } from "../../src/ts/index.js";
import { OptionError } from "../../src/ts/index.js";
import { lifeOf, Renewal } from "../../src/ts/renewal.js";
import { scripted } from "./scripted-host.js";
import { online, record, status } from "./words.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** A renewal on a link, and what it does. */
function renewal(timers: MockTimers) {
  timers.enable({ apis: ["setTimeout", "Date"], now: 1_795_362_307_123 });
  const renewed: number[] = [];
  const errors: unknown[] = [];
  const began = Date.now();
  const one = new Renewal(
    "token",
    () => void renewed.push(Date.now() - began),
    (error) => void errors.push(error),
  );
  one.linked = true;
  return { renewal: one, renewed, errors };
}

test("a sixth of the time is left for it, and two minutes at most", ({ mock }) => {
  const { renewal: one, renewed } = renewal(mock.timers);
  for (const [life, due] of [
    [120, 100 * SECOND],
    [600, 500 * SECOND],
    [7_200, 2 * HOUR - 2 * MINUTE],
  ] as const) {
    one.lasts(life);
    mock.timers.tick(due - 1);
    assert.deepEqual(renewed, []);
    mock.timers.tick(1);
    assert.equal(renewed.length, 1);
    renewed.length = 0;
    one.lasts(undefined);
    mock.timers.tick(HOUR);
    assert.deepEqual(renewed, [], "what lasts for ever is not renewed");
    mock.timers.reset();
    mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_795_362_307_123 });
  }
});

test("a life longer than any timer is waited for, and one that no clock has", ({ mock }) => {
  const { renewal: one, renewed } = renewal(mock.timers);
  one.lasts(60 * 24 * 3_600);
  for (let day = 0; day < 59; day++) mock.timers.tick(24 * HOUR);
  assert.deepEqual(renewed, []);
  mock.timers.tick(24 * HOUR - 2 * MINUTE);
  assert.equal(renewed.length, 1);
  one.lasts(0xffff_ffff);
  mock.timers.tick(HOUR);
  assert.equal(renewed.length, 1);
});

test("time that the machine has slept counts: it is renewed within a minute of waking", ({ mock }) => {
  const { renewal: one, renewed } = renewal(mock.timers);
  one.lasts(7_200);
  mock.timers.tick(10 * MINUTE);
  mock.timers.setTime(Date.now() + 3 * HOUR); // the clock goes on, the timers do not
  mock.timers.tick(MINUTE);
  assert.equal(renewed.length, 1);
});

test("in a hidden page, whose timers run once a minute, it is renewed before it runs out", ({ mock }) => {
  for (const life of [370, 400, 725, 3_599, 7_200]) {
    const { renewal: one, renewed } = renewal(mock.timers);
    // A timer that is due waits for the next full minute.
    let late: (() => void)[] = [];
    const { setTimeout: inTime } = globalThis;
    globalThis.setTimeout = ((go: () => void, delay: number) => inTime(() => late.push(go), delay)) as typeof setTimeout;
    one.lasts(life);
    while (renewed.length === 0 && late.length < 10) {
      mock.timers.tick(MINUTE - 1);
      const due = late;
      late = [];
      mock.timers.tick(1);
      for (const go of due) go();
    }
    globalThis.setTimeout = inTime;
    assert.ok((renewed[0] ?? Infinity) < life * SECOND, `${life} s: after ${renewed[0]} ms`);
    mock.timers.reset();
  }
});

test("without a link nothing is renewed, and with the next one only what is due", ({ mock }) => {
  const { renewal: one, renewed } = renewal(mock.timers);
  one.lasts(108);
  one.linked = false;
  mock.timers.tick(HOUR);
  assert.deepEqual(renewed, []);
  one.linked = true;
  mock.timers.tick(0);
  assert.equal(renewed.length, 1);
  one.lasts(108);
  one.linked = false;
  one.linked = true;
  assert.equal(renewed.length, 1);
});

test("what runs out within seconds is renewed every ten, and an error says so once", ({ mock }) => {
  const { renewal: one, renewed, errors } = renewal(mock.timers);
  for (const life of [0, 1, 5, 11, 0]) {
    one.lasts(life);
    const before = renewed.length;
    mock.timers.tick(10 * SECOND - 1);
    assert.equal(renewed.length, before);
    mock.timers.tick(1);
    assert.equal(renewed.length, before + 1);
  }
  assert.equal(errors.length, 1);
  assert.ok(errors[0] instanceof OptionError && errors[0].option === "token" && /12 seconds or more/.test(errors[0].expected));
  one.lasts(12);
  assert.equal(errors.length, 1);
});

test("a renewal that comes to nothing is made again after ten seconds", ({ mock }) => {
  const { renewal: one, renewed } = renewal(mock.timers);
  one.lasts(108);
  mock.timers.tick(90 * SECOND);
  mock.timers.tick(9_999);
  assert.equal(renewed.length, 1);
  mock.timers.tick(1);
  mock.timers.tick(10 * SECOND);
  assert.equal(renewed.length, 3);
});

test("a life is a duration in seconds, and one that is over already is none at all", () => {
  assert.deepEqual(
    [undefined, 3_600, "1h", "500ms", 0, -7, 1.5].map((value) => lifeOf("x", value)),
    [undefined, 3_600, 3_600, 1, 0, 0, 2],
  );
  for (const wrong of [Number.NaN, "soon", null, new Date(), 1e12]) assert.throws(() => lifeOf("x", wrong), OptionError, String(wrong));
});

const settled = () => new Promise(setImmediate);

test("data of an authentication that run out are renewed by re-authentication, on the live link only", async ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const steps: string[] = [];
  const respond = async ({ step }: { step: string }) => {
    steps.push(step);
    return { data: step, expiresIn: 108 };
  };
  const { host } = scripted({ authentication: { method: "X", respond } });
  host.say(record("prepare", 0, 1, ""));
  await settled();
  assert.deepEqual(host.all("address")[0]?.[4], new TextEncoder().encode("connect"));
  mock.timers.tick(HOUR);
  host.say(status("waiting", { attempt: 2, cause: 2, code: 1006 }));
  mock.timers.tick(HOUR);
  host.say(record("prepare", 0, 2, ""));
  await settled();
  host.say(online());
  mock.timers.tick(90 * SECOND - 1);
  await settled();
  assert.deepEqual(host.all("reauthenticate"), []);
  mock.timers.tick(1);
  await settled();
  assert.equal(host.all("reauthenticate").length, 1);
  host.say(record("authenticate", 0x19, 1, 0, 0));
  await settled();
  assert.deepEqual(host.all("authenticate"), [[1, new TextEncoder().encode("reauthenticate")]]);
  host.say(record("done", 0, host.token("reauthenticate"), 0));
  await settled();
  mock.timers.tick(90 * SECOND);
  await settled();
  assert.equal(host.all("reauthenticate").length, 2);
  host.say(status("stopped", { cause: 1 }));
  mock.timers.tick(HOUR);
  await settled();
  assert.equal(host.all("reauthenticate").length, 2);
  assert.deepEqual(steps, ["connect", "connect", "reauthenticate"]);
});

test("the time may be told with the answer to a challenge, and data without one last for ever", async ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const respond = async ({ step }: { step: string }) => (step === "challenge" ? { expiresIn: "108s" as const } : { data: "first" });
  const { host } = scripted({ authentication: { method: "X", respond } });
  host.say(record("prepare", 0, 1, ""));
  await settled();
  host.say(online());
  mock.timers.tick(HOUR);
  host.say(record("authenticate", 0x18, 1, 0, 0));
  await settled();
  assert.deepEqual(host.all("authenticate"), [[1, undefined]]);
  mock.timers.tick(90 * SECOND);
  await settled();
  assert.equal(host.all("reauthenticate").length, 1);
});

/** A client with a function for credentials that are good for 108 s each, on a link. */
async function expiring(mock: MockTimers, more: ConnectOptions = {}, url?: Parameters<typeof scripted>[1]) {
  mock.enable({ apis: ["setTimeout", "Date"] });
  const requests: CredentialsRequest[] = [];
  const credentials = (request: CredentialsRequest) => {
    requests.push(request);
    return { username: `u${requests.length}`, expiresIn: 108 };
  };
  const { client, host } = scripted({ credentials, ...more }, url);
  const errors: unknown[] = [];
  client.addEventListener("error", ({ error }) => errors.push(error));
  host.say(record("prepare", 0, 1, ""));
  await settled();
  host.say(online());
  const tick = async (time: number) => {
    mock.tick(time);
    await settled();
  };
  return { client, host, requests, errors, tick };
}

test("credentials that run out are asked for on the live link, and then used for a planned reconnect", async ({ mock }) => {
  const { host, requests, tick } = await expiring(mock.timers);
  await tick(90 * SECOND - 1);
  assert.deepEqual([requests.length, host.all("renew")], [1, []]);
  await tick(1);
  assert.deepEqual([requests.length, host.all("renew").length], [2, 1]);
  const { attempt, cause, url, signal } = requests[1] ?? assert.fail();
  assert.deepEqual([attempt, cause, url, signal.aborted], [1, undefined, "ws://broker.test/mqtt", false]);
  host.say([...status("connecting"), ...record("prepare", 0, 1, "")]);
  await settled();
  assert.deepEqual(
    host.all("address").map(([, , username]) => username),
    ["u1", "u2"],
  );
  host.say(online());
  await tick(90 * SECOND);
  assert.deepEqual([requests.length, host.all("renew").length], [3, 2], "and again");
});

test("a link is not given up for credentials that cannot be had: an error tells, and they are asked for again", async ({ mock }) => {
  const answers: (() => unknown)[] = [
    () => ({ expiresIn: 108 }),
    () => {
      throw new Error("503");
    },
    () => ({ token: "s3cret" }),
    () => new Promise(() => undefined),
    () => ({ username: "fresh" }),
  ];
  const signals: AbortSignal[] = [];
  const credentials = ({ signal }: CredentialsRequest) => {
    signals.push(signal);
    return answers[signals.length - 1]?.() as object;
  };
  const { host, errors, tick } = await expiring(mock.timers, { credentials, credentialsTimeout: "15s" });
  await tick(90 * SECOND);
  assert.match(String(errors[0]), /503/);
  await tick(10 * SECOND);
  assert.match(String(errors[1]), /credentials\(\)/);
  await tick(10 * SECOND);
  await tick(10 * SECOND);
  await tick(5 * SECOND - 1);
  assert.deepEqual([signals.length, errors.length, host.all("renew")], [4, 2, []], "one is asked at a time");
  await tick(1);
  assert.match(String(errors[2]), /15000 ms/);
  assert.ok(signals[3]?.aborted);
  await tick(5 * SECOND);
  assert.deepEqual([signals.length, errors.length, host.all("renew").length], [5, 3, 1]);
  assert.ok(!signals[4]?.aborted);
  await tick(HOUR);
  assert.equal(signals.length, 5, "the last ones never run out");
});

test("what was asked for on a link that is lost meanwhile is not used later", async ({ mock }) => {
  const answers: ((value: object) => void)[] = [];
  let asked = 0;
  const credentials = () =>
    asked++ === 0 ? { username: "first", expiresIn: 108 } : new Promise<object>((resolve) => answers.push(resolve));
  const { host, tick } = await expiring(mock.timers, { credentials });
  await tick(90 * SECOND);
  host.say(status("waiting", { attempt: 1, cause: 3, code: 1006 }));
  answers[0]?.({ username: "late" });
  await settled();
  assert.deepEqual(host.all("renew"), []);
  host.say([...status("connecting"), ...record("prepare", 0, 1, "")]);
  answers[1]?.({ username: "fresh" });
  await settled();
  assert.deepEqual(
    host.all("address").map(([, , username]) => username),
    ["first", "fresh"],
  );
});

test("credentials for one server are not used for another", async ({ mock }) => {
  const { host, requests, tick } = await expiring(mock.timers);
  await tick(90 * SECOND);
  host.say([...status("connecting"), ...record("prepare", 0, 1, "other.test")]);
  await settled();
  assert.deepEqual(
    requests.map(({ url }) => url),
    ["ws://broker.test/mqtt", "ws://broker.test/mqtt", "ws://other.test/mqtt"],
  );
  assert.equal(host.all("address").at(-1)?.[2], "u3");
});

test("an address that is signed anew is the same server's, and takes what was asked for on the live link", async ({ mock }) => {
  let signed = 0;
  const { host, requests, tick } = await expiring(mock.timers, {}, () => `ws://broker.test/?signature=${++signed}`);
  await tick(90 * SECOND);
  host.say([...status("connecting"), ...record("prepare", 0, 1, "")]);
  await settled();
  assert.deepEqual(
    host.all("address").map(([, url, username]) => [url, username]),
    [
      ["ws://broker.test/?signature=1", "u1"],
      ["ws://broker.test/?signature=2", "u2"],
    ],
  );
  assert.equal(requests.length, 2);
});

test("credentials that are born expired are renewed every ten seconds, and one error says so", async ({ mock }) => {
  const credentials = () => ({ expiresIn: 0 });
  const { host, errors, tick } = await expiring(mock.timers, { credentials });
  for (let round = 0; round < 6; round++) {
    await tick(10 * SECOND - 1);
    assert.equal(host.all("renew").length, round);
    await tick(1);
    host.say([...status("connecting"), ...record("prepare", 0, 1, "")]);
    await settled();
    host.say(online());
  }
  assert.equal(errors.length, 1);
  assert.ok(errors[0] instanceof OptionError && errors[0].option === "credentials().expiresIn");
});

test("a life that is none fails the attempt, and one of credentials that are no function is refused", async () => {
  const { host } = scripted({ credentials: () => ({ expiresIn: "soon" as "1s" }) });
  host.say(record("prepare", 0, 1, ""));
  await settled();
  assert.match(String(host.all("addressFailed")[0]?.[1]), /credentials\(\)\.expiresIn/);
  assert.throws(() => scripted({ credentials: { expiresIn: 108 } as object }), OptionError);
});
