// `npm run torture`: numbered messages both ways while pages, browsers, brokers and links are killed, and one table of what became of them.
//
//   npm run torture                                             a few hundred kills: every broker, every kind
//   npm run torture -- --kills 30 --seed 7                      that many of each kind, from that seed
//   npm run torture -- --broker mosquitto --kind renderer,link  these only
//   npm run torture -- --contestant mqttjs                      what another client makes of it
//   npm run torture -- --trace FILE                             writes all packets of the last round into a file
import { writeFileSync } from "node:fs";
import { main, SetupError, setUp } from "../../setup.mjs";
import { KILLS } from "./kills.mjs";
import { plain } from "./table.mjs";
import { BROKERS, CONTESTANTS, complaint, openTorture } from "./torture.mjs";
import { transcript } from "./wire.mjs";

const KINDS = [...Object.keys(KILLS), "mixed"];
const OPTIONS = { kills: "25", seed: "", broker: BROKERS.join(","), kind: KINDS.join(","), contestant: CONTESTANTS[0], trace: "" };

/** Options of the command line as an object; throws what is not known. */
function readOptions(args) {
  const options = { ...OPTIONS };
  for (let at = 0; at < args.length; at += 2) {
    const name = args[at].slice(2);
    if (!args[at].startsWith("--") || !(name in OPTIONS) || args[at + 1] === undefined)
      throw new SetupError(
        `npm run torture takes ${Object.keys(OPTIONS)
          .map((known) => `--${known} VALUE`)
          .join(" ")}; not ${args[at]}`,
      );
    options[name] = args[at + 1];
  }
  return options;
}

/** The names in a list; throws those that are not in `known`. */
function names(list, known) {
  const given = list.split(",");
  const strange = given.filter((name) => !known.includes(name));
  if (strange.length > 0) throw new SetupError(`no ${strange.join(", ")}: there are ${known.join(", ")}`);
  return given;
}

await main(async () => {
  const options = readOptions(process.argv.slice(2));
  const seed = options.seed === "" ? Date.now() % 1_000_000 : Number(options.seed);
  const kills = Number(options.kills);
  if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(kills) || kills < 1) throw new SetupError("--kills and --seed take numbers");
  const plans = names(options.broker, BROKERS).flatMap((broker) => names(options.kind, KINDS).map((kind) => ({ broker, kind })));
  const [contestant] = names(options.contestant, CONTESTANTS);
  setUp("torture");
  console.log(`seed ${seed}`);
  const torture = await openTorture();
  const verdicts = [];
  try {
    for (const plan of plans) {
      const verdict = await torture.round({ ...plan, kills, contestant, seed });
      verdicts.push(verdict);
      console.log(`${plan.broker}, ${plan.kind}: ${kills} kills in ${verdict.seconds.toFixed(0)} s`);
      if (options.trace) writeFileSync(options.trace, transcript(verdict.packets));
      if (verdict.faults.length > 0) console.log(complaint({ ...verdict, seed }));
    }
  } finally {
    await torture.stop();
  }
  console.log(`\n${plain(verdicts)}`);
  if (verdicts.some(({ faults }) => faults.length > 0)) process.exitCode = 1;
});
