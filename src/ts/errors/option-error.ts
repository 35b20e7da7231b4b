// A wrong option: thrown at once, before anything is sent.
import { HawserError } from "./hawser-error.js";

/**
 * An option has a value that it does not take, or a name that does not exist.
 *
 * @example
 * try {
 *   connect("wss://broker.example/mqtt", { keepAlive: -1 });
 * } catch (error) {
 *   if (error instanceof OptionError) console.log(error.option, error.expected); // "keepAlive", "a number of seconds from 0 to 65535 ..."
 * }
 */
export class OptionError extends HawserError {
  override readonly code = "option";
  /** Path of the option, for example `"will.qos"`. */
  readonly option: string;
  /** What the option takes, in English. */
  readonly expected: string;

  /** @internal */
  constructor(option: string, expected: string, value: unknown) {
    super(`Option "${option}" cannot be ${describe(value, /^(credentials|authentication|url\(\))/.test(option))}`, `It takes ${expected}`);
    this.option = option;
    this.expected = expected;
  }

  override get name(): "OptionError" {
    return "OptionError";
  }
}

/** A short form of any value: never more than a line, never a secret. */
function describe(value: unknown, secret: boolean): string {
  if (typeof value === "number" && secret) return "a number";
  if (typeof value === "string") return secret || value.length > 40 ? `a text of ${value.length} characters` : JSON.stringify(value);
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return String(value);
}
