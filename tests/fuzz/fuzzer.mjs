// Builds and runs libFuzzer's programs, on rustup's stable toolchain: the compiler's coverage passes need no nightly, only the address sanitizer would.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { ROOT, SetupError } from "../../setup.mjs";

const HOME = join(ROOT, "tests/fuzz");
/** A target directory of its own: other flags would make cargo build everything again, back and forth. */
const WORK = join(ROOT, "target/fuzz");

/** Executions in `npm test`, and the longest input. */
export const TARGETS = {
  decode: { runs: 150_000, maxLength: 512 },
  differential: { runs: 200_000, maxLength: 512 },
  encode: { runs: 200_000, maxLength: 256 },
  restore: { runs: 30_000, maxLength: 512 },
  session: { runs: 40_000, maxLength: 512 },
};

/** What makes coverage known to libFuzzer: 8-bit counters on every edge, the table of their addresses, and the operands of comparisons. */
const COVERAGE = [
  "-Cpasses=sancov-module",
  "-Cllvm-args=-sanitizer-coverage-level=4",
  "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
  "-Cllvm-args=-sanitizer-coverage-pc-table",
  "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

let built;
/** Builds the programs; returns the folder they are in. */
export function build() {
  if (built) return built;
  const host = /^host: (.*)$/m.exec(spawnSync("rustc", ["-vV"], { encoding: "utf8" }).stdout)?.[1];
  if (!host) throw new SetupError("rustc does not say what machine this is: `rustc -vV`");
  // With a target that is named, the flags are not used for build scripts and procedural macros.
  const args = [
    "build",
    "--quiet",
    "--locked",
    "--package",
    "hawser-fuzz",
    "--features",
    "libfuzzer",
    "--profile",
    "fuzz",
    "--target",
    host,
  ];
  const env = { ...process.env, CARGO_TARGET_DIR: WORK, RUSTFLAGS: COVERAGE.join(" ") };
  delete env.CARGO_ENCODED_RUSTFLAGS;
  if (spawnSync("cargo", args, { cwd: ROOT, env, stdio: "inherit" }).status !== 0)
    throw new SetupError("the fuzzing programs do not build");
  built = join(WORK, host, "fuzz");
  return built;
}

/** An empty folder of this name under target/fuzz/. */
function emptyFolder(...names) {
  const folder = join(WORK, ...names);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

const corpusFile = (target) => join(HOME, "corpus", `${target}.hex`);

/** The inputs in git, as a folder of files. They stand in one file a target, one in a line, so that a change of them can be read. */
export function corpusFolder(target, ...names) {
  const folder = emptyFolder(...names);
  const lines = existsSync(corpusFile(target)) ? readFileSync(corpusFile(target), "utf8").split("\n") : [];
  for (const [at, line] of lines.filter((text) => text && !text.startsWith("#")).entries())
    writeFileSync(join(folder, `${at}`.padStart(5, "0")), Buffer.from(line, "hex"));
  return folder;
}

/** Writes the inputs in `folder` as the corpus, the short ones first. */
export function keepCorpus(target, folder) {
  const lines = readdirSync(folder).map((name) => readFileSync(join(folder, name)).toString("hex"));
  lines.sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  const head = `# Inputs of the fuzzing target ${target}, one a line in hexadecimal, chosen by coverage: \`npm run fuzz -- --keep\`.\n`;
  mkdirSync(join(HOME, "corpus"), { recursive: true });
  writeFileSync(corpusFile(target), `${head}${lines.filter(Boolean).join("\n")}\n`);
  return lines.length;
}

/** The folder in which a target's longer runs leave what they found. */
export function foundFolder(target) {
  const folder = join(WORK, "found", target);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * Runs a target's program.
 * @param {string} target
 * @param {string[]} args of libFuzzer
 * @param {{ show?: boolean }} [options] show: pass its output on
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export function run(target, args, { show = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(join(build(), `fuzz-${target}`), args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
        if (show) process.stdout.write(text);
      });
    }
    const end = () => child.kill("SIGKILL");
    process.once("exit", end);
    child.once("error", reject);
    child.once("close", (code) => {
      process.off("exit", end);
      resolve({ ok: code === 0, output });
    });
  });
}

/**
 * Fuzzes a target from its corpus.
 * @param {string} target
 * @param {{ runs?: number, seconds?: number, seed: number, into?: string, show?: boolean }} budget into: the folder that gets what is new
 */
export async function fuzz(target, { runs = -1, seconds = 0, seed, into, show }) {
  const name = `${target}-${process.pid}`;
  const corpus = corpusFolder(target, "corpus", name);
  const crashes = emptyFolder("crashes", name);
  const folders = into ? [into, corpus] : [corpus];
  const { ok, output } = await run(
    target,
    [
      `-runs=${runs}`,
      `-max_total_time=${seconds}`,
      `-seed=${seed}`,
      `-max_len=${TARGETS[target].maxLength}`,
      `-dict=${join(HOME, "mqtt.dict")}`,
      `-artifact_prefix=${crashes}/`,
      "-timeout=10",
      "-rss_limit_mb=1024",
      "-print_final_stats=1",
      ...folders,
    ],
    { show },
  );
  rmSync(corpus, { recursive: true, force: true });
  const commands = readdirSync(crashes).map((file) => replayCommand(target, join(crashes, file)));
  if (ok) rmSync(crashes, { recursive: true, force: true });
  return { ok, output, commands, ...figures(output) };
}

/** The one command that runs a crash again: with the bytes in it, so that it works on any machine, unless they are too many. */
function replayCommand(target, path) {
  const bytes = readFileSync(path);
  return `npm run fuzz -- ${target} --replay ${bytes.length <= 1_024 ? bytes.toString("hex") || "-" : relative(ROOT, path)}`;
}

/** What libFuzzer counted: executions, and edges covered at the start and at the end. */
function figures(output) {
  const covered = [...output.matchAll(/^#\d+\s+\w+\s+cov: (\d+) ft: (\d+)/gm)];
  return {
    executions: Number(/stat::number_of_executed_units: (\d+)/.exec(output)?.[1] ?? 0),
    before: Number(covered[0]?.[1] ?? 0),
    coverage: Number(covered.at(-1)?.[1] ?? 0),
  };
}

/** Replays one input: hexadecimal, or a file. */
export async function replay(target, input) {
  const bytes = existsSync(input) ? readFileSync(input) : Buffer.from(input === "-" ? "" : input, "hex");
  if (!existsSync(input) && bytes.toString("hex") !== input.toLowerCase() && input !== "-")
    throw new SetupError(`${input} is neither a file nor hexadecimal`);
  const folder = emptyFolder("replay", createHash("sha1").update(bytes).digest("hex").slice(0, 12));
  const file = join(folder, "input");
  writeFileSync(file, bytes);
  return run(target, ["-timeout=10", file], { show: true });
}

/** Makes the corpus anew: of the seeds, the corpus and what was found, as few inputs as cover the same. */
export async function keep(target) {
  const kept = emptyFolder("kept", target);
  const corpus = corpusFolder(target, "corpus", `${target}-keep`);
  const { ok, output } = await run(target, [
    "-set_cover_merge=1",
    "-use_counters=0",
    `-max_len=${TARGETS[target].maxLength}`,
    kept,
    corpus,
    foundFolder(target),
  ]);
  if (!ok) throw new SetupError(`the corpus of ${target} cannot be merged: ${output.split("\n").slice(-5).join("\n")}`);
  return keepCorpus(target, kept);
}
