// All set-up in one place: everything Hawser needs on a machine to be built, shown, tested or measured. Plain Node, no dependencies.
//
//   node setup.mjs [--for build|start|test|fuzz|bench|interop]
//
// A step that is done already is skipped; what is installed lives outside git (node_modules, the user's cache folder, the system's packages).
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(fileURLToPath(import.meta.url));
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "hawser");
const TARGET = "wasm32-unknown-unknown";

/** A reason why set-up or build cannot go on, in one line that says what to do. */
export class SetupError extends Error {}

/** Programs that come from the system. `env` names the variable that overrides the search. */
const TOOLS = {
  cc: { what: "a C compiler (Rust links with it)", names: ["cc", "gcc", "clang"], packages: ["gcc", "libc6-dev"] },
  cxx: { what: "a C++ compiler (the fuzzer is written in it)", names: ["c++", "g++", "clang++"], packages: ["g++"] },
  chromium: {
    what: "Chromium",
    env: "CHROMIUM",
    names: [
      "chromium",
      "chromium-browser",
      "google-chrome",
      "google-chrome-stable",
      "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ],
    packages: ["chromium"],
  },
  chromedriver: { what: "chromedriver", env: "CHROMEDRIVER", names: ["chromedriver"], packages: ["chromium-driver"] },
  mosquitto: { what: "Mosquitto", env: "MOSQUITTO", names: ["mosquitto"], packages: ["mosquitto"] },
  // Brokers of the interoperability tests, and what they run on.
  erl: { what: "Erlang", names: ["erl"], packages: ["erlang-base"] },
  epmd: { what: "Erlang's port mapper", names: ["epmd"], packages: ["erlang-base"] },
  ejabberd: { what: "ejabberd", names: ["ejabberdctl"], packages: ["ejabberd"] },
  rabbitmq: { what: "RabbitMQ", names: ["/usr/lib/rabbitmq/bin/rabbitmq-server"], packages: ["rabbitmq-server"] },
  nats: { what: "NATS", names: ["nats-server"], packages: ["nats-server"] },
};
/** Debian's second Rust, new enough for us and with its sources: where rustup cannot fetch a wasm32 target we build one from it. */
const DEBIAN_RUST = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "lld-22"];
const DEBIAN_BIN = "/usr/bin";

/** What each purpose needs besides the npm packages, the wasm32 target and wasm-bindgen. It can do without what is `optional`. */
const PURPOSES = {
  build: { tools: ["cc"] },
  start: { tools: ["cc"] },
  bench: { tools: ["cc", "chromium"] },
  fuzz: { tools: ["cc", "cxx"] },
  test: { tools: ["cc", "cxx", "chromium", "chromedriver", "mosquitto", "erl", "ejabberd"], components: ["rustfmt", "clippy"] },
  torture: { tools: ["cc", "chromium", "mosquitto", "erl", "ejabberd"] },
  interop: { tools: ["cc", "chromium", "mosquitto"], optional: ["erl", "epmd", "ejabberd", "rabbitmq", "nats"] },
};

/** Output of a command, trimmed; undefined when it is missing or fails. */
function capture(command, args, env = process.env) {
  const done = spawnSync(command, args, { cwd: ROOT, env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return done.status === 0 ? done.stdout.trim() : undefined;
}

/** Announces and runs one step quietly. When it fails: with a `hint` its last lines are shown and the hint is thrown; without, there is another way. */
function step(title, command, args, { hint, env = process.env, seconds = 1800 } = {}) {
  const from = Date.now();
  process.stdout.write(`set-up: ${title} ...`);
  const done = spawnSync(command, args, {
    cwd: ROOT,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: seconds * 1000,
    maxBuffer: 1 << 28,
  });
  const ok = done.status === 0;
  console.log(` ${ok ? "done" : hint ? "failed" : "not possible here"} (${((Date.now() - from) / 1000).toFixed(1)} s)`);
  if (!ok && hint) {
    console.error(`${done.stdout ?? ""}${done.stderr ?? ""}`.trim().split("\n").slice(-15).join("\n"));
    throw new SetupError(`${hint} (${command} ${args[0]} ${done.error ? done.error.code : `ended with ${done.status ?? done.signal}`})`);
  }
}

/** Runs `work` while no other process holds the lock file. A lock whose owner is gone is taken over. */
export function withLock(path, work) {
  mkdirSync(dirname(path), { recursive: true });
  let told = false;
  for (;;) {
    try {
      writeFileSync(path, `${process.pid}`, { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const owner = lockOwner(path);
    if (owner !== undefined && !alive(owner)) {
      // Renaming first: of two processes that saw the dead owner, only one takes the file away.
      const stale = `${path}.${process.pid}`;
      try {
        renameSync(path, stale);
        if (lockOwner(stale) === owner) rmSync(stale, { force: true });
        else renameSync(stale, path);
      } catch {} // the other one was quicker
      continue;
    }
    if (!told) console.log(`waiting for process ${owner ?? "?"}, which does the same work`);
    told = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
  }
  const release = () => rmSync(path, { force: true });
  process.once("exit", release);
  const end = () => {
    process.off("exit", release);
    release();
  };
  let result;
  try {
    result = work();
  } catch (error) {
    end();
    throw error;
  }
  if (!(result instanceof Promise)) {
    end();
    return result;
  }
  return result.finally(end);
}

/** Process id in a lock file; undefined while its owner is still writing it, or when it is gone. */
function lockOwner(path) {
  try {
    return Number(readFileSync(path, "utf8")) || undefined;
  } catch {
    return undefined;
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Path of a program of `TOOLS`, undefined when it is not installed. Daemons stand in sbin, which is not on every user's PATH. */
export function findTool(name) {
  const { env, names } = TOOLS[name];
  const wanted = process.env[env] ? [process.env[env]] : names;
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"].filter(Boolean);
  for (const candidate of wanted) {
    const paths = candidate.includes("/") ? [candidate] : folders.map((folder) => join(folder, candidate));
    const found = paths.find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
    if (found) return found;
  }
  return undefined;
}

/** Path of a program of `TOOLS`; throws the line that says what to install. */
export function tool(name) {
  const path = findTool(name);
  if (path) return path;
  const { what, env, packages } = TOOLS[name];
  const found = env && process.env[env] ? `${env}=${process.env[env]} is no program; ` : "";
  throw new SetupError(
    `${what} is missing: ${found}install it (Debian: apt-get install ${packages.join(" ")})${env ? ` or name it in ${env}` : ""}`,
  );
}

/** Whether node_modules holds exactly what package-lock.json wants: npm writes what it installed into node_modules/.package-lock.json. */
function npmPackagesDone() {
  const read = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).packages : undefined);
  const wanted = read(join(ROOT, "package-lock.json"));
  const installed = read(join(ROOT, "node_modules", ".package-lock.json"));
  if (!wanted || !installed) return false;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => !path || installed[path]?.version === version || (optional && !installed[path]),
  );
}

/** Whether this rustc has a standard library for wasm32. */
function hasWasmStd(rustc) {
  const folder = capture(rustc, ["--print", "target-libdir", "--target", TARGET]);
  return !!folder && existsSync(folder) && readdirSync(folder).some((file) => /^libstd-.*\.rlib$/.test(file));
}

/** Environment that makes Debian's cargo and rustc come first, rustup's proxies notwithstanding. */
function debianRustEnv() {
  const env = {
    ...process.env,
    PATH: `${DEBIAN_BIN}${delimiter}${process.env.PATH}`,
    CARGO: join(DEBIAN_BIN, "cargo"),
    RUSTC: join(DEBIAN_BIN, "rustc"),
    RUSTDOC: join(DEBIAN_BIN, "rustdoc"),
  };
  delete env.RUSTUP_TOOLCHAIN;
  return env;
}

function findWasmToolchain() {
  const shared = { CARGO_TARGET_DIR: join(ROOT, "target", "wasm") };
  if (hasWasmStd("rustc")) return { ...process.env, ...shared, CARGO: "cargo" };
  if (existsSync(join(DEBIAN_BIN, "rustc")) && hasWasmStd(join(DEBIAN_BIN, "rustc"))) return { ...debianRustEnv(), ...shared };
  return undefined;
}

let foundToolchain;
/** Environment in which `cargo ... --target wasm32-unknown-unknown` works: PATH, CARGO, RUSTC, CARGO_TARGET_DIR (target/wasm). */
export function wasmToolchain() {
  foundToolchain ??= findWasmToolchain();
  if (foundToolchain) return foundToolchain;
  throw new SetupError(
    `Rust has no wasm32 target: run \`rustup target add ${TARGET}\` (on Debian without rustup's servers: run this as root)`,
  );
}

/** Version of the wasm-bindgen crate in Cargo.lock: its tools must be of exactly that version. */
export function wasmBindgenVersion() {
  const version = /name = "wasm-bindgen"\nversion = "([^"]+)"/.exec(readFileSync(join(ROOT, "Cargo.lock"), "utf8"))?.[1];
  if (!version) throw new SetupError("Cargo.lock names no wasm-bindgen: restore it with `git checkout Cargo.lock`");
  return version;
}

/** Folder that holds wasm-bindgen and wasm-bindgen-test-runner of the right version, undefined when there is none. */
function findWasmBindgen() {
  const version = wasmBindgenVersion();
  const programs = ["wasm-bindgen", "wasm-bindgen-test-runner"];
  const folders = [join(CACHE, `wasm-bindgen-${version}`, "bin"), ...(process.env.PATH ?? "").split(delimiter)].filter(Boolean);
  return folders.find((folder) =>
    programs.every(
      (program) => existsSync(join(folder, program)) && capture(join(folder, program), ["--version"])?.endsWith(` ${version}`),
    ),
  );
}

/** Path of one of wasm-bindgen's tools: "wasm-bindgen" or "wasm-bindgen-test-runner". */
export function wasmBindgen(program = "wasm-bindgen") {
  const folder = findWasmBindgen();
  if (folder) return join(folder, program);
  throw new SetupError(`wasm-bindgen ${wasmBindgenVersion()} is missing: run \`node setup.mjs\``);
}

const isDebianRoot = () => process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
const hasComponent = (name) => capture("cargo", [name === "rustfmt" ? "fmt" : name, "--version"]) !== undefined;
const needsDebianStd = () => isDebianRoot() && !findWasmToolchain();

/** Debian's packages may start their daemons when they are installed; this file, while it is there, forbids it. */
const DAEMON_POLICY = "/usr/sbin/policy-rc.d";

/** Without `whats` the packages are a luxury: work goes on when they cannot be had. */
function installDebianPackages(packages, whats) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const wait = ["-o", "DPkg::Lock::Timeout=300"];
  const hint = whats && `install ${whats.join(", ")} by hand: apt-get install ${packages.join(" ")}`;
  const forbid = !existsSync(DAEMON_POLICY);
  if (forbid) writeFileSync(DAEMON_POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    step("Debian's package lists", "apt-get", ["update", "-q", ...wait], { env, hint });
    const install = ["install", "-y", "-q", "--no-install-recommends", ...wait, ...packages];
    step(`Debian packages: ${packages.join(" ")}`, "apt-get", install, { env, hint });
  } finally {
    if (forbid) rmSync(DAEMON_POLICY, { force: true });
  }
}

/** Builds Rust's standard library for wasm32 from Debian's sources and puts it into Debian's sysroot. */
function buildDebianStd() {
  const env = debianRustEnv();
  const sysroot = capture(env.RUSTC, ["--print", "sysroot"], env);
  const version = capture(env.RUSTC, ["--version"], env).split(" ")[1];
  const scratch = join(CACHE, `wasm-std-${version}`);
  delete env.CARGO_ENCODED_RUSTFLAGS;
  Object.assign(env, {
    RUSTC_BOOTSTRAP: "1",
    CARGO_TARGET_DIR: scratch,
    CARGO_PROFILE_RELEASE_PANIC: "abort",
    __CARGO_DEFAULT_LIB_METADATA: "release",
    RUSTFLAGS: "-Zforce-unstable-if-unmarked -Cembed-bitcode=yes",
  });
  const manifest = join(sysroot, "lib/rustlib/src/rust/library/sysroot/Cargo.toml");
  const args = [
    "build",
    "--release",
    "-p",
    "sysroot",
    "--features",
    "compiler-builtins-mem",
    "--target",
    TARGET,
    "--manifest-path",
    manifest,
  ];
  step(`Rust's standard library for wasm32, built from Debian's sources (about a minute)`, env.CARGO, args, {
    env,
    hint: `run \`rustup target add ${TARGET}\` by hand`,
  });
  // Copied beside and renamed, so that nobody ever sees half of it.
  const lib = join(sysroot, "lib/rustlib", TARGET, "lib");
  const half = `${lib}.${process.pid}`;
  const deps = join(scratch, TARGET, "release", "deps");
  cpSync(deps, half, { recursive: true, filter: (path) => path === deps || path.endsWith(".rlib") });
  rmSync(lib, { recursive: true, force: true });
  renameSync(half, lib);
}

function installWasmBindgen() {
  const version = wasmBindgenVersion();
  const folder = join(CACHE, `wasm-bindgen-${version}`);
  const scratch = `${folder}-build`;
  // A debug build: an eighth of the compile time, and quick enough for one small module. Its own lock file is not used: it pins newer crates than some registries mirror.
  const args = ["install", "wasm-bindgen-cli", "--version", version, "--debug", "--force", "--root", folder];
  const env = { ...process.env, CARGO_TARGET_DIR: scratch };
  step(`wasm-bindgen ${version} (about two minutes)`, "cargo", args, {
    env,
    hint: `install it by hand: cargo install wasm-bindgen-cli --version ${version}`,
  });
  rmSync(scratch, { recursive: true, force: true });
}

/** What is still missing for a purpose, as a list of step names. Cheap: called at every start. */
function missing({ tools, optional = [], components = [] }) {
  return [
    ...[...tools, ...(isDebianRoot() ? optional : [])].filter((name) => !findTool(name)),
    ...components.filter((name) => !hasComponent(name)),
    ...(findWasmToolchain() ? [] : ["wasm32"]),
    ...(findWasmBindgen() ? [] : ["wasm-bindgen"]),
    ...(npmPackagesDone() ? [] : ["npm"]),
  ];
}

function install({ tools, optional = [], components = [] }) {
  const rustup = capture("rustup", ["--version"]) !== undefined;
  if (!npmPackagesDone())
    step("npm packages", "npm", ["ci", "--no-audit", "--no-fund"], { hint: "npm ci must work: see its message above" });
  for (const name of components.filter((component) => !hasComponent(component))) {
    const hint = `${name} is missing: run \`rustup component add ${name}\``;
    if (!rustup) throw new SetupError(hint);
    step(name, "rustup", ["component", "add", name], { hint });
  }
  if (!findWasmToolchain() && rustup) step(`rustup target add ${TARGET}`, "rustup", ["target", "add", TARGET], { seconds: 600 });

  const absent = tools.filter((name) => !findTool(name));
  const packages = absent.flatMap((name) => TOOLS[name].packages);
  const whats = absent.map((name) => TOOLS[name].what);
  if (needsDebianStd()) {
    packages.push(...DEBIAN_RUST);
    whats.push("Debian's Rust with its sources");
  }
  if (packages.length > 0 && isDebianRoot()) installDebianPackages(packages, whats);
  for (const name of absent) tool(name);
  const luxuries = [...new Set(optional.filter((name) => !findTool(name)).flatMap((name) => TOOLS[name].packages))];
  if (luxuries.length > 0 && isDebianRoot()) installDebianPackages(luxuries);
  if (needsDebianStd()) buildDebianStd();
  wasmToolchain();
  if (!findWasmBindgen()) installWasmBindgen();
}

/** Does all the set-up that `purpose` ("build", "start", "test", "fuzz", "bench", "torture", "interop") needs and is not there yet. */
export function setUp(purpose) {
  const needs = PURPOSES[purpose];
  if (!needs) throw new SetupError(`--for takes one of ${Object.keys(PURPOSES).join(", ")}`);
  if (Number(process.versions.node.split(".")[0]) < 20)
    throw new SetupError(`Node ${process.versions.node} is too old: install Node 20 or newer`);
  if (!capture("cargo", ["--version"]) || !capture("rustc", ["--version"]))
    throw new SetupError("Rust is missing or has no default toolchain: install it with rustup (`rustup default stable`)");
  if (missing(needs).length === 0) return;
  withLock(join(CACHE, "setup.lock"), () => install(needs));
}

/** Runs a command-line entry point: a SetupError becomes one line and exit code 1. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** Whether the module at `url` is the script that was started. */
export const isMain = (url) => process.argv[1] === fileURLToPath(url);

if (isMain(import.meta.url)) {
  const at = process.argv.indexOf("--for");
  const purpose = at < 0 ? "build" : (process.argv[at + 1] ?? "");
  await main(() => {
    setUp(purpose);
    console.log(`set-up: all there for ${purpose}`);
  });
}
