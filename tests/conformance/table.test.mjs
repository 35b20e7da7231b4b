// The conformance table of this tree: every duty is tied to tests that passed, or says why it cannot apply.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../../setup.mjs";
import { resultsOf } from "../results.mjs";
import { faultsOfMap, judge, readDuties, readMap, sentence } from "./table.mjs";

const [duties, map] = [readDuties(), readMap()];

test("the map has one line for each of the 289 duties, in their order", () => {
  assert.equal(duties.length, 289);
  assert.deepEqual(faultsOfMap(duties, map), []);
});

test("every duty is tied to tests that passed on this tree, or cannot apply for a reason", () => {
  const cache = {};
  const results = (stage) => {
    cache[stage] ??= { tests: resultsOf(stage) };
    return cache[stage].tests;
  };
  const faults = judge(duties, map, results).filter(({ fault }) => fault);
  assert.ok(
    faults.length === 0,
    `\n${faults.map(({ duty, fault }) => `${duty.id}: ${fault}`).join("\n")}\n${faults.length} faults (npm run conformance runs what has not run)`,
  );
});

test("the README gives the totals as they are", () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8").replace(/\s+/g, " ");
  assert.ok(readme.includes(sentence(duties, map)), `the README does not say: ${sentence(duties, map)}`);
});
