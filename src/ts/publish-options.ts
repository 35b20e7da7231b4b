// The options of publish(): as users write them, and as the wire wants them.
import { abortSignal, binary, boolean, fields, oneOf, text } from "./check.js";
import { durationOf } from "./duration.js";
import { OptionError } from "./errors/option-error.js";
import type { Qos } from "./options.js";
import type { MessageProperties } from "./payload.js";
import { encodeProperties, type PropertyValues, type UserProperties } from "./properties.js";
import { checkTopic } from "./topics.js";
import { pairs } from "./user-properties.js";

/**
 * Options of `publish()`.
 *
 * @example
 * await client.publish("light/cmd", { on: true }, { qos: 1, expiry: "30s", signal: AbortSignal.timeout(5_000) });
 */
export interface PublishOptions extends MessageProperties {
  /** Default: 0. */
  readonly qos?: Qos | undefined;
  /** Whether the broker keeps it for later subscribers. Default: false. */
  readonly retain?: boolean | undefined;
  /**
   * How long the promise waits, at QoS 1 and 2: until the broker has acknowledged the message (`"acknowledged"`, the default), or only until it is stored
   * (`"stored"`): from then on it is sent even if the page is killed, and an `"outcome"` event tells how it ended, perhaps to a later page. Where nothing is
   * stored (no `session.name`, or `status.durability` is `"memory"`) the promise waits for the broker all the same.
   */
  readonly until?: "acknowledged" | "stored" | undefined;
  /** Gives up waiting, and takes the message back if it has not been sent yet. The promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * How a publish ended well.
 *
 * @example
 * const result: PublishResult = await client.publish("alarm", "fire", { qos: 1 });
 * if (result.reasonCode === 0x10) console.warn("nobody listens");
 */
export interface PublishResult {
  /** 0, or 0x10 when the broker says that nobody subscribes to the topic. Always 0 at QoS 0. */
  readonly reasonCode: number;
  /** The broker's own words, if it sent some. */
  readonly reasonString: string | undefined;
  /** What else it said, in order. */
  readonly userProperties: UserProperties;
  /** With `until: "stored"`, when that came about: the number of the message in `client.outbox()` and in its `"outcome"`, which outlives the page. */
  readonly id: number | undefined;
}

/** Names of the properties that travel with a message, for `fields`. */
export const MESSAGE_PROPERTY_NAMES = [
  "expiry",
  "contentType",
  "responseTopic",
  "correlationData",
  "payloadFormat",
  "userProperties",
] as const;
const NAMES = ["qos", "retain", "until", "signal", ...MESSAGE_PROPERTY_NAMES] as const;

/** The flag of a publish whose promise waits for STORED. */
export const STORED = 8;

export interface PublishSettings {
  /** Bit 0 retain, bits 1-2 QoS, bit 3 STORED is wanted, as the engine takes them. */
  readonly flags: number;
  readonly properties: Uint8Array | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Checks the options and puts them into wire form. Every message pays for this: what is right as it stands is not looked up in lists. */
export function publishSettings(options: PublishOptions): PublishSettings {
  fields("", options, NAMES);
  const { qos = 0, retain = false } = options;
  const level = qos === 0 || qos === 1 || qos === 2 ? qos : oneOf("qos", qos, [0, 1, 2]);
  return {
    flags: (boolean("retain", retain) ? 1 : 0) | (level << 1) | (options.until === undefined ? 0 : stage(options.until, level)),
    properties: hasProperties(options) ? encodeProperties(messageProperties("", options)) : undefined,
    signal: options.signal === undefined ? undefined : abortSignal("signal", options.signal),
  };
}

function stage(until: unknown, qos: Qos): number {
  if (oneOf("until", until, ["acknowledged", "stored"]) === "acknowledged") return 0;
  if (qos === 0) throw new OptionError("until", '"stored" only at QoS 1 and 2', until);
  return STORED;
}

function hasProperties(options: PublishOptions): boolean {
  return (
    options.expiry !== undefined ||
    options.contentType !== undefined ||
    options.responseTopic !== undefined ||
    options.correlationData !== undefined ||
    options.payloadFormat !== undefined ||
    options.userProperties !== undefined
  );
}

/** The properties of a message or a will; `prefix` is put before the names in errors. */
export function messageProperties(prefix: string, given: MessageProperties): PropertyValues {
  const values: PropertyValues = {};
  if (given.payloadFormat !== undefined)
    values.payloadFormat = oneOf(`${prefix}payloadFormat`, given.payloadFormat, ["bytes", "text"]) === "text" ? 1 : 0;
  if (given.expiry !== undefined) values.expiry = durationOf(`${prefix}expiry`, given.expiry, { unit: "s", min: 0, max: 0xffff_ffff });
  if (given.contentType !== undefined) values.contentType = text(`${prefix}contentType`, given.contentType);
  if (given.responseTopic !== undefined) {
    checkTopic(given.responseTopic);
    values.responseTopic = given.responseTopic;
  }
  if (given.correlationData !== undefined) values.correlationData = binary(`${prefix}correlationData`, given.correlationData);
  if (given.userProperties !== undefined) values.userProperties = pairs(`${prefix}userProperties`, given.userProperties);
  return values;
}
