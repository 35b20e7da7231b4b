// Small checks of option values. Each gives the value in its type, or throws an OptionError that names the option.
import { OptionError } from "./errors/option-error.js";
import { encodeText, isWellFormed } from "./text.js";

/** The fields of an options object. Refuses what is not an object, and names that do not exist. */
export function fields(option: string, value: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new OptionError(option || "options", `an object with any of: ${names.join(", ")}`, value);
  }
  const given = value as Readonly<Record<string, unknown>>;
  for (const name in given) {
    if (!names.includes(name)) throw unknownName(option, name, given[name], names);
  }
  return given;
}

/** The same for an object that may be left out. */
export function optionalFields(option: string, value: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
  return value === undefined ? {} : fields(option, value, names);
}

function unknownName(option: string, name: string, value: unknown, names: readonly string[]): OptionError {
  const path = option ? `${option}.${name}` : name;
  return new OptionError(path, `nothing: there is no such option, but ${names.join(", ")}`, value);
}

/** A whole number from `min` to `max`. */
export function integer(option: string, value: unknown, min: number, max: number): number {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
  throw new OptionError(option, `a whole number from ${min} to ${max}`, value);
}

export function boolean(option: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new OptionError(option, "true or false", value);
}

/** One of a few literals. */
export function oneOf<T extends string | number>(option: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw new OptionError(option, `one of: ${allowed.map((choice) => JSON.stringify(choice)).join(", ")}`, value);
}

/** Text that MQTT can carry: well-formed, without U+0000 [MQTT-1.5.4-1, MQTT-1.5.4-2], from `min` to 65,535 bytes. */
export function text(option: string, value: unknown, min = 0): string {
  if (typeof value === "string" && isWellFormed(value) && !value.includes("\0")) {
    const size = value.length > 21_845 ? encodeText(value).length : value.length; // no character takes more than three bytes
    if (size >= min && size <= 65_535) return value;
  }
  throw new OptionError(option, `text of ${min} to 65535 bytes, without U+0000 and lone surrogates`, value);
}

/** Bytes of at most 65,535, given as bytes or as text. */
export function binary(option: string, value: unknown): Uint8Array {
  const bytes = typeof value === "string" ? encodeText(text(option, value)) : value;
  if (bytes instanceof Uint8Array && bytes.length <= 65_535) return bytes;
  throw new OptionError(option, "a Uint8Array or text of at most 65535 bytes", value);
}

export function abortSignal(option: string, value: unknown): AbortSignal {
  if (value instanceof AbortSignal) return value;
  throw new OptionError(option, "an AbortSignal", value);
}
