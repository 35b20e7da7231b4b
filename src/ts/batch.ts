// Deliveries on their way from a worker to its page: as many as there are, in one message.
import type { Hear } from "./place.js";

/**
 * Words, a buffer of the page's that comes back (or an empty one), and the bytes of the frames. The first word tells where the words end. Then, for each
 * delivery: how many words of records it has, the length of its frame plus 1 (0: none) with `OWN`, and the records. A frame with `OWN` is a buffer; the others lie in
 * buffers one behind the other, as long as they fit; all in the order in which they begin.
 */
export type BatchMessage = readonly [words: ArrayBuffer, spent: ArrayBuffer, ...frames: ArrayBuffer[]];

/** Bit of a frame's length: it has a buffer of its own. */
const OWN = 0x8000_0000;
/** From here on a frame is handed over as it is: a copy would take a page of new memory, which costs more. Of smaller ones several fit such a page. */
const LARGE = 4_096;
/** Larger ones than that always. */
const VERY_LARGE = 16_384;
/** So many buffers in a batch, and only very large frames get more: Chromium compares each buffer that is handed over with all before it. */
const MOST_BUFFERS = 256;
/** Bytes for small frames in one buffer. Payloads are views of it: who keeps one keeps it all. */
const SHARED = 65_536;

/** Room for words at first, and what is used again at most; both powers of two, as is all between. */
const [WORDS, MOST_WORDS] = [1_024, 131_072];
/** Bytes in a batch that are worth waking a page for. Much larger ones fill the caches, and all in them is alive when the page collects its garbage. */
const WORTH = 131_072;

export class Batch {
  #words = new Uint32Array(WORDS);
  #end = 1;
  /** Words that a page has given back. */
  #idle: Uint32Array<ArrayBuffer> | undefined;
  /** What the latest small frames lie in, how much of it is used, and whether any of this batch lie in it. */
  #shared: Uint8Array<ArrayBuffer> | undefined;
  #used = 0;
  #sharing = false;
  /** Bytes of frames, the shared ones too. */
  #frames: Uint8Array<ArrayBuffer>[] = [];
  /** Their sum. */
  #size = 0;

  get isEmpty(): boolean {
    return this.#end === 1;
  }

  get isWorthAWake(): boolean {
    return this.#size + 4 * this.#end > WORTH;
  }

  add(frame: Uint8Array<ArrayBuffer> | undefined, words: Uint32Array, at: number, end: number): void {
    const start = this.#end;
    this.#end += 2 + end - at;
    if (this.#end > this.#words.length) this.#grow();
    this.#words[start] = end - at;
    this.#words.set(words.subarray(at, end), start + 2);
    const own = frame !== undefined && (frame.length >= VERY_LARGE || (frame.length >= LARGE && this.#frames.length < MOST_BUFFERS));
    this.#words[start + 1] = frame === undefined ? 0 : (frame.length + 1) | (own ? OWN : 0);
    if (frame === undefined) return;
    this.#size += frame.length;
    if (own) {
      this.#frames.push(frame.byteLength === frame.buffer.byteLength ? frame : frame.slice());
      return;
    }
    if (!this.#sharing || this.#used + frame.length > SHARED) this.#share();
    this.#shared?.set(frame, this.#used);
    this.#used += frame.length;
  }

  /** All that has been added, as a message; its buffers are to be handed over. `spent`: what goes back with it. */
  take(spent = new ArrayBuffer(0)): BatchMessage {
    const words = this.#words;
    words[0] = this.#end;
    this.#words = this.#idle ?? new Uint32Array(WORDS);
    this.#idle = undefined;
    this.#end = 1;
    const frames = this.#frames.map((frame) => (frame === this.#shared ? this.#rest(frame) : frame.buffer));
    this.#frames = [];
    this.#size = 0;
    this.#sharing = false;
    return [words.buffer, spent, ...frames];
  }

  /** The page has heard the words of a message. */
  giveBack(words: ArrayBuffer): void {
    if (words.byteLength <= 4 * MOST_WORDS) this.#idle = new Uint32Array(words);
  }

  #grow(): void {
    let length = this.#words.length;
    while (length < this.#end) length *= 2;
    const larger = new Uint32Array(length);
    larger.set(this.#words);
    this.#words = larger;
  }

  /** Begins a buffer for small frames: a new one, or the one that was not handed over with the last batch. */
  #share(): void {
    if (this.#sharing || this.#shared === undefined) this.#shared = new Uint8Array(SHARED);
    this.#frames.push(this.#shared);
    this.#used = 0;
    this.#sharing = true;
  }

  /** The latest buffer for small frames: a copy of what is used of it, unless that is most of it. */
  #rest(shared: Uint8Array<ArrayBuffer>): ArrayBuffer {
    if (4 * this.#used < 3 * SHARED) return shared.slice(0, this.#used).buffer;
    this.#shared = undefined;
    return shared.buffer;
  }
}

/** Hands out the deliveries of a message. Throws when one of them has given their buffer away. */
export function unpack([wordBuffer, , ...frames]: BatchMessage, hear: Hear): void {
  const words = new Uint32Array(wordBuffer);
  const end = words[0] as number;
  let shared: ArrayBuffer | undefined;
  let [next, from, size] = [0, 0, 0];
  for (let at = 1; at < end; ) {
    const start = at + 2;
    const said = words[at + 1] as number;
    const length = (said & ~OWN) - 1;
    let frame: Uint8Array<ArrayBuffer> | undefined;
    if ((said & OWN) !== 0) frame = new Uint8Array(frames[next++] as ArrayBuffer);
    else if (length >= 0) {
      if (shared === undefined || from + length > size) {
        shared = frames[next++] as ArrayBuffer;
        [from, size] = [0, shared.byteLength];
      }
      // A view: in a profile a buffer of its own took more of the page's time than all the rest of a message. It throws where a buffer was given away.
      frame = new Uint8Array(shared, from, length);
      from += length;
    }
    at = start + (words[at] as number);
    hear(frame, words, start, at);
  }
}
