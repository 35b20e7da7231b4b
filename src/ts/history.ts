// What has happened lately: a ring of short texts, for bug reports. Nothing in it is secret.
import type { ClientEvents } from "./events.js";

/**
 * What an entry of the history is about: an event of the client, a call of the page, or something that befell the page or the link.
 *
 * @example
 * const isTrouble = (kind: HistoryKind) => kind === "error" || kind === "gap";
 */
export type HistoryKind = Exclude<keyof ClientEvents, "packet"> | "redirect" | "authentication" | "call" | "page";

/**
 * Something that has happened.
 *
 * @example
 * for (const { at, kind, text } of client.history) console.log(new Date(at).toISOString(), kind, text);
 */
export interface HistoryEntry {
  /** When, milliseconds since the epoch. */
  readonly at: number;
  readonly kind: HistoryKind;
  /** What, in English, without payloads, credentials, and the queries of addresses. */
  readonly text: string;
  /** How often, one after the other; what befalls the page also in turn with the next entry, as `offline` and `online` do. */
  readonly times: number;
}

const KEPT = 200;
/** A broker's own words may be 64 KB long. */
const LONGEST = 500;

/** The text with the queries of its addresses cut off, and user names and passwords in them: such things are tokens more often than not. */
export function withoutSecrets(text: string): string {
  return text.replace(/(\w:\/\/)(?:[^\s/?#"'@]*@)?([^\s?#"']*)(?:[?#][^\s"']*)?/g, "$1$2");
}

export class History {
  #entries: HistoryEntry[] = [];

  get entries(): readonly HistoryEntry[] {
    return [...this.#entries];
  }

  /** What comes again and again takes one entry. */
  note(kind: HistoryKind, words: string): void {
    const text = withoutSecrets(words.slice(0, LONGEST));
    const entries = this.#entries;
    const same = (entry: HistoryEntry | undefined): entry is HistoryEntry => entry?.kind === kind && entry.text === text;
    let at = entries.length - 1;
    if (kind === "page" && entries[at]?.kind === kind && same(entries[at - 1])) at -= 1;
    const entry = entries[at];
    if (same(entry)) entries[at] = { ...entry, times: entry.times + 1 };
    else if (entries.push({ at: Date.now(), kind, text, times: 1 }) > KEPT) entries.shift();
  }
}
