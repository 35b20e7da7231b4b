// A benchmark that loses messages and looks fast must not pass: what it counts with is tested here.

import assert from "node:assert/strict";
import { test } from "node:test";
import { judge, Results } from "./figures.mjs";
import { payloadOf, Tally } from "./pages/tally.js";

/** A tally that has seen these message numbers. */
function seen(numbers, { count = 3, size = 64 } = {}) {
  const tally = new Tally(count, size);
  for (const number of numbers) tally.message(payloadOf(number, size));
  return tally;
}

const measured = (value, extra = {}) => ({ value, faults: [], ...extra });

test("a stream that arrives whole and in order has no fault", async () => {
  const tally = seen([0, 1, 2]);
  await tally.done;
  assert.deepEqual([tally.received, tally.faults], [3, 0]);
});

test("a message that is missing, repeated or out of order is a fault", () => {
  for (const numbers of [
    [0, 2],
    [0, 1, 1],
    [1, 0, 2],
  ]) {
    assert.ok(seen(numbers).faults > 0, String(numbers));
  }
});

test("a payload that is cut short or damaged at its end is a fault", () => {
  const tally = new Tally(2, 64);
  tally.message(payloadOf(0, 63));
  tally.message(payloadOf(1, 64).fill(9, 63));
  assert.equal(tally.faults, 2);
});

test("a ratio is taken within each round, so that a slow round disturbs nothing", () => {
  const results = new Results();
  for (const [round, bare, hawser] of [
    [0, 100, 80],
    [1, 10, 8],
    [2, 50, 40],
  ]) {
    results.add("receive-q1", "joined", round, measured(bare));
    results.add("receive-q1", "hawser", round, measured(hawser));
  }
  assert.equal(results.ratio(["receive-q1", "hawser"], ["receive-q1", "joined"]), 0.8);
});

test("a round of several measurements counts by its medians, so that one that scatters disturbs nothing", () => {
  const results = new Results();
  for (const value of [20, 2, 21]) results.add("startup", "bare", 0, measured(value));
  for (const value of [30, 31, 300]) results.add("startup", "hawser", 0, measured(value));
  assert.equal(results.ratio(["startup", "hawser"], ["startup", "bare"]), 31 / 20);
});

test("a floor holds from its limit on, in the direction that it names", () => {
  const results = new Results();
  results.add("rate", "bare", 0, measured(100));
  results.add("rate", "hawser", 0, measured(70));
  const verdict = (floor) => judge(results, "rate", { against: "bare", goal: 0.9, ...floor });
  assert.equal(verdict({ atLeast: 0.7 }).holds, true);
  assert.equal(verdict({ atLeast: 0.71 }).holds, false);
  assert.equal(verdict({ atMost: 0.7 }).holds, true);
  assert.equal(verdict({ atMost: 0.69 }).holds, false);
});

test("a floor that was not measured does not hold", () => {
  assert.equal(judge(new Results(), "rate", { against: "bare", atLeast: 0.1, goal: 1 }).holds, false);
});

test("faults are told with their row and contestant", () => {
  const results = new Results();
  results.add("receive-q0", "hawser", 0, measured(1, { faults: ["received 2 of 3"] }));
  assert.deepEqual(results.faults(), ["receive-q0 hawser: received 2 of 3"]);
});
