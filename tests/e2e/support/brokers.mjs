// The brokers of the browser suite, each behind a chaos proxy of its own.

import { SetupError, tool } from "../../../setup.mjs";
import { startEmbeddedBroker } from "../../../www/server/broker.mjs";
import { startProxy } from "../../../www/server/proxy.mjs";
import { startAedes } from "../../servers/aedes.mjs";
import { startEjabberd } from "../../servers/ejabberd.mjs";
import { startMosquitto } from "../../servers/mosquitto.mjs";
import { startNats } from "../../servers/nats.mjs";
import { startRabbitmq } from "../../servers/rabbitmq.mjs";
import { startRmqtt } from "../../servers/rmqtt.mjs";
import { FAULTS } from "./faults.mjs";

/**
 * @typedef {object} TestBroker
 * @property {string} name
 * @property {string} url through the proxy, for the client under test
 * @property {string} direct for a peer that must not feel the faults
 * @property {Awaited<ReturnType<typeof startProxy>>} proxy
 * @property {0|1|2} maximumQos of a PUBLISH that it takes without a fault
 * @property {boolean} remembers whether sessions survive a crash of the broker
 * @property {{ username: string, password: string }|undefined} user whom everybody has to be who does not say otherwise
 * @property {Record<"5.0"|"3.1.1", number[]>} refusals the codes with which it refuses a wrong password
 * @property {Record<string, string>} faults what is wrong with this broker, and why a test expects less of it
 * @property {() => Promise<void>} kill as a crash would
 * @property {(options?: { forget?: boolean }) => Promise<void>} restart on the same port; `forget`: without the sessions
 * @property {() => Promise<void>} stop
 */

/**
 * @typedef {object} BrokerOptions
 * @property {{ username: string, password: string }[]} [users]
 * @property {number} [maximumPacketSize] announced in CONNACK
 * @property {number} [receiveMaximum] announced in CONNACK
 * @property {number} [maximumKeepAlive] seconds; announced in CONNACK when the client asks for more
 */

/**
 * @typedef {object} BrokerKind
 * @property {string} title name and version for people
 * @property {"whole"|"basics"} suite "basics": it caps QoS and goes its own ways, so it meets only the cases that are marked as basic
 * @property {("5.0"|"3.1.1")[]} protocols what it speaks
 * @property {string[]} tools of setup.mjs that it needs
 * @property {(options: BrokerOptions) => Promise<TestBroker>} start
 */

const ANYBODY = { username: "hawser", password: "secret" };

/**
 * What all starters share: a proxy before the broker, whose ports stay the same when it is started again.
 * @param {string} name
 * @param {{ port?: number, tcpPort: number, kill: () => Promise<void>, restart: (options?: object) => Promise<void>, stop: () => Promise<void> }} server
 * @param {Partial<TestBroker>} traits
 * @returns {Promise<TestBroker>}
 */
async function behindProxy(name, server, traits) {
  const target = server.port ? `ws://127.0.0.1:${server.port}/mqtt` : { port: server.tcpPort };
  const proxy = await startProxy({ target, keepPackets: Number.POSITIVE_INFINITY });
  return {
    name,
    url: proxy.url,
    direct: `mqtt://127.0.0.1:${server.tcpPort}`,
    proxy,
    maximumQos: 2,
    remembers: false,
    user: undefined,
    refusals: { "5.0": [], "3.1.1": [4] },
    faults: FAULTS[name] ?? {},
    kill: server.kill,
    restart: server.restart,
    async stop() {
      await proxy.stop();
      await server.stop();
    },
    ...traits,
  };
}

async function embedded({ users, maximumPacketSize, receiveMaximum, maximumKeepAlive }) {
  const options = { users, maximumPacketSize, receiveMaximum, serverKeepAlive: maximumKeepAlive };
  let broker = await startEmbeddedBroker(options);
  const server = {
    port: broker.port,
    tcpPort: broker.tcpPort,
    kill: () => broker.kill(),
    async restart() {
      await broker.kill();
      broker = await startEmbeddedBroker({ ...options, port: server.port, tcpPort: server.tcpPort });
    },
    stop: () => broker.kill(),
  };
  return behindProxy("embedded", server, { refusals: { "5.0": [0x86], "3.1.1": [4] } });
}

async function mosquitto({ users, maximumPacketSize, receiveMaximum, maximumKeepAlive }) {
  const settings = [
    ...(maximumPacketSize ? [`max_packet_size ${maximumPacketSize}`] : []),
    ...(receiveMaximum ? [`max_inflight_messages ${receiveMaximum}`] : []),
    ...(maximumKeepAlive ? [`max_keepalive ${maximumKeepAlive}`] : []),
  ];
  const broker = await startMosquitto({ users, settings });
  return behindProxy(
    "mosquitto",
    { ...broker, port: undefined, tcpPort: broker.port },
    { remembers: true, refusals: { "5.0": [0x87], "3.1.1": [5] } },
  );
}

async function ejabberd({ users = [ANYBODY], maximumPacketSize }) {
  const server = await startEjabberd({ users, maximumPacketSize });
  return behindProxy("ejabberd", server, { user: users[0], refusals: { "5.0": [0x86, 0x87], "3.1.1": [4, 5] } });
}

async function rmqtt(options) {
  return behindProxy("rmqtt", await startRmqtt(options), { refusals: { "5.0": [0x86], "3.1.1": [4] } });
}

const rabbitmq = async (options) =>
  behindProxy("rabbitmq", await startRabbitmq(options), { maximumQos: 1, remembers: true, refusals: { "3.1.1": [4, 5] } });

const nats = async (options) =>
  behindProxy("nats", await startNats(options), { maximumQos: 1, remembers: true, refusals: { "3.1.1": [4, 5] } });

const aedes = async (options) => behindProxy("aedes", await startAedes(options), {});

/** @type {Record<string, BrokerKind>} */
export const BROKERS = {
  embedded: { title: "mqtt5 0.49", suite: "whole", protocols: ["5.0", "3.1.1"], tools: [], start: embedded },
  mosquitto: { title: "Mosquitto 2.0", suite: "whole", protocols: ["5.0", "3.1.1"], tools: ["mosquitto"], start: mosquitto },
  ejabberd: { title: "ejabberd 23.01", suite: "whole", protocols: ["5.0", "3.1.1"], tools: ["ejabberd", "erl"], start: ejabberd },
  rmqtt: { title: "rmqtt 0.24", suite: "whole", protocols: ["5.0", "3.1.1"], tools: [], start: rmqtt },
  rabbitmq: { title: "RabbitMQ 3.10", suite: "basics", protocols: ["3.1.1"], tools: ["rabbitmq", "epmd"], start: rabbitmq },
  nats: { title: "NATS 2.9", suite: "basics", protocols: ["3.1.1"], tools: ["nats"], start: nats },
  aedes: { title: "Aedes 1.2", suite: "whole", protocols: ["3.1.1"], tools: [], start: aedes },
};

/** Brokers that cost next to nothing to have: what `npm test` runs. `npm run interop` names them all. */
const QUICK = "embedded,mosquitto,aedes";

/** The brokers that this run is about. */
export const CHOSEN = (process.env.HAWSER_BROKERS || QUICK).split(",").map((name) => {
  if (!(name in BROKERS)) throw new Error(`HAWSER_BROKERS names ${name}; there are ${Object.keys(BROKERS)}`);
  return name;
});

/** Why a broker cannot be had on this machine, in one line that says what to install; undefined when it can. @param {string} name */
export function absence(name) {
  try {
    for (const program of BROKERS[name].tools) tool(program);
  } catch (error) {
    if (error instanceof SetupError) return error.message;
    throw error;
  }
  return undefined;
}
