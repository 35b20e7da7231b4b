// A message that `dedupe` could not look at.
import { HawserError } from "./hawser-error.js";

/**
 * A message has no key, or none that can be used, so it went to its handler without de-duplication. Told by the `"error"` event.
 *
 * @example
 * client.addEventListener("error", (event) => {
 *   if (event.error instanceof DedupeError) console.warn(event.error.topic, event.error.cause);
 * });
 */
export class DedupeError extends HawserError {
  override readonly code = "dedupe";
  /** The filter of the subscription. */
  readonly filter: string;
  /** The topic of the message. */
  readonly topic: string;

  constructor(filter: string, topic: string, problem: string, options?: ErrorOptions) {
    super(
      `A message on "${topic}" is handled without de-duplication: ${problem}`,
      "A key is a text or a number; timestamp and sequence are numbers from 0 on",
      options,
    );
    this.filter = filter;
    this.topic = topic;
  }

  override get name(): "DedupeError" {
    return "DedupeError";
  }
}
