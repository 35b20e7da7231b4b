// Rust programs of this repository that Node starts: built with cargo unless this very source has been built before, and kept outside git.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { access, copyFile, mkdir, readdir, readFile, rename } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "hawser");

/**
 * @param {object} source
 * @param {string} source.crate folder of the crate, with a slash at its end
 * @param {string} source.program name of the executable
 * @param {string} source.folder how its folder in the cache begins
 * @param {string} source.what for people: "the embedded broker"
 * @param {string[]} source.flags of `cargo build`
 * @param {string} [source.from] where cargo runs (default: the crate)
 * @param {string} [source.locked] what its dependencies are, when the crate's own folder does not say
 * @returns {Promise<string>} path of the executable
 */
export async function buildProgram({ crate, program, folder, what, flags, from = crate, locked = "" }) {
  const path = join(cache, `${folder}-${await sourceDigest(crate, locked)}`, program);
  const built = await access(path).then(
    () => true,
    () => false,
  );
  if (!built) {
    console.error(`Building ${what} (the first time takes a few minutes) ...`);
    await keep(await cargoBuild(program, flags, from, what), path);
  }
  return path;
}

/** Moves the program into the cache in one step, so that no other process sees half of it. */
async function keep(executable, path) {
  await mkdir(join(path, ".."), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  await copyFile(executable, unfinished);
  await rename(unfinished, path);
}

/** Names the sources and the versions of what they depend on. */
async function sourceDigest(crate, locked) {
  const digest = createHash("sha256");
  const entries = await readdir(crate, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  const sources = files.filter((file) => !file.startsWith(join(crate, "target")));
  for (const file of sources.sort()) digest.update(file.slice(crate.length)).update(await readFile(file));
  digest.update(locked);
  return digest.digest("hex").slice(0, 16);
}

/** Runs cargo and answers with the path of the executable, as cargo reports it. */
async function cargoBuild(program, flags, from, what) {
  const options = { cwd: from, stdio: ["ignore", "pipe", "inherit"] };
  const child = spawn("cargo", ["build", ...flags, "--message-format", "json-render-diagnostics"], options);
  const finished = new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  let executable = "";
  for await (const line of createInterface({ input: child.stdout })) {
    const message = JSON.parse(line);
    if (message.reason === "compiler-artifact" && message.target.name === program) executable = message.executable;
  }
  const code = await finished;
  if (code !== 0 || !executable) throw new Error(`cargo could not build ${what} (exit code ${code})`);
  return executable;
}

/**
 * Starts a program that says in its first line that it is up, `listening PORT TCP-PORT` for example. It ends with this process.
 * @param {string} path
 * @param {string[]} args
 * @param {string} what for people
 * @returns {Promise<{ ports: number[], end: (signal: NodeJS.Signals) => Promise<void> }>}
 */
export async function startProgram(path, args, what) {
  const child = spawn(path, args, { stdio: ["pipe", "pipe", "inherit"] });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    const end = (signal) => {
      child.kill(signal);
      return gone.then(() => undefined);
    };
    return { ports: line.split(" ").slice(1).map(Number), end };
  }
  throw new Error(`${what} did not start (exit code ${await gone})`);
}
