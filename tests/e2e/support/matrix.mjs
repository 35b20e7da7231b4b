// Runs the same cases against every broker and both protocol versions, with one browser for the file.

import { after, afterEach, before, describe, test } from "node:test";
import { BROKERS } from "./brokers.mjs";
import { openLab } from "./lab.mjs";
import { connectPeer } from "./peer.mjs";

export const PROTOCOLS = ["5.0", "3.1.1"];

/** A case that waits for ever ends here; every wait inside has a shorter patience of its own. */
const LIMIT = 60_000;

/**
 * What a case works with.
 * @typedef {object} Bench
 * @property {import("./lab.mjs").Lab} lab
 * @property {import("./brokers.mjs").TestBroker} broker
 * @property {"5.0"|"3.1.1"} protocol
 * @property {boolean} v5
 * @property {(options?: object) => Promise<any>} connect a client under test, through the proxy, in this protocol version
 * @property {(options?: object) => Promise<any>} online the same, connected
 * @property {(options?: object) => Promise<import("./peer.mjs").Peer>} peer an independent client, past the proxy
 * @property {import("node:test").TestContext} t
 */

/** One browser for all cases of a file. @type {Promise<import("./lab.mjs").Lab>|undefined} */
let sharedLab;
/** One broker of a kind for all cases of a file that want the same of it. @type {Map<string, Promise<import("./brokers.mjs").TestBroker>>} */
const sharedBrokers = new Map();

function shared(kind, options) {
  const key = `${kind} ${JSON.stringify(options)}`;
  if (!sharedBrokers.has(key)) sharedBrokers.set(key, BROKERS[kind](options));
  return sharedBrokers.get(key);
}

/** What passed on the wire, a line a packet: without it nobody can tell whose fault a failure is. */
function wire(packets) {
  const line = ({ link, direction, type, flags, id, size, reason, swallowed }) =>
    `#${link} ${direction === "up" ? "->" : "<-"} ${type}${type === "PUBLISH" ? ` flags ${flags}` : ""} id ${id} size ${size} reason ${reason}${swallowed ? " SWALLOWED" : ""}`;
  return packets.slice(-60).map(line).join("\n");
}

after(async () => {
  const all = await Promise.allSettled([sharedLab, ...sharedBrokers.values()]);
  await Promise.all(all.map(({ value }) => value?.stop()));
});

/**
 * @param {string} title
 * @param {(add: (name: string, body: (bench: Bench) => Promise<void>) => void) => void} define
 * @param {{ protocols?: string[], broker?: import("./brokers.mjs").BrokerOptions }} [options]
 */
export function matrix(title, define, { protocols = PROTOCOLS, broker: brokerOptions = {} } = {}) {
  for (const kind of Object.keys(BROKERS)) {
    for (const protocol of protocols) {
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
        const bench = (t) => ({
          t,
          lab,
          broker,
          protocol,
          v5: protocol === "5.0",
          connect: (options) => lab.connect(broker.url, { protocol, ...options }),
          online: (options) => lab.online(broker.url, { protocol, ...options }),
          async peer(options) {
            const peer = await connectPeer(broker.direct, { protocol, ...options });
            peers.push(peer);
            return peer;
          },
        });
        define((name, body) =>
          test(name, { timeout: LIMIT }, async (t) => {
            const from = broker.proxy.packets.length;
            await body(bench(t)).catch((error) => {
              t.diagnostic(wire(broker.proxy.packets.slice(from)));
              throw error;
            });
          }));
      });
    }
  }
}
