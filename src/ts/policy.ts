// What follows the end of a link or an attempt, where it is not to be the usual: the option `policy`, as users write it and as the engine takes it.
import { CAUSE_KINDS } from "./cause.js";
import { fields, integer, oneOf } from "./check.js";

type Anyhow = "retry" | "refresh" | "stop";

/** One action for all codes, or some codes with an action of their own. */
type ByCode<Action> = Action | Readonly<Record<number, Action>>;

/**
 * What to do after a cause. `"retry"`: wait as `reconnect` says, and try again. `"refresh"`: ask the `credentials` function (or
 * `authentication.respond`) again and try at once, one time until a link is stable; if the broker has none of that either, stop. Where there is
 * no function to ask, a refusal stops, and anything else is tried again. `"follow"`: go to the server that the broker names. `"fall-back"`: speak
 * 3.1.1, if the option `protocol` leaves the choice. `"stop"`: no further attempt.
 *
 * @example
 * const whenBanned: PolicyAction = "retry";
 * connect(url, { policy: { refused: { 0x8a: whenBanned } } });
 */
export type PolicyAction = Anyhow | "follow" | "fall-back";

/**
 * What to do after each kind of {@link Cause}, where it is not to be the usual (the table is in the README). For `refused` and `disconnected` by
 * reason code (in 3.1.1 the return codes 1 to 5 of CONNACK: 5.0 has none of those), for a socket by WebSocket close code; or one action for all.
 *
 * @example
 * const policy: Policy = {
 *   refused: { 0x87: "retry", 5: "retry" }, // rights are given while we wait: "Not authorized" in 5.0 and in 3.1.1
 *   disconnected: { 0x8e: "retry" }, // who took our session gives it back
 *   "socket-closed": { 1008: "refresh" }, // how a gateway says that the token is over
 *   "wrong-subprotocol": "stop",
 * };
 * connect(url, { policy });
 */
export interface Policy {
  readonly refused?: ByCode<PolicyAction> | undefined;
  readonly disconnected?: ByCode<Anyhow | "follow"> | undefined;
  readonly "socket-failed"?: ByCode<Anyhow> | undefined;
  readonly "socket-closed"?: ByCode<Anyhow | "fall-back"> | undefined;
  readonly "protocol-error"?: Anyhow | undefined;
  readonly "connect-timeout"?: Anyhow | undefined;
  readonly "keep-alive-timeout"?: Anyhow | undefined;
  readonly "wrong-subprotocol"?: Anyhow | undefined;
  readonly "text-frame"?: Anyhow | undefined;
  readonly address?: Anyhow | undefined;
  readonly authentication?: Anyhow | undefined;
}

/** What every kind may have. */
const ANYHOW: readonly PolicyAction[] = ["retry", "refresh", "stop"];
/** All, by their numbers in `Config::policy` of the engine. */
const ACTIONS: readonly PolicyAction[] = ["retry", "refresh", "follow", "fall-back", "stop"];
/** What some kinds may have besides {@link ANYHOW}. */
const MORE: Readonly<Record<string, readonly PolicyAction[]>> = {
  refused: ["follow", "fall-back"],
  disconnected: ["follow"],
  "socket-closed": ["fall-back"],
};
type Range = readonly [first: number, last: number];
const CLOSE_CODES: Range = [1000, 4999];
/** The codes that a kind may have: the low ones, and those above. */
const CODES: Readonly<Record<string, readonly [low: Range, high: Range]>> = {
  refused: [
    [1, 5],
    [0x80, 0x9f],
  ],
  disconnected: [
    [0, 0],
    [0x80, 0xa2],
  ],
  "socket-failed": [CLOSE_CODES, CLOSE_CODES],
  "socket-closed": [CLOSE_CODES, CLOSE_CODES],
};
const ANY = 0xffff;

/** Checks the option `policy`; what it says, in four bytes for each: kind, action, code (two, the low one first). */
export function policyBytes(value: unknown): Uint8Array {
  const given = fields("policy", value, CAUSE_KINDS.slice(2, 13)); // "none", "closed", "left" and "renewed" are nobody's to decide
  const bytes = CAUSE_KINDS.flatMap((kind, number) => {
    const rule = given[kind];
    const codes = CODES[kind];
    const entry = (option: string, action: unknown, code: number): number[] => [
      number,
      ACTIONS.indexOf(oneOf(`policy.${option}`, action, [...ANYHOW, ...(MORE[kind] ?? [])])),
      code & 0xff,
      code >> 8,
    ];
    if (rule === undefined) return [];
    if (codes === undefined || typeof rule !== "object" || rule === null || Array.isArray(rule)) return entry(kind, rule, ANY);
    return Object.entries(rule).flatMap(([name, action]) => {
      const option = `${kind}.${name}`;
      const code = Number(name || Number.NaN);
      return entry(option, action, integer(`policy.${option}`, code, ...codes[code > codes[0][1] ? 1 : 0]));
    });
  });
  return Uint8Array.from(bytes);
}
