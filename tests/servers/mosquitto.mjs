// Starts a Mosquitto of its own: plain TCP on a free loopback port, to be used behind the project's WebSocket proxy.
// (Its own WebSocket listener is defective in 2.0.11: slow for big packets, loses wills, accepts text frames.)

import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { tool } from "../../setup.mjs";

const run = promisify(execFile);

/**
 * @typedef {object} Mosquitto
 * @property {number} port TCP
 * @property {() => Promise<void>} kill as a crash would, but with everything saved that it has acknowledged: 2.0.11 acknowledges
 *   first and saves later, so that a crash in between loses messages and subscriptions by its own fault
 * @property {(options?: { forget?: boolean }) => Promise<void>} restart on the same port, with the data (or, `forget`, without)
 * @property {() => Promise<void>} stop for good; the data is removed
 * @property {() => string} log what it wrote since its last start
 */

/**
 * @param {object} [options]
 * @param {{ username: string, password: string }[]} [options.users] without it everybody may come in
 * @param {string[]} [options.settings] more lines for mosquitto.conf
 * @returns {Promise<Mosquitto>}
 */
export async function startMosquitto({ users, settings = [] } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "hawser-mosquitto-"));
  const port = await freePort();
  const config = join(folder, "mosquitto.conf");
  await writeFile(config, [...basics(folder, port), ...(await access(folder, users)), ...settings, ""].join("\n"));
  let broker = await launch(config, port);

  const database = join(folder, "mosquitto.db");
  const end = async (signal) => {
    broker.process.kill(signal);
    await broker.exited;
  };
  const kill = async () => {
    if (broker.running()) await save(broker.process, database);
    await end("SIGKILL");
  };
  return {
    port,
    kill,
    async restart({ forget = false } = {}) {
      await kill();
      if (forget) await rm(database, { force: true });
      broker = await launch(config, port);
    },
    async stop() {
      await end("SIGTERM");
      await rm(folder, { recursive: true, force: true });
    },
    log: () => broker.log(),
  };
}

function basics(folder, port) {
  return [
    ...(process.getuid?.() === 0 ? ["user root"] : []), // otherwise it drops to a user that cannot write into the folder
    `listener ${port} 127.0.0.1`,
    "persistence true",
    `persistence_location ${folder}/`,
    "max_queued_messages 0",
    "set_tcp_nodelay true",
    "log_type all",
  ];
}

async function access(folder, users) {
  if (!users) return ["allow_anonymous true"];
  const file = join(folder, "passwords");
  await writeFile(file, "");
  for (const { username, password } of users) {
    await run("mosquitto_passwd", ["-b", file, username, password]);
  }
  return ["allow_anonymous false", `password_file ${file}`];
}

async function launch(config, port) {
  const child = spawn(tool("mosquitto"), ["-c", config], { stdio: ["ignore", "ignore", "pipe"] });
  const leave = () => child.kill("SIGKILL");
  process.once("exit", leave); // a failing test run must not leave a broker behind
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    log = (log + text).slice(-200_000);
  });
  let ended = null;
  const exited = new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(`exit ${code ?? signal}`));
  }).then((how) => {
    ended = how;
    process.removeListener("exit", leave);
  });
  for (const end = Date.now() + 10_000; !(await answers(port)); ) {
    if (ended !== null || Date.now() > end) throw new Error(`mosquitto did not start (${ended ?? "no answer"}):\n${log}`);
  }
  return { process: child, exited, running: () => ended === null, log: () => log };
}

/** Makes it save: SIGUSR1 has it write a new file and put that in the place of the old one. */
async function save(child, database) {
  const version = () =>
    stat(database).then(
      ({ ino, mtimeMs }) => `${ino} ${mtimeMs}`,
      () => "none",
    );
  const before = await version();
  child.kill("SIGUSR1");
  for (const limit = Date.now() + 10_000; (await version()) === before; ) {
    if (Date.now() > limit) throw new Error("mosquitto did not save within 10 s");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Whether something listens there; waits a little when not. */
function answers(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => setTimeout(() => resolve(false), 20));
  });
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
