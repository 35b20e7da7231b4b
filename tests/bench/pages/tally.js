// Accounts for every message of one stream: how many, in which order, whole or not.

/** The n-th payload, as the blast server writes and expects it: the number, then its lowest byte over and over. */
export function payloadOf(number, size) {
  const payload = new Uint8Array(size).fill(number & 255);
  new DataView(payload.buffer).setUint32(0, number, true);
  return payload;
}

export class Tally {
  received = 0;
  faults = 0;
  firstAt = 0;
  lastAt = 0;
  #resolve;

  /**
   * @param {number} count messages expected
   * @param {number} size bytes of each payload
   */
  constructor(count, size) {
    this.count = count;
    this.size = size;
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** A client that shows payloads: number, length and end are checked. @param {Uint8Array} payload */
  message = (payload) => {
    const number = payload[0] | (payload[1] << 8) | (payload[2] << 16) | (payload[3] << 24);
    const size = this.size;
    if (payload.length !== size || number !== this.received || payload[size - 1] !== (number & 255)) this.faults++;
    this.counted();
  };

  /** A client that only counts. */
  counted() {
    if (this.received === 0) this.firstAt = performance.now();
    if (++this.received === this.count) {
      this.lastAt = performance.now();
      this.#resolve();
    }
  }
}
