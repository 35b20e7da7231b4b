// Starts a server program for the tests: in a folder of its own, as a process that ends with us, and not used before it is up.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder under the system's temporary one, and how to remove it. */
export async function ownFolder(name) {
  const path = await mkdtemp(join(tmpdir(), `hawser-${name}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/**
 * Ports of the loopback interface that were free a moment ago.
 * @param {number} count
 * @returns {Promise<number[]>}
 */
export async function freePorts(count) {
  // All are held until all are known, so that none comes twice.
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((resolve, reject) => {
          const server = net.createServer();
          server.once("error", reject).listen(0, "127.0.0.1", () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/**
 * @typedef {object} Daemon
 * @property {number} pid
 * @property {() => boolean} running
 * @property {() => string} log the end of what it wrote
 * @property {(signal: NodeJS.Signals) => Promise<void>} end resolves when it is gone
 */

/**
 * @param {string} program
 * @param {string[]} args
 * @param {object} how
 * @param {NodeJS.ProcessEnv} [how.env] beyond our own
 * @param {string} [how.cwd]
 * @param {(log: string) => boolean|Promise<boolean>} how.up whether it may be used now
 * @param {number} [how.patience] seconds that it may take to come up
 * @returns {Promise<Daemon>}
 */
export async function launch(program, args, { env, cwd, up, patience = 20 }) {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const leave = () => child.kill("SIGKILL");
  process.once("exit", leave); // a failing test run must not leave a server behind
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      log = (log + text).slice(-200_000);
    });
  }
  let ended = null;
  const exited = new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, name) => resolve(`exit ${code ?? name}`));
  }).then((how) => {
    ended = how;
    process.removeListener("exit", leave);
  });
  for (const limit = Date.now() + patience * 1000; !(await up(log)); ) {
    if (ended !== null || Date.now() > limit) {
      leave();
      throw new Error(`${program} did not start (${ended ?? "no answer"}):\n${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    pid: child.pid,
    running: () => ended === null,
    log: () => log,
    async end(name) {
      child.kill(name);
      await exited;
    },
  };
}

/** Whether something listens on this port of the loopback interface. */
export function answers(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
