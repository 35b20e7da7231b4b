// The WebAssembly engine could not be loaded, or failed.
import { HawserError } from "./hawser-error.js";

/**
 * The WebAssembly engine could not be loaded or has failed. `cause` holds the original error.
 *
 * @example
 * client.addEventListener("error", (event) => {
 *   if (event.error instanceof EngineError) console.error(event.error.cause);
 * });
 */
export class EngineError extends HawserError {
  override readonly code = "engine";

  override get name(): "EngineError" {
    return "EngineError";
  }
}
