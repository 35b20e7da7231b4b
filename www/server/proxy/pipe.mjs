// One direction of one link: bytes go in, frames come out, and the faults that are switched on happen in between.

import { PacketScanner } from "./scanner.mjs";

/** @typedef {"up"|"down"} Direction up: client to broker, down: broker to client */

/** A part of a join that never fills up still has to arrive: it leaves after this many ms without news. */
const JOIN_PATIENCE = 20;

/** The faults of one proxy: switched by its methods, looked at by every pipe for every piece. */
export class Faults {
  stalled = false;
  delay = 0;
  splitSize = 0;
  joinCount = 0;
  /** @type {Record<Direction, Set<string>>} */
  swallowed = { up: new Set(), down: new Set() };
  /**
   * What may still pass before the cut; with `inside`, counting begins at the next packet of that type.
   * @type {Record<Direction, { bytes: number, inside: string|null, spent: () => void }|null>}
   */
  budget = { up: null, down: null };
}

export class Pipe {
  #scanner = new PacketScanner();
  #swallowing = false;
  /** Bytes of the frame being put together. @type {Buffer[]} */
  #frame = [];
  #packetsInFrame = 0;
  /** @type {{ due: number, frame?: Buffer, end?: () => void }[]} */
  #queue = [];
  #ended = false;
  #joinTimer;
  #delayTimer;

  /**
   * @param {object} parts
   * @param {Direction} parts.direction
   * @param {Faults} parts.faults
   * @param {(frame: Buffer) => void} parts.send
   * @param {(packet: import("./scanner.mjs").ScannedPacket & { swallowed: boolean }) => void} parts.seen a whole packet has come by
   * @param {() => void} parts.cut what to do when the budget is spent and its last byte has been sent
   */
  constructor({ direction, faults, send, seen, cut }) {
    this.direction = direction;
    this.faults = faults;
    this.send = send;
    this.seen = seen;
    this.cut = cut;
  }

  /** @param {Buffer} chunk */
  push(chunk) {
    if (this.#ended) return;
    for (const piece of this.#scanner.scan(chunk)) {
      if (piece.first) this.#swallowing = this.faults.swallowed[this.direction].has(piece.packet?.type ?? "");
      const spent = !this.#swallowing && this.#take(piece);
      if (piece.last && spent !== "inside") this.seen({ ...piece.packet, swallowed: this.#swallowing });
      if (spent) {
        this.end(this.cut);
        return;
      }
      const full = this.faults.joinCount > 0 && this.#packetsInFrame >= this.faults.joinCount;
      if (full) this.#flush();
    }
    if (this.faults.joinCount === 0) this.#flush();
    else this.#joinTimer ??= setTimeout(() => this.#flush(), JOIN_PATIENCE);
  }

  /** No more bytes will come: `after` runs when all that came before has been sent. */
  end(after) {
    if (this.#ended) return;
    this.#ended = true;
    this.#flush();
    this.#queue.push({ due: performance.now() + this.faults.delay, end: after });
    this.pump();
  }

  /** Sends what is due; called again when a stall ends. */
  pump() {
    clearTimeout(this.#delayTimer);
    while (this.#queue.length > 0 && !this.faults.stalled) {
      const wait = this.#queue[0].due - performance.now();
      if (wait > 0) {
        this.#delayTimer = setTimeout(() => this.pump(), Math.ceil(wait));
        return;
      }
      const { frame, end } = this.#queue.shift();
      if (frame) this.send(frame);
      end?.();
    }
  }

  /** Forgets everything that has not been sent. */
  drop() {
    this.#ended = true;
    this.#queue = [];
    this.#frame = [];
    clearTimeout(this.#joinTimer);
    clearTimeout(this.#delayTimer);
  }

  /** Puts a piece into the frame. Tells whether the budget ended in it: inside it, or with its last byte. */
  #take(piece) {
    const budget = this.faults.budget[this.direction];
    if (budget?.inside && piece.first && piece.packet?.type === budget.inside) budget.inside = null;
    const counting = budget !== null && budget.inside === null;
    const spent = counting && piece.bytes.length >= budget.bytes && (piece.bytes.length > budget.bytes ? "inside" : "behind");
    this.#frame.push(spent ? piece.bytes.subarray(0, budget.bytes) : piece.bytes);
    if (piece.last && !spent) this.#packetsInFrame += 1;
    if (spent) {
      this.faults.budget[this.direction] = null;
      budget.spent();
    } else if (counting) budget.bytes -= piece.bytes.length;
    return spent;
  }

  #flush() {
    clearTimeout(this.#joinTimer);
    this.#joinTimer = undefined;
    const bytes = this.#frame.length === 1 ? this.#frame[0] : Buffer.concat(this.#frame);
    this.#frame = [];
    this.#packetsInFrame = 0;
    const size = this.faults.splitSize || bytes.length;
    const due = performance.now() + this.faults.delay;
    for (let at = 0; at < bytes.length; at += size) this.#queue.push({ due, frame: bytes.subarray(at, at + size) });
    this.pump();
  }
}
