// The two servers of the benchmark: files for the pages, and the native MQTT peer.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { dirname, extname, join, normalize } from "node:path";
import { createInterface } from "node:readline";
import { ROOT, SetupError } from "../../setup.mjs";

const PAGES = join(ROOT, "tests/bench/pages");
/** Where the folders under a URL live. */
const FOLDERS = {
  "/dist/": join(ROOT, "dist"),
  "/mqtt/": join(dirname(createRequire(import.meta.url).resolve("mqtt/package.json")), "dist"),
  "/": PAGES,
};
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

function answer(request, response) {
  const { pathname } = new URL(request.url, "http://localhost");
  const prefix = Object.keys(FOLDERS).find((name) => pathname.startsWith(name));
  const path = normalize(pathname.slice(prefix.length));
  const type = TYPES[extname(path)];
  try {
    if (!type || path.startsWith("..")) throw new Error("not one of ours");
    const bytes = readFileSync(join(FOLDERS[prefix], path));
    // Start-up is measured with nothing cached.
    response.writeHead(200, { "content-type": type, "content-length": bytes.length, "cache-control": "no-store" }).end(bytes);
  } catch {
    response.writeHead(404).end();
  }
}

/** Serves the pages, dist/ and MQTT.js on a free port of loopback. */
export async function servePages() {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Builds the native peer when its sources changed; cargo knows. @returns {string} path of the program */
export function buildBlast() {
  const target = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");
  const done = spawnSync("cargo", ["build", "--quiet", "--release", "--locked", "-p", "hawser-blast"], { cwd: ROOT, stdio: "inherit" });
  if (done.status !== 0) throw new SetupError("bench: the blast server does not build, see above");
  return join(target, "release/hawser-blast");
}

/** Starts the native peer; it ends with this process, whose end closes its standard input. */
export async function startBlast(program) {
  const child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(createInterface(child.stdout), "line");
  return {
    url: `ws://127.0.0.1:${line.split(" ")[1]}/`,
    pid: child.pid,
    close: () => child.stdin.end(),
  };
}

/**
 * What the native peer can do with a native client, on this machine, now.
 * @returns {{ filter: string, count: number, milliseconds: number }[]}
 */
export function rawRates(program, filters) {
  const done = spawnSync(program, ["raw", ...filters], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  if (done.status !== 0) throw new Error("the blast server cannot serve itself");
  return done.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}
