// What became of every number of a round: its history, and the verdict on it.

import { FLOWS } from "./flows.mjs";

/**
 * What can happen to a number. Of outgoing ones: `ordered` (the page was told to publish it), `promised` (publish() said that it is stored),
 * `numbered` (and gave it a number of its own, under which an event will tell its end), `arrived` (at the peer), `outcome` (what an event or a promise of the page said about its end). Of incoming ones: `accepted` (the broker has
 * acknowledged it to the peer), `started` (a handler reported it), `interrupted` (an event told that a killed page may have handled it; the
 * harness, asked, then handles it if it has not been), `acknowledged` (the client's PUBACK or PUBREC passed on the wire).
 * Everything else is for the history only.
 *
 * @typedef {object} Entry of one number
 * @property {{ at: number, what: string }[]} history
 * @property {Set<string>} marks what happened to it so far
 * @property {number} effects how many times it arrived at the peer, or was handled
 * @property {Set<string>} outcomes
 * @property {number} repeats how many times the broker has sent it anew though it had been delivered
 * @property {boolean} early a number behind it took effect before it
 * @property {number} [seen] when its PUBLISH passed the proxy for the first time: counted, not timed
 */

/** What is counted of one flow. @typedef {{ messages: number } & Record<typeof COUNTS[number], number>} Counts */
const COUNTS = ["lost", "duplicated", "reordered", "interrupted", "indeterminate", "lostByBroker", "reorderedByBroker", "repeatedByBroker"];

export class Ledger {
  /** @type {Record<string, Map<number, Entry>>} */
  #flows = Object.fromEntries(Object.keys(FLOWS).map((name) => [name, new Map()]));
  /** The highest number that took effect so far, by flow. */
  #highest = Object.fromEntries(Object.keys(FLOWS).map((name) => [name, -1]));
  /** Numbers in the order in which they took effect, by flow. @type {Record<string, { number: number, entry: Entry }[]>} */
  #order = Object.fromEntries(Object.keys(FLOWS).map((name) => [name, []]));
  /** Outcomes that events told. */
  #told = 0;
  /** PUBLISH packets that passed for the first time. */
  #seen = 0;
  /** The last PUBLISH of each flow, and its link. @type {Record<string, { link: number, number: number }>} */
  #lastSent = {};
  /** @type {{ at: number, kind: string }[]} */
  #kills = [];
  /** Deaths of a broker that forgot the session: its start, and what was ordered or accepted before it, by flow. */
  #forgotten = [];
  /** When `gap` events came. */
  #gaps = [];
  /** Faults that belong to no number. @type {string[]} */
  #faults = [];

  /**
   * @param {string} flow
   * @param {number} number
   * @param {string} mark
   * @param {string} [detail] for the history
   */
  note(flow, number, mark, detail = "") {
    const entry = this.#entry(flow, number);
    entry.history.push({ at: Date.now(), what: `${mark} ${detail}`.trimEnd() });
    entry.marks.add(mark);
    if (mark === "outcome") {
      entry.outcomes.add(detail);
      this.#told += 1;
    }
    if (mark === "arrived" || mark === "started") this.#effect(flow, number, entry);
    if (mark === "interrupted" && entry.effects === 0) this.#effect(flow, number, entry);
  }

  /**
   * A packet about the number that passed the proxy. To be told in the order in which they passed, when all is over.
   * @param {{ type: string, direction: "up"|"down", link: number, at: number }} packet
   * @param {string} what the packet in words
   */
  onWire(flow, number, { type, direction, link, at }, what) {
    const entry = this.#entry(flow, number);
    entry.history.push({ at, what });
    if (direction === "up" && (type === "PUBACK" || type === "PUBREC")) entry.marks.add("acknowledged");
    if (direction === "down" && type === "PUBREL") entry.marks.add("released");
    if (type !== "PUBLISH" || (direction === "up") !== (FLOWS[flow].direction === "out")) return;
    entry.seen ??= ++this.#seen;
    // The sender must not send the PUBLISH again once it has sent the PUBREL [MQTT-4.3.3-6]: for the receiver it is a new message.
    if (direction === "down" && entry.marks.delete("released")) entry.repeats += 1;
    const before = this.#lastSent[flow];
    // Of one flow the client sends no number behind a later one: neither for the first time, nor again on the next link.
    if (direction === "up" && before?.link === link && number < before.number) entry.marks.add("misplaced");
    this.#lastSent[flow] = { link, number };
  }

  /** The broker died and forgot the session: what it had and did not deliver is its own loss, but a `gap` event has to tell. */
  brokerForgot() {
    const last = Object.fromEntries(Object.entries(this.#flows).map(([flow, entries]) => [flow, Math.max(-1, ...entries.keys())]));
    this.#forgotten.push({ at: Date.now(), last });
  }

  gap() {
    this.#gaps.push(Date.now());
  }

  fault(what) {
    this.#faults.push(what);
  }

  /** How many numbers of a flow took effect so far. */
  effects(flow) {
    return this.#order[flow].length;
  }

  /** A kill: it is shown in the histories of the numbers that it may concern. */
  killed(kind) {
    this.#kills.push({ at: Date.now(), kind });
  }

  /** How many numbers of a flow have `mark` but no effect yet, nor an outcome other than a good one. */
  open(flow, mark) {
    let count = 0;
    for (const entry of this.#flows[flow].values()) if (entry.marks.has(mark) && !settled(entry)) count += 1;
    return count;
  }

  /** Grows with every number that takes effect, or whose end is told: while it does, it is worth waiting. */
  get progress() {
    const effects = Object.values(this.#order).reduce((sum, { length }) => sum + length, 0);
    return effects + this.#told;
  }

  /** @returns {{ counts: Record<string, Counts>, faults: string[], gaps: number, forgotten: number }} each fault with the histories concerned */
  judge() {
    const faults = [...this.#faults, ...this.#gapFaults()];
    const counts = Object.fromEntries(Object.keys(FLOWS).map((flow) => [flow, this.#judgeFlow(flow, faults)]));
    return { counts, faults, gaps: this.#gaps.length, forgotten: this.#forgotten.length };
  }

  #entry(flow, number) {
    const entries = this.#flows[flow];
    let entry = entries.get(number);
    if (!entry) {
      entry = { history: [], marks: new Set(), effects: 0, outcomes: new Set(), early: false, repeats: 0 };
      entries.set(number, entry);
    }
    return entry;
  }

  #effect(flow, number, entry) {
    entry.effects += 1;
    if (entry.effects > 1) return;
    this.#order[flow].push({ number, entry });
    entry.early = number < this.#highest[flow];
    this.#highest[flow] = Math.max(this.#highest[flow], number);
  }

  #judgeFlow(flow, faults) {
    /** @type {Counts} */
    const counts = { messages: 0, ...Object.fromEntries(COUNTS.map((name) => [name, 0])) };
    for (const [number, entry] of this.#flows[flow]) {
      if (entry.marks.has("promised") || entry.marks.has("accepted")) counts.messages += 1;
      for (const name of this.#verdicts(flow, number, entry)) {
        counts[name] += 1;
        if (isFault(flow, name)) faults.push(`${FLOWS[flow].title}: ${number} ${name}\n${story(entry, this.#kills)}`);
      }
      if (this.#pageLived() && entry.marks.has("numbered") && entry.outcomes.size === 0)
        faults.push(`${FLOWS[flow].title}: ${number} without an outcome\n${story(entry, this.#kills)}`);
      for (const outcome of this.#wrongOutcomes(flow, number, entry))
        faults.push(`${FLOWS[flow].title}: ${number} is told to be ${outcome}\n${story(entry, this.#kills)}`);
    }
    return counts;
  }

  #verdicts(flow, number, entry) {
    const verdicts = [];
    if (isLost(entry)) verdicts.push(this.#takenAlong(flow, number, entry) ? "lostByBroker" : "lost");
    if (entry.effects > 1) verdicts.push(entry.effects > 1 + entry.repeats ? "duplicated" : "repeatedByBroker");
    if (entry.early) verdicts.push(this.#isMisplaced(flow, number, entry) ? "reordered" : "reorderedByBroker");
    if (entry.marks.has("interrupted")) verdicts.push("interrupted");
    if (entry.outcomes.has("indeterminate")) verdicts.push("indeterminate");
    return verdicts;
  }

  /** Otherwise an outcome may have been told to a page that could not pass it on any more. */
  #pageLived() {
    return this.#kills.every(({ kind }) => kind === "link" || kind === "broker");
  }

  /** Whether it was the client that put the number behind later ones: the wire tells in which order it was given them, or gave them away. */
  #isMisplaced(flow, number, entry) {
    const order = this.#order[flow];
    const earlier = order.slice(
      0,
      order.findIndex((one) => one.number === number),
    );
    const later = earlier.filter((one) => one.number > number);
    if (FLOWS[flow].direction === "in") return later.some((one) => !(one.entry.seen < entry.seen));
    return entry.marks.has("misplaced") || later.some((one) => !(one.entry.seen > entry.seen));
  }

  /** Whether a broker that forgot had it, and the client had not said that it has it. */
  #takenAlong(flow, number, entry) {
    if (FLOWS[flow].direction === "out") return false; // what was promised for those is sent again, or told
    return !entry.marks.has("acknowledged") && this.#forgotten.some(({ last }) => number <= last[flow]);
  }

  /** An outcome is wrong when it is bad, or when it is indeterminate though no broker has forgotten the session. */
  #wrongOutcomes(flow, number, { outcomes }) {
    const excused = FLOWS[flow].qos === 2 && this.#forgotten.some(({ last }) => number <= last[flow]);
    return [...outcomes].filter((outcome) => outcome !== "completed" && !(outcome === "indeterminate" && excused));
  }

  /** A gap is told each time that the broker forgot, and never else. */
  #gapFaults() {
    if (this.#forgotten.length === 0) return this.#gaps.map(() => "a gap event, though the broker has the session");
    return this.#forgotten
      .filter(({ at }, index) => {
        const next = this.#forgotten[index + 1]?.at ?? Number.POSITIVE_INFINITY;
        return !this.#gaps.some((gap) => gap > at && gap < next);
      })
      .map(() => "the broker forgot the session, and no gap event told of it");
  }
}

/** Nothing more is to be waited for. */
const settled = ({ effects, outcomes }) => effects > 0 || [...outcomes].some((outcome) => outcome !== "completed");

/** Promised and not there, and nobody has said so. */
function isLost(entry) {
  const promised = entry.marks.has("promised") || entry.marks.has("accepted");
  return promised && !settled(entry);
}

/** Whether a verdict is a broken promise, or only to be counted. */
function isFault(flow, verdict) {
  return verdict === "lost" || verdict === "reordered" || (verdict === "duplicated" && FLOWS[flow].once);
}

/** The history of a number, for people, with the kills that fell into it and the next one. */
function story({ history }, kills) {
  const [first] = history;
  const last = Math.max(...history.map(({ at }) => at));
  const next = kills.find(({ at }) => at > last)?.at ?? last;
  const within = kills.filter(({ at }) => at >= first.at && at <= next).map(({ at, kind }) => ({ at, what: `KILL of the ${kind}` }));
  const sorted = [...history, ...within].sort((one, other) => one.at - other.at);
  return sorted.map(({ at, what }) => `    ${new Date(at).toISOString().slice(14, 23)} ${what}`).join("\n");
}
