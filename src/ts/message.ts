// One received message: a view over the frame it came in, everything else on first access.
import { PayloadError } from "./errors/payload-error.js";
import type { Qos } from "./options.js";
import { type NamedLevel, type Params, paramsOf } from "./params.js";
import { decodeProperties, type PropertyValues, type UserProperties } from "./properties.js";
import { MESSAGE } from "./records.js";
import { decodeText } from "./text.js";

const EMPTY: Uint8Array<ArrayBuffer> = new Uint8Array(0);
const NO_PROPERTIES: PropertyValues = {};
const NO_PAIRS: UserProperties = [];

/** What all messages of one topic share for one subscription: made once, when the topic is first routed. */
export class TopicView {
  readonly topic: string;
  readonly #named: readonly NamedLevel[];
  #params: Readonly<Record<string, string>> | undefined;

  constructor(topic: string, named: readonly NamedLevel[]) {
    this.topic = topic;
    this.#named = named;
  }

  get params(): Readonly<Record<string, string>> {
    this.#params ??= paramsOf(this.topic, this.#named);
    return this.#params;
  }
}

/**
 * A received message. `F` is the filter that it was subscribed with, for the types of `params`.
 *
 * @example
 * client.subscribe("device/+id/state", (message) => show(message.params.id, message.json()));
 */
export class Message<F extends string = string> {
  readonly #view: TopicView;
  readonly #frame: Uint8Array<ArrayBuffer>;
  /** Flags of the record in bits 0-7, packet identifier above. */
  readonly #head: number;
  readonly #payloadAt: number;
  readonly #payloadLength: number;
  readonly #propertiesAt: number;
  readonly #propertiesLength: number;
  #payload: Uint8Array<ArrayBuffer> | undefined;
  #properties: PropertyValues | undefined;

  /** @internal A message is the MESSAGE record at `words[at]` over `frame`. */
  constructor(view: TopicView, frame: Uint8Array<ArrayBuffer> | undefined, words: Uint32Array, at: number) {
    this.#view = view;
    this.#frame = frame ?? EMPTY;
    this.#head = ((words[at] as number) >>> 24) | ((words[at + MESSAGE.packetId] as number) << 8);
    this.#payloadAt = words[at + MESSAGE.payload] as number;
    this.#payloadLength = words[at + MESSAGE.payload + 1] as number;
    this.#propertiesAt = words[at + MESSAGE.properties] as number;
    this.#propertiesLength = words[at + MESSAGE.properties + 1] as number;
  }

  /** The topic it was published to. */
  get topic(): string {
    return this.#view.topic;
  }

  /** The values of the filter's named wildcards. */
  get params(): Params<F> {
    return this.#view.params as Params<F>;
  }

  /**
   * The bytes of the payload: a view of the frame that it came in, not a copy. Take a `slice()` before you transfer it
   * elsewhere, or to keep a small payload out of a large frame: with the engine in a worker, small frames that came together share a buffer.
   */
  get payload(): Uint8Array<ArrayBuffer> {
    this.#payload ??= this.#span(this.#payloadAt, this.#payloadLength);
    return this.#payload;
  }

  /** The payload as text; bytes that are not UTF-8 become U+FFFD. */
  text(): string {
    return decodeText(this.payload);
  }

  /** The payload as JSON; throws a `PayloadError` if it is not. `T` is what you expect, it is not checked. */
  json<T = unknown>(): T {
    const text = this.text();
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      const problem = cause instanceof Error ? cause.message : String(cause);
      throw new PayloadError(`The message on "${this.topic}" is not JSON: ${problem}`, "Use text() or payload, or mend the publisher", {
        cause,
      });
    }
  }

  get qos(): Qos {
    return (this.#head & 3) as Qos;
  }

  /** True for a message that the broker had kept, false for one that was just published. */
  get retain(): boolean {
    return (this.#head & 4) !== 0;
  }

  /** True when the broker sends it again: it may have been seen before. */
  get dup(): boolean {
    return (this.#head & 8) !== 0;
  }

  /** Packet identifier, QoS 1 and 2 only. */
  get packetId(): number | undefined {
    return this.#head >>> 8 || undefined;
  }

  /** Seconds that were left of the message's life when the broker sent it. */
  get expiry(): number | undefined {
    return this.#values.expiry;
  }

  get contentType(): string | undefined {
    return this.#values.contentType;
  }

  get responseTopic(): string | undefined {
    return this.#values.responseTopic;
  }

  get correlationData(): Uint8Array | undefined {
    return this.#values.correlationData;
  }

  /** What the publisher says about the payload; `undefined` when it says nothing. */
  get payloadFormat(): "bytes" | "text" | undefined {
    const format = this.#values.payloadFormat;
    return format === undefined ? undefined : format === 1 ? "text" : "bytes";
  }

  get userProperties(): UserProperties {
    return this.#values.userProperties ?? NO_PAIRS;
  }

  /** The subscription identifiers that the broker sent with it, which have led it to its handlers. */
  get subscriptionIdentifiers(): readonly number[] {
    return this.#values.subscriptionIdentifiers ?? [];
  }

  get #values(): PropertyValues {
    this.#properties ??=
      this.#propertiesLength === 0 ? NO_PROPERTIES : decodeProperties(this.#span(this.#propertiesAt, this.#propertiesLength));
    return this.#properties;
  }

  #span(offset: number, length: number): Uint8Array<ArrayBuffer> {
    if (length === 0) return EMPTY;
    return new Uint8Array(this.#frame.buffer, this.#frame.byteOffset + offset, length);
  }
}
