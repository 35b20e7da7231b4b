// The package as users get it: packed, installed in small projects, type-checked, bundled, run in Chromium, imported on a server.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { build as bundle } from "esbuild";
import { exampleFile, examplesIn, exportedNames, readmeExample } from "./examples.mjs";
import { openBrowser, serve, startPeer, titleOf } from "./lab.mjs";
import { copy, installed, pack, project, run, tool } from "./project.mjs";

const HTML = '<!doctype html><html lang="en"><head><title></title><script type="module" src="SCRIPT"></script></head><body></body></html>';

/** A page that connects to the address in its query, and says in its title what it received and where, or why it stopped. */
const PAGE = `
import { connect } from "hawser";
const client = connect(new URLSearchParams(location.search).get("broker"));
client.addEventListener("error", () => undefined);
client.addEventListener("status", ({ status }) => {
  if (status.state === "stopped" && status.cause.kind !== "closed") document.title = status.cause.kind;
});
try {
  for await (const message of client.subscribe("greeting/+whom")) {
    await client.close();
    document.title = message.text() + " " + message.params.whom + " in the " + client.status.host.kind;
    break;
  }
} catch (error) {
  if (!error.stack.startsWith("StoppedError: ")) throw error; // with its name, although the package is minified
}
`;

/** A strict TypeScript project that uses what users use most. */
const TYPED = `
import { connect, OptionError, type Message, type Params, type Status } from "hawser";
const client = connect("wss://broker.example/mqtt", { keepAlive: "20s", will: { topic: "gone", payload: { at: 1 } } });
client.addEventListener("status", ({ status }: { status: Status }) => status.state === "waiting" && status.retryAt);
client.subscribe("device/+id/state", { qos: 1 }, (message) => message.params.id.length);
export async function all(): Promise<string[]> {
  const ids: string[] = [];
  for await (const message of client.subscribe("a/+id")) ids.push(message.params.id);
  await using other = connect("wss://broker.example/mqtt");
  return [...ids, other.status.state];
}
export const rest: Params<"x/#rest"> = { rest: "" };
export const typed = (message: Message<"a/+b">): string => message.params.b;
// @ts-expect-error there is no such wildcard
export const wrong = (message: Message<"a/+b">): string => message.params.c;
export const named = (error: unknown): string => (error instanceof OptionError ? error.option : "");
`;

/** Imports the package where every global of a browser throws when it is touched. */
const SERVER = `
const forbidden = ["window", "document", "self", "navigator", "location", "WebSocket", "fetch", "WebAssembly", "Worker", "TextEncoder", "TextDecoder",
  "crypto", "performance", "indexedDB", "setTimeout", "queueMicrotask", "Response", "URL", "AbortController"];
for (const name of forbidden) {
  Object.defineProperty(globalThis, name, { get: () => { throw new Error(name + " was touched"); } });
}
const { connect, HawserError } = await import("hawser");
if (typeof connect !== "function" || typeof HawserError !== "function") throw new Error("nothing was exported");
process.stdout.write("imported");
`;

describe("the package", () => {
  let packed;
  let bare;
  let browser;
  let peer;

  before(async () => {
    packed = pack();
    bare = project("bare", packed.tarball, { "server.mjs": SERVER });
    peer = await startPeer();
    browser = await openBrowser();
  });

  after(async () => {
    peer?.close();
    await browser?.close();
  });

  /** What a built folder says when it is served and opened. */
  async function opened(folder, types) {
    const site = await serve(folder, types);
    try {
      return await titleOf(browser, `${site.url}?broker=${encodeURIComponent(peer.url)}`);
    } finally {
      site.close();
    }
  }

  test("holds what it needs and nothing else", () => {
    const { files } = packed;
    for (const name of [
      "package.json",
      "README.md",
      "LICENSE-MIT",
      "LICENSE-APACHE",
      "dist/hawser.js",
      "dist/hawser.wasm",
      "dist/worker.js",
      "dist/index.d.ts",
    ]) {
      assert.ok(files.includes(name), `${name} is missing`);
    }
    const allowed =
      /^(package\.json|README\.md|CHANGELOG\.md|LICENSE(-MIT|-APACHE)?|dist\/(hawser\.wasm|(hawser|worker)\.js(\.map)?|(errors\/)?[a-z-]+\.d\.ts))$/;
    assert.deepEqual(
      files.filter((name) => !allowed.test(name)),
      [],
    );
  });

  test("its types hold no any, and nothing that is internal or generated", () => {
    const declarations = installed(bare).filter((name) => name.endsWith(".d.ts"));
    assert.ok(declarations.length > 10);
    for (const name of declarations) {
      const code = readFileSync(join(bare, "node_modules/hawser", name), "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "");
      assert.doesNotMatch(code, /\bany\b/, name);
      assert.doesNotMatch(code, /#engine|target\/pkg|wasm-bindgen/, name);
    }
  });

  for (const [module, resolution] of [
    ["ESNext", "bundler"],
    ["Node16", "node16"],
    ["NodeNext", "nodenext"],
  ]) {
    test(`compiles in a strict project with moduleResolution ${resolution}, libraries checked too`, () => {
      const options = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false, noEmit: true };
      const target = { target: "ES2022", module, moduleResolution: resolution, types: [] };
      const tsconfig = JSON.stringify({ compilerOptions: { ...options, ...target }, include: ["index.ts"] });
      const at = project(`typed-${resolution}`, packed.tarball, { "index.ts": TYPED, "tsconfig.json": tsconfig });
      tool("typescript/bin/tsc", ["-p", "."], at);
    });
  }

  test("every public name has a doc comment with an example, and all examples compile, the README's too", () => {
    const read = (name) => readFileSync(join(bare, "node_modules/hawser", name), "utf8");
    const names = exportedNames(read("dist/index.d.ts"));
    const declarations = installed(bare).filter((name) => name.endsWith(".d.ts"));
    const all = new Map(declarations.flatMap((name) => [...examplesIn(read(name))]));
    assert.deepEqual(
      names.filter((name) => !all.get(name)?.trim()),
      [],
    );
    const examples = [...names.map((name) => [name, all.get(name)]), ["Readme", readmeExample(read("README.md"))]];
    const compilerOptions = { strict: true, noEmit: true, target: "ES2022", module: "ESNext", moduleResolution: "bundler", types: [] };
    const at = project("examples", packed.tarball, {
      "index.ts": exampleFile(names, examples),
      "tsconfig.json": JSON.stringify({ compilerOptions, include: ["index.ts"] }),
    });
    tool("typescript/bin/tsc", ["-p", "."], at);
  });

  test("can be imported on a server without touching a global of the browser", () => {
    assert.equal(run(process.execPath, ["server.mjs"], bare), "imported");
  });

  describe("bundled by esbuild, with wasm and worker copied beside it", () => {
    let at;

    before(async () => {
      at = project("esbuild", packed.tarball, { "main.js": PAGE, "dist/index.html": HTML.replace("SCRIPT", "/assets/main.js") });
      await bundle({ absWorkingDir: at, entryPoints: ["main.js"], bundle: true, format: "esm", minify: true, outdir: "dist/assets" });
      for (const file of ["hawser.wasm", "worker.js"]) copy(at, `node_modules/hawser/dist/${file}`, `dist/assets/${file}`);
    });

    test("runs under a policy that allows scripts of its own and 'wasm-unsafe-eval'", async () => {
      assert.equal(await opened(join(at, "dist")), "hello world in the worker");
    });

    test("runs when the server does not know the type of .wasm", async () => {
      assert.equal(await opened(join(at, "dist"), { ".wasm": "application/octet-stream" }), "hello world in the worker");
    });

    test("runs in the page where the worker was left out", async () => {
      rmSync(join(at, "dist/assets/worker.js"));
      assert.equal(await opened(join(at, "dist")), "hello world in the page");
    });
  });

  test("without its wasm it stops with a cause that says so", async () => {
    const at = project("no-wasm", packed.tarball, { "main.js": PAGE, "dist/index.html": HTML.replace("SCRIPT", "/main.js") });
    await bundle({ absWorkingDir: at, entryPoints: ["main.js"], bundle: true, format: "esm", outdir: "dist" });
    assert.equal(await opened(join(at, "dist")), "engine");
  });

  test("as it is, without any bundler, it runs", async () => {
    const at = project("plain", packed.tarball, {
      "main.js": PAGE.replace('"hawser"', '"/node_modules/hawser/dist/hawser.js"'),
      "index.html": HTML.replace("SCRIPT", "/main.js"),
    });
    assert.equal(await opened(at), "hello world in the worker");
  });

  describe("in a Vite project", () => {
    let at;
    let vite;

    before(async () => {
      at = project("vite", packed.tarball, { "main.js": PAGE, "index.html": HTML.replace("SCRIPT", "/main.js") });
      vite = await import("vite");
    });

    test("the build finds wasm and worker, gives them names with a hash, and runs", async () => {
      await vite.build({ root: at, logLevel: "error", configFile: false });
      const assets = readdirSync(join(at, "dist/assets"));
      for (const file of [/^hawser-[\w-]+\.wasm$/, /^worker-[\w-]+\.js$/])
        assert.ok(
          assets.some((name) => file.test(name)),
          assets.join(" "),
        );
      assert.equal(await opened(join(at, "dist")), "hello world in the worker");
    });

    test("the development server runs it", async () => {
      const server = await vite.createServer({ root: at, logLevel: "error", configFile: false, server: { host: "127.0.0.1", port: 0 } });
      try {
        await server.listen();
        const { port } = server.httpServer.address();
        assert.equal(
          await titleOf(browser, `http://127.0.0.1:${port}/?broker=${encodeURIComponent(peer.url)}`),
          "hello world in the worker",
        );
      } finally {
        await server.close();
      }
    });
  });

  test("its source map leads to sources that it holds", () => {
    const map = JSON.parse(readFileSync(join(bare, "node_modules/hawser/dist/hawser.js.map"), "utf8"));
    assert.equal(map.sources.length, map.sourcesContent?.length);
  });
});
