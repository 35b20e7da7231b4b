// A re-authentication that did not come about.
import type { Cause } from "../cause.js";
import { HawserError } from "./hawser-error.js";

/**
 * Why a re-authentication failed: `"failed"` cost the link (see `cause`), all others are found before anything is sent.
 *
 * @example
 * const canRetry = (failure: AuthenticationFailure) => failure === "failed" || failure === "unavailable";
 */
export type AuthenticationFailure = "failed" | "unavailable" | "not-configured";

const TEXTS: Readonly<Record<AuthenticationFailure, readonly [message: string, hint: string]>> = {
  failed: ["The link ended before the re-authentication did", "The client reconnects; `cause` says why"],
  unavailable: ["There is no link, or an authentication is under way", "Wait for the status `online` and for earlier calls"],
  "not-configured": ["There is no authentication method to use again", "Set the option `authentication`"],
};

/**
 * `client.reauthenticate()` has failed.
 *
 * @example
 * client.reauthenticate().catch((error) => {
 *   if (error instanceof AuthenticationError && error.code === "failed") console.warn(error.cause?.message);
 * });
 */
export class AuthenticationError extends HawserError {
  override readonly code: AuthenticationFailure;
  /** Why the link ended; the same object as in `client.status`. */
  override readonly cause: Cause | undefined;

  /** @internal */
  constructor(code: AuthenticationFailure, cause?: Cause) {
    super(...TEXTS[code], { cause });
    this.code = code;
    this.cause = cause;
  }

  override get name(): "AuthenticationError" {
    return "AuthenticationError";
  }
}
