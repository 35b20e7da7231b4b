// The chaos proxy: a WebSocket server in front of a broker (WebSocket or plain TCP) that can hurt the link on request.

import http from "node:http";
import { WebSocketServer } from "ws";
import { connectTarget, webSocketEnd } from "./proxy/ends.mjs";
import { Link } from "./proxy/link.mjs";
import { Faults } from "./proxy/pipe.mjs";
import { PACKET_TYPES } from "./proxy/scanner.mjs";

/** @typedef {import("./proxy/pipe.mjs").Direction} Direction */

/**
 * A whole packet that came by.
 * @typedef {object} SeenPacket
 * @property {Direction} direction up: client to broker
 * @property {string} type "CONNECT", "PUBLISH" ...
 * @property {number|null} id packet identifier
 * @property {number} size in bytes, fixed header included
 * @property {number} flags low nibble of the first byte (for PUBLISH: DUP 8, QoS 6, RETAIN 1)
 * @property {number|null} reason reason or return code, where the packet carries exactly one
 * @property {string|null} topic of a PUBLISH
 * @property {boolean} swallowed it was not passed on
 * @property {number} link which connection, counted from 1
 * @property {number} at epoch ms
 */

/**
 * @typedef {object} ProxyStats
 * @property {number} links connections accepted so far
 * @property {number} open connections alive now
 * @property {number} refused connection attempts answered with an HTTP error
 * @property {Record<Direction, number>} bytes passed on
 * @property {Record<Direction, number>} packets seen
 */

/**
 * Starts a proxy on 127.0.0.1. It speaks the subprotocol `mqtt` and refuses clients that do not offer it (400).
 * A target that cannot be reached answers 502 before the upgrade.
 *
 * @param {object} options
 * @param {string|{ host?: string, port: number }} options.target `ws://host:port/path`, or a raw TCP MQTT port
 * @param {number} [options.port] default: a free one
 * @param {number} [options.keepPackets] how many packets `packets` remembers (default 100,000, oldest go first)
 * @returns {Promise<ChaosProxy>}
 */
export async function startProxy({ target, port = 0, keepPackets = 100_000 }) {
  const proxy = new ChaosProxy(target, keepPackets);
  await proxy.listen(port);
  return proxy;
}

class ChaosProxy {
  #target;
  #keepPackets;
  #faults = new Faults();
  /** @type {Set<Link>} */
  #links = new Set();
  #refusing = false;
  /** Upgrades that wait for the end of a stall. @type {(() => void)[]} */
  #held = [];
  /** @type {Set<(packet: SeenPacket) => void>} */
  #watchers = new Set();
  #counts = { links: 0, refused: 0, bytes: { up: 0, down: 0 }, packets: { up: 0, down: 0 } };
  #server = http.createServer((_request, response) => response.writeHead(426).end());
  #upgrades = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: 0,
    handleProtocols: (offered) => (offered.has("mqtt") ? "mqtt" : false),
  });

  /** Packets seen, in order. @type {SeenPacket[]} */
  packets = [];
  /** How long `waitFor` waits, in ms. */
  patience = 10_000;

  constructor(target, keepPackets) {
    this.#target = target;
    this.#keepPackets = keepPackets;
    this.#server.on("upgrade", (request, socket, head) => {
      socket.on("error", () => socket.destroy());
      if (this.#faults.stalled) this.#held.push(() => this.#upgrade(request, socket, head));
      else this.#upgrade(request, socket, head);
    });
  }

  async listen(port) {
    await new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", resolve);
    });
    this.port = this.#server.address().port;
    this.url = `ws://127.0.0.1:${this.port}/mqtt`;
  }

  /** Cuts all links now, without any goodbye: both peers see an abnormal end (1006 in a browser). */
  cut() {
    for (const link of [...this.#links]) link.cut();
  }

  /**
   * Lets exactly `bytes` more bytes pass in this direction, on whatever link, and then cuts that link. Once.
   * @param {number} bytes
   * @param {Direction} direction
   * @returns {Promise<void>} resolves when the cut has been made
   */
  cutAfterBytes(bytes, direction) {
    return this.#cutLater({ bytes, inside: null }, direction);
  }

  /**
   * Cuts the link after the first `bytes` bytes of the next packet of this type: the middle of a packet. Once.
   * @param {string} type
   * @param {number} bytes
   * @param {Direction} direction
   * @returns {Promise<void>} resolves when the cut has been made
   */
  cutInside(type, bytes, direction) {
    return this.#cutLater({ bytes, inside: known(type) }, direction);
  }

  /** Stops everything without closing anything, like a network that swallows; new connections hang too. */
  stall() {
    this.#faults.stalled = true;
    for (const link of this.#links) link.pause();
  }

  /** Ends a stall: nothing of what was held back is lost. */
  resume() {
    this.#faults.stalled = false;
    for (const link of this.#links) link.resume();
    for (const upgrade of this.#held.splice(0)) upgrade();
  }

  /** Everything arrives `ms` later, both ways, in order. 0 switches it off. */
  delay(ms) {
    this.#faults.delay = ms;
  }

  /** Frames carry at most `bytes` bytes, wherever the packets end. 0 switches it off. */
  splitFrames(bytes) {
    this.#faults.splitSize = bytes;
  }

  /** A frame carries `count` whole packets (1: each packet its own frame); an incomplete one leaves after 20 ms. 0: off. */
  joinFrames(count) {
    this.#faults.joinCount = count;
  }

  /**
   * Packets of this type are not passed on any more; null passes all again. Several types add up.
   * @param {string|null} type
   * @param {Direction} direction
   */
  swallow(type, direction) {
    if (type === null) this.#faults.swallowed[direction].clear();
    else this.#faults.swallowed[direction].add(known(type));
  }

  /** While on, new connections are answered with 503. Open ones go on. */
  refuse(on) {
    this.#refusing = on;
  }

  /** Takes all faults back; links stay as they are. */
  calm() {
    const stalled = this.#faults.stalled;
    Object.assign(this.#faults, new Faults(), { stalled });
    this.#refusing = false;
    if (stalled) this.resume();
  }

  /** @returns {ProxyStats} */
  stats() {
    return { ...structuredClone(this.#counts), open: this.#links.size };
  }

  /**
   * Resolves with the first packet from now on (or, with `from`, from that index of `packets`) that fits.
   * @param {(packet: SeenPacket) => boolean} fits
   * @param {{ from?: number, timeout?: number }} [options] timeout in ms
   * @returns {Promise<SeenPacket>}
   */
  waitFor(fits, { from = this.packets.length, timeout = this.patience } = {}) {
    const past = this.packets.slice(from).find(fits);
    if (past) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#watchers.delete(watch);
        reject(new Error(`no packet fitted ${fits} within ${timeout} ms`));
      }, timeout);
      const watch = (packet) => {
        if (!fits(packet)) return;
        clearTimeout(timer);
        this.#watchers.delete(watch);
        resolve(packet);
      };
      this.#watchers.add(watch);
    });
  }

  /** Cuts all links and closes the port. */
  async stop() {
    this.#refusing = true;
    this.cut();
    for (const upgrade of this.#held.splice(0)) upgrade();
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeAllConnections();
    });
  }

  async #upgrade(request, socket, head) {
    const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
    if (this.#refusing) return this.#reject(socket, "503 Service Unavailable");
    if (!offered.includes("mqtt")) return this.#reject(socket, "400 Bad Request");
    let far;
    try {
      far = await connectTarget(this.#target);
    } catch {
      return this.#reject(socket, "502 Bad Gateway");
    }
    if (socket.destroyed || this.#refusing) {
      far.cut();
      return socket.destroy();
    }
    this.#upgrades.handleUpgrade(request, socket, head, (ws) => this.#link(webSocketEnd(ws, socket), far));
  }

  #cutLater(budget, direction) {
    return new Promise((resolve) => {
      this.#faults.budget[direction] = { ...budget, spent: resolve };
    });
  }

  #reject(socket, status) {
    this.#counts.refused += 1;
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }

  #link(near, far) {
    const number = ++this.#counts.links;
    const link = new Link(near, far, this.#faults, {
      seen: (direction, packet) => this.#seen({ direction, ...packet, link: number, at: Date.now() }),
      passed: (direction, bytes) => {
        this.#counts.bytes[direction] += bytes;
      },
      gone: () => this.#links.delete(link),
    });
    this.#links.add(link);
    if (this.#faults.stalled) link.pause();
  }

  #seen(packet) {
    this.#counts.packets[packet.direction] += 1;
    this.packets.push(packet);
    if (this.packets.length > this.#keepPackets) this.packets.splice(0, Math.ceil(this.#keepPackets / 10));
    for (const watch of [...this.#watchers]) watch(packet);
  }
}

function known(type) {
  if (!PACKET_TYPES.includes(type)) throw new TypeError(`no MQTT packet is called ${type}; one of ${PACKET_TYPES.slice(1).join(", ")}`);
  return type;
}
