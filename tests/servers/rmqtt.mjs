// Starts the broker library rmqtt (crate tests/interop/rmqtt, a workspace of its own) on free loopback ports, building it first when it has changed.

import { fileURLToPath } from "node:url";
import { buildProgram, startProgram } from "../../www/server/program.mjs";
import { freePorts } from "./daemon.mjs";

const crate = fileURLToPath(new URL("../interop/rmqtt/", import.meta.url));
const target = fileURLToPath(new URL("../../target/rmqtt/", import.meta.url));

/** @returns {Promise<string>} path of the executable */
export const buildRmqtt = () =>
  buildProgram({
    crate,
    program: "hawser-rmqtt",
    folder: "rmqtt",
    what: "the broker rmqtt",
    flags: ["--locked", "--target-dir", target],
  });

/** @param {{ users?: { username: string, password: string }[], maximumPacketSize?: number, maximumKeepAlive?: number }} [options] without users everybody may come in */
export async function startRmqtt({ users = [], maximumPacketSize = 4 << 20, maximumKeepAlive = 65_535 } = {}) {
  const program = await buildRmqtt();
  const [port, tcpPort] = await freePorts(2);
  const args = [port, tcpPort, maximumPacketSize, maximumKeepAlive, ...users.flatMap(({ username, password }) => [username, password])].map(
    String,
  );
  const start = () => startProgram(program, args, "rmqtt");
  let broker = await start();
  const kill = () => broker.end("SIGKILL");
  return {
    port,
    tcpPort,
    kill,
    async restart() {
      await kill();
      broker = await start();
    },
    stop: kill,
  };
}
