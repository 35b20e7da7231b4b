// One round: numbered messages both ways, one kind of kill again and again in the midst of them, then quiet, then the verdict.

import { FLOWS, INCOMING, OUTGOING } from "./flows.mjs";
import { KILLS } from "./kills.mjs";
import { Ledger } from "./ledger.mjs";
import { startPeer } from "./peer.mjs";
import { startReports } from "./reports.mjs";
import { writeWire } from "./wire.mjs";

/** Between two kills, in ms: from the middle of coming back to well in the flow of messages. */
const [SOONEST, LATEST] = [10, 500];
/** Every so many ms each flow gets the next few numbers. */
const TICK = 10;
const BURST = 4;
/** How many incoming numbers of a flow may wait for the page: it would need ever longer to catch up. */
const BACKLOG = 50;
/** When for so many ms no number has come to its end, no more will. */
const SILENCE = 6_000;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * @typedef {{ broker: string, kind: string, kills: number, seconds: number, packets: import("../../www/server/proxy.mjs").SeenPacket[] } & ReturnType<Ledger["judge"]>} Verdict
 *
 * @param {object} setting
 * @param {import("../e2e/support/brokers.mjs").TestBroker} setting.broker
 * @param {Awaited<ReturnType<typeof import("./browser.mjs").openBrowser>>} setting.browser
 * @param {string} setting.contestant
 * @param {string} setting.kind one of KILLS, or "mixed": any of them
 * @param {number} setting.kills
 * @param {import("./random.mjs").Random} setting.random
 * @param {string} setting.session a name that no other round uses
 * @returns {Promise<Verdict>}
 */
export async function runRound({ broker, browser, contestant, kind, kills, random, session }) {
  const from = Date.now();
  const ledger = new Ledger();
  const reports = await startReports(ledger, random);
  const firstPacket = broker.proxy.packets.length;
  const peer = await startPeer(broker.direct, { session, user: broker.user, ledger });
  const traffic = new Traffic(reports, peer, ledger, random);
  try {
    const setup = { contestant, url: broker.url, session, credentials: broker.user };
    await browser.open(`${reports.url}?setup=${encodeURIComponent(JSON.stringify(setup))}`);
    await reports.ready();
    await reports.probe(peer.publish);
    traffic.start();
    const scene = { broker, browser, reports, peer, ledger, random, hushed: (work) => traffic.hushed(work) };
    for (let kill = 0; kill < kills; kill++) {
      await pause(random.between(SOONEST, LATEST));
      const name = kind === "mixed" ? random.pick(Object.keys(KILLS)) : kind;
      ledger.killed(name);
      await KILLS[name](scene);
      if (name === "broker" && !broker.remembers) traffic.allow();
    }
    await pause(LATEST);
    traffic.stop();
    await quiet(ledger);
    const pending = await reports.pending();
    if (pending > 0) ledger.fault(`${pending} messages are pending when all is quiet`);
  } catch (error) {
    // What can be said of the numbers is worth more than where it ended.
    ledger.fault(`the round came to an end: ${error.message}; the page is ${reports.status}`);
  } finally {
    traffic.stop();
    await peer.end();
    await reports.stop();
  }
  const packets = broker.proxy.packets.slice(firstPacket);
  writeWire(packets, session, ledger);
  return { broker: broker.name, kind, kills, packets, seconds: (Date.now() - from) / 1_000, ...ledger.judge() };
}

/** Waits until every number is accounted for and no more comes, or until nothing has happened for long. */
async function quiet(ledger) {
  for (let progress = -1, since = Date.now(); ; await pause(50)) {
    if (ledger.progress !== progress) {
      progress = ledger.progress;
      since = Date.now();
    }
    const left = [...OUTGOING.map((flow) => ledger.open(flow, "promised")), ...INCOMING.map((flow) => ledger.open(flow, "sent"))];
    const patience = left.every((count) => count === 0) ? SILENCE / 10 : SILENCE;
    if (Date.now() - since > patience) return;
  }
}

/** The next numbers of all flows, at a pace that leaves both sides time to breathe. */
class Traffic {
  #next = Object.fromEntries(Object.keys(FLOWS).map((flow) => [flow, 0]));
  #allowed = {};
  #timer;
  #hushed = false;

  constructor(reports, peer, ledger, random) {
    Object.assign(this, { reports, peer, ledger, random });
    this.allow();
  }

  start() {
    this.#timer = setInterval(() => {
      for (const flow of OUTGOING) this.#send(flow, this.reports, (number) => this.reports.order(flow, number));
      if (!this.#hushed) for (const flow of INCOMING) this.#send(flow, this.peer, (number) => this.peer.publish(flow, number));
    }, TICK);
  }

  stop() {
    clearInterval(this.#timer);
  }

  /** What a broker took along does not count any more: it would fill the backlog. */
  allow() {
    for (const flow of INCOMING) this.#allowed[flow] = this.#next[flow] - this.ledger.effects(flow) + BACKLOG;
  }

  /** @param {() => Promise<void>} work done while the peer publishes nothing */
  async hushed(work) {
    this.#hushed = true;
    await work();
    this.#hushed = false;
  }

  #send(flow, side, one) {
    for (let burst = this.random.between(0, BURST); burst > 0; burst--) {
      const waiting = FLOWS[flow].direction === "in" ? this.#next[flow] - this.ledger.effects(flow) : 0;
      if (!side.free || waiting > (this.#allowed[flow] ?? 0)) return;
      one(this.#next[flow]++);
    }
  }
}
