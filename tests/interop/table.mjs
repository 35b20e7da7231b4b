// The interoperability matrix: what the cases of the browser suite found, put together by broker and feature.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../setup.mjs";

/** What the last run of `npm run interop` found, broker by broker. */
export const RECORD = join(ROOT, "tests/interop/matrix.json");

/** The rows, in order. A case names the row that it belongs to; those that name none count in the last line only. */
export const FEATURES = [
  "MQTT 3.1.1",
  "MQTT 5.0",
  "fall-back to what it speaks",
  "QoS 0, out",
  "QoS 0, in",
  "QoS 1, out",
  "QoS 1, in",
  "QoS 2, out",
  "QoS 2, in",
  "1 MiB payloads",
  "retained messages",
  "will",
  "session resumed",
  "unacknowledged messages, out",
  "unacknowledged messages, in",
  "take-over of a client id",
  "wrong password",
  "dead link noticed by the keep-alive",
  "message and user properties",
  "request and response",
  "will delay and properties",
  "message expiry",
  "session expiry",
  "server keep-alive",
  "maximum packet size",
  "receive maximum, kept by Hawser",
  "receive maximum, kept by the broker",
  "topic aliases, to the broker",
  "topic aliases, from the broker",
  "subscription identifiers",
  "shared subscriptions",
  "retain handling",
  "no local and retain as published",
];

/**
 * One case as it ended, see tests/e2e/support/matrix.mjs.
 * @typedef {{ broker: string, protocol: "5.0"|"3.1.1", title: string, name: string, feature?: string, outcome: Outcome, because: string, known?: number }} Case
 * @typedef {"pass"|"not offered"|"fails"} Outcome
 * @typedef {{ outcome: Outcome, notes: string[] }} Cell
 * @typedef {{ title: string, passed: number, cases: number, cells: Record<string, Cell> }} Column `cells` by feature
 * @typedef {Record<string, Column>} Matrix by broker
 */

const WORSE = ["pass", "not offered", "fails"];

/** One cell: the worst of its cases, and why; with the version, where only one of two is concerned. @param {Case[]} cases @returns {Cell} */
function cell(cases) {
  const versions = new Set(cases.map(({ protocol }) => protocol));
  const outcome = WORSE[Math.max(...cases.map((one) => WORSE.indexOf(one.outcome)))];
  const reasons = new Map();
  for (const { because, protocol } of cases.filter((one) => one.outcome !== "pass")) {
    for (const reason of because.split("; ")) reasons.set(reason, (reasons.get(reason) ?? new Set()).add(protocol));
  }
  const notes = [...reasons].map(([reason, only]) => (only.size < versions.size ? `${reason} (${[...only].join(", ")})` : reason));
  return { outcome, notes: notes.sort() };
}

/**
 * What the cases of one broker found.
 * @param {string} title
 * @param {Case[]} cases
 * @returns {Column}
 */
export function column(title, cases) {
  const strange = cases.find(({ feature }) => feature !== undefined && !FEATURES.includes(feature));
  if (strange) throw new Error(`"${strange.name}" belongs to "${strange.feature}", which is no row of the matrix`);
  const of = (feature) => cases.filter((one) => one.feature === feature);
  const cells = FEATURES.filter((feature) => of(feature).length > 0).map((feature) => [feature, cell(of(feature))]);
  const passed = cases.filter(({ outcome }) => outcome === "pass").length;
  return { title, passed, cases: cases.length, cells: Object.fromEntries(cells) };
}

const SIGNS = { pass: "✓", "not offered": "–", fails: "✗" };

/** The matrix as lines of cells, and the reasons that its numbers stand for. @param {Matrix} matrix */
function lines(matrix) {
  const columns = Object.values(matrix);
  const reasons = [];
  const number = (title, note) => {
    const line = `${title} ${note}`;
    if (!reasons.includes(line)) reasons.push(line);
    return reasons.indexOf(line) + 1;
  };
  const text = ({ title, cells }, feature) => {
    const one = cells[feature];
    return one ? [SIGNS[one.outcome], ...one.notes.map((note) => number(title, note))].join(" ") : "";
  };
  const body = FEATURES.map((feature) => [feature, ...columns.map((one) => text(one, feature))]);
  const total = columns.map(({ passed, cases }) => (passed === cases ? `${cases}` : `${passed} of ${cases}`));
  return { head: ["", ...columns.map(({ title }) => title)], body: [...body, ["cases of the browser suite", ...total]], reasons };
}

/** For a terminal. @param {Matrix} matrix */
export function plain(matrix) {
  const { head, body, reasons } = lines(matrix);
  const widths = head.map((_, at) => Math.max(...[head, ...body].map((row) => row[at].length)));
  const line = (row) =>
    row
      .map((text, at) => text.padEnd(widths[at]))
      .join("  ")
      .trimEnd();
  return [head, ...body]
    .map(line)
    .concat("", ...reasons.map((reason, at) => `${`${at + 1}`.padStart(3)} ${reason}`))
    .join("\n");
}

/** For the README. @param {Matrix} matrix */
export function markdown(matrix) {
  const { head, body, reasons } = lines(matrix);
  const line = (row) => `| ${row.join(" | ")} |`;
  const table = [line(head), `|${"---|".repeat(head.length)}`, ...body.map(line)];
  return [...table, "", ...reasons.map((reason, at) => `${at + 1}. ${reason}`)].join("\n");
}

const BLOCK = /(<!-- interop: [^\n]*-->\n)[\s\S]*?(\n<!-- \/interop -->)/;

/** The README with this matrix in its block. @param {string} readme @param {Matrix} matrix */
export function intoReadme(readme, matrix) {
  if (!BLOCK.test(readme)) throw new Error("README.md has no block for the interoperability matrix");
  return readme.replace(BLOCK, (_, begin, end) => `${begin}\n${markdown(matrix)}\n${end}`);
}

/** @returns {Matrix} */
export const recorded = () => (existsSync(RECORD) ? JSON.parse(readFileSync(RECORD, "utf8")) : {});

/** Keeps what was found in the record and in the README. @param {Matrix} matrix */
export function keep(matrix) {
  writeFileSync(RECORD, `${JSON.stringify(matrix, null, 2)}\n`);
  const readme = join(ROOT, "README.md");
  writeFileSync(readme, intoReadme(readFileSync(readme, "utf8"), matrix));
}
