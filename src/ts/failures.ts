// ONE table of failure codes (0x100 and above: the engine gave up, nothing was refused by the broker).
import type { PropertyValues, UserProperties } from "./properties.js";
import { reasonHint, reasonName } from "./reasons.js";

/** What the error classes are built from. */
export interface Failure {
  readonly message: string;
  readonly hint: string;
  readonly reasonCode: number | undefined;
  readonly reasonName: string | undefined;
  readonly reasonString: string | undefined;
  readonly userProperties: UserProperties;
}

/** What a failure says that the broker has said nothing about. */
export const UNSAID = { reasonCode: undefined, reasonName: undefined, reasonString: undefined, userProperties: [] };

/** Failure codes that do not become a `PublishError` or `SubscribeError` of their own. */
export const CLOSED = 0x100;
export const CANCELLED = 0x101;
export const STOPPED = 0x10c;
export const AUTHENTICATION_FAILED = 0x10e;
/** What is said of messages while there is no engine: it is not there yet, or is gone. */
export const QUEUE_FULL = 0x102;
export const INDETERMINATE = 0x106;

/** A row of the table: the literal `code` of the error, and what happened and what to do, or the reason code that a broker would have said it with. */
type Row = readonly [code: LocalCode, what: string | number, hint?: string];

type LocalCode =
  | "abandoned"
  | "queue-full"
  | "packet-too-large"
  | "qos-not-supported"
  | "retain-not-available"
  | "indeterminate"
  | "invalid-topic"
  | "invalid-properties"
  | "expired"
  | "dropped"
  | "superseded"
  | "offline"
  | "wildcard-not-available"
  | "shared-not-available";

const FULL = [
  "The queue of messages that wait to be sent is full",
  "Publish less while offline, or raise `queue.messages` and `queue.bytes`",
] as const;

const TABLE: Readonly<Record<number, Row>> = {
  256: [
    "abandoned",
    "It waited in a stored session of another broker or client identifier",
    "Use another `session.name` for another broker or `clientId`",
  ],
  258: ["queue-full", ...FULL],
  259: ["packet-too-large", 149],
  260: ["qos-not-supported", 155],
  261: ["retain-not-available", 154],
  262: [
    "indeterminate",
    "The broker lost the session or lowered its limits while this message was under way: nobody can tell whether it arrived",
    "Check before sending it again, and raise `session.expiry`",
  ],
  263: ["invalid-topic", "The engine refused the topic", "Use a valid topic name or filter"],
  264: ["invalid-properties", "The engine refused the properties", "Check the options of the call"],
  265: ["wildcard-not-available", 162],
  266: ["shared-not-available", 158],
  267: ["expired", "The message was over before it could be sent", "Raise its `expiry`, or publish it again"],
  271: ["dropped", ...FULL],
  272: ["superseded", "A later message with the same topic took its place before it was sent", "`queue.overflow` asks for it"],
  273: ["offline", "There is no link, and messages at QoS 0 do not wait for one", 'Publish with QoS 1, or set `queue.qos0` to "queue"'],
};

/** The literal code and the words for a failure: `code` is 0x100 or above, or an MQTT reason code of 0x80 or above. */
export function failureOf(
  code: number,
  { reasonString, userProperties = [] }: PropertyValues,
): { readonly code: LocalCode | "refused"; readonly failure: Failure } {
  const row = TABLE[code];
  if (row !== undefined) {
    const [literal, what, todo = ""] = row;
    const [message, hint] = typeof what === "number" ? [reasonName(what), reasonHint(what)] : [what, todo];
    return { code: literal, failure: { message, hint, ...UNSAID } };
  }
  const name = reasonName(code);
  const words = reasonString ? `${name} (${reasonString})` : name;
  const said = { reasonCode: code, reasonName: name, reasonString, userProperties };
  const failure = { message: `The broker refused it: ${words}`, hint: reasonHint(code), ...said };
  return { code: "refused", failure };
}
