// A WebSocket server that does on purpose what brokers seldom do; the browser tests pick the behaviour by path.
import { once } from "node:events";
import { WebSocketServer } from "ws";

const CONNACK = Buffer.from([0x20, 3, 0, 0, 0]);

/** A PUBLISH at QoS 0 without properties (5.0). */
function publish(topic, payload) {
  const name = Buffer.from(topic);
  const body = Buffer.concat([Buffer.from([0, name.length]), name, Buffer.from([0]), payload]);
  const length = [];
  let rest = body.length;
  do {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from([0x30, ...length]), body]);
}

/** Sends `bytes` in messages of the given sizes, over and over. */
function sendInPieces(socket, bytes, sizes) {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length];
    socket.send(bytes.subarray(at, at + size));
    at += size;
  }
}

const isConnect = (frame) => frame[0] === 0x10;
const waiting = new Map();

const behaviours = {
  /** Answers every frame after CONNECT with a PUBLISH that carries the frame. */
  mirror(socket) {
    socket.on("message", (frame) => socket.send(isConnect(frame) ? CONNACK : publish("frame", frame)));
  },

  /** Answers CONNECT with CONNACK and a PUBLISH that carries the CONNECT. */
  connect(socket) {
    socket.on("message", (frame) => socket.send(Buffer.concat([CONNACK, publish("frame", frame)])));
  },

  /** Like mirror, and sends three messages at QoS 1 in one frame. */
  three(socket) {
    behaviours.mirror(socket);
    const atQos1 = (identifier) => Buffer.from([0x32, 7, 0, 1, 0x74, 0, identifier, 0, 0x78]);
    socket.once("message", () => socket.send(Buffer.concat([1, 2, 3].map(atQos1))));
  },

  /** Every packet comes in pieces: CONNACK byte by byte, then a large PUBLISH with two small ones around it. */
  pieces(socket) {
    socket.on("message", (frame) => {
      if (!isConnect(frame)) return;
      sendInPieces(socket, CONNACK, [1]);
      const large = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
      const packets = [publish("small", Buffer.from("before")), publish("large", large), publish("small", Buffer.from("after"))];
      sendInPieces(socket, Buffer.concat(packets), [1, 7, 20_000]);
    });
  },

  /** Speaks text. */
  text(socket) {
    socket.on("message", () => socket.send("CONNACK"));
  },

  /**
   * The first connection of a key never answers, and its close is held back until the second one is in use; then the second one hears
   * "gone" in a PUBLISH.
   */
  async late(socket, key) {
    const first = waiting.get(key);
    if (!first) {
      waiting.set(key, socket);
      socket.once("message", () => socket.pause());
      return;
    }
    waiting.delete(key);
    await once(socket, "message");
    socket.send(CONNACK);
    await once(socket, "message");
    const gone = once(first, "close");
    first.resume();
    await gone;
    socket.send(publish("gone", Buffer.alloc(0)));
  },

  /** Never gets this far: no subprotocol is selected. */
  "no-subprotocol"() {},
};

/**
 * Starts the server on a free loopback port.
 * @returns {Promise<{ url: string, stop(): Promise<void> }>} `url` ends with a slash; add the behaviour, and `?key` where it wants one
 */
export async function startPeer() {
  const server = new WebSocketServer({
    host: "127.0.0.1",
    port: 0,
    handleProtocols: (_, request) => (request.url.startsWith("/no-subprotocol") ? false : "mqtt"),
  });
  server.on("connection", (socket, request) => {
    const { pathname, search } = new URL(request.url, "ws://peer");
    const behaviour = behaviours[pathname.slice(1)];
    if (behaviour) behaviour(socket, search);
    else socket.terminate();
  });
  await once(server, "listening");
  return {
    url: `ws://127.0.0.1:${server.address().port}/`,
    stop: async () => {
      for (const socket of server.clients) socket.terminate();
      server.close();
      await once(server, "close");
    },
  };
}
