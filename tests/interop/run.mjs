// `npm run interop`: the browser suite against every broker, each installed and started here, and what it found as a matrix of brokers and features.
//
//   npm run interop                     all brokers
//   npm run interop -- rmqtt,aedes      these only
//
// The columns of brokers that did all as they have to are kept in tests/interop/matrix.json and in the README.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main, ROOT, SetupError, setUp, tool } from "../../setup.mjs";
import { absence, BROKERS } from "../e2e/support/brokers.mjs";
import { unseen } from "../e2e/support/known.mjs";
import { column, keep, plain, recorded } from "./table.mjs";

/** Runs a command with its output passed on; resolves with its exit code. */
function run(program, args, env = {}) {
  const child = spawn(program, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio: "inherit" });
  return new Promise((resolve, reject) => child.once("error", reject).once("exit", (code) => resolve(code ?? 1)));
}

/** The files of the browser suite whose cases run against brokers. */
function suite() {
  const folder = "tests/e2e";
  const files = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith(".test.mjs"));
  return files.map((name) => `${folder}/${name}`).filter((name) => /^matrix\(/m.test(readFileSync(join(ROOT, name), "utf8")));
}

/** The brokers that the command line names, or all. */
function wanted([list, ...rest]) {
  const names = list === undefined ? Object.keys(BROKERS) : list.split(",");
  const strange = [...names.filter((name) => !(name in BROKERS)), ...rest];
  if (strange.length > 0)
    throw new SetupError(`npm run interop takes brokers of ${Object.keys(BROKERS).join(",")}; not ${strange.join(" ")}`);
  return names;
}

/** Runs the suite against one broker. */
async function against(name, record) {
  console.log(`\n== ${BROKERS[name].title}`);
  const from = Date.now();
  const args = ["--test", "--test-reporter=spec", ...suite()];
  const code = await run(process.execPath, args, { HAWSER_BROKERS: name, HAWSER_INTEROP_RECORD: record });
  return { name, failed: code !== 0, seconds: (Date.now() - from) / 1000 };
}

/** What has been noted; nothing, when no case came so far. */
function cases(record) {
  return readFileSync(record, { encoding: "utf8", flag: "a+" })
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** Keeps the columns of the brokers that did as they have to, beside those of earlier runs. */
function keepGood(found, results) {
  const before = recorded();
  const good = new Set(results.filter(({ failed }) => !failed).map(({ name }) => name));
  const names = Object.keys(BROKERS).filter((name) => good.has(name) || name in before);
  keep(Object.fromEntries(names.map((name) => [name, good.has(name) ? found[name] : before[name]])));
}

/** Prints what was found, and keeps what is as it has to be. */
function report(results, skipped, noted) {
  const of = (name) => noted.filter(({ broker }) => broker === name);
  const found = Object.fromEntries(results.map(({ name }) => [name, column(BROKERS[name].title, of(name))]));
  console.log(`\n✓ passes   – not offered by the broker   ✗ fails by the broker's fault\n\n${plain(found)}\n`);
  for (const { name, seconds } of results) console.log(`${BROKERS[name].title}: ${seconds.toFixed(0)} s`);
  for (const { name, why } of skipped) console.log(`${BROKERS[name].title}: skipped. ${why}`);
  for (const result of results) {
    const stale = unseen(result.name, noted);
    for (const line of stale) console.log(`no case meets what is known of ${line}`);
    if (result.failed) console.log(`${BROKERS[result.name].title}: failures that are not known, see above`);
    result.failed ||= stale.length > 0;
  }
  if (results.some(({ failed }) => failed)) process.exitCode = 1;
  keepGood(found, results);
}

await main(async () => {
  const names = wanted(process.argv.slice(2));
  setUp("interop");
  process.env.CHROMIUM = tool("chromium");
  if ((await run(process.execPath, ["build.mjs"])) !== 0) throw new SetupError("the package does not build: see above");
  const skipped = names.map((name) => ({ name, why: absence(name) })).filter(({ why }) => why);
  const folder = mkdtempSync(join(tmpdir(), "hawser-interop-"));
  try {
    const record = join(folder, "cases.jsonl");
    const results = [];
    for (const name of names.filter((one) => !skipped.some((other) => other.name === one))) results.push(await against(name, record));
    report(results, skipped, cases(record));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
