// Deliveries on their way from a worker to its page: as many as there are, in one message.
import type { Hear } from "./place.js";

/**
 * The words, the bytes of all small frames one behind the other, a buffer of the page's that comes back (or an empty one), and large frames, each in its
 * own buffer. Of each delivery the words tell how many words of records it has, and the length of its frame plus 1 (0: none); the records follow.
 */
export type BatchMessage = readonly [words: ArrayBuffer, bytes: ArrayBuffer, spent: ArrayBuffer, ...large: ArrayBuffer[]];

/** From here on a frame is handed over as it is; below, handing over a buffer costs more than copying it. */
const LARGE = 16_384;

/** Room at first, and what is kept. */
const [WORDS, BYTES, MOST_WORDS, MOST_BYTES] = [1_024, 4_096, 65_536, 262_144] as const;

export class Batch {
  #words = new Uint32Array(WORDS);
  #wordCount = 0;
  #bytes = new Uint8Array(BYTES);
  #byteCount = 0;
  #large: ArrayBuffer[] = [];

  get isEmpty(): boolean {
    return this.#wordCount === 0;
  }

  add(frame: Uint8Array<ArrayBuffer> | undefined, words: Uint32Array, at: number, end: number): void {
    const start = this.#wordCount;
    this.#wordCount += 2 + end - at;
    if (this.#wordCount > this.#words.length) this.#words = grown(new Uint32Array(2 * this.#wordCount), this.#words);
    this.#words[start] = end - at;
    this.#words[start + 1] = frame === undefined ? 0 : frame.length + 1;
    this.#words.set(words.subarray(at, end), start + 2);
    if (frame === undefined) return;
    if (frame.length >= LARGE) {
      this.#large.push(frame.byteLength === frame.buffer.byteLength ? frame.buffer : frame.slice().buffer);
      return;
    }
    const from = this.#byteCount;
    this.#byteCount += frame.length;
    if (this.#byteCount > this.#bytes.length) this.#bytes = grown(new Uint8Array(2 * this.#byteCount), this.#bytes);
    this.#bytes.set(frame, from);
  }

  /** All that has been added, as a message; its buffers are to be handed over. What a burst has made large is given back. `spent`: what goes back with it. */
  take(spent = new ArrayBuffer(0)): BatchMessage {
    const words = this.#words.slice(0, this.#wordCount).buffer;
    const bytes = this.#bytes.slice(0, this.#byteCount).buffer;
    const large = this.#large;
    this.#wordCount = this.#byteCount = 0;
    this.#large = [];
    if (this.#words.length > MOST_WORDS) this.#words = new Uint32Array(WORDS);
    if (this.#bytes.length > MOST_BYTES) this.#bytes = new Uint8Array(BYTES);
    return [words, bytes, spent, ...large];
  }
}

/** Hands out the deliveries of a message. */
export function unpack([wordBuffer, bytes, , ...large]: BatchMessage, hear: Hear): void {
  const words = new Uint32Array(wordBuffer);
  for (let at = 0, from = 0, next = 0; at < words.length; ) {
    const start = at + 2;
    const length = (words[at + 1] as number) - 1;
    let frame: Uint8Array<ArrayBuffer> | undefined;
    if (length >= LARGE) frame = new Uint8Array(large[next++] as ArrayBuffer);
    else if (length >= 0) {
      // A view: in a profile a buffer of its own took more of the page's time than all the rest of a message.
      frame = new Uint8Array(bytes, from, length);
      from += length;
    }
    at = start + (words[at] as number);
    hear(frame, words, start, at);
  }
}

function grown<T extends Uint32Array | Uint8Array>(larger: T, smaller: T): T {
  larger.set(smaller);
  return larger;
}
