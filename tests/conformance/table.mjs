// The conformance table: the duties of a client (requirements.tsv) and what proves that Hawser keeps each (map.tsv).
//
// A line of the map: identifier of the duty, proof, and the choice made where the standard leaves one, with tabs between them, in the order of the
// duties. The proof is one of
//   crate::module::test | stage: title of a test        tests that show it, all of which must have passed
//   cannot apply: why                                   for a duty that a client over WebSocket cannot have
//   missing: why                                        still to be proved, which is reported as a fault
import { readFileSync } from "node:fs";

const read = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
const NOT_APPLICABLE = "cannot apply: ";
const MISSING = "missing: ";
/** Where the tests of a Rust crate run that is not built for this machine. */
const BROWSER_CRATE = /^browser_/;

/**
 * @typedef {{ id: string, section: string, level: string, duty: string }} Duty
 * @typedef {{ id: string, tests: string[], reason?: string, missing?: string, choice: string }} Proof
 */

const lines = (text) => text.split("\n").slice(1).filter(Boolean);

/** @returns {Duty[]} */
export const parseDuties = (text) =>
  lines(text).map((line) => {
    const [id, title, , level, duty] = line.split("\t");
    return { id, section: `${id.startsWith("v3.1.1:") ? "3.1.1" : "5.0"} ${title}`, level, duty };
  });

/** @returns {Proof[]} */
export const parseMap = (text) =>
  lines(text).map((line) => {
    const [id, proof = "", choice = ""] = line.split("\t");
    const after = (prefix) => (proof.startsWith(prefix) ? proof.slice(prefix.length).trim() : undefined);
    const [reason, missing] = [after(NOT_APPLICABLE), after(MISSING)];
    const tests = reason === undefined && missing === undefined ? proof.split(" | ").map((name) => name.trim()) : [];
    return { id, tests: tests.filter(Boolean), reason, missing, choice };
  });

export const readDuties = () => parseDuties(read("requirements.tsv"));
export const readMap = () => parseMap(read("map.tsv"));

/** The stage of `npm test` in which a test runs. */
export function stageOf(test) {
  const titled = /^(\w+): /.exec(test);
  if (titled) return titled[1];
  return BROWSER_CRATE.test(test) ? "browser" : "rust";
}

/**
 * What is wrong with the proof of one duty; undefined when it holds.
 * @param {(stage: string) => Record<string, string> | undefined} results the tests that ran on this tree, stage by stage
 */
export function faultOf(duty, proof, results) {
  if (!proof) return "has no line in the map";
  if (proof.missing !== undefined) return `still to be proved: ${proof.missing}`;
  if (duty.level === "MAY" && !proof.choice) return "leaves a choice, and the map does not say which was made";
  if (proof.reason !== undefined) return proof.reason ? undefined : "cannot apply, and the map does not say why";
  if (proof.tests.length === 0) return "has neither a test nor a reason";
  const faults = new Set(proof.tests.map((test) => faultOfTest(test, results)).filter(Boolean));
  return faults.size > 0 ? [...faults].join("; ") : undefined;
}

function faultOfTest(test, results) {
  const stage = stageOf(test);
  const tests = results(stage);
  if (!tests) return `stage ${stage} has not run on this tree`;
  const outcome = Object.hasOwn(tests, test) ? tests[test] : undefined;
  if (outcome === undefined) return `does not exist or did not run: ${test}`;
  return outcome === "passed" ? undefined : `${outcome}: ${test}`;
}

/** What is wrong with the map as a whole: lines that do not belong to the duties one by one, in their order. */
export function faultsOfMap(duties, map) {
  const order = duties.map(({ id }) => id);
  const faults = [];
  let last = -1;
  for (const { id } of map) {
    const at = order.indexOf(id);
    if (at < 0) faults.push(`${id}: no such duty`);
    else if (at === last) faults.push(`${id}: twice in the map`);
    else if (at < last) faults.push(`${id}: out of order`);
    last = Math.max(last, at);
  }
  return faults;
}

/**
 * Every duty with its proof and what is wrong with it.
 * @returns {{ duty: Duty, proof?: Proof, fault?: string }[]}
 */
export function judge(duties, map, results) {
  const proofs = new Map(map.map((proof) => [proof.id, proof]));
  return duties.map((duty) => {
    const proof = proofs.get(duty.id);
    return { duty, proof, fault: faultOf(duty, proof, results) };
  });
}

/** The sentence about the totals that the README has to hold. */
export function sentence(duties, map) {
  const tied = map.filter(({ tests }) => tests.length > 0).length;
  const apart = map.filter(({ reason }) => reason).length;
  return `${tied} of ${duties.length} duties are tied to tests that pass, ${apart} cannot apply to a client over WebSocket`;
}
