// The page's files, built as a user of the package would build theirs: esbuild bundles `import { connect } from "hawser"`.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const WWW = at("../");
const ROOT = at("../../");
const FONTS = ["geist", "geist-mono"];

/**
 * @typedef {object} PageFile
 * @property {string} type content type
 * @property {Buffer | Uint8Array | string} body
 */

/**
 * Builds the page.
 * @returns {Promise<Map<string, PageFile>>} by path
 */
export async function buildPage() {
  const bundle = await build({
    absWorkingDir: ROOT,
    entryPoints: { main: "www/main.ts", "main-style": "www/styles/main.css" },
    outdir: "out",
    bundle: true,
    format: "esm",
    minify: true,
    platform: "browser",
    target: "es2022",
    external: ["*.woff2"],
    // Not www/tsconfig.json: there the compiler is led to the package's sources, here the built package is wanted.
    tsconfigRaw: {},
    write: false,
    logLevel: "warning",
  });
  const built = (end) => bundle.outputFiles.find((file) => file.path.endsWith(end)).contents;
  const files = new Map([
    ["/", { type: "text/html; charset=utf-8", body: await readFile(`${WWW}index.html`, "utf8") }],
    ["/main.js", { type: "text/javascript; charset=utf-8", body: built("main.js") }],
    ["/main.css", { type: "text/css; charset=utf-8", body: built("main-style.css") }],
    ["/icon.svg", { type: "image/svg+xml", body: await readFile(`${WWW}icon.svg`) }],
    // The package looks for its engine, and for the worker that runs it, beside the module that it was bundled into.
    ["/worker.js", { type: "text/javascript; charset=utf-8", body: await readFile(`${ROOT}dist/worker.js`) }],
    ["/hawser.wasm", { type: "application/wasm", body: await readFile(`${ROOT}dist/hawser.wasm`) }],
  ]);
  for (const font of FONTS) {
    const name = `${font}-latin-wght-normal.woff2`;
    files.set(`/${name}`, { type: "font/woff2", body: await readFile(`${ROOT}node_modules/@fontsource-variable/${font}/files/${name}`) });
  }
  return files;
}

/**
 * The page as it is served: with the address of the broker in it.
 * @param {PageFile} page
 * @param {string} brokerUrl what the page connects to
 * @returns {PageFile}
 */
export function withBroker({ type, body }, brokerUrl) {
  return { type, body: body.replace('name="broker" content=""', `name="broker" content="${brokerUrl}"`) };
}
