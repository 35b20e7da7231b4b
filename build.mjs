// Builds the npm package: Rust -> wasm-bindgen -> wasm-opt -> dist/hawser.wasm, TypeScript -> esbuild -> dist/hawser.js and worker.js, tsc -> dist/*.d.ts.
//
//   node build.mjs [--for build|start|test|bench]
//
// A part whose inputs have not changed since it was built is skipped.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { isMain, main, ROOT, SetupError, setUp, wasmBindgen, wasmToolchain, withLock } from "./setup.mjs";
import { shrink } from "./shrink.mjs";
import { checkSize } from "./tests/bench/size.mjs";

const path = (name) => join(ROOT, name);

/** Runs one command; what it prints is the developer's to read. */
function run(command, args, { env = process.env } = {}) {
  const done = spawnSync(command, args, { cwd: ROOT, env, stdio: ["ignore", "inherit", "inherit"] });
  if (done.error) throw new SetupError(`build: ${command} does not run (${done.error.code}): run \`node setup.mjs\``);
  if (done.status !== 0) throw new SetupError(`build: ${command.split("/").at(-1)} ${args[0]} failed, see above`);
}

/** Nothing here recurses: a tenth of the linker's usual megabyte of stack is plenty, and every page that loads the module pays for it. */
const STACK = "-Clink-arg=-zstack-size=131072";

/** The engine: dist/hawser.wasm and its JavaScript glue target/pkg/hawser.js (with types). */
async function buildEngine() {
  const env = { ...wasmToolchain() };
  const target = ["--locked", "--target", "wasm32-unknown-unknown"];
  run(env.CARGO, ["fetch", "--quiet", ...target], { env });
  // File names in panic messages would otherwise tell where the builder's home is and which mirror it uses, and make each machine's wasm another one.
  const home = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  const registry = join(home, "registry/src");
  const mirrors = existsSync(registry) ? readdirSync(registry).map((name) => join(registry, name)) : [];
  const remap = [[ROOT, "hawser"], ...mirrors.map((folder) => [folder, "crates"])].map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
  const flags = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";
  env[flags] = [process.env[flags], STACK, ...remap].filter(Boolean).join(" ");
  run(env.CARGO, ["build", "--quiet", "--release", "--lib", ...target], { env });
  const wasm = join(env.CARGO_TARGET_DIR, "wasm32-unknown-unknown/release/hawser.wasm");
  run(wasmBindgen(), [wasm, "--target", "web", "--out-dir", path("target/pkg"), "--out-name", "hawser", "--omit-default-module-path"]);
  const names = await shrink(path("target/pkg/hawser_bg.wasm"), path("target/pkg/small.wasm"));
  writeFileSync(path("target/pkg/hawser.js"), withShortNames(readFileSync(path("target/pkg/hawser.js"), "utf8"), names));
  renameSync(path("target/pkg/small.wasm"), path("dist/hawser.wasm"));
}

/**
 * The glue, with the names that wasm-opt gave. Throws when the glue is not as expected: a name that was left would only fail in the browser.
 * @param {string} glue
 * @param {import("./shrink.mjs").Names} names
 */
function withShortNames(glue, { imports, exports }) {
  const wanted = new Map(imports.map(([from, name, short]) => [`${from} ${name}`, short]));
  const exported = new Map(exports);
  let text = glue;
  const edit = (pattern, replacer) => {
    text = text.replace(pattern, replacer);
  };
  const taken = (from, name) => {
    const short = wanted.get(`${from} ${name}`);
    wanted.delete(`${from} ${name}`);
    return short;
  };
  edit(/\bwasm\.(\w+)/g, (whole, name) => (exported.has(name) ? `wasm.${exported.get(name)}` : whole));
  edit(/^ +(\w+): function/gm, (whole, name) => {
    const short = taken("./hawser_bg.js", name);
    return short ? `${short}: function` : whole;
  });
  // Functions of modules of ours, which the glue hands over whole.
  const namespaces = Array.from(glue.matchAll(/^import \* as (\w+) from "(.+)"/gm), ([, namespace, from]) => ({ namespace, from }));
  const ours = imports.flatMap(([from, name]) => {
    const module = namespaces.find((each) => each.from === from);
    return module ? [`${taken(from, name)}: ${module.namespace}.${name},`] : [];
  });
  edit(/return \{\n.*\n +"\.\/hawser_bg\.js": import0,[^}]*\}/, () => `return { a: { ...import0, ${ours.join(" ")} } }`);
  // Its loader does what load.ts does, with checks that have been made there.
  edit(/^async function __wbg_load[\s\S]*/m, () => "export { __wbg_get_imports as imports, __wbg_finalize_init as begin };\n");
  if (wanted.size > 0 || !text.includes("return { a: ") || !text.includes("as begin }"))
    throw new SetupError("build: this wasm-bindgen writes glue that build.mjs does not know");
  return text;
}

/** The package's JavaScript: the client, and the module that runs the engine, with the glue inside. The wasm stays a file of its own beside them. */
async function buildScript() {
  const { build: bundle } = await import("esbuild");
  try {
    await bundle({
      absWorkingDir: ROOT,
      entryPoints: { hawser: "src/ts/index.ts", worker: "src/ts/worker.ts" },
      external: ["./worker.js"],
      alias: { "#engine": path("target/pkg/hawser.js") },
      outdir: "dist",
      bundle: true,
      minify: true,
      sourcemap: true,
      format: "esm",
      platform: "browser",
      target: "es2022",
      logLevel: "warning",
    });
  } catch {
    throw new SetupError("build: esbuild failed, see above"); // it has printed why
  }
  await Promise.all([minifyAgain("hawser.js"), minifyAgain("worker.js")]);
}

/** Chromium compiles each function when it is first called, on the main thread; all of a module that begins with this, while it loads. A start calls nearly all of the glue. */
const EAGERLY = "//# allFunctionsCalledOnLoad";

/** What esbuild leaves is 3% larger than it has to be. @param {string} name of a module in dist/ */
async function minifyAgain(name) {
  const { minify } = await import("terser");
  const [script, map] = [path(`dist/${name}`), path(`dist/${name}.map`)];
  const { code, map: newMap } = await minify(readFileSync(script, "utf8"), {
    module: true,
    ecma: 2020,
    // Functions that lie side by side compress better, and arrows are shorter: nothing here calls an anonymous function with `new`.
    compress: { passes: 2, hoist_funs: true, unsafe_arrows: true },
    sourceMap: { content: readFileSync(map, "utf8"), url: `${name}.map` },
    format: { preamble: name === "worker.js" ? EAGERLY : "" },
  });
  writeFileSync(script, code);
  writeFileSync(map, newMap);
}

/** The package's types, one .d.ts for each module of src/ts. */
function buildTypes() {
  for (const name of readdirSync(path("dist"), { recursive: true })) if (name.endsWith(".d.ts")) rmSync(path(`dist/${name}`));
  run(process.execPath, [path("node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"]);
}

/** What is done in order: a part is done again when one of its inputs has changed or its output is not there. */
const PARTS = [
  {
    name: "engine",
    make: buildEngine,
    inputs: ["shrink.mjs", "Cargo.toml", "Cargo.lock", "src/lib.rs", "src/codec", "src/session", "src/browser"],
    output: "dist/hawser.wasm",
  },
  {
    name: "script",
    make: buildScript,
    inputs: ["package-lock.json", "src/ts", "src/browser/boundary.js", "src/browser/store.js", "target/pkg/hawser.js"],
    output: "dist/hawser.js",
  },
  {
    name: "types",
    make: buildTypes,
    inputs: ["package-lock.json", "src/ts", "tsconfig.json", "tsconfig.build.json"],
    output: "dist/index.d.ts",
  },
  // A part, so that a package above the budget stays a failed build until it is smaller.
  {
    name: "size",
    make: checkSize,
    inputs: ["dist/hawser.js", "dist/worker.js", "dist/hawser.wasm", "tests/bench/size.mjs"],
    output: "dist/hawser.wasm",
  },
];

/** One hash over the contents of files and folders. */
function digest(inputs) {
  const hash = createHash("sha256");
  const add = (name) => {
    if (statSync(path(name)).isDirectory()) for (const entry of readdirSync(path(name)).sort()) add(join(name, entry));
    else hash.update(`${name}\0`).update(readFileSync(path(name)));
  };
  for (const input of [...inputs, "build.mjs"]) add(input);
  return hash.digest("hex");
}

async function buildParts() {
  mkdirSync(path("dist"), { recursive: true });
  for (const { name, make, inputs, output } of PARTS) {
    const stamp = path(`target/stamps/${name}`);
    const wanted = digest(inputs);
    if (existsSync(path(output)) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) continue;
    console.log(`build: ${name} ...`);
    const from = Date.now();
    await make();
    mkdirSync(dirname(stamp), { recursive: true });
    writeFileSync(stamp, wanted);
    console.log(`build: ${name} done (${((Date.now() - from) / 1000).toFixed(1)} s)`);
  }
}

/** Sets up what `purpose` needs and brings dist/ up to date. Safe when two processes call it at once. */
export async function build(purpose = "build") {
  setUp(purpose);
  await withLock(path("target/build.lock"), buildParts);
}

if (isMain(import.meta.url)) {
  const at = process.argv.indexOf("--for");
  await main(async () => {
    await build(at < 0 ? "build" : process.argv[at + 1]);
    console.log("build: dist/ is up to date");
  });
}
