// User properties as they are given, checked and brought into pairs.
import { text } from "./check.js";
import { OptionError } from "./errors/option-error.js";

/** The pairs of an array or an object, in order. */
export function pairs(option: string, value: unknown): [string, string][] {
  if (typeof value !== "object" || value === null) throw wrong(option, value);
  const entries: readonly unknown[] = Array.isArray(value) ? value : Object.entries(value);
  return entries.map((entry) => {
    if (!Array.isArray(entry) || entry.length !== 2) throw wrong(option, entry);
    return [text(option, entry[0]), text(option, entry[1])];
  });
}

function wrong(option: string, value: unknown): OptionError {
  return new OptionError(option, 'an object of texts, or an array of pairs such as [["name", "value"]]', value);
}
