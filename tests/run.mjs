// `npm test`: sets up, then runs everything that proves the project, stage by stage, with one table and one line of totals at the end.
//
//   npm test                          everything
//   npm test -- --only rustfmt,e2e    these stages, and the build where they need it
import { readdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { main, ROOT, SetupError, setUp, tool, wasmBindgen, wasmToolchain } from "../setup.mjs";
import { runStage } from "./stage.mjs";

const run = (...command) => ({ command });
const node = (...args) => run(process.execPath, ...args);
const npm = (name, ...args) => node(join(ROOT, "node_modules/.bin", name), ...args);

/** One `node --test` over the test files of a folder, given one by one: a pattern that matches nothing would pass. */
function nodeTests(folder) {
  const all = readdirSync(join(ROOT, folder), { recursive: true });
  const files = all.filter((name) => /\.test\.m?[jt]s$/.test(name));
  if (files.length === 0) throw new SetupError(`no test files in ${folder}`);
  return node("--test", "--test-reporter=spec", ...files.sort().map((name) => `${folder}/${name}`));
}

/** Clippy for what only wasm32 compiles. Debian's toolchain has no clippy that fits: there the compiler's own warnings are denied. */
function wasmWarnings() {
  // The tests read these when they are compiled.
  const env = { ...wasmToolchain(), HAWSER_TEST_BROKER: "ws://127.0.0.1", HAWSER_TEST_PEER: "ws://127.0.0.1" };
  const target = ["--quiet", "--locked", "--target", "wasm32-unknown-unknown", "--lib", "--tests"];
  if (env.CARGO === "cargo") return { command: ["cargo", "clippy", ...target, "--", "-D", "warnings"], env };
  return { command: [env.CARGO, "check", ...target], env: { ...env, RUSTFLAGS: "-D warnings" } };
}

/** In order, the quick ones first. */
const STAGES = [
  { name: "rules", title: "the rules of the house are kept", tests: true, commands: () => [nodeTests("tests/rules")] },
  {
    name: "rustfmt",
    title: "Rust is formatted",
    commands: () => [
      run("cargo", "fmt", "--all", "--check"),
      run("cargo", "fmt", "--manifest-path", "tests/interop/rmqtt/Cargo.toml", "--check"),
    ],
  },
  {
    name: "biome",
    title: "TypeScript and JavaScript are formatted and free of lint",
    commands: () => [npm("biome", "check", "--error-on-warnings")],
  },
  { name: "build", title: "the package builds within its size budget", commands: () => [node("build.mjs"), node("tests/bench/size.mjs")] },
  { name: "tsc", title: "the types hold", commands: () => [npm("tsc", "-p", "tsconfig.json"), npm("tsc", "-p", "www")] },
  { name: "ts", title: "the TypeScript surface, on scripted records", tests: true, commands: () => [node("tests/ts/run.mjs")] },
  {
    name: "clippy",
    title: "clippy has nothing to say",
    commands: () => [run("cargo", "clippy", "--quiet", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"), wasmWarnings()],
  },
  {
    name: "rust",
    title: "codec and session, natively",
    tests: true,
    commands: () => [
      run("cargo", "test", "--locked", "--workspace", "--exclude", "hawser-broker", "--no-fail-fast"),
      // In the profile in which the broker is built for use: its library takes minutes to compile, so it is compiled once.
      run("cargo", "test", "--locked", "--profile", "demo", "--package", "hawser-broker"),
    ],
  },
  {
    name: "fuzz",
    title: "the fuzzer finds nothing in a fixed number of runs",
    tests: true,
    commands: () => [nodeTests("tests/fuzz")],
  },
  { name: "servers", title: "the proxy and the brokers of the tests", tests: true, commands: () => [nodeTests("tests/servers")] },
  {
    name: "browser",
    title: "the browser layer, in Chromium's page and worker",
    tests: true,
    commands: () => [node("tests/browser/run.mjs")],
  },
  {
    name: "hidden",
    title: "a link in a hidden tab holds, and its end is noticed (while the next stages run)",
    tests: true,
    beside: true,
    commands: () => [nodeTests("tests/hidden")],
  },
  {
    name: "e2e",
    title: "the package against the brokers and against hostile servers, in Chromium",
    tests: true,
    commands: () => [nodeTests("tests/e2e")],
  },
  {
    name: "e2e-page",
    title: "the same with the engine in the page",
    tests: true,
    commands: () => [{ ...nodeTests("tests/e2e"), env: { ...process.env, HAWSER_HOST: "page" } }],
  },
  {
    name: "torture",
    title: "numbered messages while pages, browsers, brokers and links are killed",
    tests: true,
    commands: () => [nodeTests("tests/torture")],
  },
  {
    name: "package",
    title: "the packed package, installed in small projects and run in Chromium",
    tests: true,
    commands: () => [nodeTests("tests/package")],
  },
  {
    name: "bench",
    title: "the benchmark accounts for every message (a few, untimed)",
    tests: true,
    commands: () => [nodeTests("tests/bench"), node("tests/bench/run.mjs", "--smoke")],
  },
  {
    name: "conformance",
    title: "every duty of a client in the standard is tied to tests that passed above",
    tests: true,
    last: true,
    commands: () => [nodeTests("tests/conformance")],
  },
];

/** Stages that use dist/. */
const AFTER_BUILD = ["tsc", "hidden", "e2e", "e2e-page", "torture", "package", "bench"];

/** The stages that `--only a,b` names, and the build that they need; all without it. */
function wanted(args) {
  if (args.length === 0) return STAGES;
  const names = args[0] === "--only" && args.length === 2 ? args[1].split(",") : [];
  const unknown = names.filter((name) => !STAGES.some((stage) => stage.name === name));
  if (names.length === 0 || unknown.length > 0)
    throw new SetupError(`npm test -- --only takes stages of ${STAGES.map((stage) => stage.name).join(",")}`);
  const builds = names.some((name) => AFTER_BUILD.includes(name));
  return STAGES.filter(({ name }) => names.includes(name) || (builds && name === "build"));
}

/** The programs that set-up found, by the names under which the tests look for them. */
function exportTools() {
  for (const [name, variable] of [
    ["chromium", "CHROMIUM"],
    ["chromedriver", "CHROMEDRIVER"],
    ["mosquitto", "MOSQUITTO"],
  ]) {
    process.env[variable] = tool(name);
  }
  process.env.PATH = `${dirname(wasmBindgen())}${delimiter}${process.env.PATH}`;
}

/** One after the other, but those that go on beside the next ones. */
async function runStages(stages) {
  const running = [];
  for (const stage of stages) {
    if (stage.last) await Promise.all(running);
    const result = runStage(stage);
    result.catch(() => undefined); // thrown below, in its turn
    running.push(result);
    if (!stage.beside) await result;
  }
  return Promise.all(running);
}

/** @param {import("./stage.mjs").Result[]} results @param {number} seconds that all took */
function report(results, seconds) {
  const width = Math.max(...results.map(({ name }) => name.length));
  console.log("\nstage".padEnd(width + 2), "seconds".padStart(8), "passed".padStart(7), "failed".padStart(7));
  for (const { name, passed, failed, faults, seconds: each } of results) {
    console.log(name.padEnd(width + 1), each.toFixed(1).padStart(8), `${passed}`.padStart(7), `${failed}`.padStart(7), faults.join("; "));
  }
  console.log(`${seconds.toFixed(0)} s in all`);
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  console.log(`\n${sum("passed")} passed, ${sum("failed")} failed`);
  if (sum("failed") > 0) process.exitCode = 1;
}

await main(async () => {
  const stages = wanted(process.argv.slice(2));
  const from = Date.now();
  setUp("test");
  exportTools();
  console.log(`set-up took ${((Date.now() - from) / 1000).toFixed(1)} s`);
  const results = await runStages(stages);
  report(results, (Date.now() - from) / 1000);
});
