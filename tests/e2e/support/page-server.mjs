// A tiny static server for the test page and the built package.

import { readFile } from "node:fs/promises";
import http from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("../../../", import.meta.url));
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm", ".map": "application/json" };

/**
 * Serves a folder of the repository at `/` and `dist/` at `/dist/` on a free loopback port; what a query names `before` comes before the file.
 * @param {object} [options]
 * @param {string} [options.folder]
 * @param {Record<string, string>} [options.files] more files of the repository, by the path at which they are served
 * @param {(request: http.IncomingMessage, socket: import("node:stream").Duplex, head: Buffer) => void} [options.upgrade] to a WebSocket
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 */
export async function servePage({ folder = "tests/e2e/page", files = {}, upgrade } = {}) {
  const server = http.createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    const path = normalize(pathname);
    const file = path === "/" ? "/index.html" : path;
    const place = file.startsWith("/dist/") ? repository : join(repository, folder);
    try {
      const body = await readFile(file in files ? join(repository, files[file]) : join(place, file));
      response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
      response.write(searchParams.get("before") ?? "");
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  if (upgrade) server.on("upgrade", upgrade);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
