// The option `policy`: what reaches the engine, and what is said about wrong ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CAUSE_KINDS } from "../../src/ts/cause.js";
import { OptionError } from "../../src/ts/errors/option-error.js";
import type { Policy } from "../../src/ts/index.js";
import { settingsOf } from "../../src/ts/settings.js";

const URL_ = "wss://broker.example:8084/mqtt";
const engineOf = (options: object) => settingsOf(URL_, options).engine;
const bytesOf = (policy: Policy) => [...(engineOf({ policy }).policy ?? [])];

test("each exception is four bytes: kind, action and code", () => {
  assert.equal(engineOf({}).policy, undefined);
  assert.deepEqual(bytesOf({}), []);
  assert.deepEqual(bytesOf({ refused: { 135: "retry", 5: "fall-back" } }), [4, 3, 5, 0, 4, 0, 0x87, 0]);
  assert.deepEqual(bytesOf({ disconnected: { 0: "stop", 162: "follow" } }), [5, 4, 0, 0, 5, 2, 0xa2, 0]);
  assert.deepEqual(bytesOf({ "socket-closed": { 1008: "refresh", 4999: "fall-back" } }), [3, 1, 0xf0, 3, 3, 3, 0x87, 0x13]);
  assert.deepEqual(bytesOf({ "text-frame": "stop", "socket-failed": "refresh", address: undefined }), [2, 1, 255, 255, 10, 4, 255, 255]);
});

test("every kind may be decided as a whole, but what the user, the page or the client has done", () => {
  for (const [kind, name] of CAUSE_KINDS.entries()) {
    if (kind >= 2 && name !== "left" && name !== "renewed") assert.deepEqual(bytesOf({ [name]: "stop" }), [kind, 4, 255, 255]);
  }
});

test("a wrong policy is refused with the place of the mistake", () => {
  const wrong: [option: string, policy: unknown, expected?: RegExp][] = [
    ["policy", "retry", /refused, disconnected/],
    ["policy", null],
    ["policy", []],
    ["policy.closed", { closed: "retry" }, /no such option/],
    ["policy.none", { none: "retry" }],
    ["policy.left", { left: "retry" }, /no such option/],
    ["policy.renewed", { renewed: "retry" }, /no such option/],
    ["policy.engine", { engine: "retry" }],
    ["policy.refused", { refused: "again" }, /"retry", "refresh", "stop", "follow", "fall-back"/],
    ["policy.refused", { refused: ["retry"] }],
    ["policy.refused", { refused: null }],
    ["policy.refused.135", { refused: { 135: "again" } }],
    ["policy.refused.135", { refused: { 135: undefined } }],
    ["policy.refused.86", { refused: { 86: "retry" } }, /128 to 159/], // 0x86 was meant
    ["policy.refused.0", { refused: { 0: "retry" } }, /1 to 5/],
    ["policy.refused.not authorized", { refused: { "not authorized": "retry" } }],
    ["policy.disconnected.", { disconnected: { "": "retry" } }],
    ["policy.refused.6", { refused: { 6: "retry" } }],
    ["policy.refused.135.5", { refused: { 135.5: "retry" } }],
    ["policy.refused.", { refused: { "": "retry" } }],
    ["policy.disconnected.163", { disconnected: { 163: "retry" } }],
    ["policy.disconnected.142", { disconnected: { 142: "fall-back" } }, /^one of: "retry", "refresh", "stop", "follow"$/],
    ["policy.socket-closed", { "socket-closed": "follow" }],
    ["policy.socket-closed.5000", { "socket-closed": { 5000: "stop" } }, /1000 to 4999/],
    ["policy.socket-failed", { "socket-failed": "fall-back" }, /^one of: "retry", "refresh", "stop"$/],
    ["policy.text-frame", { "text-frame": { 1: "stop" } }],
  ];
  for (const [option, policy, expected] of wrong) {
    assert.throws(
      () => engineOf({ policy }),
      (error) => error instanceof OptionError && error.option === option && (expected ?? /./).test(error.expected),
      `${option}: ${JSON.stringify(policy)}`,
    );
  }
});

test("a refusal can be answered with something fresh where there is a function to ask", () => {
  const respond = () => undefined;
  assert.ok(engineOf({ credentials: () => ({}) }).freshCredentials);
  assert.ok(engineOf({ authentication: { method: "X", respond } }).freshCredentials);
  assert.ok(!engineOf({ credentials: { username: "u" } }).freshCredentials);
});
