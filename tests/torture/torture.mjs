// Where rounds take place: one Chromium with one profile for all of them, and the brokers that they name.

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

/** Clients that the page can be made of: "memory" is Hawser without a stored session. */
export const CONTESTANTS = ["hawser", "memory", "mqttjs"];

/** Faults of one sort that are shown of one round: the first tell what is wrong, a thousand would hide it. */
const SHOWN = 3;

/**
 * @typedef {{ broker: string, kind: string, kills: number, contestant?: string, seed: number }} Plan of one round
 *
 * @returns {Promise<{ round: (plan: Plan) => Promise<import("./round.mjs").Verdict>, stop: () => Promise<void> }>}
 */
export async function openTorture() {
  const browser = await openBrowser();
  /** @type {Map<string, Promise<import("../e2e/support/brokers.mjs").TestBroker>>} */
  const brokers = new Map();
  const started = (name) => {
    if (!brokers.has(name)) brokers.set(name, ALL[name].start({}));
    return brokers.get(name);
  };
  return {
    async round({ broker, kind, kills, contestant = CONTESTANTS[0], seed }) {
      const random = randomFrom(seedFor(seed, `${broker} ${kind}`));
      const session = `torture-${seed}-${broker}-${kind}`;
      return runRound({ broker: await started(broker), browser, contestant, kind, kills, random, session });
    },
    async stop() {
      await browser.stop();
      for (const broker of brokers.values()) await (await broker).stop();
    },
  };
}

/** What is wrong, as text: the first faults of each sort with their histories, and how to have the same kills again. */
export function complaint({ broker, kind, kills, seed, faults }) {
  const again = `npm run torture -- --seed ${seed} --kills ${kills} --broker ${broker} --kind ${kind}`;
  /** @type {Map<string, string[]>} a fault without its numbers is its sort */
  const sorts = new Map();
  for (const fault of faults) {
    const sort = fault.split("\n")[0].replace(/: \d+/, ":");
    sorts.set(sort, [...(sorts.get(sort) ?? []), fault]);
  }
  const shown = [...sorts].flatMap(([sort, all]) => [`${all.length} x ${sort}`, ...all.slice(0, SHOWN)]);
  return [`${faults.length} faults, seed ${seed} (${again})`, ...shown].join("\n  ");
}
