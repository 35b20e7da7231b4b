// Starts a NATS server of its own with JetStream: MQTT over WebSocket (path /mqtt) and plain TCP on free loopback ports.

import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tool } from "../../setup.mjs";
import { freePorts, launch, ownFolder } from "./daemon.mjs";

/** @param {{ users?: { username: string, password: string }[] }} [options] without users everybody may come in */
export async function startNats({ users } = {}) {
  const folder = await ownFolder("nats");
  const [port, tcpPort, ownPort] = await freePorts(3);
  const host = "127.0.0.1";
  // JSON is a NATS configuration.
  const config = {
    host,
    port: ownPort,
    server_name: "hawser",
    max_payload: 8 << 20,
    jetstream: { store_dir: join(folder.path, "store") },
    websocket: { host, port, no_tls: true },
    mqtt: { host, port: tcpPort },
    ...(users && { authorization: { users: users.map(({ username, password }) => ({ user: username, password })) } }),
  };
  const file = join(folder.path, "nats.conf");
  await writeFile(file, JSON.stringify(config));
  const start = () => launch(tool("nats"), ["-c", file], { up: (log) => log.includes("Server is ready") });
  let broker = await start();
  return {
    port,
    tcpPort,
    kill: () => broker.end("SIGKILL"),
    async restart({ forget = false } = {}) {
      await broker.end("SIGKILL");
      if (forget) await rm(config.jetstream.store_dir, { recursive: true, force: true });
      broker = await start();
    },
    async stop() {
      await broker.end("SIGKILL");
      await folder.remove();
    },
  };
}
