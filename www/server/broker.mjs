// Starts the embedded broker and the simulated devices (crate `hawser-broker`) on the loopback interface, building them first
// when their sources have changed.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { access, copyFile, mkdir, readdir, readFile, rename } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const repository = fileURLToPath(new URL("../../", import.meta.url));
const crate = fileURLToPath(new URL("./broker/", import.meta.url));
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "hawser");

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
  const broker = await startProgram("serve", JSON.stringify(options));
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
  const home = await startProgram("devices", String(port));
  return { stop: () => home.end("SIGTERM") };
}

/** Starts one of the two programs and waits for its first line: `listening PORT TCP-PORT` or `connected`. */
async function startProgram(name, argument) {
  const program = await buildEmbeddedBroker();
  const child = spawn(program, [name, argument], { stdio: ["pipe", "pipe", "inherit"] });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    const end = (signal) => {
      child.kill(signal);
      return gone.then(() => undefined);
    };
    return { ports: line.split(" ").slice(1).map(Number), end };
  }
  throw new Error(`the embedded ${name === "serve" ? "broker" : "home"} did not start (exit code ${await gone})`);
}

/**
 * Builds the program with cargo unless this very source has been built before.
 * @returns {Promise<string>} path of the executable
 */
export async function buildEmbeddedBroker() {
  const program = join(cache, `broker-${await sourceDigest()}`, "hawser-broker");
  const built = await access(program).then(
    () => true,
    () => false,
  );
  if (!built) {
    console.error("Building the embedded broker (the first time takes a few minutes) ...");
    await keep(await cargoBuild(), program);
  }
  return program;
}

/** Moves the program into the cache in one step, so that no other process sees half of it. */
async function keep(executable, program) {
  await mkdir(join(program, ".."), { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  await copyFile(executable, unfinished);
  await rename(unfinished, program);
}

/** Names the sources and the locked version of the broker library. */
async function sourceDigest() {
  const digest = createHash("sha256");
  const entries = await readdir(crate, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  for (const file of files.sort()) digest.update(file.slice(crate.length)).update(await readFile(file));
  const lock = await readFile(join(repository, "Cargo.lock"), "utf8");
  for (const [found] of lock.matchAll(/name = "mqtt5[^"]*"\nversion = .*/g)) digest.update(found);
  return digest.digest("hex").slice(0, 16);
}

/** Runs cargo and answers with the path of the executable, as cargo reports it. */
async function cargoBuild() {
  const flags = ["build", "--profile", "demo", "--package", "hawser-broker", "--message-format", "json-render-diagnostics"];
  const child = spawn("cargo", flags, { cwd: repository, stdio: ["ignore", "pipe", "inherit"] });
  const finished = new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  let executable = "";
  for await (const line of createInterface({ input: child.stdout })) {
    const message = JSON.parse(line);
    if (message.reason === "compiler-artifact" && message.target.name === "hawser-broker") executable = message.executable;
  }
  const code = await finished;
  if (code !== 0 || !executable) throw new Error(`cargo could not build the embedded broker (exit code ${code})`);
  return executable;
}
