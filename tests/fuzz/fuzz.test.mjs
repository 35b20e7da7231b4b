// The fuzzing that `npm test` does: each target from its corpus, a number of executions that is always the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzz, TARGETS } from "./fuzzer.mjs";

for (const [target, { runs }] of Object.entries(TARGETS)) {
  test(`${runs} executions break nothing: ${target}`, async () => {
    const { ok, output, commands, executions, before, coverage } = await fuzz(target, { runs, seed: 1 });
    const end = output.split("\n").slice(-40).join("\n");
    assert.ok(ok, `${end}\nreplay it with\n  ${commands.join("\n  ")}`);
    assert.ok(executions >= runs, `${executions} of ${runs} executions\n${end}`);
    // Without coverage libFuzzer would throw dice only, and say so nowhere else.
    assert.ok(before > 0 && coverage >= before, `edges covered: ${before} -> ${coverage}\n${end}`);
    console.log(`${target}: ${executions} executions, edges covered ${before} -> ${coverage}`);
  });
}
