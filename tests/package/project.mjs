// Packs the package and installs it in small projects, as users do.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "../../setup.mjs";

/** Projects live inside the repository, so that they find the tools (esbuild, Vite, tsc) that are installed there. */
const PLACE = join(ROOT, "target/package");

/** Runs a program to its end; a failure throws with what it printed. */
export function run(program, args, cwd = ROOT) {
  try {
    return execFileSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    throw new Error(`${program} ${args.join(" ")} failed:\n${error.stdout}\n${error.stderr}`);
  }
}

/** One of the repository's tools, run by this Node. */
export const tool = (path, args, cwd) => run(process.execPath, [join(ROOT, "node_modules", path), ...args], cwd);

/** Packs the package. Gives the tarball and the names of the files in it. */
export function pack() {
  rmSync(PLACE, { recursive: true, force: true });
  mkdirSync(PLACE, { recursive: true });
  const [packed] = JSON.parse(run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", PLACE]));
  return { tarball: join(PLACE, packed.filename), files: packed.files.map(({ path }) => path) };
}

/** A new project with these files and the tarball installed. Nothing is asked of a registry. */
export function project(name, tarball, files) {
  const at = join(PLACE, name);
  write(at, { "package.json": JSON.stringify({ name, private: true, type: "module" }), ...files });
  run("npm", ["install", "--offline", "--no-audit", "--no-fund", "--ignore-scripts", tarball], at);
  return at;
}

function write(at, files) {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(at, name)), { recursive: true });
    writeFileSync(join(at, name), text);
  }
}

/** What a project has installed of the package, as paths. */
export function installed(at) {
  const folder = join(at, "node_modules/hawser");
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1));
}

/** Copies what a page needs that its bundler leaves where it is. */
export function copy(at, from, to) {
  cpSync(join(at, from), join(at, to));
}
