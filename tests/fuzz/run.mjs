// `npm run fuzz`: looks for inputs that break what must hold, longer than `npm test` does.
//
//   npm run fuzz                            every target for a minute
//   npm run fuzz -- session --time 10m      one target, for as long as you like
//   npm run fuzz -- session --replay HEX    one input again (or a file of it)
//   npm run fuzz -- --keep                  makes the corpus in git anew, of the codec's own packets and of what earlier runs found
import { spawnSync } from "node:child_process";
import { isMain, main, ROOT, SetupError, setUp } from "../../setup.mjs";
import { build, foundFolder, fuzz, keep, replay, TARGETS } from "./fuzzer.mjs";

const USAGE = `npm run fuzz -- [${Object.keys(TARGETS).join("|")}] [--time 10m | --replay HEX | --keep]`;

/** "90s", "10m", "2h" or a number of seconds. */
function seconds(text = "") {
  const [, number, unit] = /^(\d+)([smh]?)$/.exec(text) ?? [];
  if (!number) throw new SetupError(`--time takes something like 90s or 10m, not ${text || "nothing"}`);
  return Number(number) * { s: 1, m: 60, h: 3600 }[unit || "s"];
}

function parse(args) {
  const wanted = { targets: Object.keys(TARGETS), time: 60 };
  const rest = [...args];
  if (rest[0] && !rest[0].startsWith("--")) {
    const target = rest.shift();
    if (!(target in TARGETS)) throw new SetupError(`there is no target ${target}: ${USAGE}`);
    wanted.targets = [target];
  }
  const [option, value, ...more] = rest;
  if (option === "--time") wanted.time = seconds(value);
  else if (option === "--replay" && value && wanted.targets.length === 1) wanted.replay = value;
  else if (option === "--keep" && value === undefined) wanted.keep = true;
  else if (option !== undefined) throw new SetupError(USAGE);
  if (more.length > 0) throw new SetupError(USAGE);
  return wanted;
}

/** Lets the codec's tests write the packets they use as inputs of the target `decode`. */
function writeSeeds() {
  const env = { ...process.env, HAWSER_SEEDS: foundFolder("decode") };
  const done = spawnSync("cargo", ["test", "--quiet", "--locked", "--test", "codec"], { cwd: ROOT, env, stdio: "inherit" });
  if (done.status !== 0) throw new SetupError("the codec's tests fail: they write the seeds");
}

async function search(target, time) {
  const seed = Date.now() % 0xffff_ffff;
  console.log(`== ${target}: ${time} s, seed ${seed}`);
  const result = await fuzz(target, { seconds: time, seed, into: foundFolder(target), show: true });
  console.log(`${target}: ${result.executions} executions, edges covered ${result.before} -> ${result.coverage}`);
  for (const command of result.commands) console.log(`${target}: broken; replay it with\n  ${command}`);
  return result.ok;
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const { targets, time, replay: input, keep: keeps } = parse(process.argv.slice(2));
    setUp("fuzz");
    build();
    if (keeps && targets.includes("decode")) writeSeeds();
    for (const target of targets) {
      if (keeps) console.log(`${target}: ${await keep(target)} inputs kept`);
      else if (input) process.exitCode = (await replay(target, input)).ok ? 0 : 1;
      else if (!(await search(target, time))) process.exitCode = 1;
    }
  });
}
