// Something was asked of a client that was closed, or was still open when it was.
import { HawserError } from "./hawser-error.js";

/**
 * The client was closed by `close()` (or the `signal` of its options) before this was done.
 *
 * @example
 * await client.close();
 * await client.publish("a", "b").catch((error) => error instanceof ClosedError); // true
 */
export class ClosedError extends HawserError {
  override readonly code = "closed";

  constructor() {
    super("The client is closed", "Call connect() for a new one");
  }

  override get name(): "ClosedError" {
    return "ClosedError";
  }
}
