// The record table of src/lib.rs: what the engine says, as u32 words. Pinned by tests/golden/records.json.
import { CAUSE_KINDS, type ConnectPhase, PHASES, type RawCause } from "./cause.js";
import { decodeText } from "./text.js";

/** Kinds of records: bits 0-7 of word 0. */
export const KIND = {
  status: 1,
  connected: 2,
  topic: 3,
  message: 4,
  done: 5,
  subscribed: 6,
  unsubscribed: 7,
  prepare: 8,
  packet: 9,
  identifier: 10,
  authenticate: 11,
  stored: 12,
  ready: 13,
  claimed: 14,
  stalled: 15,
  restored: 16,
  gap: 17,
  storage: 18,
  filter: 19,
} as const;

/** Where the words of a MESSAGE stand, counted from word 0. Spans are two words: offset, length. The identifiers go on to the record's end. */
export const MESSAGE = { topic: 1, payload: 2, properties: 4, packetId: 6, delivery: 7, identifiers: 8 } as const;

/** Flags of a MESSAGE in its word 0: not to be handed over before READY; begun by an earlier page, and only told. */
export const HELD = 1 << 28;
export const INTERRUPTED = 1 << 29;

const STATES = ["idle", "connecting", "online", "waiting", "stopped"] as const;

/** Kind of the record whose word 0 is `head`. */
export function kindOf(head: number): number {
  return head & 0xff;
}

/** Length in words of the record whose word 0 is `head`; never 0, so that a reader always moves on. */
export function lengthOf(head: number): number {
  return (head >>> 8) & 0xffff || 1;
}

/** A piece of the frame. */
export type Span = readonly [offset: number, length: number];

export interface StatusRecord {
  readonly state: (typeof STATES)[number];
  readonly attempt: number;
  readonly phase: ConnectPhase;
  /** What the attempt offers (connecting only). */
  readonly protocol: 4 | 5;
  /** Epoch milliseconds: since when, or (waiting) when to try again. */
  readonly at: number;
  readonly cause: RawCause;
}

export interface ConnectedRecord {
  readonly sessionPresent: boolean;
  readonly protocol: 4 | 5;
  readonly keepAlive: number;
  readonly sessionExpiry: number;
  readonly receiveMaximum: number;
  readonly maximumQos: number;
  readonly maximumPacketSize: number;
  readonly topicAliasMaximum: number;
  readonly available: {
    readonly retain: boolean;
    readonly wildcards: boolean;
    readonly subscriptionIdentifiers: boolean;
    readonly shared: boolean;
  };
  readonly properties: Span;
  readonly clientId: string;
}

export interface PrepareRecord {
  readonly attempt: number;
  readonly permanent: boolean;
  readonly serverReference: string;
}

export interface AuthenticateRecord {
  readonly step: number;
  readonly exchange: number;
  readonly properties: Span;
}

/** DONE, SUBSCRIBED and UNSUBSCRIBED. */
export interface OutcomeRecord {
  readonly token: number;
  readonly code: number;
  /** Where the broker's answer has its properties, if it has some. */
  readonly properties: Span;
}

export interface PacketRecord {
  readonly outgoing: boolean;
  readonly type: number;
  readonly packetId: number;
  readonly size: number;
  readonly headerFlags: number;
  readonly reason: number;
  readonly topic: string;
}

/** A message that an earlier page left unfinished. */
export interface RestoredRecord {
  readonly token: number;
  /** Its number in the stored session. */
  readonly id: number;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  /** Whether it may have left. */
  readonly mayHaveLeft: boolean;
  /** Bytes of its payload. */
  readonly size: number;
  /** Empty for a QoS 2 message that the broker has received, and nothing but its release is pending. */
  readonly topic: string;
}

/** Kinds of GAP, by its flags. */
export const GAPS = ["session-lost", "session-expired"] as const;
/** Durabilities of STORAGE, by its flags. */
export const DURABILITIES = ["memory", "relaxed", "strict"] as const;
/** Reasons of STORAGE. */
export const STORAGE_REASONS = ["none", "unavailable", "blocked", "quota", "aborted", "damaged", "deleted", "other"] as const;

export interface StorageRecord {
  readonly durability: (typeof DURABILITIES)[number];
  readonly reason: (typeof STORAGE_REASONS)[number];
  readonly detail: string;
}

/** A subscription that an earlier page left. */
export interface FilterRecord {
  /** Its subscription identifier, 0 if it has none. */
  readonly identifier: number;
  readonly filter: string;
}

export function readStatus(words: Uint32Array, at: number): StatusRecord {
  const fields = new Fields(words, at);
  const state = STATES[fields.flags & 7] ?? "idle";
  const attempt = fields.next();
  const phase = PHASES[fields.next()] ?? "address";
  const time = fields.next() + fields.next() * 2 ** 32;
  const kind = CAUSE_KINDS[fields.next()] ?? "none";
  const code = fields.next();
  const detail = fields.text();
  const protocol = fields.flags & 0x80 ? 4 : 5;
  return { state, attempt, phase, protocol, at: time, cause: { kind, code, detail, serverReference: fields.text() } };
}

export function readConnected(words: Uint32Array, at: number): ConnectedRecord {
  const fields = new Fields(words, at);
  const [keepAlive, sessionExpiry, receiveMaximum, maximumQos] = [fields.next(), fields.next(), fields.next(), fields.next()];
  const [maximumPacketSize, topicAliasMaximum, bits] = [fields.next(), fields.next(), fields.next()];
  return {
    sessionPresent: (fields.flags & 1) !== 0,
    protocol: (fields.flags & 2) !== 0 ? 5 : 4,
    keepAlive,
    sessionExpiry,
    receiveMaximum,
    maximumQos,
    maximumPacketSize,
    topicAliasMaximum,
    available: {
      retain: (bits & 1) !== 0,
      wildcards: (bits & 2) !== 0,
      subscriptionIdentifiers: (bits & 4) !== 0,
      shared: (bits & 8) !== 0,
    },
    properties: [fields.next(), fields.next()],
    clientId: fields.text(),
  };
}

export function readTopic(words: Uint32Array, at: number): { readonly id: number; readonly name: string } {
  const fields = new Fields(words, at);
  return { id: fields.next(), name: fields.text() };
}

export function readPrepare(words: Uint32Array, at: number): PrepareRecord {
  const fields = new Fields(words, at);
  return { attempt: fields.next(), permanent: (fields.flags & 1) !== 0, serverReference: fields.text() };
}

export function readAuthenticate(words: Uint32Array, at: number): AuthenticateRecord {
  const fields = new Fields(words, at);
  return { step: fields.flags, exchange: fields.next(), properties: [fields.next(), fields.next()] };
}

export function readOutcome(words: Uint32Array, at: number): OutcomeRecord {
  const fields = new Fields(words, at);
  return { token: fields.next(), code: fields.next(), properties: [fields.next(), fields.next()] };
}

/** A DONE record without a text. */
export function doneRecord(token: number, code: number): Uint32Array {
  return Uint32Array.of(KIND.done | (3 << 8), token, code);
}

export function readStored(words: Uint32Array, at: number): { readonly token: number; readonly id: number } {
  const fields = new Fields(words, at);
  return { token: fields.next(), id: fields.next() + fields.next() * 2 ** 32 };
}

export function readRestored(words: Uint32Array, at: number): RestoredRecord {
  const fields = new Fields(words, at);
  const { flags } = fields;
  const token = fields.next();
  const id = fields.next() + fields.next() * 2 ** 32;
  const size = fields.next();
  const qos = (flags & 3) as 0 | 1 | 2;
  return { token, id, qos, retain: (flags & 4) !== 0, mayHaveLeft: (flags & 8) !== 0, size, topic: fields.text() };
}

export function readGap(words: Uint32Array, at: number): (typeof GAPS)[number] {
  return GAPS[new Fields(words, at).flags] ?? "session-lost";
}

export function readStorage(words: Uint32Array, at: number): StorageRecord {
  const fields = new Fields(words, at);
  const durability = DURABILITIES[fields.flags] ?? "memory";
  return { durability, reason: STORAGE_REASONS[fields.next()] ?? "other", detail: fields.text() };
}

export function readFilter(words: Uint32Array, at: number): FilterRecord {
  const fields = new Fields(words, at);
  return { identifier: fields.next(), filter: fields.text() };
}

/** A STORAGE record: there is no store here. */
export function unavailableRecord(): Uint32Array {
  return Uint32Array.of(KIND.storage | (3 << 8), STORAGE_REASONS.indexOf("unavailable"), 0);
}

export function readPacket(words: Uint32Array, at: number): PacketRecord {
  const fields = new Fields(words, at);
  const [packetId, size, headerFlags, reason] = [fields.next(), fields.next(), fields.next(), fields.next()];
  return { outgoing: (fields.flags & 1) !== 0, type: fields.flags >>> 4, packetId, size, headerFlags, reason, topic: fields.text() };
}

/** Reads the words of one record in order. What is not there reads as 0 or as no text. */
class Fields {
  readonly flags: number;
  readonly #words: Uint32Array;
  readonly #end: number;
  #at: number;

  constructor(words: Uint32Array, at: number) {
    const head = words[at] ?? 0;
    this.#words = words;
    this.flags = head >>> 24;
    this.#at = at + 1;
    this.#end = at + lengthOf(head);
  }

  next(): number {
    return this.#at < this.#end ? (this.#words[this.#at++] ?? 0) : 0;
  }

  text(): string {
    const length = this.next();
    if (length === 0) return "";
    const bytes = new Uint8Array(this.#words.buffer, this.#words.byteOffset + 4 * this.#at, length);
    this.#at += Math.ceil(length / 4);
    return decodeText(bytes);
  }
}
