// The brokers that every case runs against, each behind a chaos proxy of its own, and what is known to be wrong with them.

import { startEmbeddedBroker } from "../../../www/server/broker.mjs";
import { startProxy } from "../../../www/server/proxy.mjs";
import { startMosquitto } from "../../servers/mosquitto.mjs";

/**
 * @typedef {object} TestBroker
 * @property {string} name
 * @property {string} url through the proxy, for the client under test
 * @property {string} direct for a peer that must not feel the faults
 * @property {Awaited<ReturnType<typeof startProxy>>} proxy
 * @property {boolean} remembers whether sessions survive a crash of the broker
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
 */

/** Faults of the brokers themselves. A test that meets one says so and checks what is left. */
export const KNOWN_FAULTS = {
  embedded: {
    namesTheSender: "mqtt5 0.49 adds the user property x-mqtt-client-id to messages it passes on",
    memoryOnly: "mqtt5 0.49 keeps sessions in memory: after a restart Session Present is 0",
    resendsUnderNewIds:
      "mqtt5 0.49 sends unacknowledged messages again under new identifiers, so that QoS 2 repeats them, and forgets some when it is cut off often",
    pubcompIn311:
      "mqtt5 0.49 answers a repeated PUBREL of a 3.1.1 client with a PUBCOMP in 5.0 form (reason 0x92), which is malformed there",
    disconnectIn311: "mqtt5 0.49 sends a 5.0 DISCONNECT to a 3.1.1 client at take-over: it reads as a protocol error, not as a bare close",
  },
  mosquitto: {
    silentTakeOver: "Mosquitto 2.0.11 closes the earlier of two clients with one id without the DISCONNECT 0x8E that 5.0 wants",
    savesLate: "Mosquitto 2.0.11 acknowledges before it saves: it is made to save before it is killed, see tests/servers/mosquitto.mjs",
  },
};

/** @param {BrokerOptions} options @returns {Promise<TestBroker>} */
async function embedded(options) {
  let broker = await startEmbeddedBroker(options);
  const proxy = await startProxy({ target: broker.url, keepPackets: Number.POSITIVE_INFINITY });
  return {
    name: "embedded",
    url: proxy.url,
    direct: broker.url,
    proxy,
    remembers: false,
    refusals: { "5.0": [0x86], "3.1.1": [4] },
    faults: KNOWN_FAULTS.embedded,
    kill: () => broker.kill(),
    async restart() {
      await broker.kill();
      broker = await startEmbeddedBroker({ ...options, port: broker.port });
    },
    async stop() {
      await proxy.stop();
      await broker.kill();
    },
  };
}

/** @param {BrokerOptions} options @returns {Promise<TestBroker>} */
async function mosquitto({ users, maximumPacketSize }) {
  const settings = maximumPacketSize ? [`max_packet_size ${maximumPacketSize}`] : [];
  const broker = await startMosquitto({ users, settings });
  const proxy = await startProxy({ target: { port: broker.port }, keepPackets: Number.POSITIVE_INFINITY });
  return {
    name: "mosquitto",
    url: proxy.url,
    direct: `mqtt://127.0.0.1:${broker.port}`,
    proxy,
    remembers: true,
    refusals: { "5.0": [0x87], "3.1.1": [5] },
    faults: KNOWN_FAULTS.mosquitto,
    kill: () => broker.kill(),
    restart: (options) => broker.restart(options),
    async stop() {
      await proxy.stop();
      await broker.stop();
    },
  };
}

export const BROKERS = { embedded, mosquitto };
