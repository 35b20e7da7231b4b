// Runs an Aedes of its own in this process: plain TCP on a free loopback port, everything in memory.

import net from "node:net";
import { Aedes } from "aedes";

/** @param {{ users?: { username: string, password: string }[] }} [options] without users everybody may come in */
export async function startAedes({ users } = {}) {
  let broker;
  let port = 0;
  const start = async () => {
    const aedes = await Aedes.createBroker(users && { authenticate: checker(users) });
    const server = net.createServer({ noDelay: true }, aedes.handle);
    const sockets = new Set();
    server.on("connection", (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });
    await new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
    port = server.address().port;
    broker = { aedes, server, sockets };
  };
  const kill = async () => {
    const { aedes, server, sockets } = broker;
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    await new Promise((resolve) => aedes.close(resolve));
  };
  await start();
  return {
    tcpPort: port,
    kill,
    async restart() {
      await kill();
      await start();
    },
    stop: kill,
  };
}

/** Aedes answers a wrong password with return code 4 when the error says so. */
function checker(users) {
  return (_client, username, password, done) => {
    if (users.some((user) => user.username === username && user.password === password?.toString())) return done(null, true);
    return done(Object.assign(new Error("bad user name or password"), { returnCode: 4 }), false);
  };
}
