// How a lost link is brought back: the option `reconnect`, as users write it and as the engine takes it.
import { fields, integer, oneOf } from "./check.js";
import { type Duration, durationOf, MS } from "./duration.js";
import type { EngineOptions } from "./engine.js";
import { OptionError } from "./errors/option-error.js";
import type { Preset } from "./network.js";

interface ReconnectBase {
  /**
   * Chance, so that many clients do not come back at once: random time of up to so many milliseconds that is added to each delay; `"full"`: a random
   * part of the delay, from nothing to all of it; `"equal"`: half of it and a random part of the other half. Default: `"equal"`, because a share of
   * the delay spreads the clients of a restarted broker over the time between two attempts, and still nobody comes back at once.
   */
  readonly jitter?: Duration | "full" | "equal" | undefined;
  /**
   * Stop when so many attempts in a row have failed. The loss of a stable link is none of them, and one that follows at once, with fresh credentials or in
   * 3.1.1, is made also beyond that number. Default: never.
   */
  readonly maxAttempts?: number | undefined;
  /**
   * How long a link must hold before the delays begin anew, in milliseconds. Default: 10,000. What follows a lost link at once (fresh credentials, another
   * server) begins anew after a second at the earliest.
   */
  readonly stableAfter?: Duration | undefined;
}

/**
 * The same delay before each attempt.
 *
 * @example
 * const reconnect: FixedReconnect = { kind: "fixed", delay: "3s", jitter: "500ms" };
 * connect(url, { reconnect });
 */
export interface FixedReconnect extends ReconnectBase {
  readonly kind: "fixed";
  /** In milliseconds. Default: 5,000. */
  readonly delay?: Duration | undefined;
}

/**
 * A delay that doubles with each attempt.
 *
 * @example
 * const reconnect: ExponentialReconnect = { kind: "exponential", min: "1s", max: "30s", jitter: "full", maxAttempts: 20 };
 * connect(url, { reconnect });
 */
export interface ExponentialReconnect extends ReconnectBase {
  readonly kind: "exponential";
  /** The first delay, in milliseconds. Default: 1,000. */
  readonly min?: Duration | undefined;
  /** The longest delay, in milliseconds. Default: 60,000. */
  readonly max?: Duration | undefined;
}

/**
 * How a lost link is brought back.
 *
 * @example
 * connect(url, { reconnect: { kind: "exponential", min: "500ms", max: "30s", jitter: "1s" } });
 */
export type Reconnect = FixedReconnect | ExponentialReconnect;

const COMMON = ["kind", "jitter", "maxAttempts", "stableAfter"] as const;
const OWN = { fixed: ["delay"], exponential: ["min", "max"] } as const;

/** Checks the option `reconnect` and makes it whole. */
export function reconnectOptions(value: unknown, preset: Preset): Pick<EngineOptions, "reconnect" | "maxAttempts" | "stableAfter"> {
  if (value === false) return { reconnect: { kind: "never" }, stableAfter: 0 };
  if (typeof value !== "object" && value !== undefined)
    throw new OptionError("reconnect", 'false, or an object with the `kind` "fixed" or "exponential"', value);
  const all = fields("reconnect", value === undefined ? { kind: "exponential" } : value, [...COMMON, ...OWN.fixed, ...OWN.exponential]);
  const kind = oneOf("reconnect.kind", all["kind"], ["fixed", "exponential"]);
  const given = fields("reconnect", all, [...COMMON, ...OWN[kind]]);
  const time = (name: string, fallback: number): number =>
    given[name] === undefined ? fallback : durationOf(`reconnect.${name}`, given[name], MS);
  const jitter = jitterOf(given["jitter"] === undefined ? preset.jitter : given["jitter"]);
  const maxAttempts = given["maxAttempts"];
  return {
    reconnect: kind === "fixed" ? { kind, delay: time("delay", 5_000), jitter } : { kind, ...delays(time, preset), jitter },
    ...(maxAttempts !== undefined && { maxAttempts: integer("reconnect.maxAttempts", maxAttempts, 1, 0xffff_ffff) }),
    stableAfter: time("stableAfter", preset.stableAfter),
  };
}

/** Milliseconds, or -1 for "full" and -2 for "equal". */
function jitterOf(value: unknown): number {
  if (value === "full") return -1;
  return value === "equal" ? -2 : durationOf("reconnect.jitter", value, { ...MS, or: ', "full", "equal"' });
}

/** The first delay and the longest one: what is given alone wins over what the preset says of the other. */
function delays(time: (name: string, fallback: number) => number, preset: Preset): { readonly min: number; readonly max: number } {
  const min = time("min", Math.max(1, Math.min(preset.min, time("max", preset.max))));
  const max = time("max", Math.max(preset.max, min));
  if (min < 1) throw new OptionError("reconnect.min", "at least 1 millisecond", min);
  if (max < min) throw new OptionError("reconnect.max", `at least reconnect.min, which is ${min}`, max);
  return { min, max };
}
