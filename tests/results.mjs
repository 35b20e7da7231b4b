// What the tests of a stage said, one by one: read from the output of their runners and kept in target/test-results/ for whoever asks later.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../setup.mjs";

const FOLDER = join(ROOT, "target/test-results");

/** Files that cannot change what a stage finds: after a change there its results still hold. No stage's results depend on prose, on the conformance map or on the interoperability matrix. */
const WITHOUT_EFFECT = {
  ts: /\.rs$/,
  rust: /\.(ts|m?js|css|html|svg|png)$/,
  browser: /^(src\/ts|www\/(?!server))\/|^tests\/(?!browser).*\.rs$/,
  hidden: /^tests\/.*\.rs$/,
  e2e: /^tests\/.*\.rs$/,
  package: /^tests\/.*\.rs$/,
};
const PROSE = /\.md$|^LICENSE|^tests\/conformance\/[^/]*\.(tsv|mjs)$|^tests\/interop\/matrix\.json$/;

/** @typedef {"passed" | "failed" | "skipped"} Outcome */

const WORSE = ["passed", "skipped", "failed"];
const NODE = { "✔": "passed", "✖": "failed", "﹣": "skipped" };

/**
 * The tests in the output of node's test runner (`spec`), cargo's and wasm-bindgen's, by name: `crate::module::test` in Rust, `stage: title` in node.
 * A name that came twice keeps its worst outcome.
 * @param {string} stage
 * @param {string} output stdout and stderr as they came: cargo names the crate on the second, its tests on the first
 * @returns {Record<string, Outcome>}
 */
export function testsIn(stage, output) {
  /** @type {Record<string, Outcome>} */
  const tests = {};
  const note = (name, outcome) => {
    tests[name] = WORSE[Math.max(WORSE.indexOf(outcome), WORSE.indexOf(tests[name] ?? "passed"))];
  };
  let crate = "";
  for (const line of output.split("\n")) {
    const running = /^\s+Running .*\((?:.*\/)?([\w-]+)-[0-9a-f]+(?:\.\w+)?\)$/.exec(line) ?? /^\s+Doc-tests (\w+)$/.exec(line);
    if (running) crate = running[1];
    const rust = /^test (.+?)(?: - should panic)? \.\.\. (ok|FAIL|ignored)/.exec(line);
    if (rust) note(`${crate}::${rust[1]}`, { ok: "passed", FAIL: "failed", ignored: "skipped" }[rust[2]]);
    const node = /^\s*([✔✖﹣]) (.+) \([\d.]+ms\)( # .*)?$/.exec(line);
    if (node) note(`${stage}: ${node[2]}`, node[3] ? "skipped" : NODE[node[1]]);
  }
  return tests;
}

/** The state of everything that can change what `stage` finds. */
export function fingerprint(stage) {
  const list = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: ROOT, encoding: "utf8" });
  const hash = createHash("sha256");
  for (const name of list.split("\0").sort()) {
    if (!name || PROSE.test(name) || WITHOUT_EFFECT[stage]?.test(name)) continue;
    const path = join(ROOT, name);
    if (existsSync(path)) hash.update(name).update("\0").update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
}

/** Opens the record of a stage that is about to run: whatever an earlier run left is gone. Returns what writes the new one. */
export function recordStage(stage) {
  const path = join(FOLDER, `${stage}.json`);
  rmSync(path, { force: true });
  const tree = fingerprint(stage);
  return (output) => {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(path, JSON.stringify({ tree, tests: testsIn(stage, output) }, undefined, 1));
  };
}

/**
 * The tests of the last run of a stage; undefined when there is none on the present tree.
 * @returns {Record<string, Outcome> | undefined}
 */
export function resultsOf(stage) {
  const path = join(FOLDER, `${stage}.json`);
  if (!existsSync(path)) return undefined;
  const { tree, tests } = JSON.parse(readFileSync(path, "utf8"));
  return tree === fingerprint(stage) ? tests : undefined;
}
