// Starts an ejabberd of its own with nothing but mod_mqtt: WebSocket and plain TCP on free loopback ports. It knows users only.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tool } from "../../setup.mjs";
import { freePorts, launch, ownFolder } from "./daemon.mjs";

/**
 * Runs as a bare Erlang virtual machine without a node name: no port mapper, no cookie, nothing shared with an ejabberd that the system runs.
 * @param {{ users: { username: string, password: string }[], maximumPacketSize?: number }} options
 */
export async function startEjabberd({ users, maximumPacketSize }) {
  const folder = await ownFolder("ejabberd");
  const [port, tcpPort] = await freePorts(2);
  await writeFile(join(folder.path, "ejabberd.yml"), config(port, tcpPort, maximumPacketSize));
  const env = {
    EJABBERD_CONFIG_PATH: join(folder.path, "ejabberd.yml"),
    EJABBERD_LOG_PATH: join(folder.path, "ejabberd.log"),
    EJABBERD_PID_PATH: join(folder.path, "pid"),
    ERL_CRASH_DUMP: join(folder.path, "crash"),
    ERL_LIBS: await libraries(),
    HOME: folder.path,
  };
  const register = users.map(
    ({ username, password }) => `ejabberd_auth:try_register(<<"${username}">>, <<"localhost">>, <<"${password}">>)`,
  );
  const ready = [...register, 'io:format("hawser: ready~n").'].join(", ");
  const args = ["-noinput", "+P", "250000", "-mnesia", "dir", `"${folder.path}/db"`, "-s", "ejabberd", "-eval", ready];
  const start = () => launch(tool("erl"), args, { env, cwd: folder.path, up: (log) => log.includes("hawser: ready") });
  let broker = await start();
  return {
    port,
    tcpPort,
    kill: () => broker.end("SIGKILL"),
    async restart() {
      await broker.end("SIGKILL");
      broker = await start();
    },
    async stop() {
      await broker.end("SIGKILL");
      await folder.remove();
    },
  };
}

/** JSON is YAML. */
function config(port, tcpPort, maximumPacketSize = "infinity") {
  const listen = (options) => ({ ip: "127.0.0.1", ...options });
  const mqtt = { max_payload_size: maximumPacketSize };
  return JSON.stringify({
    hosts: ["localhost"],
    loglevel: "warning",
    listen: [
      listen({ port: tcpPort, module: "mod_mqtt", ...mqtt }),
      listen({ port, module: "ejabberd_http", request_handlers: { "/mqtt": "mod_mqtt" } }),
    ],
    auth_method: ["internal"],
    modules: { mod_mqtt: { max_queue: 100_000 } },
  });
}

/** Where ejabberd's modules are: its own script knows. */
async function libraries() {
  const script = await readFile(tool("ejabberd"), "utf8");
  return /^ERL_LIBS='?([^'\n]+)'?$/m.exec(script)?.[1] ?? "";
}
