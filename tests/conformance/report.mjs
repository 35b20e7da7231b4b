// `npm run conformance`: runs the stages whose results are not those of the present tree, then prints the conformance table by section.
//
//   npm run conformance                        totals
//   npm run conformance -- --list PUBLISH      and each duty of the sections (or with the identifiers) that contain these letters
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { main, ROOT, SetupError } from "../../setup.mjs";
import { resultsOf } from "../results.mjs";
import { faultsOfMap, judge, readDuties, readMap, sentence, stageOf } from "./table.mjs";

/** The letters after `--list`; undefined without it. */
function wanted(args) {
  if (args.length === 0) return undefined;
  if (args.length === 2 && args[0] === "--list") return args[1].toLowerCase();
  throw new SetupError("npm run conformance -- --list LETTERS");
}

/** Runs what has no results on this tree; those that fail are seen in the table. */
function runStale(map) {
  const stages = [...new Set(map.flatMap(({ tests }) => tests.map(stageOf)))];
  const stale = stages.filter((stage) => !resultsOf(stage));
  if (stale.length > 0) spawnSync(process.execPath, [join(ROOT, "tests/run.mjs"), "--only", stale.join(",")], { stdio: "inherit" });
}

/** One line a section: duties, tied to tests that passed, cannot apply, faults. */
function printTotals(rows) {
  const sections = new Map();
  const all = { duties: 0, tests: 0, apart: 0, faults: 0 };
  for (const { duty, proof, fault } of rows) {
    const of = sections.get(duty.section) ?? { duties: 0, tests: 0, apart: 0, faults: 0 };
    sections.set(duty.section, of);
    for (const count of [of, all]) {
      count.duties += 1;
      if (fault) count.faults += 1;
      else if (proof.reason) count.apart += 1;
      else count.tests += 1;
    }
  }
  const width = Math.max(...[...sections.keys()].map((name) => name.length));
  const line = (name, ...cells) => console.log(name.padEnd(width + 1), ...cells.map((cell) => `${cell}`.padStart(12)));
  line("section", "duties", "tests pass", "cannot apply", "not proved");
  for (const [name, { duties, tests, apart, faults }] of sections) line(name, duties, tests, apart, faults || "");
  line("all", all.duties, all.tests, all.apart, all.faults);
}

function printDetails(rows, letters) {
  for (const { duty, proof, fault } of rows) {
    if (![duty.section, duty.id].some((text) => text.toLowerCase().includes(letters))) continue;
    console.log(`\n${duty.id} (${duty.section}, ${duty.level}): ${duty.duty}`);
    for (const test of proof?.tests ?? []) console.log(`  ${test}`);
    if (proof?.reason) console.log(`  cannot apply: ${proof.reason}`);
    if (proof?.choice) console.log(`  choice: ${proof.choice}`);
    if (fault) console.log(`  NOT PROVED: ${fault}`);
  }
}

await main(() => {
  const letters = wanted(process.argv.slice(2));
  const [duties, map] = [readDuties(), readMap()];
  runStale(map);
  const cache = new Map();
  const results = (stage) => {
    if (!cache.has(stage)) cache.set(stage, resultsOf(stage));
    return cache.get(stage);
  };
  const rows = judge(duties, map, results);
  if (letters !== undefined) printDetails(rows, letters);
  console.log();
  printTotals(rows);
  const faults = [...faultsOfMap(duties, map), ...rows.filter(({ fault }) => fault).map(({ duty, fault }) => `${duty.id}: ${fault}`)];
  console.log(`\n${sentence(duties, map)}`);
  if (faults.length > 0) throw new SetupError(`\n${faults.join("\n")}\n${faults.length} faults`);
});
