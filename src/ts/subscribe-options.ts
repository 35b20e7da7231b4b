// The options of subscribe(): as users write them, and as the wire wants them.
import { abortSignal, boolean, integer, oneOf, optionalFields } from "./check.js";
import { type Dedupe, type DedupeSettings, dedupeSettings } from "./dedupe.js";
import { OptionError } from "./errors/option-error.js";
import type { Qos } from "./options.js";
import { encodeProperties, type UserPropertiesInit } from "./properties.js";
import { pairs } from "./user-properties.js";

/**
 * Options of `subscribe()`.
 *
 * @example
 * client.subscribe("device/+id/state", { qos: 1, retainHandling: "never" }, show);
 */
export interface SubscribeOptions {
  /** Highest QoS to receive. Default: 0. */
  readonly qos?: Qos | undefined;
  /** Whether to leave out what this client publishes itself (5.0). Counts only if all subscriptions to the filter say so. Default: false. */
  readonly noLocal?: boolean | undefined;
  /** Whether `message.retain` is as it was published, instead of telling kept from new (5.0). Default: false. */
  readonly retainAsPublished?: boolean | undefined;
  /** Whether the broker sends retained messages: always, only for a new subscription, or never (5.0). Default: `"send"`. */
  readonly retainHandling?: "send" | "if-new" | "never" | undefined;
  /** User properties of SUBSCRIBE (5.0). */
  readonly userProperties?: UserPropertiesInit | undefined;
  /**
   * When a message of QoS 1 or 2 is acknowledged: when its handler is done (it has returned, and its promise has settled, also if it fails; the loop asks for
   * the next message, or is left), or as soon as it is received. The broker sends no more than `receiveMaximum` messages that are not acknowledged, and in
   * order: a handler that takes long holds the others back, one that never ends stops them, which the event `"stalled"` tells. Default: `"handled"`.
   */
  readonly ack?: "handled" | "received" | undefined;
  /** Drops messages that were seen before. Default: none are. */
  readonly dedupe?: Dedupe | undefined;
  /**
   * Without a handler: how many messages are kept for the loop; beyond that the oldest are dropped. Messages of QoS 1 and 2 that the broker still waits for
   * are never dropped, and do not count. Default: 10,000.
   */
  readonly buffer?: number | undefined;
  /** Ends the subscription when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

const NAMES = ["qos", "noLocal", "retainAsPublished", "retainHandling", "userProperties", "ack", "dedupe", "buffer", "signal"] as const;
const RETAIN_HANDLING = ["send", "if-new", "never"] as const;

/** Options of SUBSCRIBE in wire form: equal ones need no new SUBSCRIBE. */
export interface WireSubscription {
  /** The options byte [MQTT-3.8.3.1]. */
  readonly bits: number;
  readonly properties: Uint8Array | undefined;
}

export interface SubscribeSettings extends WireSubscription {
  /** Acknowledged before they are handled. */
  readonly received: boolean;
  readonly dedupe: DedupeSettings | undefined;
  readonly buffer: number;
  readonly signal: AbortSignal | undefined;
}

/** Checks what subscribe() was called with and puts it into wire form. */
export function subscribeSettings(options: unknown, handler: unknown, filter: string): SubscribeSettings {
  if (handler !== undefined && typeof handler !== "function") throw new OptionError("handler", "a function", handler);
  const given = optionalFields("", options, NAMES);
  const { qos = 0, noLocal = false, retainAsPublished = false, retainHandling = "send", ack = "handled", buffer = 10_000 } = given;
  const { userProperties, dedupe, signal } = given;
  const local = boolean("noLocal", noLocal) ? 4 : 0;
  if (local && filter.startsWith("$share/")) throw new OptionError("noLocal", "only false in a shared subscription [MQTT-3.8.3-4]", true);
  return {
    bits:
      oneOf("qos", qos, [0, 1, 2]) |
      local |
      (boolean("retainAsPublished", retainAsPublished) ? 8 : 0) |
      (RETAIN_HANDLING.indexOf(oneOf("retainHandling", retainHandling, RETAIN_HANDLING)) << 4),
    properties: userProperties === undefined ? undefined : encodeProperties({ userProperties: pairs("userProperties", userProperties) }),
    received: oneOf("ack", ack, ["handled", "received"]) === "received",
    dedupe: dedupe === undefined ? undefined : dedupeSettings(dedupe, filter),
    buffer: integer("buffer", buffer, 1, 10_000_000),
    signal: signal === undefined ? undefined : abortSignal("signal", signal),
  };
}
