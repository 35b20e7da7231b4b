// Runs a plan of rounds: one Chromium with one profile for all of them, and one broker at a time.

import { BROKERS as ALL } from "../e2e/support/brokers.mjs";
import { openBrowser } from "./browser.mjs";
import { randomFrom, seedFor } from "./random.mjs";
import { runRound } from "./round.mjs";

/**
 * Two brokers that differ where it matters. Mosquitto keeps sessions on disk and goes on with them after its own death. ejabberd keeps them in
 * memory: its death is the clean loss of every session at once, which a client has to tell. Both resend in order, under the identifiers that
 * they used, and exactly once at QoS 2, unlike mqtt5, rmqtt and Aedes, whose own repetitions and losses would hide the client's.
 */
export const BROKERS = ["mosquitto", "ejabberd"];

/** Clients that have a page in tests/torture/page. */
export const CONTESTANTS = ["hawser", "mqttjs"];

/** Faults that are shown of one round: the first tell what is wrong, a thousand would hide it. */
const SHOWN = 10;

/**
 * @param {object} run
 * @param {{ broker: string, kind: string, kills: number }[]} run.plan
 * @param {string} run.contestant
 * @param {number} run.seed
 * @param {(text: string) => void} run.tell
 * @returns {Promise<import("./round.mjs").Verdict[]>}
 */
export async function torture({ plan, contestant, seed, tell }) {
  const browser = await openBrowser();
  const verdicts = [];
  try {
    for (const name of new Set(plan.map(({ broker }) => broker))) {
      const broker = await ALL[name].start({});
      try {
        for (const { kind, kills } of plan.filter((round) => round.broker === name)) {
          const random = randomFrom(seedFor(seed, `${name} ${kind}`));
          const session = `torture-${seed}-${name}-${kind}`;
          const verdict = await runRound({ broker, browser, contestant, kind, kills, random, session });
          verdicts.push(verdict);
          tell(`${name}, ${kind}: ${kills} kills, ${verdict.faults.length} faults, ${verdict.seconds.toFixed(0)} s`);
          for (const fault of verdict.faults.slice(0, SHOWN)) tell(`  ${fault}`);
        }
      } finally {
        await broker.stop();
      }
    }
  } finally {
    await browser.stop();
  }
  return verdicts;
}
