// A publish that was refused, by the broker or by the engine on its behalf.
import type { Failure } from "../failures.js";
import type { UserProperties } from "../properties.js";
import { HawserError } from "./hawser-error.js";

/**
 * Why a publish failed: `"refused"` is the broker's word (see `reasonCode`), all others are found before sending.
 *
 * @example
 * const canRetry = (failure: PublishFailure) => failure === "queue-full";
 */
export type PublishFailure =
  | "refused"
  | "queue-full"
  | "packet-too-large"
  | "qos-not-supported"
  | "retain-not-available"
  | "indeterminate"
  | "abandoned"
  | "expired"
  | "dropped"
  | "superseded"
  | "offline"
  | "invalid-topic"
  | "invalid-properties";

/**
 * A message was not delivered, or (`"indeterminate"`) nobody can tell.
 *
 * @example
 * client.publish("alarm", "fire", { qos: 2 }).catch((error) => {
 *   if (error instanceof PublishError && error.code === "indeterminate") askTheOperator();
 * });
 */
export class PublishError extends HawserError {
  override readonly code: PublishFailure;
  /** The MQTT reason code, when the broker gave one. */
  declare readonly reasonCode: number | undefined;
  /** Its name, for example `"Not authorized"`. */
  declare readonly reasonName: string | undefined;
  /** The broker's own words, when it sent some. */
  declare readonly reasonString: string | undefined;
  /** What else it said, in order. */
  declare readonly userProperties: UserProperties;

  /** @internal */
  constructor(code: PublishFailure, failure: Failure) {
    const { message, hint, ...said } = failure;
    super(message, hint);
    this.code = code;
    Object.assign(this, said);
  }

  override get name(): "PublishError" {
    return "PublishError";
  }
}
