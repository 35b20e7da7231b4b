// The benchmark: Hawser, MQTT.js and a bare WebSocket, interleaved in one run, against a native server that is never the bottleneck.
//
//   node tests/bench/run.mjs [--rounds N] [--rows ID,ID] [--contestants ID,ID] [--check] [--smoke] [--json FILE]
//
// --check exits 1 when a floor of floors.json does not hold. --smoke sends a few messages and only accounts for them, since timings of a busy
// machine say nothing. A lost, repeated, damaged or wrongly acknowledged message always ends in exit 1.

import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { build } from "../../build.mjs";
import { main, SetupError } from "../../setup.mjs";
import { judge, Results, rowOf } from "./figures.mjs";
import { Lab } from "./lab.mjs";
import { CONTESTANTS, ROWS } from "./rows.mjs";
import { hostTable, startLine, table } from "./table.mjs";

const FLOORS = JSON.parse(readFileSync(new URL("floors.json", import.meta.url), "utf8"));
/** What the server is asked for when it is measured alone: one stream of each shape. */
const RAW = [
  "blast/q0/1x/300000/64",
  "blast/q0/50x/1000000/64",
  "blast/q1/1x/200000/64",
  "blast/q2/1x/100000/64",
  "sink/200000/64",
  "blast/q0/1x/128/1048576",
];

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    rows: { type: "string" },
    contestants: { type: "string" },
    check: { type: "boolean", default: false },
    smoke: { type: "boolean", default: false },
    json: { type: "string" },
  },
});

/** The entries of a comma-separated option, each one of `known`. */
function chosen(name, known) {
  const wanted = options[name]?.split(",") ?? known;
  const unknown = wanted.find((entry) => !known.includes(entry));
  if (unknown !== undefined) throw new SetupError(`--${name} knows no ${unknown}: it takes ${known.join(", ")}`);
  return wanted;
}

/** Each round in another order, so that nobody always comes after the same neighbour. */
const rotated = (list, by) => list.map((_, at) => list[(at + by) % list.length]);

async function perform(lab, rows, contestants, rounds) {
  const results = new Results();
  const once = async (row, contestant, round) => {
    const measurement = await lab.measure(row, contestant, options.smoke);
    results.add(row.id, contestant, round, measurement);
    for (const fault of measurement.faults) console.error(`${row.id}, ${contestant}: ${fault}`);
  };
  for (let round = 0; round < rounds; round++) {
    for (const row of rows) {
      const taking = row.contestants.filter((contestant) => contestants.includes(contestant));
      // Only where time does not matter may two pages be at work at once.
      if (options.smoke) await Promise.all(taking.map((contestant) => once(row, contestant, round)));
      else {
        const repeats = row.repeats ?? 1;
        for (let turn = 0; turn < repeats; turn++)
          for (const contestant of rotated(taking, round * repeats + turn)) await once(row, contestant, round);
      }
      process.stderr.write(`round ${round + 1} of ${rounds}: ${row.id}\n`);
    }
  }
  return results;
}

function printServer(lab, results, rows) {
  console.log("The server alone, with a native client:\n");
  for (const { filter, count, milliseconds } of lab.rawRates(RAW)) {
    console.log(`- \`${filter}\`: ${Math.round((count * 1000) / milliseconds).toLocaleString("en")} messages a second`);
  }
  const shares = rows.flatMap((row) =>
    Object.keys(CONTESTANTS).map((contestant) => ({ row, contestant, share: results.median(row.id, contestant, "serverBusy") ?? 0 })),
  );
  const most = shares.reduce((busiest, each) => (each.share > busiest.share ? each : busiest));
  console.log(
    `\nIts share of one core while a page was measured: ${(most.share * 100).toFixed(0)} % at most (${most.row.id}, ${most.contestant}).\n`,
  );
}

await main(async () => {
  const rows = ROWS.filter(({ id }) =>
    chosen(
      "rows",
      ROWS.map((row) => row.id),
    ).includes(id),
  );
  const contestants = chosen("contestants", Object.keys(CONTESTANTS));
  const rounds = options.smoke ? 1 : Number(options.rounds);
  if (!(rounds >= 1)) throw new SetupError("--rounds takes a number from 1 on");
  if (contestants.some((name) => ["hawser", "worker", "files"].includes(name))) await build("bench");
  const lab = await Lab.open();
  try {
    const results = await perform(lab, rows, contestants, rounds);
    const faults = results.faults();
    if (options.json) writeFileSync(options.json, JSON.stringify(results, null, 1));
    if (!options.smoke) {
      console.log(`${await lab.version()}, ${cpus().length} × ${cpus()[0].model}, medians of ${rounds} rounds\n`);
      console.log(`${table(results, rows, FLOORS)}\n`);
      console.log(`${hostTable(results, rows, FLOORS)}\n`);
      if (["bare", "hawser", "files"].every((contestant) => results.of("startup", contestant).length > 0))
        console.log(`${startLine(results)}\n`);
      printServer(lab, results, rows);
    }
    console.log(faults.length === 0 ? "Every message is accounted for." : `Messages are NOT all accounted for:\n${faults.join("\n")}`);
    const judged = Object.keys(FLOORS).filter((id) => rows.some((row) => rowOf(id) === row.id));
    const below = options.check ? judged.filter((id) => !judge(results, id, FLOORS[id]).holds) : [];
    if (below.length > 0) console.log(`Below the floor: ${below.join(", ")}`);
    if (faults.length + below.length > 0) process.exitCode = 1;
  } finally {
    await lab.close();
  }
});
