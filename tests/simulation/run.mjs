// `npm run simulate`: random conversations of the engine with a correct broker, over a network that fails, and on pages that are killed; more of them than
// `npm test` runs.
//
//   npm run simulate -- --runs 1000000      so many seeds, from 0 on
//   npm run simulate -- --seed 7            the two with this seed, with the whole conversation when one fails
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { ROOT } from "../../setup.mjs";

const { values } = parseArgs({ options: { runs: { type: "string", default: "200000" }, seed: { type: "string" } } });
const env = { ...process.env, HAWSER_RUNS: values.runs };
if (values.seed !== undefined) env.HAWSER_SEED = values.seed;
const command = ["test", "--locked", "--test", "simulation", "random_", "--", "--nocapture"];
const { status } = spawnSync("cargo", command, { cwd: ROOT, env, stdio: "inherit" });
process.exitCode = status ?? 1;
