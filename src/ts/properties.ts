// MQTT 5.0 property blocks (without their length prefix): ONE table, written and read.
import type { Span } from "./records.js";
import { decodeText, encodeText } from "./text.js";

/**
 * User properties as they came: name and value, in order, names may repeat.
 *
 * @example
 * client.subscribe("a", (message) => {
 *   const properties: UserProperties = message.userProperties;
 *   for (const [name, value] of properties) show(name, value);
 * });
 */
export type UserProperties = readonly (readonly [name: string, value: string])[];

/**
 * User properties as they are given: pairs, where a name may repeat, or an object.
 *
 * @example
 * client.publish("a", "b", { userProperties: { trace: "42" } });
 * client.publish("a", "b", { userProperties: [["tag", "x"], ["tag", "y"]] });
 */
export type UserPropertiesInit = UserProperties | { readonly [name: string]: string };

/** The properties that this side reads or writes, by the name that options and messages use. */
export interface PropertyValues {
  payloadFormat?: number;
  expiry?: number;
  contentType?: string;
  responseTopic?: string;
  correlationData?: Uint8Array;
  subscriptionIdentifiers?: number[];
  sessionExpiry?: number;
  willDelay?: number;
  responseInformation?: string;
  authenticationData?: Uint8Array;
  reasonString?: string;
  userProperties?: [string, string][];
}

type Kind = 1 | 2 | 4 | "varint" | "text" | "binary" | "pair";

/** Identifier -> (type, name on this side). A property without a name is skipped in reading. */
const TABLE: Readonly<Record<number, readonly [kind: Kind, name?: keyof PropertyValues]>> = {
  1: [1, "payloadFormat"],
  2: [4, "expiry"],
  3: ["text", "contentType"],
  8: ["text", "responseTopic"],
  9: ["binary", "correlationData"],
  11: ["varint", "subscriptionIdentifiers"],
  17: [4, "sessionExpiry"],
  18: ["text"],
  19: [2],
  21: ["text"],
  22: ["binary", "authenticationData"],
  24: [4, "willDelay"],
  26: ["text", "responseInformation"],
  28: ["text"],
  31: ["text", "reasonString"],
  33: [2],
  34: [2],
  35: [2],
  36: [1],
  37: [1],
  38: ["pair", "userProperties"],
  39: [4],
  40: [1],
  41: [1],
  42: [1],
};

/** The property block of `values`, or nothing when there are none. Values are checked by the caller. */
export function encodeProperties(values: PropertyValues): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  for (const [id, [kind, name]] of ROWS) {
    const value = name === undefined ? undefined : values[name];
    if (value === undefined || kind === "varint") continue; // identifiers are the engine's to give
    for (const one of name === "userProperties" ? (value as unknown[]) : [value]) parts.push(Uint8Array.of(id), ...encoded(kind, one));
  }
  return parts.length === 0 ? undefined : joined(parts);
}

const ROWS = Object.entries(TABLE).map(([id, row]) => [Number(id), row] as const);

function encoded(kind: Exclude<Kind, "varint">, value: unknown): Uint8Array[] {
  switch (kind) {
    case "text":
      return prefixed(encodeText(value as string));
    case "binary":
      return prefixed(value as Uint8Array);
    case "pair":
      return (value as readonly string[]).flatMap((text) => prefixed(encodeText(text)));
    default:
      return [bigEndian(value as number, kind)];
  }
}

function bigEndian(value: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => value >>> (8 * (size - 1 - at)));
}

function prefixed(bytes: Uint8Array): Uint8Array[] {
  return [bigEndian(bytes.length, 2), bytes];
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const block = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    block.set(part, at);
    at += part.length;
  }
  return block;
}

/** Reads the block that a record has in its frame. */
export function propertiesIn(frame: Uint8Array | undefined, [offset, length]: Span): PropertyValues {
  return frame === undefined ? {} : decodeProperties(frame.subarray(offset, offset + length));
}

/** Reads a property block that the engine has already validated. */
export function decodeProperties(block: Uint8Array): PropertyValues {
  const reader = new Reader(block);
  const values: PropertyValues = {};
  while (reader.more) {
    const row = TABLE[reader.integer(1)];
    if (row === undefined) break; // the engine lets no unknown identifier pass
    const [kind, name] = row;
    const value = reader.read(kind);
    if (name === "userProperties") values.userProperties = appended(values.userProperties, value as [string, string]);
    else if (name === "subscriptionIdentifiers") values.subscriptionIdentifiers = appended(values.subscriptionIdentifiers, value as number);
    else if (name !== undefined) Object.assign(values, { [name]: value });
  }
  return values;
}

function appended<T>(list: T[] | undefined, value: T): T[] {
  if (list === undefined) return [value];
  list.push(value);
  return list;
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get more(): boolean {
    return this.#at < this.#bytes.length;
  }

  read(kind: Kind): unknown {
    switch (kind) {
      case "varint":
        return this.#varint();
      case "text":
        return decodeText(this.#binary());
      case "binary":
        return this.#binary().slice(); // own bytes: a view would keep the whole frame alive
      case "pair":
        return [decodeText(this.#binary()), decodeText(this.#binary())];
      default:
        return this.integer(kind);
    }
  }

  integer(size: number): number {
    let value = 0;
    for (let left = size; left > 0; left--) value = value * 256 + this.#byte();
    return value;
  }

  #varint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  #binary(): Uint8Array {
    const length = this.integer(2);
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return bytes;
  }

  #byte(): number {
    return this.#bytes[this.#at++] ?? 0;
  }
}
