// The checker of the conformance table is seen to fail: it is what the claim of conformance stands on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { testsIn } from "../results.mjs";
import { faultOf, faultsOfMap, judge, parseDuties, parseMap, sentence, stageOf } from "./table.mjs";

const DUTIES = parseDuties(
  [
    "head",
    "A-1\tPUBLISH\tboth\tMUST\tbe good\t",
    "A-2\tPUBLISH\tboth\tMAY\tbe better\t",
    "v3.1.1:A-3\tPUBLISH\tboth\tMUST\tend\t",
    "",
  ].join("\n"),
);
const [FIRST, SECOND] = DUTIES;
const map = (...rows) => parseMap(["head", ...rows, ""].join("\n"));
const GOOD = map("A-1\tcodec::a::b | ts: a title", "A-2\tcodec::a::c\tbetter", "v3.1.1:A-3\tcannot apply: there is no end");
const RESULTS = { rust: { "codec::a::b": "passed", "codec::a::c": "passed" }, ts: { "ts: a title": "passed" } };
const results = (stage) => RESULTS[stage];
const faults = (...rows) => judge(DUTIES, map(...rows), results).map(({ fault }) => fault);

test("a table that holds has no fault, and its totals are in the sentence", () => {
  assert.deepEqual(faultsOfMap(DUTIES, GOOD), []);
  for (const { fault } of judge(DUTIES, GOOD, results)) assert.equal(fault, undefined);
  assert.match(sentence(DUTIES, GOOD), /^2 of 3 duties are tied to tests that pass, 1 cannot apply/);
  assert.deepEqual(
    DUTIES.map(({ section }) => section),
    ["5.0 PUBLISH", "5.0 PUBLISH", "3.1.1 PUBLISH"],
  );
});

test("a duty without a line, without a proof, or still to be proved is a fault", () => {
  assert.match(faults("A-2\tcodec::a::c\tbetter")[0], /no line/);
  assert.match(faults("A-1")[0], /neither a test nor a reason/);
  assert.match(faults("A-1\t\t")[0], /neither a test nor a reason/);
  assert.match(faults("A-1\tmissing: waits for the feature")[0], /waits for the feature/);
  assert.match(faults("A-1\tcannot apply: ")[0], /does not say why/);
});

test("a duty that leaves a choice needs the choice written down", () => {
  assert.match(faults("A-2\tcodec::a::c")[1], /leaves a choice/);
});

test("a test that does not exist, did not run, was skipped or failed proves nothing", () => {
  const fault = (test, outcomes) => faultOf(FIRST, map(`A-1\t${test}`)[0], () => outcomes);
  assert.match(fault("codec::a::unknown", RESULTS.rust), /does not exist or did not run: codec::a::unknown/);
  assert.match(fault("codec::toString", RESULTS.rust), /does not exist/);
  assert.match(fault("codec::a::b", { "codec::a::b": "skipped" }), /skipped: codec::a::b/);
  assert.match(fault("codec::a::b", { "codec::a::b": "failed" }), /failed: codec::a::b/);
  assert.match(fault("codec::a::b | codec::a::d", RESULTS.rust), /codec::a::d/);
  assert.match(fault("e2e: a title", undefined), /stage e2e has not run on this tree/);
});

test("a line for a duty that does not exist, a second line for one, and lines out of order are faults of the map", () => {
  const wrong = (...rows) => faultsOfMap(DUTIES, map(...rows))[0];
  assert.match(wrong("A-9\tcodec::a::b"), /A-9: no such duty/);
  assert.match(wrong("A-1\tcodec::a::b", "A-1\tcodec::a::b"), /A-1: twice/);
  assert.match(wrong("A-2\tcodec::a::b", "A-1\tcodec::a::b"), /A-1: out of order/);
  assert.ok(SECOND);
});

test("a test is looked for in the stage that runs it", () => {
  assert.equal(stageOf("codec::a::b"), "rust");
  assert.equal(stageOf("browser_worker::cases::b"), "browser");
  assert.equal(stageOf("e2e: a title: with more"), "e2e");
});

test("the outcome of each test is read from what cargo prints, under the name of its crate", () => {
  const output = [
    "     Running unittests src/lib.rs (target/debug/deps/hawser-0123456789abcdef)",
    "test a::b ... ok",
    "     Running tests/codec/main.rs (/somewhere/else/deps/codec-0123456789abcdef)",
    "test a::b ... FAILED",
    "test a::c ... ignored, because",
    "test a::d - should panic ... ok",
    "     Running tests/browser_page.rs (target/wasm/deps/browser_page-0123456789abcdef.wasm)",
    "test a::b ... ok",
    "test result: ok. 1 passed; 0 failed; 0 ignored",
    "   Doc-tests hawser",
    "test src/lib.rs - (line 3) ... ok",
  ];
  assert.deepEqual(testsIn("rust", output.join("\n")), {
    "hawser::a::b": "passed",
    "codec::a::b": "failed",
    "codec::a::c": "skipped",
    "codec::a::d": "passed",
    "browser_page::a::b": "passed",
    "hawser::src/lib.rs - (line 3)": "passed",
  });
});

test("the outcome of each test is read from what node prints, and the worst of a name that came twice is kept", () => {
  const output = [
    "▶ a suite",
    "  ✔ a title (with more) (1.25ms)",
    "  ✖ another (3ms)",
    "▶ a suite (5ms)",
    "✔ another (2ms)",
    "﹣ left out (0.1ms) # SKIP",
    "✔ half done (0.1ms) # later",
    "ℹ pass 2",
  ];
  assert.deepEqual(testsIn("ts", output.join("\n")), {
    "ts: a title (with more)": "passed",
    "ts: another": "failed",
    "ts: left out": "skipped",
    "ts: half done": "skipped",
  });
});
