// Starts a Mosquitto of its own: plain TCP on a free loopback port, to be used behind the project's WebSocket proxy.
// (Its own WebSocket listener is defective in 2.0.11: slow for big packets, loses wills, accepts text frames.)

import { execFile } from "node:child_process";
import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { tool } from "../../setup.mjs";
import { answers, freePorts, launch, ownFolder } from "./daemon.mjs";

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
  const folder = await ownFolder("mosquitto");
  const [port] = await freePorts(1);
  const config = join(folder.path, "mosquitto.conf");
  await writeFile(config, [...basics(folder.path, port), ...(await access(folder.path, users)), ...settings, ""].join("\n"));
  const start = () => launch(tool("mosquitto"), ["-c", config], { up: () => answers(port) });
  let broker = await start();

  const database = join(folder.path, "mosquitto.db");
  const kill = async () => {
    if (broker.running()) await save(broker.pid, database);
    await broker.end("SIGKILL");
  };
  return {
    port,
    kill,
    async restart({ forget = false } = {}) {
      await kill();
      if (forget) await rm(database, { force: true });
      broker = await start();
    },
    async stop() {
      await broker.end("SIGTERM");
      await folder.remove();
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

/** Makes it save: SIGUSR1 has it write a new file and put that in the place of the old one. */
async function save(pid, database) {
  const version = () =>
    stat(database).then(
      ({ ino, mtimeMs }) => `${ino} ${mtimeMs}`,
      () => "none",
    );
  const before = await version();
  process.kill(pid, "SIGUSR1");
  for (const limit = Date.now() + 10_000; (await version()) === before; ) {
    if (Date.now() > limit) throw new Error("mosquitto did not save within 10 s");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
