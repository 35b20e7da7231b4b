// Finds MQTT packet boundaries in a byte stream, however it is cut into chunks, without holding bytes back.

/** Packet names by the number in the high nibble of the first byte (2.1.2). */
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
];

/**
 * What is known of one packet. `size`, `id` and `reason` are filled in as their bytes come by.
 * @typedef {object} ScannedPacket
 * @property {string} type one of PACKET_TYPES
 * @property {number} flags low nibble of the first byte
 * @property {number|null} size whole packet in bytes, fixed header included
 * @property {number|null} id packet identifier
 * @property {number|null} reason reason or return code, where the packet carries exactly one
 * @property {string|null} topic topic name of a PUBLISH
 */

/**
 * A run of bytes of one packet. `packet` is null for bytes behind a fixed header that no MQTT packet has.
 * @typedef {{ bytes: Buffer, packet: ScannedPacket|null, first: boolean, last: boolean }} Piece
 */

const ACKS = new Set(["PUBACK", "PUBREC", "PUBREL", "PUBCOMP"]);
const WITH_ID = new Set([...ACKS, "SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK"]);

/** Where the reason code of a packet stands in its body, or -1. */
function reasonOffset(type) {
  if (type === "CONNACK") return 1;
  if (type === "DISCONNECT" || type === "AUTH") return 0;
  return ACKS.has(type) ? 2 : -1;
}

export class PacketScanner {
  /** @type {ScannedPacket|null} */
  #packet = null;
  #headerBytes = 0;
  #bodyLength = 0;
  #bodySeen = 0;
  #bodyStart = Buffer.alloc(0);
  #lost = false;

  /**
   * Cuts a chunk into pieces, each of one packet. Together the pieces are exactly the chunk.
   * @param {Buffer} chunk
   * @returns {Generator<Piece>}
   */
  *scan(chunk) {
    let at = 0;
    while (at < chunk.length) {
      if (this.#lost) {
        yield { bytes: chunk.subarray(at), packet: null, first: false, last: false };
        return;
      }
      const start = at;
      const first = this.#packet === null;
      const packet = this.#packet ?? this.#begin(chunk[at++]);
      while (packet.size === null && at < chunk.length && !this.#lost) this.#length(packet, chunk[at++]);
      if (this.#lost) {
        yield { bytes: chunk.subarray(start), packet: null, first, last: false };
        return;
      }
      if (packet.size !== null) at += this.#body(packet, chunk.subarray(at));
      const last = packet.size !== null && this.#bodySeen === this.#bodyLength;
      if (last) this.#packet = null;
      yield { bytes: chunk.subarray(start, at), packet, first, last };
    }
  }

  #begin(byte) {
    this.#packet = { type: PACKET_TYPES[byte >> 4], flags: byte & 15, size: null, id: null, reason: null, topic: null };
    this.#headerBytes = 1;
    this.#bodyLength = 0;
    this.#bodySeen = 0;
    this.#bodyStart = Buffer.alloc(0);
    return this.#packet;
  }

  /** One byte of the remaining length: seven bits each, at most four bytes (1.5.5). */
  #length(packet, byte) {
    this.#bodyLength += (byte & 127) * 128 ** (this.#headerBytes - 1);
    this.#headerBytes += 1;
    if (byte < 128) packet.size = this.#headerBytes + this.#bodyLength;
    else if (this.#headerBytes === 5) this.#lost = true;
  }

  #body(packet, available) {
    const taken = Math.min(available.length, this.#bodyLength - this.#bodySeen);
    this.#bodySeen += taken;
    const wanted = this.#wanted(packet);
    if (this.#bodyStart.length < wanted) {
      this.#bodyStart = Buffer.concat([this.#bodyStart, available.subarray(0, Math.min(taken, 65_600 - this.#bodyStart.length))]);
      this.#read(packet);
    }
    return taken;
  }

  /** How many bytes of the body tell what is to be known of it. */
  #wanted(packet) {
    if (packet.type !== "PUBLISH") return 3;
    return this.#bodyStart.length < 2 ? 2 : 4 + this.#bodyStart.readUInt16BE(0);
  }

  #read(packet) {
    const body = this.#bodyStart;
    if (packet.type === "PUBLISH") {
      const topicEnd = body.length < 2 ? Infinity : 2 + body.readUInt16BE(0);
      if (body.length >= topicEnd) packet.topic = body.toString("utf8", 2, topicEnd);
      if (packet.flags & 6 && body.length >= topicEnd + 2) packet.id = body.readUInt16BE(topicEnd);
    } else if (WITH_ID.has(packet.type) && body.length >= 2) {
      packet.id = body.readUInt16BE(0);
    }
    const offset = reasonOffset(packet.type);
    if (offset >= 0 && body.length > offset) packet.reason = body[offset];
  }
}
