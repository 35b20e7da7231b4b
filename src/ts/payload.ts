// What can be published, and how it becomes bytes.
import type { Duration } from "./duration.js";
import { PayloadError } from "./errors/payload-error.js";
import type { UserPropertiesInit } from "./properties.js";
import { decodeTextStrictly, encodeText, isWellFormed } from "./text.js";

/**
 * What a message can carry: text and bytes go as they are, everything else as JSON.
 *
 * @example
 * client.publish("a", "text");
 * client.publish("b", new Uint8Array([1, 2, 3]));
 * client.publish("c", { on: true, level: 7 }); // {"on":true,"level":7}
 */
export type Payload = string | ArrayBuffer | ArrayBufferView | number | boolean | null | object;

/**
 * Properties that travel with a message (5.0; in 3.1.1 they are not sent).
 *
 * @example
 * const answerHere: MessageProperties = { responseTopic: "answers/7", correlationData: "42", expiry: "10s" };
 */
export interface MessageProperties {
  /**
   * How long the message is worth delivering, in seconds. The time that it waits here counts; if it is over before the message could be sent, it is
   * not sent any more, and `publish()` rejects with a `PublishError` of code `"expired"`.
   */
  readonly expiry?: Duration | undefined;
  /** For example `"application/json"`. */
  readonly contentType?: string | undefined;
  /** Where an answer is expected. */
  readonly responseTopic?: string | undefined;
  /** What the answer has to repeat. */
  readonly correlationData?: Uint8Array | string | undefined;
  /** `"text"` tells the receiver that the payload is UTF-8; bytes that are not are refused with a `PayloadError`. */
  readonly payloadFormat?: "bytes" | "text" | undefined;
  readonly userProperties?: UserPropertiesInit | undefined;
}

const EMPTY = new Uint8Array(0);

/** The bytes of a payload. Bytes that are given are not copied; what is called `"text"` must be text (3.3.2.3.2). */
export function payloadBytes(payload: unknown, format?: unknown): Uint8Array {
  const bytes = bytesOf(payload);
  if (format === "text" && !isText(bytes)) {
    throw new PayloadError('The payload is not UTF-8 although `payloadFormat` says "text"', "Leave `payloadFormat` out, or publish text");
  }
  return bytes;
}

function isText(bytes: Uint8Array): boolean {
  try {
    decodeTextStrictly(bytes);
    return true;
  } catch {
    return false;
  }
}

function bytesOf(payload: unknown): Uint8Array {
  if (typeof payload === "string") return textBytes(payload);
  if (payload instanceof Uint8Array) return payload;
  if (ArrayBuffer.isView(payload)) return new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength);
  if (payload instanceof ArrayBuffer) return new Uint8Array(payload);
  return encodeText(jsonText(payload));
}

function textBytes(text: string): Uint8Array {
  if (text === "") return EMPTY;
  if (!isWellFormed(text)) {
    throw new PayloadError(
      "The text holds a lone surrogate, which UTF-8 cannot carry",
      "Publish bytes, or mend the text with toWellFormed()",
    );
  }
  return encodeText(text);
}

const UNWRITTEN = "Publish text, bytes, or a value that JSON can carry";

function jsonText(value: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (cause) {
    throw new PayloadError("The payload cannot be written as JSON", UNWRITTEN, { cause });
  }
  if (json === undefined || (json === "{}" && !isPlainObject(value))) {
    throw new PayloadError(`A payload cannot be ${kindOf(value)}`, UNWRITTEN);
  }
  return json;
}

/** A Map, Set, Blob or Promise would silently become `{}`. */
function isPlainObject(value: unknown): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function kindOf(value: unknown): string {
  return typeof value === "object" ? (value?.constructor?.name ?? "an object") : typeof value;
}
