// Writes what passed the proxy into the histories of the numbers: whose fault a loss is can only be told from there.

import { readTopic } from "./flows.mjs";

const ANSWERS = new Set(["PUBACK", "PUBREC", "PUBREL", "PUBCOMP"]);

/**
 * @param {import("../../www/server/proxy.mjs").SeenPacket[]} packets
 * @param {string} session whose numbers the ledger is about
 * @param {import("./ledger.mjs").Ledger} ledger
 */
export function writeWire(packets, session, ledger) {
  /** Which number an identifier stands for, by direction of its PUBLISH: identifiers outlive links. */
  const carried = { up: new Map(), down: new Map() };
  for (const packet of packets) {
    const place = placeOf(packet, carried);
    if (place?.session === session && place.number >= 0) ledger.onWire(place.flow, place.number, packet, words(packet));
  }
}

/** All packets, a line each, for whoever has to find out what happened. */
export function transcript(packets) {
  const line = (packet) =>
    `${new Date(packet.at).toISOString().slice(14, 23)} ${words(packet)}${packet.topic === null ? "" : ` ${packet.topic}`}`;
  return `${packets.map(line).join("\n")}\n`;
}

/** The number that a packet is about. */
function placeOf({ direction, type, id, topic }, carried) {
  if (type === "PUBLISH") {
    const place = readTopic(topic ?? "");
    carried[direction].set(id, place);
    return place;
  }
  if (!ANSWERS.has(type)) return undefined;
  // The PUBREL goes the way of its PUBLISH, the answers come back.
  const way = (type === "PUBREL") === (direction === "up") ? "up" : "down";
  return carried[way].get(id);
}

/** A packet as the histories show it; the client is on the left. */
function words({ direction, type, flags, id, link, reason }) {
  const dup = type === "PUBLISH" && flags & 8 ? " DUP" : "";
  return `${direction === "up" ? "->" : "<-"} ${type}${dup} id ${id} link ${link}${reason ? ` reason ${reason}` : ""}`;
}
