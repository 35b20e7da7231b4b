// A WebSocket server that follows a script instead of the MQTT standard, and writes down what the client says.

import { once } from "node:events";
import { WebSocketServer } from "ws";
import { PacketScanner } from "../../../www/server/proxy/scanner.mjs";

/** CONNACK, accepted, no properties. */
export const CONNACK = { "5.0": Buffer.from([0x20, 3, 0, 0, 0]), "3.1.1": Buffer.from([0x20, 2, 0, 0]) };

/**
 * One connection as a script sees it.
 * @typedef {object} Visit
 * @property {import("ws").WebSocket} ws
 * @property {string} path of the URL, with its query
 * @property {string|undefined} offered the subprotocols that the client offers, as its header lists them
 * @property {boolean[]} binary of each frame of the client, in order
 * @property {(...bytes: (number|Buffer)[]) => void} send one binary frame
 * @property {import("../../../www/server/proxy/scanner.mjs").ScannedPacket[]} packets what the client has sent
 * @property {(type: string) => Promise<import("../../../www/server/proxy/scanner.mjs").ScannedPacket>} packet the next (or first) of this type
 * @property {Promise<unknown>} closed the connection has ended
 * @property {number} number counted from 1
 */

/**
 * @param {(visit: Visit) => void|Promise<void>} script runs for every connection
 * @param {{ protocol?: string|false }} [options] the subprotocol it answers with; false: none
 */
export async function startHostile(script, { protocol = "mqtt" } = {}) {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: () => protocol, perMessageDeflate: false });
  await once(server, "listening");
  /** @type {Visit[]} */
  const visits = [];
  server.on("connection", (ws, { url: path, headers }) => {
    const visit = { ...listen(ws, visits.length + 1), path, offered: headers["sec-websocket-protocol"] };
    visits.push(visit);
    script(visit);
  });
  return {
    url: `ws://127.0.0.1:${server.address().port}/mqtt`,
    visits,
    async stop() {
      for (const ws of server.clients) ws.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(ws, number) {
  const scanner = new PacketScanner();
  const packets = [];
  const binary = [];
  const waiting = new Set();
  ws.on("error", () => {});
  ws.on("message", (bytes, isBinary) => {
    binary.push(isBinary);
    for (const { packet, last } of scanner.scan(bytes)) if (last) packets.push(packet);
    for (const check of [...waiting]) check();
  });
  return {
    ws,
    number,
    packets,
    binary,
    closed: once(ws, "close"),
    send: (...parts) => ws.send(Buffer.concat(parts.map((part) => (typeof part === "number" ? Buffer.from([part]) : part)))),
    packet: (type) =>
      new Promise((resolve) => {
        const check = () => {
          const found = packets.find((packet) => packet.type === type);
          if (!found) return;
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        check();
      }),
  };
}
