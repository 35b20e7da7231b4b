// A filter that was refused, by the broker or by the engine on its behalf.
import { type Failure, UNSAID } from "../failures.js";
import type { UserProperties } from "../properties.js";
import { HawserError } from "./hawser-error.js";

/**
 * Why a subscription failed: `"refused"` is the broker's word (see `reasonCode`), `"unsubscribed"` means that it was ended before the broker answered.
 *
 * @example
 * const canRetry = (failure: SubscribeFailure) => failure === "queue-full" || failure === "unsubscribed";
 */
export type SubscribeFailure =
  | "refused"
  | "unsubscribed"
  | "packet-too-large"
  | "wildcard-not-available"
  | "shared-not-available"
  | "queue-full"
  | "invalid-topic"
  | "invalid-properties";

/**
 * A filter was not subscribed (or not unsubscribed): its messages will not come.
 *
 * @example
 * client.subscribe("secret/#").ready.catch((error) => {
 *   if (error instanceof SubscribeError) console.log(error.filter, error.reasonName); // "secret/#", "Not authorized"
 * });
 */
export class SubscribeError extends HawserError {
  override readonly code: SubscribeFailure;
  /** The filter as it was sent. */
  readonly filter: string;
  /** The MQTT reason code, when the broker gave one. */
  declare readonly reasonCode: number | undefined;
  /** Its name, for example `"Not authorized"`. */
  declare readonly reasonName: string | undefined;
  /** The broker's own words, when it sent some. */
  declare readonly reasonString: string | undefined;
  /** What else it said, in order. */
  declare readonly userProperties: UserProperties;

  /** @internal */
  constructor(filter: string, code: SubscribeFailure, failure: Failure) {
    const { message, hint, ...said } = failure;
    super(`"${filter}": ${message}`, hint);
    this.filter = filter;
    this.code = code;
    Object.assign(this, said);
  }

  /** @internal For those who wait for the broker's answer to a filter that the user has left. */
  static left(filter: string): SubscribeError {
    return new SubscribeError(filter, "unsubscribed", {
      message: "It was ended before the broker answered",
      hint: "Wait for `ready` before unsubscribe()",
      ...UNSAID,
    });
  }

  override get name(): "SubscribeError" {
    return "SubscribeError";
  }
}
