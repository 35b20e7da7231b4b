// A payload that cannot become bytes, or bytes that are not what they were taken for.
import { HawserError } from "./hawser-error.js";

/**
 * A payload cannot be turned into bytes (a function, a cycle, a lone surrogate), or `message.json()` found something that is not JSON.
 *
 * @example
 * client.publish("a", new Map()).catch((error) => console.log(error.code)); // "payload"
 */
export class PayloadError extends HawserError {
  override readonly code = "payload";

  override get name(): "PayloadError" {
    return "PayloadError";
  }
}
