// An iterator fell behind and messages had to be dropped.
import { HawserError } from "./hawser-error.js";

/**
 * Messages came faster than an iterator took them, and its buffer is full: the oldest are being dropped.
 *
 * @example
 * client.addEventListener("error", (event) => {
 *   if (event.error instanceof OverflowError) console.warn(event.error.filter);
 * });
 */
export class OverflowError extends HawserError {
  override readonly code = "overflow";
  /** The filter of the subscription that fell behind. */
  readonly filter: string;

  constructor(filter: string, limit: number) {
    super(`The iterator of "${filter}" is ${limit} messages behind`, "Take them faster, pass a handler, or raise the option `buffer`");
    this.filter = filter;
  }

  override get name(): "OverflowError" {
    return "OverflowError";
  }
}
