// The options of close(): as users write them, and as the wire wants them.
import { boolean, optionalFields, text } from "./check.js";
import { type Duration, durationOf } from "./duration.js";
import type { EngineOptions } from "./engine.js";
import { OptionError } from "./errors/option-error.js";
import { encodeProperties, type PropertyValues, type UserPropertiesInit } from "./properties.js";
import { pairs } from "./user-properties.js";

/**
 * Options of `close()`. All but `will` travel in DISCONNECT (5.0 only).
 *
 * @example
 * await client.close({ sessionExpiry: "1h" });
 */
export interface CloseOptions {
  /** Whether the broker publishes the will although this is a proper end (5.0). Default: false. */
  readonly will?: boolean | undefined;
  /**
   * How long the broker keeps the session from now on, in seconds. Default: as it was, but 0 when the client identifier
   * was made at random and is not stored: nobody could find that session again. With 0 a stored session is cleared.
   */
  readonly sessionExpiry?: Duration | undefined;
  /** A text for the broker's log. */
  readonly reasonString?: string | undefined;
  readonly userProperties?: UserPropertiesInit | undefined;
}

const DISCONNECT_WITH_WILL = 0x04;

/** Checks the options and puts them into wire form: reason code and property block of DISCONNECT. */
export function closeSettings(
  options: unknown,
  engine: EngineOptions,
): { readonly reason: number; readonly properties: Uint8Array | undefined } {
  const given = optionalFields("", options, ["will", "sessionExpiry", "reasonString", "userProperties"]);
  const values: PropertyValues = {};
  const expiry = sessionExpiry(given["sessionExpiry"], engine);
  if (expiry !== undefined) values.sessionExpiry = expiry;
  if (given["reasonString"] !== undefined) values.reasonString = text("reasonString", given["reasonString"]);
  if (given["userProperties"] !== undefined) values.userProperties = pairs("userProperties", given["userProperties"]);
  const will = given["will"] !== undefined && boolean("will", given["will"]);
  return { reason: will ? DISCONNECT_WITH_WILL : 0, properties: engine.protocol === 5 ? encodeProperties(values) : undefined };
}

function sessionExpiry(value: unknown, engine: EngineOptions): number | undefined {
  if (value === undefined) return engine.clientId === undefined && !engine.durable && engine.sessionExpiry > 0 ? 0 : undefined;
  const expiry = durationOf("sessionExpiry", value, { unit: "s", min: 0, max: 0xffff_ffff });
  // [MQTT-3.14.2-2]: a session that was to end with the connection cannot be given a life afterwards.
  if (expiry > 0 && engine.sessionExpiry === 0) throw new OptionError("sessionExpiry", "only 0 when `session.expiry` was 0", value);
  return expiry;
}
