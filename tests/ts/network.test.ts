// The option `network`: a word for many defaults, as the README lists them, of which each may be given itself.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { durationOf, MS } from "../../src/ts/duration.js";
import { OptionError } from "../../src/ts/errors/option-error.js";
import { settingsOf } from "../../src/ts/settings.js";

const engineOf = (options: unknown) => settingsOf("wss://broker.example", options).engine;

/** What the options say about time and the link, in the order of the table of the README. */
function timesOf(options: unknown): unknown[] {
  const { keepAlive, connectTimeout, probeTimeout, reconnect, stableAfter } = engineOf(options);
  if (reconnect.kind !== "exponential") return assert.fail("the default is exponential");
  const jitter = reconnect.jitter === -1 ? "full" : "equal";
  assert.ok(reconnect.jitter < 0, "a share of the delay");
  return [keepAlive * 1_000, connectTimeout, probeTimeout, reconnect.min, reconnect.max, jitter, stableAfter];
}

test("each network has the defaults that the README lists", () => {
  const lines = readFileSync("README.md", "utf8").split("\n");
  const start = lines.findIndex((line) => line.startsWith("| `network` |"));
  const rows = lines.slice(start + 2, lines.indexOf("", start));
  const networks = rows.map((row) => {
    const [name = "", ...cells] = row.split("|").slice(1, -1);
    const network = /`"(\w+)"`/.exec(name)?.[1];
    const times = cells.map((cell) => (/\d/.test(cell) ? durationOf("cell", cell.trim(), MS) : cell.trim()));
    assert.deepEqual(timesOf({ network }), times, name);
    return network;
  });
  assert.deepEqual(networks, [undefined, "stable", "unstable", "datacenter"]);
});

test("what is given itself wins over what the network stands for", () => {
  const given = { network: "datacenter", keepAlive: 7, connectTimeout: "9s", probeTimeout: "8s" };
  const reconnect = { kind: "exponential", min: "3s", max: "4s", jitter: "equal", stableAfter: "6s" };
  assert.deepEqual(timesOf({ ...given, reconnect }), [7_000, 9_000, 8_000, 3_000, 4_000, "equal", 6_000]);
  assert.deepEqual(engineOf({ network: "datacenter", reconnect: false }).reconnect, { kind: "never" });
  const fixed = engineOf({ network: "datacenter", reconnect: { kind: "fixed" } });
  assert.deepEqual([fixed.reconnect, fixed.stableAfter], [{ kind: "fixed", delay: 5_000, jitter: -1 }, 10_000]);
});

test("of a delay that is given alone the network's other one gives way", () => {
  const delaysOf = (reconnect: object) => timesOf({ network: "datacenter", reconnect: { kind: "exponential", ...reconnect } }).slice(3, 5);
  assert.deepEqual(delaysOf({ min: "20s" }), [20_000, 20_000]);
  assert.deepEqual(delaysOf({ max: 50 }), [50, 50]);
  assert.throws(
    () => delaysOf({ max: 0 }),
    (error) => error instanceof OptionError && error.option === "reconnect.max",
  );
});

test("a network that nobody knows is refused", () => {
  assert.throws(
    () => engineOf({ network: "good" }),
    (error) => error instanceof OptionError && error.option === "network" && /"stable", "unstable", "datacenter"/.test(error.expected),
  );
});

test("a function that gives no answer has had its time before the attempt has", () => {
  const timesOf = (options: object) => {
    const { credentialsTimeout, engine } = settingsOf("wss://broker.example", options);
    return [credentialsTimeout, engine.connectTimeout];
  };
  assert.deepEqual(timesOf({}), [10_000, 15_000]);
  assert.deepEqual(timesOf({ network: "stable" }), [6_667, 10_000]);
  assert.deepEqual(timesOf({ network: "unstable" }), [10_000, 20_000]);
  assert.deepEqual(timesOf({ network: "datacenter" }), [3_334, 5_000]);
  assert.deepEqual(timesOf({ connectTimeout: 1 }), [1, 1]);
  assert.deepEqual(timesOf({ connectTimeout: "1s", credentialsTimeout: "2s" }), [2_000, 1_000], "whoever says so has it so");
});
