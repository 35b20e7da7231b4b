// What the option `trace` reports about each packet.

import type { Qos } from "./options.js";
import type { PacketRecord } from "./records.js";
import { PROTOCOLS } from "./status.js";

/** Names of the packet types by their number. */
export const PACKET_TYPES = [
  "RESERVED",
  "CONNECT",
  "CONNACK",
  "PUBLISH",
  "PUBACK",
  "PUBREC",
  "PUBREL",
  "PUBCOMP",
  "SUBSCRIBE",
  "SUBACK",
  "UNSUBSCRIBE",
  "UNSUBACK",
  "PINGREQ",
  "PINGRESP",
  "DISCONNECT",
  "AUTH",
] as const;

/**
 * One packet that was sent or received. Payloads and credentials are not part of it.
 *
 * @example
 * client.addEventListener("packet", ({ packet }) => log(packet.direction, packet.type, packet.topic ?? "", packet.size));
 */
export interface PacketTrace {
  readonly direction: "in" | "out";
  readonly type: (typeof PACKET_TYPES)[number];
  readonly packetId: number | undefined;
  /** Whole packet, in bytes. */
  readonly size: number;
  /** PUBLISH only; else 0 and false. */
  readonly qos: Qos;
  readonly dup: boolean;
  readonly retain: boolean;
  readonly reasonCode: number;
  /** CONNECT only: what it offers. */
  readonly protocol: "5.0" | "3.1.1" | undefined;
  /** PUBLISH only: its topic. */
  readonly topic: string | undefined;
  /** When, milliseconds since the epoch. */
  readonly at: number;
}

/** What a PACKET record says. */
export function packetTrace(record: PacketRecord): PacketTrace {
  const type = PACKET_TYPES[record.type] ?? "RESERVED";
  const connect = type === "CONNECT";
  const flags = type === "PUBLISH" ? record.headerFlags : 0;
  return {
    direction: record.outgoing ? "out" : "in",
    type,
    packetId: record.packetId || undefined,
    size: record.size,
    qos: ((flags >>> 1) & 3) as Qos,
    dup: (flags & 8) !== 0,
    retain: (flags & 1) !== 0,
    reasonCode: connect ? 0 : record.reason,
    protocol: connect ? PROTOCOLS[record.reason === 4 ? 4 : 5] : undefined,
    topic: record.topic || undefined,
    at: Date.now(),
  };
}
