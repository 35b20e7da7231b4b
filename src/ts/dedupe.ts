// The option `dedupe` of subscribe(): as users write it, and what the ledger is asked for one message.
import { boolean, optionalFields, text } from "./check.js";
import { type Duration, type DurationRule, durationOf } from "./duration.js";
import { DedupeError } from "./errors/dedupe-error.js";
import { OptionError } from "./errors/option-error.js";
import type { Message } from "./message.js";

/**
 * Where a message says what it is: the name of a user property, `"correlationData"`, or a function of the message.
 *
 * @example
 * const byProperty: DedupeKey = "message-id";
 * const byPayload: DedupeKey = (message) => message.json<{ id: string }>().id;
 */
export type DedupeKey = "correlationData" | (string & {}) | ((message: Message) => string | number);

/**
 * What all ways of {@link Dedupe} have in common.
 *
 * @example
 * const rules: DedupeRules = { ttl: "1d", scope: "orders" };
 */
export interface DedupeRules {
  /** How long what was seen is remembered, in seconds. Default: 3,600. Of all keys together so many are remembered as the option `session.dedupeKeys` says. */
  readonly ttl?: Duration | undefined;
  /** What the keys belong to: subscriptions with the same scope share what they have seen. Default: the filter. */
  readonly scope?: string | undefined;
  /** Whether QoS 0 is looked at too. Default: false. */
  readonly qos0?: boolean | undefined;
}

/**
 * By message id: a message whose key was seen before is dropped.
 *
 * @example
 * client.subscribe("order/+", { qos: 1, dedupe: { key: "message-id", ttl: "1d" } }, show); // a user property
 * client.subscribe("order/+", { qos: 1, dedupe: { key: (message) => message.json<{ id: string }>().id } }, show);
 */
export interface DedupeById extends DedupeRules {
  readonly key: DedupeKey;
  readonly timestamp?: undefined;
  readonly sequence?: undefined;
}

/**
 * By timestamp: a message that is not newer than the last one with its key is dropped.
 *
 * @example
 * client.subscribe("device/+id/state", { qos: 1, dedupe: { timestamp: (message) => message.json<{ at: number }>().at } }, show);
 */
export interface DedupeByTimestamp extends DedupeRules {
  /** Which messages follow each other. Default: those with the same topic. */
  readonly key?: DedupeKey | undefined;
  /** When it was made, in any unit: a number from 0 on. */
  readonly timestamp: (message: Message) => number;
  readonly sequence?: undefined;
}

/**
 * By sequence: a message whose number is not above the last one with its key is dropped, and missing numbers are told by the event `"gap"`.
 *
 * @example
 * client.subscribe("meter/+id", { qos: 1, dedupe: { sequence: (message) => message.json<{ n: number }>().n } }, show);
 */
export interface DedupeBySequence extends DedupeRules {
  /** Which messages follow each other. Default: those with the same topic. A sender that begins anew needs a key that tells its lives apart. */
  readonly key?: DedupeKey | undefined;
  /** Its number: a whole number from 0 on, one more each time. */
  readonly sequence: (message: Message) => number;
  readonly timestamp?: undefined;
}

/**
 * How messages that come again are known. What was seen is kept with the session: over reconnects, and, where the session is stored, over reloads and crashes.
 *
 * @example
 * const dedupe: Dedupe = { key: "message-id" };
 * client.subscribe("order/+", { qos: 1, dedupe }, show);
 */
export type Dedupe = DedupeById | DedupeByTimestamp | DedupeBySequence;

const NAMES = ["key", "timestamp", "sequence", "ttl", "scope", "qos0"] as const satisfies readonly (keyof DedupeBySequence)[];
const TTL: DurationRule = { unit: "s", min: 1, max: 0xffff_ffff };

/** What the ledger does with a value: an id is there or not, a timestamp or a sequence is compared with the last one. */
const RULE = { id: 0, timestamp: 1, sequence: 2 } as const;

export interface DedupeSettings {
  readonly rule: number;
  /** What stands before each key in the ledger: the scope, and the rule, so that two rules never meet in one entry. */
  readonly prefix: string;
  /** How long an entry lives, in ms. */
  readonly ttl: number;
  readonly qos0: boolean;
  /** The key of a message, and its timestamp or sequence. Throws a DedupeError. */
  readonly read: (message: Message) => { readonly key: string | number; readonly value: number };
}

/** Checks the option and makes it whole. */
export function dedupeSettings(option: unknown, filter: string): DedupeSettings {
  const given = optionalFields("dedupe", option, NAMES);
  const { timestamp, sequence } = given;
  if (timestamp !== undefined && sequence !== undefined) throw new OptionError("dedupe.sequence", "nothing beside `timestamp`", sequence);
  const [rule, name] =
    timestamp !== undefined ? [RULE.timestamp, "timestamp"] : sequence !== undefined ? [RULE.sequence, "sequence"] : [RULE.id, "key"];
  const keyOf = keyReader(given["key"], rule);
  const numberOf = rule === RULE.id ? () => 0 : given[name];
  if (typeof numberOf !== "function") throw new OptionError(`dedupe.${name}`, "a function of the message that gives a number", numberOf);
  const scope = given["scope"] === undefined ? filter : text("dedupe.scope", given["scope"], 1);
  const fits = rule === RULE.sequence ? Number.isSafeInteger : Number.isFinite;
  return {
    rule,
    prefix: `${scope}\0${rule}`,
    ttl: 1_000 * (given["ttl"] === undefined ? 3_600 : durationOf("dedupe.ttl", given["ttl"], TTL)),
    qos0: given["qos0"] === undefined ? false : boolean("dedupe.qos0", given["qos0"]),
    read(message) {
      let [key, value]: unknown[] = [];
      try {
        key = keyOf(message);
        value = numberOf(message);
      } catch (cause) {
        throw new DedupeError(filter, message.topic, "reading its key fails", { cause });
      }
      if (key === "" || (typeof key !== "string" && !Number.isFinite(key))) throw rubbish(filter, message, "key", key);
      if (!fits(value) || (value as number) < 0) throw rubbish(filter, message, name, value);
      return { key: key as string | number, value: value as number };
    },
  };
}

type Reader = (message: Message) => unknown;

function keyReader(key: unknown, rule: number): Reader {
  if (key === undefined && rule !== RULE.id) return (message) => message.topic;
  if (key === "correlationData") return (message) => message.correlationData?.join();
  if (typeof key === "string") return (message) => message.userProperties.find(([name]) => name === key)?.[1];
  if (typeof key === "function") return key as Reader;
  throw new OptionError("dedupe.key", 'the name of a user property, "correlationData", or a function of the message', key);
}

function rubbish(filter: string, message: Message, what: string, value: unknown): DedupeError {
  return new DedupeError(filter, message.topic, `its ${what} is ${typeof value === "number" ? value : typeof value}`);
}
