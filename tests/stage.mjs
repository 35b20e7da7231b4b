// Runs one stage of `npm test`: its commands one after the other, their output passed on, and the tests in it counted.
import { spawn } from "node:child_process";
import { ROOT } from "../setup.mjs";
import { recordStage } from "./results.mjs";

/** A stage that takes longer hangs: its processes are ended and it fails. */
const LIMIT = 20 * 60_000;

/**
 * @typedef {object} Stage
 * @property {string} name
 * @property {string} title what is true when it passes
 * @property {boolean} [beside] whether it only waits, most of the time: other stages run meanwhile, and what it says is shown at its end
 * @property {boolean} [last] whether it reads what all others have found
 * @property {boolean} [tests] whether it holds tests to count: then none at all is a failure, and so is a skipped one
 * @property {() => { command: string[], env?: NodeJS.ProcessEnv }[]} commands
 *
 * @typedef {{ name: string, passed: number, failed: number, faults: string[], seconds: number }} Result
 */

/**
 * @param {Stage} stage
 * @returns {Promise<Result>} without tests to count the stage itself counts as one
 */
export async function runStage({ name, title, tests = false, beside = false, commands }) {
  console.log(`\n== ${name}: ${title}`);
  const from = Date.now();
  const record = tests ? recordStage(name) : undefined;
  let said = "";
  const count = { passed: 0, failed: 0, skipped: 0 };
  const faults = [];
  try {
    for (const { command, env } of commands()) {
      const { fault, output } = await execute(command, env, beside ? undefined : process.stdout);
      if (tests) addCounts(count, output);
      said += `${output}\n`;
      if (fault) faults.push(fault);
      if (fault && !tests) break;
    }
  } catch (error) {
    faults.push(error.message);
  }
  record?.(said);
  if (beside) console.log(`\n== ${name}:\n${said}`);
  if (tests && count.passed + count.failed === 0) faults.push("no tests found");
  if (count.skipped > 0) faults.push(`${count.skipped} skipped`);
  if (!tests && faults.length === 0) count.passed = 1;
  if (faults.length > 0) count.failed = Math.max(count.failed, 1);
  for (const fault of faults) console.log(`${name}: ${fault}`);
  return { name, passed: count.passed, failed: count.failed, faults, seconds: (Date.now() - from) / 1000 };
}

/** Makes stdout and stderr one stream, whose lines stay in their order: cargo names a crate on one and its tests on the other. */
const AS_ONE = ["-c", 'exec "$@" 2>&1', "sh"];

/** Runs a command in a process group of its own, which ends with it, with us, or at the limit. What it says goes to `shown` as it comes. */
function execute([program, ...args], env = process.env, shown) {
  return new Promise((resolve) => {
    const child = spawn("sh", [...AS_ONE, program, ...args], { cwd: ROOT, env, stdio: ["ignore", "pipe", "inherit"], detached: true });
    const end = () => {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {} // nothing left
    };
    const stop = (signal) => {
      console.error(`npm test: ended by ${signal}`);
      process.exit(130); // which ends the group
    };
    process.once("exit", end).once("SIGINT", stop).once("SIGTERM", stop);
    let timedOut = false;
    const limit = setTimeout(() => {
      timedOut = true;
      end();
    }, LIMIT);
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output += text;
      shown?.write(text);
    });
    const settle = (fault) => {
      clearTimeout(limit);
      end();
      process.off("exit", end).off("SIGINT", stop).off("SIGTERM", stop);
      resolve({ fault, output });
    };
    child.once("error", (error) => settle(`${program} does not run: ${error.message}`));
    child.once("close", (code, signal) => {
      const what = timedOut ? `ended after ${LIMIT / 60_000} minutes` : `ended with ${code ?? signal}`;
      const short = [program, ...args].slice(0, 3).map((part) => part.split("/").at(-1));
      settle(code === 0 ? undefined : `${short.join(" ")} ... ${what}`);
    });
  });
}

/** Adds up what node's test runner and Rust's say about their tests. */
function addCounts(count, output) {
  const names = { pass: "passed", fail: "failed", cancelled: "failed", skipped: "skipped", todo: "skipped" };
  for (const [, name, number] of output.matchAll(/^ℹ (pass|fail|cancelled|skipped|todo) (\d+)$/gm)) count[names[name]] += Number(number);
  for (const [, passed, failed, ignored] of output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm)) {
    count.passed += Number(passed);
    count.failed += Number(failed);
    count.skipped += Number(ignored);
  }
}
