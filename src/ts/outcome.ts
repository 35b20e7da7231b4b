// Messages whose promise is gone: what is pending, and how each ended.
import type { PublishError, PublishFailure } from "./errors/publish-error.js";
import type { Qos } from "./options.js";
import type { PublishResult } from "./publish-options.js";
import { KIND, kindOf, lengthOf, type RestoredRecord, readRestored } from "./records.js";
import { RESTORED_TOKENS } from "./tokens.js";

/**
 * A message that is not finished yet.
 *
 * @example
 * for (const { id, topic, earlier } of await client.outbox()) console.log(id, topic, earlier ? "of an earlier page" : "");
 */
export interface PendingMessage {
  /** Its number in the session, in the order of publishing. It stays the same over a reload. */
  readonly id: number;
  readonly topic: string;
  readonly qos: Qos;
  readonly retain: boolean;
  /** Bytes of the payload; 0 for a QoS 2 message of an earlier page that the broker has: only its topic is kept. */
  readonly size: number;
  /** Whether it may have been sent already. */
  readonly mayHaveLeft: boolean;
  /** Whether an earlier page has published it. */
  readonly earlier: boolean;
}

/**
 * A message was delivered whose promise is gone.
 *
 * @example
 * const wasHeard = (outcome: CompletedOutcome) => outcome.result.reasonCode !== 0x10;
 */
export interface CompletedOutcome {
  readonly kind: "completed";
  readonly message: PendingMessage;
  readonly result: PublishResult;
}

/**
 * A message was not delivered whose promise is gone, or (`"indeterminate"`) nobody can tell.
 *
 * @example
 * const mayRepeat = (outcome: FailedOutcome) => outcome.kind === "expired" || outcome.kind === "refused";
 */
export interface FailedOutcome {
  readonly kind: PublishFailure;
  readonly message: PendingMessage;
  /** What the promise would have been rejected with. */
  readonly error: PublishError;
}

/**
 * How a message ended whose promise is gone: it was published by an earlier page, or with `until: "stored"`.
 *
 * @example
 * client.addEventListener("outcome", ({ outcome }) => {
 *   if (outcome.kind === "completed") show(outcome.message.id);
 *   else console.warn(outcome.message.id, outcome.error.message);
 * });
 */
export type Outcome = CompletedOutcome | FailedOutcome;

/** What a RESTORED record says. */
export function pendingMessage({ token, ...message }: RestoredRecord): PendingMessage {
  return { ...message, earlier: token >= RESTORED_TOKENS };
}

/** What RESTORED records say, in the order of publishing. */
export function pendingMessages(words: Uint32Array): PendingMessage[] {
  const found: PendingMessage[] = [];
  for (let at = 0; at < words.length; at += lengthOf(words[at] ?? 0))
    if (kindOf(words[at] ?? 0) === KIND.restored) found.push(pendingMessage(readRestored(words, at)));
  return found.sort((one, other) => one.id - other.id);
}
