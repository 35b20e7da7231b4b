// Messages that may have been missed, and why.

/**
 * The broker does not have the session any more that the client wanted to go on with, or what was stored of it is gone (`"session-lost"`), or the client
 * knows that it cannot have it, as it expired while no page was open (`"session-expired"`). What was published for the subscriptions meanwhile is lost. They
 * are subscribed again, QoS 1 messages are sent again, QoS 2 as `session.qos2AfterLoss` says.
 *
 * @example
 * const isTooLate = (gap: SessionGap) => gap.kind === "session-expired";
 */
export interface SessionGap {
  readonly kind: "session-lost" | "session-expired";
}

/**
 * Numbers are missing before a message, of a subscription that counts them (`dedupe.sequence`).
 *
 * @example
 * const words = (gap: SequenceGap) => `${gap.missing} messages of ${gap.key} are missing`;
 */
export interface SequenceGap {
  readonly kind: "sequence";
  /** The filter of the subscription. */
  readonly filter: string;
  /** The topic of the message after the gap. */
  readonly topic: string;
  /** The key whose numbers they are: the topic, or what `dedupe.key` gives. */
  readonly key: string;
  /** How many are missing. */
  readonly missing: number;
}

/**
 * What may be missing. Tell the kinds apart by `kind`.
 *
 * @example
 * client.addEventListener("gap", ({ gap }) => {
 *   if (gap.kind === "session-lost") show("load everything anew");
 * });
 */
export type Gap = SessionGap | SequenceGap;
