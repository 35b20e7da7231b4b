// Runs the unit tests of src/ts: checks their types, bundles each with esbuild (Node 20 runs no TypeScript), and hands them to node --test.
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = join(HERE, "../..");
const OUT = join(ROOT, "target/ts-tests");

/** Runs one program to its end; its output is the developer's to read. */
function run(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

const names = readdirSync(HERE).filter((name) => name.endsWith(".test.ts"));
run(join(ROOT, "node_modules/typescript/bin/tsc"), "-p", join(HERE, "tsconfig.json"));
rmSync(OUT, { recursive: true, force: true });
await build({
  absWorkingDir: ROOT,
  entryPoints: names.map((name) => join(HERE, name)),
  outdir: OUT,
  outExtension: { ".js": ".mjs" },
  alias: { "#engine": join(HERE, "no-engine.ts") },
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  sourcemap: "inline",
  logLevel: "warning",
});
run("--enable-source-maps", "--test", "--test-reporter=spec", ...names.sort().map((name) => join(OUT, name.replace(/\.ts$/, ".mjs"))));
