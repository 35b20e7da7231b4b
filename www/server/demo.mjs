// The whole demo: broker, simulated devices, chaos proxy, and a web server for the page and its buttons. Loopback only.
import { createServer } from "node:http";
import { startDevices, startEmbeddedBroker } from "./broker.mjs";
import { FaultPanel } from "./faults.mjs";
import { buildPage, withBroker } from "./page.mjs";
import { startProxy } from "./proxy.mjs";

/**
 * Starts the demo.
 * @param {{ port?: number }} [options] the page's port; when it is taken, or 0, a free one is used
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 */
export async function startDemo({ port = 0 } = {}) {
  const files = await buildPage();
  let broker = await startEmbeddedBroker();
  const devices = await startDevices(broker.tcpPort);
  const proxy = await startProxy({ target: broker.url, keepPackets: 1_000 });
  const panel = new FaultPanel(proxy, async (away) => {
    await broker.kill();
    await away();
    broker = await startEmbeddedBroker({ port: broker.port, tcpPort: broker.tcpPort });
  });
  files.set("/", withBroker(files.get("/"), proxy.url));
  const server = createServer((request, response) => {
    answer(request, response, { files, panel, headers: headersFor(proxy.url) }).catch((fault) => {
      console.error(fault);
      response.destroy();
    });
  });
  await listen(server, port);
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await Promise.all([proxy.stop(), devices.stop(), broker.stop()]);
    },
  };
}

/** As strict as the package allows: no inline script or style, no eval; WebAssembly from this server only. */
function headersFor(brokerUrl) {
  const policy = [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${new URL(brokerUrl).origin}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return {
    "Content-Security-Policy": policy,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
  };
}

async function answer(request, response, { files, panel, headers }) {
  const reply = (status, type = "text/plain", body = "") => response.writeHead(status, { ...headers, "Content-Type": type }).end(body);
  const url = new URL(request.url, "http://127.0.0.1");
  if (!isOwn(request)) return reply(403);
  if (url.pathname.startsWith("/control/")) {
    const faults = await control(request.method, url, panel);
    return faults === undefined ? reply(404) : reply(200, "application/json", JSON.stringify(faults));
  }
  const file = request.method === "GET" ? files.get(url.pathname) : undefined;
  return file === undefined ? reply(404) : reply(200, file.type, file.body);
}

/** `GET /control/` tells the lasting faults, `POST /control/ACT?on=true` does one. */
function control(method, url, panel) {
  if (method === "GET") return panel.lasting;
  return panel.act(url.pathname.slice("/control/".length), url.searchParams.get("on") === "true");
}

/** Another site's page in the same browser must neither read nor hurt anything here. */
function isOwn({ headers, socket }) {
  const own = ["127.0.0.1", "localhost"].map((name) => `${name}:${socket.localPort}`);
  return own.includes(headers.host) && (headers.origin === undefined || own.some((host) => headers.origin === `http://${host}`));
}

/** Listens on the wished port, or on a free one when it is taken. */
async function listen(server, port) {
  const attempt = (number) =>
    new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(number, "127.0.0.1", () => {
        server.off("error", reject);
        resolve();
      });
    });
  await attempt(port).catch((fault) => {
    if (fault.code !== "EADDRINUSE") throw fault;
    return attempt(0);
  });
}
