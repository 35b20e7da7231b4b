// What outlives a lost link, and with a name a lost page: the option `session`, as users write it and as the engine takes it.
import { boolean, integer, oneOf, optionalFields, text } from "./check.js";
import { type Duration, durationOf } from "./duration.js";
import type { EngineOptions } from "./engine.js";
import { OptionError } from "./errors/option-error.js";
import type { ConnectOptions } from "./options.js";

/**
 * What is kept while there is no link; with a `name` also while there is no page: then the session is stored, and the next page with the same name goes
 * on with it.
 *
 * @example
 * connect(url, { session: { name: "wall-display", expiry: "1d" } }); // survives a reload
 * connect(url, { clientId: "wall-display", session: { expiry: "1h" } }); // survives a lost link
 */
export interface SessionOptions {
  /**
   * Stores the session under this name, in IndexedDB of the page's origin: messages that are not finished, subscriptions, and the client identifier (credentials
   * never). A second tab with the same name has a session of its own: see `slots`. Default: none, and nothing is stored.
   */
  readonly name?: string | undefined;
  /** Where a session with a name is kept. Default: `"indexeddb"`; with `"memory"` the name does nothing. */
  readonly store?: "indexeddb" | "memory" | undefined;
  /**
   * When a change counts as stored: when the browser has it, which outlives a killed page and a killed browser (`"relaxed"`, the default), or when it is on
   * the medium, which outlives a power cut as well (`"strict"`).
   */
  readonly durability?: "relaxed" | "strict" | undefined;
  /**
   * How many pages may use the name at the same time, each with a slot of its own: its own client identifier, messages and subscriptions. A new page takes the
   * first slot that is free. Default: 16; with a `clientId` it is 1, as only one page can have it. A client that finds no slot stops (`"session-in-use"`).
   */
  readonly slots?: number | undefined;
  /**
   * How long the broker keeps the session without a link, in seconds. Default: 120, so that a short drop loses nothing, and 3,600 with a `name`. In 3.1.1 any
   * time but 0 is for ever, so there the default is 0 without a `name`.
   */
  readonly expiry?: Duration | undefined;
  /**
   * Whether the first attempt begins a new session. Default: false with a `name`, else true. Without a `name` set a `clientId` too where it is
   * false: sessions are kept in memory then, so a page that was reloaded cannot go on with one that the broker still has: the attempt
   * ends in a `"protocol-error"`, the next one begins anew.
   */
  readonly cleanStart?: boolean | undefined;
  /**
   * What becomes of a QoS 2 message that had left when the broker has lost the session: nobody can tell whether it arrived. Default: `"indeterminate"`, its
   * promise or outcome says so; `"resend"`: it is sent anew, and may arrive twice. (QoS 1 is always sent again.)
   */
  readonly qos2AfterLoss?: "indeterminate" | "resend" | undefined;
  /** How many keys the option `dedupe` of subscriptions remembers, all together: then the oldest are forgotten, also before their `ttl`. Default: 10,000. */
  readonly dedupeKeys?: number | undefined;
}

/**
 * A session that is stored, as `client.session` tells it.
 *
 * @example
 * if (client.session?.slot === 0) console.log("the first page of", client.session.name);
 */
export interface SessionInfo {
  /** The option `session.name`. */
  readonly name: string;
  /** Which of the sessions with this name this client has, from 0; `undefined` before it has one. */
  readonly slot: number | undefined;
}

/** A stored session that is asked for. */
export interface NamedSession {
  readonly name: string;
  readonly slots: number;
}

const U32 = 0xffff_ffff;
const NAMES = [
  "name",
  "store",
  "durability",
  "slots",
  "expiry",
  "cleanStart",
  "qos2AfterLoss",
  "dedupeKeys",
] as const satisfies readonly (keyof SessionOptions)[];
const SLOTS = 16;

/** Checks the option `session` and makes it whole. In 3.1.1 every expiry but 0 means "for ever", so nobody gets it without asking. */
export function sessionOptions(
  { session, clientId }: ConnectOptions,
  protocol: 4 | 5,
): {
  readonly named: NamedSession | undefined;
  readonly engine: Pick<EngineOptions, "cleanStart" | "sessionExpiry" | "resendQos2" | "strict" | "durable" | "maxKeys">;
} {
  const given = optionalFields("session", session, NAMES) as SessionOptions;
  const single = clientId !== undefined;
  const { name, store = "indexeddb", durability = "relaxed", slots = single ? 1 : SLOTS, qos2AfterLoss = "indeterminate" } = given;
  if (name !== undefined) text("session.name", name, 1);
  else if (given.store ?? given.durability ?? given.slots)
    throw new OptionError("session.name", "a text where `store`, `durability` or `slots` is set", name);
  const stored = oneOf("session.store", store, ["indexeddb", "memory"]) === "indexeddb" && name !== undefined;
  const strict = oneOf("session.durability", durability, ["relaxed", "strict"]) === "strict";
  integer("session.slots", slots, 1, single ? 1 : 1_000);
  const { cleanStart = !stored } = given;
  if (!boolean("session.cleanStart", cleanStart) && !stored && !single) {
    throw new OptionError("session.cleanStart", "false only with a `clientId` or a `session.name`", false);
  }
  const whenAbsent = stored ? 3_600 : protocol === 5 ? 120 : cleanStart ? 0 : U32;
  return {
    named: stored ? { name, slots } : undefined,
    engine: {
      cleanStart,
      sessionExpiry: given.expiry === undefined ? whenAbsent : durationOf("session.expiry", given.expiry, { unit: "s", min: 0, max: U32 }),
      resendQos2: oneOf("session.qos2AfterLoss", qos2AfterLoss, ["indeterminate", "resend"]) === "resend",
      strict: stored && strict,
      durable: stored,
      maxKeys: integer("session.dedupeKeys", given.dedupeKeys ?? 10_000, 1, 1_000_000),
    },
  };
}
