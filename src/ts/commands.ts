// What the client asks of its engine, as a block of bytes: the command table of src/lib.rs. Pinned by tests/golden/commands.json.

import { encodeText, encodeTextInto } from "./text.js";

/** Kinds of commands: the number that each begins with. */
const KIND = {
  handled: 0,
  start: 1,
  address: 2,
  addressFailed: 3,
  authenticate: 4,
  authenticationFailed: 5,
  reauthenticate: 6,
  publish: 7,
  subscribe: 8,
  unsubscribe: 9,
  claim: 10,
  cancel: 11,
  close: 12,
  reconnectNow: 13,
  page: 14,
  renew: 15,
} as const;

/** Bytes that a block has room for at first. */
const ROOM = 1_024;
/** A buffer that has grown beyond so many bytes goes with the block in it: who takes that has it. */
export const HANDED_OVER = 65_536;
/** A larger one is not used again. */
const MOST_SPARE = 2_097_152;

/** Whether a buffer that went with a block is to come back. In a profile a new one took ten times as long as writing a payload into it. */
export const comesBack = ({ byteLength }: ArrayBuffer): boolean => byteLength > HANDED_OVER && byteLength <= MOST_SPARE;

/** The command that starts an engine, which is the first. */
export const START = Uint8Array.of(KIND.start, 0, 0, 0);

/** Writes commands one behind the other; `wrote` is called after each. All times in ms. */
export abstract class Commands {
  #bytes = new Uint8Array(ROOM);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  /** A buffer that is back. */
  #idle: ArrayBuffer | undefined;
  /** Of the last publish. */
  #topic = "";
  #topicBytes = new Uint8Array(0);

  /** A command is complete. */
  protected abstract wrote(): void;

  /** Bytes that are written and not taken. */
  protected get written(): number {
    return this.#length;
  }

  /** A copy of what is written so far. */
  protected peek(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  /** All that is written. It is good until the next command is written; if its buffer is larger than `HANDED_OVER`, for ever. */
  protected take(): Uint8Array<ArrayBuffer> {
    const block = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    if (this.#bytes.length > HANDED_OVER) this.#allocate(ROOM);
    return block;
  }

  /** A buffer is back, or an empty one. One is kept, the largest. */
  protected reuse(buffer: ArrayBuffer): void {
    if (buffer.byteLength > (this.#idle?.byteLength ?? 0)) this.#idle = buffer;
  }

  /** The deliveries from `first` on, so many, are done: the engine acknowledges them in the order in which they came. */
  handled(first: number, count: number): void {
    this.#write(KIND.handled, first, count);
    this.wrote();
  }

  address(attempt: number, url: string, username?: string, password?: Uint8Array, authentication?: Uint8Array): void {
    this.#write(KIND.address, attempt);
    this.#text(url);
    this.#text(username);
    this.#field(password);
    this.#field(authentication);
    this.wrote();
  }

  /** Without `detail`: the server reference of PREPARE leads nowhere. */
  addressFailed(attempt: number, detail?: string): void {
    this.#write(KIND.addressFailed, attempt);
    this.#text(detail);
    this.wrote();
  }

  authenticate(exchange: number, data?: Uint8Array): void {
    this.#write(KIND.authenticate, exchange);
    this.#field(data);
    this.wrote();
  }

  authenticationFailed(exchange: number, detail: string): void {
    this.#write(KIND.authenticationFailed, exchange);
    this.#text(detail);
    this.wrote();
  }

  reauthenticate(token: number): void {
    this.#write(KIND.reauthenticate, token);
    this.wrote();
  }

  subscribe(token: number, filter: string, options: number, properties?: Uint8Array): void {
    this.#write(KIND.subscribe, token, options);
    this.#text(filter);
    this.#field(properties);
    this.wrote();
  }

  unsubscribe(token: number, filter: string): void {
    this.#write(KIND.unsubscribe, token);
    this.#text(filter);
    this.wrote();
  }

  /** Asks the ledger about a message (delivery 0: QoS 0). Rules as in dedupe.ts. A CLAIMED record answers. */
  claim(token: number, delivery: number, key: string, rule: number, value: number, ttl: number): void {
    this.#write(KIND.claim, token, delivery, rule);
    this.#reserve(16);
    this.#view.setFloat64(this.#length, value, true);
    this.#view.setFloat64(this.#length + 8, ttl, true);
    this.#length += 16;
    this.#text(key);
    this.wrote();
  }

  cancel(token: number): void {
    this.#write(KIND.cancel, token);
    this.wrote();
  }

  close(reason: number, properties?: Uint8Array): void {
    this.#write(KIND.close, reason);
    this.#field(properties);
    this.wrote();
  }

  reconnectNow(): void {
    this.#write(KIND.reconnectNow);
    this.wrote();
  }

  /** Something happened to the page: a number of page-life.ts. */
  page(event: number): void {
    this.#write(KIND.page, event);
    this.wrote();
  }

  /** A planned reconnect: what is under way is finished first. Nothing where there is no link. */
  renew(): void {
    this.#write(KIND.renew);
    this.wrote();
  }

  /** A publish whose outcome a DONE record tells, also when it is known at once. */
  protected writePublish(token: number, topic: string, payload: Uint8Array, flags: number, properties?: Uint8Array): void {
    // The hot way: most publishers use few topics, and encoding one costs as much as all the rest.
    if (topic !== this.#topic) {
      this.#topic = topic;
      this.#topicBytes = encodeText(topic);
    }
    // All at once: growing copies what is written.
    this.#reserve(24 + this.#topicBytes.length + payload.length + (properties?.length ?? 0));
    this.#view.setUint32(this.#length, KIND.publish, true);
    this.#view.setUint32(this.#length + 4, token, true);
    this.#view.setUint32(this.#length + 8, flags, true);
    this.#length += 12;
    this.#field(this.#topicBytes);
    this.#field(payload);
    this.#field(properties);
    this.wrote();
  }

  #write(...numbers: number[]): void {
    this.#reserve(4 * numbers.length);
    for (const number of numbers) {
      this.#view.setUint32(this.#length, number, true);
      this.#length += 4;
    }
  }

  #text(text: string | undefined): void {
    if (text === undefined) {
      this.#write(0);
      return;
    }
    this.#reserve(4 + 3 * text.length);
    const written = encodeTextInto(text, this.#bytes.subarray(this.#length + 4));
    this.#write(written + 1);
    this.#length += written;
  }

  #field(bytes: Uint8Array | undefined): void {
    const length = bytes?.length ?? 0;
    this.#reserve(4 + length);
    this.#view.setUint32(this.#length, bytes === undefined ? 0 : length + 1, true);
    if (bytes !== undefined) this.#bytes.set(bytes, this.#length + 4);
    this.#length += 4 + length;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const written = this.#bytes.subarray(0, this.#length);
    this.#allocate(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.set(written);
  }

  #allocate(room: number): void {
    const idle = this.#idle;
    const fits = room > HANDED_OVER && idle !== undefined && idle.byteLength >= room;
    this.#bytes = new Uint8Array(fits ? idle : new ArrayBuffer(room));
    if (fits) this.#idle = undefined;
    this.#view = new DataView(this.#bytes.buffer);
  }
}
