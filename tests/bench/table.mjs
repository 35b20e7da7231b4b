// The table of a run, in Markdown, ready for the README.

import { judge } from "./figures.mjs";
import { CONTESTANTS } from "./rows.mjs";

const number = (value, digits) => value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Three significant digits or so. */
function rounded(value) {
  if (Math.abs(value) >= 100) return number(Number(value.toPrecision(3)), 0);
  return number(value, Math.abs(value) >= 10 ? 1 : 2);
}

const UNITS = { cpu: " µs", rate: "/s", megabytes: " MB/s", milliseconds: " ms", heap: " MB" };

/** What a floor that is a ratio to another row compares with. */
const OTHER_ROWS = { "filters-1": "one filter", "receive-q1": "in memory", "publish-q1": "in memory", "receive-q2": "in memory" };

/** One contestant's figure; a rate comes with the main-thread CPU that a message cost, a restored session with the bytes it takes. */
function cell(results, row, contestant) {
  const value = results.median(row.id, contestant);
  if (value === undefined) return "";
  const cpu = results.median(row.id, contestant, "cpu");
  const beside = row.figure === "rate" && cpu !== undefined ? `, ${rounded(cpu)} µs` : "";
  const stored = results.median(row.id, contestant, "stored");
  const each = stored === undefined ? "" : `, ${rounded(stored)} bytes a message`;
  return `${rounded(value)}${UNITS[row.figure]}${beside}${each}`;
}

const times = (value) => (value === undefined ? "" : `${value >= 10 ? rounded(value) : value.toFixed(value < 0.1 ? 3 : 2)} ×`);

function verdict(results, id, floor, unit) {
  const { measured, holds, reached } = judge(results, id, floor);
  const limit = floor.atMost === undefined ? `≥ ${floor.atLeast}` : `≤ ${floor.atMost}`;
  if (measured === undefined) return ["", limit, String(floor.goal), ""];
  const shown = floor.against || floor.row || id.startsWith("worker:") ? times(measured) : `${rounded(measured)}${unit}`;
  const target = { joined: "bare, joined", bare: "bare", mqttjs: "MQTT.js" }[floor.against] ?? OTHER_ROWS[floor.row] ?? "";
  return [`${shown}${target && ` to ${target}`}`, limit, String(floor.goal), reached ? "goal" : holds ? "yes" : "**NO**"];
}

const line = (cells) => `| ${cells.join(" | ")} |`;

/**
 * @param {import("./figures.mjs").Results} results
 * @param {import("./rows.mjs").Row[]} rows
 * @param {Record<string, object>} floors
 */
export function table(results, rows, floors) {
  const { worker: _worker, files: _files, ...shown } = CONTESTANTS;
  const names = Object.keys(shown);
  const head = ["what", ...Object.values(shown), "Hawser to MQTT.js", "Hawser", "floor", "goal", "holds"];
  const lines = [line(head), line(head.map(() => "---"))];
  for (const row of rows) {
    const cells = names.map((contestant) => cell(results, row, contestant));
    const toMqttJs = times(results.ratio([row.id, "hawser"], [row.id, "mqttjs"]));
    const judged = floors[row.id] ? verdict(results, row.id, floors[row.id], UNITS[row.figure]) : ["", "", "", ""];
    lines.push(line([row.title, ...cells, toMqttJs, ...judged]));
    if (row.kind === "memory") {
      const growth = names.map((contestant) => {
        const value = results.median(row.id, contestant, "growth");
        return value === undefined ? "" : `${rounded(value)} MB`;
      });
      const title = `the same, gained from there to message ${number(row.count, 0)}`;
      lines.push(line([title, ...growth, "", ...verdict(results, `${row.id}-growth`, floors[`${row.id}-growth`], UNITS.heap)]));
    }
  }
  return lines.join("\n");
}

/**
 * The page host against the worker host.
 * @param {import("./figures.mjs").Results} results
 * @param {import("./rows.mjs").Row[]} rows
 * @param {Record<string, object>} floors
 */
export function hostTable(results, rows, floors) {
  const head = ["what", "MQTT.js", "Hawser in the page", "Hawser in a worker", "worker to page", "floor", "goal", "holds"];
  const lines = [line(head), line(head.map(() => "---"))];
  for (const row of rows.filter(({ contestants }) => contestants.includes("worker"))) {
    const cells = ["mqttjs", "hawser", "worker"].map((contestant) => cell(results, row, contestant));
    const floor = floors[`worker:${row.id}`];
    const plain = [times(results.ratio([row.id, "worker"], [row.id, "hawser"])), "", "", ""];
    lines.push(line([row.title, ...cells, ...(floor ? verdict(results, `worker:${row.id}`, floor, UNITS[row.figure]) : plain)]));
  }
  return lines.join("\n");
}

/** How much of a start is its files. @param {import("./figures.mjs").Results} results */
export function startLine(results) {
  const [files, hawser] = ["files", "hawser"].map((contestant) => times(results.ratio(["startup", contestant], ["startup", "bare"])));
  return `To load, compile and evaluate Hawser's files as a start does, without a client, takes ${files} bare; the whole start ${hawser}.`;
}
