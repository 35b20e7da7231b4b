// The option `authentication`: enhanced authentication (4.12 of MQTT 5.0), as users write it.
import { binary, fields, text } from "./check.js";
import type { Duration } from "./duration.js";
import { OptionError } from "./errors/option-error.js";
import type { UserProperties } from "./properties.js";
import { lifeOf } from "./renewal.js";

/**
 * What is asked for: the data for CONNECT (`"connect"`), the data that begin a re-authentication (`"reauthenticate"`), the answer to a challenge
 * of the broker (`"challenge"`), or, at its end, whether what the broker said last is right (`"done"`: throw if it is not, return nothing).
 *
 * @example
 * const isFirst = (step: AuthenticationStep) => step === "connect" || step === "reauthenticate";
 */
export type AuthenticationStep = "connect" | "reauthenticate" | "challenge" | "done";

/**
 * What `authentication.respond` is told.
 *
 * @example
 * const respond = async ({ step, data, signal }: AuthenticationRequest) => (step === "challenge" ? sign(data, signal) : undefined);
 */
export interface AuthenticationRequest {
  readonly step: AuthenticationStep;
  /** What the broker sent with it (`"challenge"` and `"done"`). */
  readonly data: Uint8Array | undefined;
  /** The broker's own words, if it sent some. */
  readonly reasonString: string | undefined;
  readonly userProperties: UserProperties;
  /** Where the answer goes. */
  readonly url: string;
  /** Aborts when the answer is not wanted any more: the attempt or the link is over. */
  readonly signal: AbortSignal;
}

/**
 * Data of an authentication that are good for a while.
 *
 * @example
 * const respond = async ({ signal }: AuthenticationRequest): Promise<ExpiringData> => {
 *   const { access_token, expires_in } = await askForToken(signal);
 *   return { data: access_token, expiresIn: expires_in };
 * };
 */
export interface ExpiringData {
  readonly data?: Uint8Array | string | undefined;
  /** How long they are good, in seconds; the client authenticates anew before that. Default: for ever. */
  readonly expiresIn?: Duration | undefined;
}

/** What `authentication.respond` gives: bytes, text, or nothing; or that with its time. */
type AuthenticationData = Uint8Array | string | ExpiringData | undefined;

/**
 * Enhanced authentication: a method that client and broker have agreed on, and the client's side of it. It runs anew for each connection, and on a
 * live link with `client.reauthenticate()`, or by itself, a sixth of their time (at most two minutes) before data with an `expiresIn` run out. MQTT 5.0 only: there is no fall back to 3.1.1 with it.
 *
 * An answer may take as long as `connectTimeout`. If `respond` throws, rejects or gives no answer in time, the attempt (or the link) ends with the
 * cause `"authentication"` and is made again like any other. After five such ends, without a stable link in between, the client stops; only those count
 * that came after CONNECT: a page without a network may fail to get its first data as often as it tries.
 *
 * The link is open once the broker has accepted CONNECT: what waits is sent then, while `"done"` is still judging the broker's last word. Where
 * nothing may reach a broker that has not proved itself, publish and subscribe after `"done"`.
 *
 * @example
 * const authentication: Authentication = {
 *   method: "SCRAM-SHA-256",
 *   respond: async ({ step, data, signal }) => scram[step](data, signal),
 * };
 * connect(url, { authentication });
 */
export interface Authentication {
  readonly method: string;
  respond(request: AuthenticationRequest): AuthenticationData | Promise<AuthenticationData>;
}

/** Checks the option. */
export function checkAuthentication(value: unknown, protocol: 4 | 5): Authentication | undefined {
  if (value === undefined) return undefined;
  if (protocol === 4) throw new OptionError("authentication", "nothing in 3.1.1: it came with MQTT 5.0", value);
  const { method, respond } = fields("authentication", value, ["method", "respond"]);
  text("authentication.method", method, 1);
  if (typeof respond !== "function") throw new OptionError("authentication.respond", "a function", respond);
  return value as Authentication;
}

/** Checks what `respond` gave; its time in seconds. */
export function answerOf(answer: unknown): { readonly data: Uint8Array | undefined; readonly life: number | undefined } {
  const option = "authentication.respond()";
  const plain = typeof answer !== "object" || answer instanceof Uint8Array;
  const { data, expiresIn } = plain ? { data: answer, expiresIn: undefined } : fields(option, answer, ["data", "expiresIn"]);
  return { data: data === undefined ? undefined : binary(option, data), life: lifeOf(`${option}.expiresIn`, expiresIn) };
}
