// Makes the engine's wasm small: what only a panic would say is taken out, wasm-opt does its part, and functions that look alike lie side by side.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, SetupError } from "./setup.mjs";

/** What leads to the message of a panic. */
const PANICS =
  /\bpanicking::|::panic_(already|poisoned)|(unwrap|slice_index|len_mismatch)_fail|::assert_failed|raw_vec::(handle_error|capacity_overflow)/;

/** Where a panic would say it stands, and parts of the standard library's messages. */
const LAST_WORDS = [
  /(\/rustc\/[0-9a-f]{40}\/library|crates|src)\/[\w/.-]+\.rs/g,
  /slice index starts at |index out of bounds: the len is | but the index is |range (start|end) index |" out of range for slice of length /g,
  /copy_from_slice: source slice length \(|\) does not match destination slice length \(|removal index \(is |\) should be < len \(is /g,
  /called `\w+::unwrap_throw\(\)` on an? `\w+` value|LazyCell instance has previously been poisoned|RefCell already (mutably )?borrowed/g,
  /capacity overflow|internal error: entered unreachable code/g,
];

/** All features that rustc's wasm32 target uses by default; every browser of the last three years has them. */
const OPTIMISE = [
  // Not -O3, and no large function into its only caller: browsers compile a function when it is first called, and a start calls few of them. 1.1 KB of
  // brotli less, a start 2 ms of 38 shorter, and no message dearer (measured).
  "-Os",
  // The stack lies there, whose end is never reached: no address of a value is that low.
  "--low-memory-unused",
  "--one-caller-inline-max-function-size=40",
  ...["bulk-memory", "multivalue", "mutable-globals", "nontrapping-float-to-int", "reference-types", "sign-ext"].map(
    (feature) => `--enable-${feature}`,
  ),
];

const FINISH = [
  "--strip-debug",
  "--strip-producers",
  "--strip-target-features",
  // Names with hashes do not compress: 2.6 KB of brotli in both files, and they are looked up at every start.
  "--minify-imports-and-exports-and-modules",
];

/**
 * What wasm-opt calls things now: all imports come from one module.
 * @typedef {{ imports: [module: string, name: string, short: string][], exports: [name: string, short: string][] }} Names
 */

/**
 * Writes `wasm` (with the names of its functions) to `output`, as small as it gets.
 * @returns {Promise<Names>}
 */
export async function shrink(wasm, output) {
  const { default: binaryen } = await import("binaryen");
  edit(binaryen, wasm, withoutPanics);
  wasmOpt(wasm, wasm, OPTIMISE);
  const bodies = functionBodies(readFileSync(wasm));
  edit(binaryen, wasm, (module, functions) => inOrder(module, functions, alike(bodies)));
  const printed = wasmOpt(wasm, output, [...OPTIMISE, ...FINISH]);
  writeFileSync(output, withoutLastWords(readFileSync(output)));
  return JSON.parse(printed);
}

function wasmOpt(input, output, options) {
  const tool = join(ROOT, "node_modules/binaryen/bin/wasm-opt");
  const { status, stdout, stderr } = spawnSync(process.execPath, [tool, ...options, input, "-o", output], { encoding: "utf8" });
  if (status !== 0) throw new SetupError(`build: wasm-opt failed: ${stderr.trim()}`);
  return stdout;
}

function edit(binaryen, wasm, change) {
  const module = binaryen.readBinary(readFileSync(wasm));
  const functions = Array.from({ length: module.getNumFunctions() }, (_, at) => binaryen.getFunctionInfo(module.getFunctionByIndex(at)));
  change(
    module,
    functions.filter((each) => !each.module),
  );
  binaryen.setDebugInfo(true);
  writeFileSync(wasm, module.emitBinary());
  module.dispose();
}

/** A panic is a trap, and its words are for a console that WebAssembly does not have. With them goes the code that would put them together, 2.2 KB of brotli. */
function withoutPanics(module, functions) {
  for (const { name, params, results } of functions) {
    if (!PANICS.test(name)) continue;
    module.removeFunction(name);
    module.addFunction(name, params, results, [], module.unreachable());
  }
}

/** The texts that are left without a reader: zeros, for the addresses of the others are in the code. */
function withoutLastWords(wasm) {
  const text = LAST_WORDS.reduce((text, words) => text.replace(words, (found) => "\0".repeat(found.length)), wasm.toString("latin1"));
  return Buffer.from(text, "latin1");
}

function inOrder(module, functions, order) {
  for (const { name } of functions) module.removeFunction(name);
  for (const at of order) {
    const { name, params, results, vars, body } = functions[at];
    module.addFunction(name, params, results, vars, body);
  }
}

/**
 * An order in which each body is followed by the one most like it, by the share of four-byte sequences that both have: brotli finds what it has seen just
 * before for less. 1 KB.
 * @returns {number[]}
 */
function alike(bodies) {
  const sequences = bodies.map((body) => new Set(Array.from({ length: Math.max(0, body.length - 3) }, (_, at) => body.readInt32LE(at))));
  const likeness = (a, b) => {
    const [few, many] = [sequences[a], sequences[b]].sort((a, b) => a.size - b.size);
    let shared = 0;
    for (const each of few) if (many.has(each)) shared += 1;
    return shared / Math.sqrt(few.size * many.size || 1);
  };
  const order = [];
  const left = new Set(bodies.keys());
  for (let next = 0; next >= 0; ) {
    order.push(next);
    left.delete(next);
    let [best, found] = [-1, -1];
    for (const at of left) {
      const like = likeness(next, at);
      if (like > best) [best, found] = [like, at];
    }
    next = found;
  }
  return order;
}

const CODE_SECTION = 10;

/** The bodies of the functions that a module defines. */
function functionBodies(wasm) {
  let at = 8;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  const block = () => {
    const length = number();
    at += length;
    return wasm.subarray(at - length, at);
  };
  for (;;) {
    const id = wasm[at++];
    if (id === CODE_SECTION) break;
    block();
  }
  number(); // bytes of the section
  return Array.from({ length: number() }, block);
}
