// The harness' end of the page: it says what to publish and hears what happened, over a WebSocket whose bytes survive the page that sent them.

import { WebSocketServer } from "ws";
import { servePage } from "../e2e/support/page-server.mjs";
import { INCOMING } from "./flows.mjs";

/** One handler in so many takes its time, up to this many ms: a kill has to find some at work. */
const SLOW = 8;
const SLOWEST = 30;
/** How long the page may take for anything, in ms. */
const PATIENCE = 30_000;

/**
 * @param {import("./ledger.mjs").Ledger} ledger
 * @param {import("./random.mjs").Random} random
 */
export async function startReports(ledger, random) {
  const sockets = new Set();
  const server = new WebSocketServer({ noServer: true });
  const pages = await servePage({
    folder: "tests/torture/page",
    files: { "/mqtt.js": "node_modules/mqtt/dist/mqtt.esm.js" },
    upgrade: (request, socket, head) => server.handleUpgrade(request, socket, head, listen),
  });
  /** The page that reports now. @type {{ socket: import("ws").WebSocket, ready: boolean, unpromised: number, status: string } | undefined} */
  let page;
  /** The number behind the public id of a stored message, which outlives the page that published it. @type {Map<number, { flow: string, number: number }>} */
  const published = new Map();
  /** Flows whose probes have come through. */
  const heard = new Set();
  let probes = 0;
  /** The client id of the session that all pages share. @type {string | undefined} */
  let identity;

  let heardPending;
  const say = ({ socket }, ...words) => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(words));
  };

  /** What a page may say, and what is done about it. */
  const hear = {
    ready: (from) => {
      from.ready = true;
    },
    started(from, flow, number, handler) {
      if (number < 0) heard.add(flow);
      else ledger.note(flow, number, "started");
      const done = () => say(from, "done", handler);
      if (number < 0 || random.between(1, SLOW) > 1) done();
      else setTimeout(done, random.between(1, SLOWEST));
    },
    promised(from, flow, number, id) {
      from.unpromised -= 1;
      ledger.note(flow, number, "promised");
      if (id === undefined) return;
      ledger.note(flow, number, "numbered", `${id}`);
      published.set(id, { flow, number });
    },
    refused(from, flow, number, why) {
      from.unpromised -= 1;
      ledger.note(flow, number, "refused", why);
    },
    outcome(_from, id, outcome) {
      const place = published.get(id);
      if (place) ledger.note(place.flow, place.number, "outcome", outcome);
    },
    interrupted(_from, flow, number) {
      if (number >= 0) ledger.note(flow, number, "interrupted");
    },
    gap: () => ledger.gap(),
    status(from, state, cause = "") {
      from.status = `${state} ${cause}`.trimEnd();
    },
    storage: (_from, reason, message) => reason !== "none" && ledger.fault(`the store (${reason}): ${message}`),
    identity(_from, clientId) {
      if (identity !== undefined && identity !== clientId) ledger.fault(`the page came back as ${clientId}, and had been ${identity}`);
      identity = clientId;
    },
    pending: (_from, count) => heardPending(count),
    trouble: () => {},
    error: (_from, what) => ledger.fault(`the page: ${what}`),
  };

  function listen(socket) {
    const before = page;
    const from = { socket, ready: false, unpromised: 0, status: "" };
    page = from;
    sockets.add(socket);
    socket.on("message", (data) => {
      const [what, ...words] = JSON.parse(data.toString());
      hear[what](from, ...words);
    });
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => {}); // killed
    // What a killed page has sent comes first, always.
    if (before && sockets.has(before.socket)) {
      socket.pause();
      before.socket.once("close", () => socket.resume());
    }
  }

  async function until(condition, what) {
    for (const limit = Date.now() + PATIENCE; !condition(); ) {
      if (Date.now() > limit) throw new Error(`waited in vain for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  return {
    url: pages.url,
    get status() {
      return page?.status;
    },
    /** Whether a page is there that can take one more message to publish. */
    get free() {
      return page?.ready && page.socket.readyState === page.socket.OPEN && page.unpromised < 20;
    },
    /** Tells the page to publish a number. */
    order(flow, number) {
      page.unpromised += 1;
      ledger.note(flow, number, "ordered");
      say(page, "publish", flow, number);
    },
    /** Resolves when a page is there. */
    ready: () => until(() => page?.ready, "the page"),
    /** Runs what ends the page, and resolves when the next one is there. */
    async replaced(kill) {
      const before = page;
      await kill();
      await until(() => page !== before && page.ready, "the next page");
    },
    /** Has `publish(flow, number)` send probes, with numbers below 0, until the page has had one of each flow: then its subscriptions stand. */
    async probe(publish) {
      heard.clear();
      let next = 0;
      await until(() => {
        if (Date.now() > next) {
          next = Date.now() + 100;
          probes += 1;
          for (const flow of INCOMING) if (!heard.has(flow)) publish(flow, -probes);
        }
        return heard.size === INCOMING.length;
      }, "messages for all subscriptions of the page");
    },
    /** How many messages the page still has to send. */
    pending: () =>
      new Promise((resolve, reject) => {
        heardPending = resolve;
        setTimeout(() => reject(new Error("the page does not tell what is pending")), PATIENCE).unref();
        say(page, "pending");
      }),
    async stop() {
      for (const socket of sockets) socket.terminate();
      await pages.stop();
    },
  };
}
