// The two kinds of peer that a link can have on a side: a WebSocket or a plain TCP socket, behind one shape.

import net from "node:net";
import { WebSocket } from "ws";

/** Above this many unsent bytes the other side is not read any further. */
const HIGH_WATER = 4 << 20;

/**
 * @typedef {object} End
 * @property {(bytes: Buffer, drained: () => void) => boolean} send false: too much is waiting; `drained` will be called
 * @property {(text: string) => void} text passes a text frame on; a TCP peer has no such thing and gets nothing
 * @property {(code?: number, reason?: string) => void} close in good order
 * @property {() => void} cut no goodbye; what was sent before still arrives
 * @property {() => void} pause
 * @property {() => void} resume
 * @property {(handlers: { data: (bytes: Buffer) => void, text: (text: string) => void, closed: (clean: boolean, code?: number, reason?: string) => void }) => void} listen
 */

/** Close codes that an endpoint may put into a close frame (RFC 6455, 7.4). */
function sendable(code) {
  return (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999);
}

/** FIN behind the last byte, so that it arrives; a peer that does not read gets a second to do so. */
function cutSocket(socket) {
  socket.destroySoon();
  setTimeout(() => socket.destroy(), 1_000).unref();
}

/**
 * @param {WebSocket} ws open
 * @param {net.Socket} socket the TCP socket under it
 * @returns {End}
 */
export function webSocketEnd(ws, socket) {
  return {
    send(bytes, drained) {
      const high = ws.bufferedAmount + bytes.length > HIGH_WATER;
      ws.send(bytes, { binary: true }, high ? () => drained() : undefined);
      return !high;
    },
    text: (text) => ws.send(text, { binary: false }),
    close: (code = 1000, reason = "") => (sendable(code) ? ws.close(code, reason) : ws.close()),
    cut: () => cutSocket(socket),
    pause: () => ws.readyState === WebSocket.OPEN && ws.pause(),
    resume: () => ws.readyState === WebSocket.OPEN && ws.resume(),
    listen({ data, text, closed }) {
      ws.on("message", (bytes, isBinary) => (isBinary ? data(bytes) : text(bytes.toString())));
      ws.on("close", (code, reason) => closed(code !== 1006, code, reason.toString()));
      ws.on("error", () => socket.destroy());
      ws.resume();
    },
  };
}

/**
 * @param {net.Socket} socket connected
 * @returns {End}
 */
export function tcpEnd(socket) {
  let failed = false;
  return {
    send(bytes, drained) {
      if (!socket.writable) return true;
      const high = socket.writableLength + bytes.length > HIGH_WATER;
      socket.write(bytes, high ? () => drained() : undefined);
      return !high;
    },
    text() {},
    close: () => socket.end(),
    cut: () => cutSocket(socket),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    listen({ data, closed }) {
      socket.on("data", data);
      socket.on("error", () => {
        failed = true;
      });
      socket.on("end", () => closed(true));
      socket.on("close", () => closed(!failed));
    },
  };
}

/**
 * Connects to the broker.
 * @param {string|{ host?: string, port: number }} target
 * @returns {Promise<End>}
 */
export function connectTarget(target) {
  return new Promise((resolve, reject) => {
    if (typeof target !== "string") {
      const socket = net.connect({ host: target.host ?? "127.0.0.1", port: target.port, noDelay: true });
      socket.once("connect", () => resolve(tcpEnd(socket)));
      socket.once("error", reject);
      return;
    }
    const ws = new WebSocket(target, ["mqtt"], { perMessageDeflate: false, maxPayload: 0 });
    let socket;
    ws.once("upgrade", (response) => {
      socket = response.socket;
    });
    ws.once("open", () => {
      ws.pause(); // a server that talks first must not be heard before somebody listens
      resolve(webSocketEnd(ws, socket));
    });
    ws.once("error", reject);
  });
}
