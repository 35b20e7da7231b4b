// What the rounds found, as one table: a row for each broker and kind of kill, a column for each flow.

import { FLOWS } from "./flows.mjs";

const HEADS = ["broker", "killed", "kills", ...Object.values(FLOWS).map(({ title }) => title)];

/** What is worth a word beside the three numbers. */
const WORDS = {
  interrupted: "interrupted",
  indeterminate: "indeterminate",
  lostByBroker: "gone with the broker",
  reorderedByBroker: "reordered by the broker",
  repeatedByBroker: "repeated by the broker",
};

/** @param {import("./ledger.mjs").Counts} counts */
function cell(counts) {
  const more = Object.entries(WORDS).filter(([name]) => counts[name] > 0);
  const { messages, lost, duplicated, reordered } = counts;
  return [`${messages}: ${lost}/${duplicated}/${reordered}`, ...more.map(([name, words]) => `${counts[name]} ${words}`)].join(", ");
}

/** @param {import("./round.mjs").Verdict[]} verdicts */
const rows = (verdicts) =>
  verdicts.map(({ broker, kind, kills, counts }) => [broker, kind, `${kills}`, ...Object.keys(FLOWS).map((flow) => cell(counts[flow]))]);

/** The table for a terminal. @param {import("./round.mjs").Verdict[]} verdicts */
export function plain(verdicts) {
  const lines = [HEADS, ...rows(verdicts)];
  const widths = HEADS.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const text = lines.map((line) =>
    line
      .map((value, column) => value.padEnd(widths[column]))
      .join("  ")
      .trimEnd(),
  );
  const total = verdicts.reduce((sum, { kills }) => sum + kills, 0);
  const messages = verdicts.reduce((sum, { counts }) => sum + Object.values(counts).reduce((all, one) => all + one.messages, 0), 0);
  return [...text, "", `messages: lost/duplicated/reordered, after ${total} kills; ${messages} messages in all`].join("\n");
}
