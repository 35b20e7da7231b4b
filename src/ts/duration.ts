// Durations as options take them: a number in the option's own unit, or text with a unit.
import { OptionError } from "./errors/option-error.js";

/**
 * A length of time: a number in the unit that the option names, or text with its own unit.
 *
 * @example
 * connect(url, { keepAlive: 30, connectTimeout: "10s", session: { expiry: "1h" } });
 */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const TEXT = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** How one option counts time: its unit in milliseconds, and the limits in that unit. */
export interface DurationRule {
  readonly unit: "ms" | "s";
  readonly min: number;
  readonly max: number;
  /** What the option takes besides, for the error. */
  readonly or?: string;
}

/** Any time that a timer can wait: `setTimeout` counts milliseconds in 31 bits. */
export const MS: DurationRule = { unit: "ms", min: 0, max: 0x7fff_ffff };

/** The whole number of `rule.unit` in `value`, rounded up so that a wish for "some time" never becomes none. */
export function durationOf(option: string, value: unknown, rule: DurationRule): number {
  const amount = toUnit(value, rule.unit);
  if (amount === undefined || amount < rule.min || amount > rule.max) {
    const unit = rule.unit === "s" ? "seconds" : "milliseconds";
    throw new OptionError(
      option,
      `a number of ${unit} from ${rule.min} to ${rule.max}, or text such as "500ms", "30s", "5m", "1d"${rule.or ?? ""}`,
      value,
    );
  }
  return amount;
}

function toUnit(value: unknown, unit: "ms" | "s"): number | undefined {
  if (typeof value === "number") return value >= 0 ? Math.ceil(value) : undefined;
  const match = typeof value === "string" ? TEXT.exec(value) : null;
  const scale = UNITS[match?.[2] ?? ""];
  if (scale === undefined) return undefined;
  return Math.ceil((Number(match?.[1]) * scale) / (unit === "s" ? 1_000 : 1));
}
