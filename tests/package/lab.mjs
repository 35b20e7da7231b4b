// Serves a built project, opens it in headless Chromium, and answers its client like a broker with one retained message.
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import http from "node:http";
import { extname, join, normalize } from "node:path";
import { WebSocketServer } from "ws";
import { launchChromium } from "../chromium.mjs";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm", ".json": "application/json" };

/** All that a page needs to be allowed for the engine to run: no eval, no blob, nothing inline. */
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ws:";

/** A browser, closed by `close`. */
export const openBrowser = () => launchChromium();

/**
 * Serves a folder on the loopback interface under the strict policy. `types` overrides MIME types by extension.
 *
 * @returns {Promise<{ url: string, close: () => void }>}
 */
export async function serve(folder, types = {}) {
  const server = http.createServer((request, response) => {
    const name = normalize(new URL(request.url, "http://localhost").pathname);
    const file = join(folder, name === "/" ? "index.html" : name);
    if (!existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    const type = { ...TYPES, ...types }[extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { "Content-Type": type, "Content-Security-Policy": POLICY }).end(readFileSync(file));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

/** A peer that accepts everybody, grants every filter, and sends "hello" on the topic `greeting/world` to whoever subscribes. */
export async function startPeer() {
  const peer = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(peer, "listening");
  peer.on("connection", (socket) => socket.on("message", (frame) => answer(socket, frame)));
  const close = () => {
    for (const socket of peer.clients) socket.terminate();
    peer.close();
  };
  return { url: `ws://127.0.0.1:${peer.address().port}/mqtt`, close };
}

const GREETING = Buffer.concat([Buffer.from([0x30, 22, 0, 14]), Buffer.from("greeting/world"), Buffer.from([0]), Buffer.from("hello")]);

/** The pages send one packet a frame at these moments: CONNECT, SUBSCRIBE (a short one), DISCONNECT. */
function answer(socket, frame) {
  if (frame[0] === 0x10) socket.send(Buffer.from([0x20, 3, 0, 0, 0]));
  if (frame[0] === 0x82) socket.send(Buffer.concat([Buffer.from([0x90, 4, frame[2], frame[3], 0, 0]), GREETING]));
}

/**
 * Opens a page and waits for what it says with `document.title`. An error in the page fails, whatever it says.
 *
 * @returns {Promise<string>}
 */
export async function titleOf(browser, url) {
  const page = await browser.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  try {
    await page.goto(url);
    await page.waitForFunction(() => document.title !== "", { timeout: 20_000 });
    if (faults.length > 0) throw new Error("it did what it should");
    return await page.title();
  } catch (error) {
    throw new Error(`${error.message}, but in the page: ${faults.join("; ") || "no fault"}`);
  } finally {
    await page.close();
  }
}
