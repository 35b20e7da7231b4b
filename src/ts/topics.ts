// The rules for topic names and filters (MQTT 5.0 section 4.7), and filters with named wildcards.
import { TopicError } from "./errors/topic-error.js";
import type { NamedLevel } from "./params.js";

const MAX_BYTES = 65_535;

/** Refuses a topic name that MQTT does not allow [MQTT-4.7.1-1, MQTT-4.7.3-1..3, MQTT-1.5.4-1]. */
export function checkTopic(topic: unknown): asserts topic is string {
  checkText(topic, "topic name");
  if (topic.includes("+") || topic.includes("#")) {
    throw new TopicError(topic, "is not a topic name: it holds a wildcard", "Wildcards are for filters; publish to one exact topic");
  }
}

/** A filter as users write it, taken apart. */
export interface Pattern {
  /** As MQTT writes it: names of wildcards taken out. */
  readonly filter: string;
  /** The levels that a topic has to match, without `$share/NAME/`. */
  readonly levels: readonly string[];
  readonly named: readonly NamedLevel[];
}

const NAME = /^[\p{L}_][\p{L}\p{N}_-]*$/u;
const SHARE = "$share/";

/**
 * Takes a filter apart: `device/+id/#rest` is `device/+/#` with two names.
 * Throws a TopicError for what MQTT does not allow [MQTT-4.7.1-1, MQTT-4.7.1-2, MQTT-4.8.2-1, MQTT-4.8.2-2].
 */
export function parseFilter(written: unknown): Pattern {
  checkText(written, "filter");
  const share = sharePrefix(written);
  const named: NamedLevel[] = [];
  const parts = written.slice(share.length).split("/");
  const levels = parts.map((part, level) => wildcardOf(written, part, level, level === parts.length - 1, named));
  if (new Set(named.map(({ name }) => name)).size < named.length) {
    throw new TopicError(written, "names two wildcards alike", "Give each wildcard a name of its own");
  }
  return { filter: share + levels.join("/"), levels, named };
}

function wildcardOf(filter: string, part: string, level: number, last: boolean, named: NamedLevel[]): string {
  const kind = part.charAt(0);
  if (kind !== "+" && kind !== "#") {
    if (!part.includes("+") && !part.includes("#")) return part;
    throw new TopicError(
      filter,
      `has a wildcard in the middle of the level "${part}"`,
      "A wildcard takes a whole level, with at most a name behind it: +id, #rest",
    );
  }
  if (kind === "#" && !last) throw new TopicError(filter, "has levels after #", "# stands for all of them, so it must be last");
  const name = part.slice(1);
  if (name !== "") {
    if (!NAME.test(name))
      throw new TopicError(
        filter,
        `has a wildcard with the name "${name}"`,
        "A name has letters, digits, _ and -, and begins with a letter",
      );
    named.push({ name, level, rest: kind === "#" });
  }
  return kind;
}

/** `$share/NAME/`, or nothing. */
function sharePrefix(filter: string): string {
  if (!filter.startsWith(SHARE)) return "";
  const end = filter.indexOf("/", SHARE.length);
  const group = end < 0 ? "" : filter.slice(SHARE.length, end);
  if (group === "" || /[+#]/.test(group) || end === filter.length - 1) {
    throw new TopicError(filter, "is not a shared subscription", "It is written $share/GROUP/FILTER, GROUP without wildcards");
  }
  return filter.slice(0, end + 1);
}

function checkText(text: unknown, what: string): asserts text is string {
  if (typeof text !== "string") throw new TopicError(String(text), `is not a ${what}`, "It is text");
  if (text === "") throw new TopicError(text, `is not a ${what}: it is empty`, "It needs at least one character");
  const problem = textProblem(text);
  if (problem !== undefined) throw new TopicError(text, `is not a ${what}: ${problem}`, "Use text that UTF-8 can carry, up to 65535 bytes");
}

/** One pass over the characters: this runs for each publish. */
function textProblem(text: string): string | undefined {
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0) return "it holds U+0000";
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit < 0xd800 || unit > 0xdfff) bytes += 3;
    else {
      const next = text.charCodeAt(at + 1); // NaN at the end
      if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return "it holds a lone surrogate";
      bytes += 4;
      at += 1;
    }
  }
  return bytes > MAX_BYTES ? `it has ${bytes} bytes` : undefined;
}
