// The client gave up by itself: the cause is the one in its status.
import type { Cause } from "../cause.js";
import { HawserError } from "./hawser-error.js";

/**
 * The client stopped for a reason that reconnecting cannot mend (see `cause`), so this will never be done.
 *
 * @example
 * client.publish("a", "b", { qos: 1 }).catch((error) => {
 *   if (error instanceof StoppedError && error.cause.kind === "refused") askForPassword();
 * });
 */
export class StoppedError extends HawserError {
  override readonly code = "stopped";
  /** Why the client stopped; the same object as in `client.status`. */
  override readonly cause: Cause;

  constructor(cause: Cause) {
    super("The client has stopped", cause.message, { cause });
    this.cause = cause;
  }

  override get name(): "StoppedError" {
    return "StoppedError";
  }
}
