// The interoperability matrix of the README is the one that was recorded, and the matrix says what the cases found.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BROKERS } from "../e2e/support/brokers.mjs";
import { column, FEATURES, intoReadme, plain, recorded } from "../interop/table.mjs";
import { read } from "./files.mjs";

test("the README shows the matrix that `npm run interop` recorded", () => {
  assert.ok(read("README.md") === intoReadme(read("README.md"), recorded()), "it shows another one: run `npm run interop`");
});

test("the record has a column for every broker, and no row that no case can name", () => {
  const matrix = recorded();
  assert.deepEqual(Object.keys(matrix), Object.keys(BROKERS));
  for (const { cells } of Object.values(matrix))
    assert.deepEqual(
      Object.keys(cells).filter((feature) => !FEATURES.includes(feature)),
      [],
    );
});

test("a cell is as bad as its worst case and names the version where only one is concerned", () => {
  const place = { broker: "b", feature: "will", title: "t", name: "n", because: "" };
  const found = column("Broker", [
    { ...place, protocol: "5.0", outcome: "pass" },
    { ...place, protocol: "3.1.1", outcome: "fails", because: "loses wills" },
    { ...place, protocol: "3.1.1", outcome: "not offered", because: "has none", feature: "retain handling" },
    { ...place, protocol: "3.1.1", outcome: "pass", feature: undefined },
  ]);
  assert.deepEqual(found.cells, {
    will: { outcome: "fails", notes: ["loses wills (3.1.1)"] },
    "retain handling": { outcome: "not offered", notes: ["has none"] },
  });
  assert.deepEqual([found.passed, found.cases], [2, 4]);
  const text = plain({ b: found });
  assert.match(text, /^will +✗ 1$/m);
  assert.match(text, /^ {2}2 Broker has none$/m);
});

test("a case that belongs to no row is refused", () => {
  const strange = { broker: "b", protocol: "5.0", title: "t", name: "n", outcome: "pass", because: "", feature: "magic" };
  assert.throws(() => column("Broker", [strange]), /magic/);
});
