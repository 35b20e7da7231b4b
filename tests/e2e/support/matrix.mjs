// Runs the same cases against every broker and both protocol versions, with one browser for the file, and holds each outcome against what is known.

import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { after, afterEach, before, describe, test } from "node:test";
import { BROKERS, CHOSEN } from "./brokers.mjs";
import { expected } from "./known.mjs";
import { openLab } from "./lab.mjs";
import { connectPeer, setPatience } from "./peer.mjs";

export const PROTOCOLS = ["5.0", "3.1.1"];

/** A case that waits for ever ends here; every wait inside has a shorter patience of its own. */
const LIMIT = 60_000;
/** How long a wait may take, in ms; less where the case is known to wait in vain. */
const PATIENCE = 15_000;
const IN_VAIN = 2_500;

/** The broker does not offer what the case is about, and says so. */
export class NotOffered extends Error {}

/** A broker may grant less than what was asked for: then the case is about what it does not offer. */
export async function granted(subscription, qos) {
  const grant = await subscription.ready();
  if (grant.qos < qos) throw new NotOffered(`SUBACK grants QoS ${grant.qos}`);
}

/** A case that needs several messages on their way to one client, none of them acknowledged. */
export function severalAtOnce(broker) {
  if (broker.faults.oneAtATime) throw new NotOffered(broker.faults.oneAtATime);
}

/**
 * What a case works with.
 * @typedef {object} Bench
 * @property {import("./lab.mjs").Lab} lab
 * @property {import("./brokers.mjs").TestBroker} broker
 * @property {"5.0"|"3.1.1"} protocol
 * @property {boolean} v5
 * @property {object} access options that every client of this broker needs: the protocol version, and the user where there has to be one
 * @property {(options?: object) => Promise<any>} connect a client under test, through the proxy, in this protocol version
 * @property {(options?: object) => Promise<any>} online the same, connected
 * @property {(options?: object) => Promise<import("./peer.mjs").Peer>} peer an independent client, past the proxy
 * @property {string[]} admitted faults so far
 * @property {(fault: string) => void} admit the case has met this fault of the broker, and has checked what is left
 * @property {import("node:test").TestContext} t
 */

/** One browser for all cases of a file. @type {Promise<import("./lab.mjs").Lab>|undefined} */
let sharedLab;
/** One broker of a kind for all cases of a file that want the same of it. @type {Map<string, Promise<import("./brokers.mjs").TestBroker>>} */
const sharedBrokers = new Map();

function shared(kind, options) {
  const key = `${kind} ${JSON.stringify(options)}`;
  if (!sharedBrokers.has(key)) sharedBrokers.set(key, BROKERS[kind].start(options));
  return sharedBrokers.get(key);
}

/** What passed on the wire, a line a packet: without it nobody can tell whose fault a failure is. */
function wire(packets) {
  const line = ({ link, direction, type, flags, id, size, reason, swallowed }) =>
    `#${link} ${direction === "up" ? "->" : "<-"} ${type}${type === "PUBLISH" ? ` flags ${flags}` : ""} id ${id} size ${size} reason ${reason}${swallowed ? " SWALLOWED" : ""}`;
  return packets.slice(-60).map(line).join("\n");
}

/** Notes an outcome for the interoperability matrix, when somebody collects them. */
function record(outcome) {
  const file = process.env.HAWSER_INTEROP_RECORD;
  if (file) appendFileSync(file, `${JSON.stringify(outcome)}\n`);
}

/** How a body ended: "pass", "not offered" or "fails". */
async function attempt(body, bench) {
  try {
    await body(bench);
    return { outcome: "pass" };
  } catch (error) {
    return { outcome: error instanceof NotOffered ? "not offered" : "fails", error };
  }
}

/** Runs a case and throws unless it ends as it has to: well, or as is known of this broker. */
async function judge(place, body, bench) {
  const { t, lab, broker } = bench;
  const known = expected(place);
  const patience = known?.outcome === "fails" ? IN_VAIN : PATIENCE;
  setPatience(patience);
  broker.proxy.patience = patience;
  await lab.setPatience(patience);
  const from = broker.proxy.packets.length;
  const { outcome, error } = await attempt(body, bench);
  const faults = known ? [known.because] : bench.admitted;
  record({
    ...place,
    outcome: faults.length > 0 ? (known?.outcome ?? "fails") : outcome,
    known: known?.number,
    because: faults.join("; "),
  });
  for (const fault of faults) t.diagnostic(fault);
  if (outcome !== (known?.outcome ?? "pass")) {
    t.diagnostic(wire(broker.proxy.packets.slice(from)));
    throw error ?? new Error(`passes now, though known is: ${known?.outcome}, ${known?.because}`);
  }
  if (known?.error) assert.match(error.message, known.error);
}

after(async () => {
  const all = await Promise.allSettled([sharedLab, ...sharedBrokers.values()]);
  await Promise.all(all.map(({ value }) => value?.stop()));
});

/**
 * @typedef {object} GroupOptions
 * @property {string} [feature] the row of the interoperability matrix that the cases belong to, unless a case names another
 * @property {("5.0"|"3.1.1")[]} [protocols]
 * @property {import("./brokers.mjs").BrokerOptions} [broker]
 * @property {boolean} [basic] these cases are for brokers too that keep to no more than the basics
 * @property {boolean} [refused] run a version also against brokers that do not speak it
 */

/**
 * @callback AddCase
 * @param {string} name
 * @param {string} feature may be left out
 * @param {(bench: Bench) => Promise<void>} body
 */

/**
 * `matrix(title, options?, define)`; in it `test(name, feature?, body)`.
 * @param {string} title
 * @param {...(GroupOptions | ((test: AddCase, version: { protocol: "5.0"|"3.1.1" }) => void))} rest
 */
export function matrix(title, ...rest) {
  const define = rest.pop();
  const { feature: groupFeature, protocols = PROTOCOLS, broker: brokerOptions = {}, basic, refused } = rest[0] ?? {};
  for (const kind of CHOSEN.filter((name) => basic || BROKERS[name].suite === "whole")) {
    for (const protocol of protocols.filter((version) => refused || BROKERS[kind].protocols.includes(version))) {
      describe(`${title} (${kind}, ${protocol})`, () => {
        let lab;
        let broker;
        const peers = [];
        before(async () => {
          sharedLab ??= openLab();
          [lab, broker] = await Promise.all([sharedLab, shared(kind, brokerOptions)]);
        });
        afterEach(async () => {
          broker.proxy.calm();
          await Promise.all(peers.splice(0).map((peer) => peer.end()));
          await lab.clear();
        });
        const bench = (t) => {
          const admitted = [];
          const access = { protocol, ...(broker.user && { credentials: broker.user }) };
          return {
            t,
            admitted,
            admit: (fault) => admitted.push(fault),
            lab,
            broker,
            protocol,
            v5: protocol === "5.0",
            access,
            connect: (options) => lab.connect(broker.url, { ...access, ...options }),
            online: (options) => lab.online(broker.url, { ...access, ...options }),
            async peer(options) {
              const peer = await connectPeer(broker.direct, { protocol, maximumQos: broker.maximumQos, ...broker.user, ...options });
              peers.push(peer);
              return peer;
            },
          };
        };
        const add = (name, ...more) => {
          const body = more.pop();
          const [feature = groupFeature] = more;
          const place = { broker: kind, protocol, title, name, feature };
          test(name, { timeout: LIMIT }, (t) => judge(place, body, bench(t)));
        };
        define(add, { protocol });
      });
    }
  }
}
