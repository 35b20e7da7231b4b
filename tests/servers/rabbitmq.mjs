// Starts a RabbitMQ of its own with the plug-in web_mqtt: WebSocket and plain TCP on free loopback ports, and a port mapper of its own.

import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tool } from "../../setup.mjs";
import { answers, freePorts, launch, ownFolder } from "./daemon.mjs";

/** @param {{ users?: { username: string, password: string }[] }} [options] without users everybody may come in */
export async function startRabbitmq({ users } = {}) {
  const folder = await ownFolder("rabbitmq");
  const [port, tcpPort, nodePort, mapperPort] = await freePorts(4);
  const at = (name) => join(folder.path, name);
  await mkdir(at("log"));
  await writeFile(at("rabbitmq.conf"), config(port, tcpPort, users).join("\n"));
  await writeFile(at("plugins"), "[rabbitmq_web_mqtt].\n");
  const env = {
    HOME: folder.path,
    RUNNING_UNDER_SYSTEMD: "1", // its script then becomes the broker instead of a parent that would have to be ended too
    RABBITMQ_NODENAME: `hawser-${nodePort}@localhost`,
    RABBITMQ_CONF_ENV_FILE: at("none"),
    RABBITMQ_CONFIG_FILE: at("rabbitmq.conf"),
    RABBITMQ_ENABLED_PLUGINS_FILE: at("plugins"),
    RABBITMQ_MNESIA_BASE: at("db"),
    RABBITMQ_LOG_BASE: at("log"),
    RABBITMQ_LOGS: "-",
    RABBITMQ_PID_FILE: at("pid"),
    RABBITMQ_DIST_PORT: `${nodePort}`,
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
    ERL_EPMD_PORT: `${mapperPort}`,
    ERL_EPMD_ADDRESS: "127.0.0.1",
  };
  const mapper = await launch(tool("epmd"), ["-port", `${mapperPort}`, "-address", "127.0.0.1"], { up: () => answers(mapperPort) });
  const up = (log) => log.includes("Server startup complete");
  const start = () => launch(tool("rabbitmq"), [], { env, cwd: folder.path, up, patience: 90 });
  let broker = await start();
  return {
    port,
    tcpPort,
    kill: () => broker.end("SIGKILL"),
    async restart({ forget = false } = {}) {
      await broker.end("SIGKILL");
      if (forget) await rm(at("db"), { recursive: true, force: true });
      broker = await start();
    },
    async stop() {
      await broker.end("SIGKILL");
      await mapper.end("SIGKILL");
      await folder.remove();
    },
  };
}

function config(port, tcpPort, users) {
  const [user] = users ?? [{ username: "guest", password: "guest" }];
  return [
    "listeners.tcp = none",
    `mqtt.listeners.tcp.1 = 127.0.0.1:${tcpPort}`,
    "web_mqtt.tcp.ip = 127.0.0.1",
    `web_mqtt.tcp.port = ${port}`,
    "web_mqtt.ws_path = /mqtt",
    `default_user = ${user.username}`,
    `default_pass = ${user.password}`,
    `mqtt.allow_anonymous = ${!users}`,
    `mqtt.default_user = ${user.username}`,
    `mqtt.default_pass = ${user.password}`,
    "",
  ];
}
