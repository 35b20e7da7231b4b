// When what lets the client in is renewed: by the clock on the wall, before it runs out, never in a tight loop.
import assert from "node:assert/strict";
import { type MockTimers, test } from "node:test";
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

test("a tenth of the time is left for it, and a minute at most", ({ mock }) => {
  const { renewal: one, renewed } = renewal(mock.timers);
  for (const [life, due] of [
    [100, 90 * SECOND],
    [600, 540 * SECOND],
    [7_200, 2 * HOUR - MINUTE],
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
  mock.timers.tick(24 * HOUR - MINUTE);
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

test("without a link nothing is renewed, and with the next one only what is due", ({ mock }) => {
  const { renewal: one, renewed } = renewal(mock.timers);
  one.lasts(100);
  one.linked = false;
  mock.timers.tick(HOUR);
  assert.deepEqual(renewed, []);
  one.linked = true;
  assert.equal(renewed.length, 1);
  one.lasts(100);
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
  one.lasts(100);
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
    return { data: step, expiresIn: 100 };
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
  const respond = async ({ step }: { step: string }) => (step === "challenge" ? { expiresIn: "100s" as const } : { data: "first" });
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
