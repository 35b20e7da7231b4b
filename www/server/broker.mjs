// Starts the embedded broker and the simulated devices (crate `hawser-broker`) on the loopback interface, building them first
// when their sources have changed.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildProgram, startProgram } from "./program.mjs";

const repository = fileURLToPath(new URL("../../", import.meta.url));
const crate = fileURLToPath(new URL("./broker/", import.meta.url));

/**
 * @typedef {object} BrokerOptions Everything may be left out; what is left out keeps the broker's own default.
 * @property {number} [port] of the WebSocket listener on 127.0.0.1; 0 or nothing takes a free one
 * @property {number} [tcpPort] of the plain TCP listener on 127.0.0.1; 0 or nothing takes a free one
 * @property {boolean} [devices] run the simulated devices too, for as long as this broker runs
 * @property {{ username: string, password: string }[]} [users] accounts; none means that everybody may connect
 * @property {number} [maximumPacketSize] bytes, at least 1,024
 * @property {number} [receiveMaximum] QoS 1 and 2 publishes a client may have open
 * @property {0 | 1 | 2} [maximumQos]
 * @property {number} [topicAliasMaximum]
 * @property {number} [serverKeepAlive] seconds; overrides the client's, 0 switches it off
 * @property {number} [sessionExpiry] seconds, the longest that is granted
 * @property {number} [maximumInflight] QoS 1 and 2 messages on their way to one client at a time
 * @property {boolean} [retainAvailable]
 * @property {boolean} [wildcardAvailable]
 * @property {boolean} [subscriptionIdentifierAvailable]
 * @property {boolean} [sharedAvailable]
 */

/**
 * @typedef {object} Broker
 * @property {string} url `ws://127.0.0.1:PORT/mqtt`
 * @property {number} port of the WebSocket listener
 * @property {number} tcpPort of the plain TCP listener
 * @property {() => Promise<void>} stop a clean shutdown: clients get a DISCONNECT; resolves when the process is gone
 * @property {() => Promise<void>} kill SIGKILL: the sessions are lost, the port is free again at once
 */

/**
 * Starts a broker that serves MQTT 5.0 and 3.1.1 and keeps everything in memory. It never outlives this process.
 * @param {BrokerOptions} [options]
 * @returns {Promise<Broker>}
 */
export async function startEmbeddedBroker({ devices = false, ...options } = {}) {
  const broker = await startPart("serve", JSON.stringify(options));
  const [port, tcpPort] = broker.ports;
  const home = devices ? await startDevices(tcpPort) : undefined;
  const end = async (signal) => {
    await home?.stop();
    await broker.end(signal);
  };
  return {
    url: `ws://127.0.0.1:${port}/mqtt`,
    port,
    tcpPort,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
}

/**
 * Starts the simulated devices as clients of the broker on the TCP port `port` of 127.0.0.1. They outlive that broker and come
 * back to the next one on the same port.
 * @param {number} port
 * @returns {Promise<{ stop: () => Promise<void> }>}
 */
export async function startDevices(port) {
  const home = await startPart("devices", String(port));
  return { stop: () => home.end("SIGTERM") };
}

/** Starts one of the two programs; its first line is `listening PORT TCP-PORT` or `connected`. */
async function startPart(name, argument) {
  return startProgram(await buildEmbeddedBroker(), [name, argument], `the embedded ${name === "serve" ? "broker" : "home"}`);
}

/**
 * Builds the program with cargo unless this very source has been built before.
 * @returns {Promise<string>} path of the executable
 */
export async function buildEmbeddedBroker() {
  const lock = await readFile(join(repository, "Cargo.lock"), "utf8");
  return buildProgram({
    crate,
    program: "hawser-broker",
    folder: "broker",
    what: "the embedded broker",
    flags: ["--profile", "demo", "--package", "hawser-broker"],
    from: repository,
    locked: [...lock.matchAll(/name = "mqtt5[^"]*"\nversion = .*/g)].map(([found]) => found).join(""),
  });
}
