// The chaos proxy does exactly what its switches say, in front of a raw TCP peer and of a WebSocket peer.

import assert from "node:assert/strict";
import net from "node:net";
import { after, afterEach, before, test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { startProxy } from "../../www/server/proxy.mjs";

const CONNECT = Buffer.from("101000044d5154540402003c000474657374", "hex");
const PINGREQ = Buffer.from([0xc0, 0]);
const publish = (payload, id = 7) => {
  const body = Buffer.concat([Buffer.from([0, 1, 0x74, 0, id]), Buffer.from(payload)]);
  return Buffer.concat([Buffer.from([0x32, body.length]), body]);
};
const puback = (id) => Buffer.from([0x40, 2, 0, id]);

/** A TCP peer that remembers what it heard and says what the test wants. */
let peer;
let proxy;
const clients = [];

before(async () => {
  peer = { heard: Buffer.alloc(0), sockets: [] };
  peer.server = net.createServer((socket) => {
    peer.sockets.push(socket);
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      peer.heard = Buffer.concat([peer.heard, bytes]);
    });
  });
  await new Promise((resolve) => peer.server.listen(0, "127.0.0.1", resolve));
  proxy = await startProxy({ target: { port: peer.server.address().port } });
});
afterEach(() => {
  proxy.calm();
  proxy.cut();
  for (const client of clients.splice(0)) client.ws.terminate();
  peer.heard = Buffer.alloc(0);
  peer.sockets = [];
});
after(async () => {
  await proxy.stop();
  await new Promise((resolve) => peer.server.close(resolve));
});

async function until(condition) {
  const end = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`never became true: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

async function client(url = proxy.url, protocols = ["mqtt"]) {
  const ws = new WebSocket(url, protocols);
  const it = {
    ws,
    frames: [],
    code: null,
    reason: "",
    get bytes() {
      return Buffer.concat(it.frames);
    },
  };
  ws.on("message", (bytes) => it.frames.push(bytes));
  ws.on("close", (code, reason) => Object.assign(it, { code, reason: reason.toString() }));
  clients.push(it);
  await new Promise((resolve, reject) => {
    ws.once("open", resolve);
    ws.once("error", reject);
  });
  await until(() => peer.sockets.length > 0 || !url.includes(String(proxy.port)));
  return it;
}

test("bytes pass both ways and every packet is written down, however the frames are cut", async () => {
  const { ws, frames } = await client();
  assert.equal(ws.protocol, "mqtt");
  for (const byte of Buffer.concat([CONNECT, publish("abc")])) ws.send(Buffer.from([byte]));
  await until(() => peer.heard.length === CONNECT.length + publish("abc").length);
  assert.deepEqual(peer.heard, Buffer.concat([CONNECT, publish("abc")]));
  peer.sockets[0].write(puback(7));
  await until(() => frames.length === 1);
  const seen = proxy.packets.slice(-3).map(({ direction, type, id, size, topic }) => ({ direction, type, id, size, topic }));
  assert.deepEqual(seen, [
    { direction: "up", type: "CONNECT", id: null, size: CONNECT.length, topic: null },
    { direction: "up", type: "PUBLISH", id: 7, size: 10, topic: "t" },
    { direction: "down", type: "PUBACK", id: 7, size: 4, topic: null },
  ]);
});

test("a client that does not offer mqtt is refused before the upgrade", async () => {
  await assert.rejects(client(proxy.url, ["chat"]), /400/);
});

test("refuse(true) answers new connections with an error and leaves open ones alone", async () => {
  const old = await client();
  proxy.refuse(true);
  await assert.rejects(client(), /503/);
  old.ws.send(PINGREQ);
  await until(() => peer.heard.length === 2);
  proxy.refuse(false);
  await client();
});

test("a target that is not there answers 502", async () => {
  const lonely = await startProxy({ target: { port: 1 } });
  await assert.rejects(client(lonely.url), /502/);
  assert.equal(lonely.stats().refused, 1);
  await lonely.stop();
});

test("cut() ends the link without a close frame on either side", async () => {
  const it = await client();
  let ended = false;
  peer.sockets[0].on("close", () => {
    ended = true;
  });
  proxy.cut();
  await until(() => it.code !== null && ended);
  assert.equal(it.code, 1006);
  assert.equal(proxy.stats().open, 0);
});

for (const count of [1, 5, 21, 30]) {
  test(`cutAfterBytes(${count}, "up") lets exactly ${count} bytes reach the broker`, async () => {
    const it = await client();
    proxy.cutAfterBytes(count, "up");
    it.ws.send(Buffer.concat([CONNECT, publish("abcdef")]));
    it.ws.send(publish("ghijkl"));
    await until(() => it.code !== null && peer.sockets[0].closed);
    assert.equal(peer.heard.length, count);
  });

  test(`cutAfterBytes(${count}, "down") lets exactly ${count} bytes reach the client`, async () => {
    const it = await client();
    proxy.cutAfterBytes(count, "down");
    peer.sockets[0].write(Buffer.concat([publish("abcdef"), publish("ghijkl"), publish("mnopqr")]));
    await until(() => it.code !== null);
    assert.equal(it.code, 1006);
    assert.equal(it.bytes.length, count);
  });
}

test("cutInside cuts in the middle of the packet it names and not before", async () => {
  const it = await client();
  const cut = proxy.cutInside("PUBLISH", 6, "down");
  peer.sockets[0].write(puback(1));
  peer.sockets[0].write(Buffer.concat([puback(2), publish("abcdef")]));
  await cut;
  await until(() => it.code !== null);
  assert.deepEqual(it.bytes, Buffer.concat([puback(1), puback(2), publish("abcdef").subarray(0, 6)]));
  const again = await client();
  peer.sockets.at(-1).write(publish("whole"));
  await until(() => again.bytes.length === publish("whole").length);
});

test("swallow drops whole packets of one type in one direction, also when they arrive in parts", async () => {
  const it = await client();
  proxy.swallow("PUBACK", "down");
  const stream = Buffer.concat([puback(1), publish("x"), puback(2), PINGREQ]);
  for (const byte of stream) peer.sockets[0].write(Buffer.from([byte]));
  it.ws.send(puback(9));
  const rest = Buffer.concat([publish("x"), PINGREQ]);
  await until(() => it.bytes.length >= rest.length && peer.heard.length === 4);
  assert.deepEqual(it.bytes, rest);
  assert.equal(proxy.packets.filter((packet) => packet.swallowed).length, 2);
  proxy.swallow(null, "down");
  peer.sockets[0].write(puback(3));
  await until(() => it.bytes.length === rest.length + 4);
});

test("stall holds everything without closing, and resume delivers all of it in order", async () => {
  const it = await client();
  proxy.stall();
  peer.sockets[0].write(publish("one"));
  it.ws.send(PINGREQ);
  const late = client();
  const other = await startProxy({ target: { port: peer.server.address().port } });
  const control = await client(other.url);
  peer.sockets.at(-1).write(PINGREQ);
  await until(() => control.frames.length === 1);
  await other.stop();
  assert.equal(it.bytes.length + peer.heard.length, 0);
  assert.equal(it.code, null);
  proxy.resume();
  await late;
  await until(() => it.bytes.equals(publish("one")) && peer.heard.equals(PINGREQ));
});

test("delay keeps the order and loses nothing", async () => {
  const it = await client();
  proxy.delay(30);
  peer.sockets[0].write(publish("one"));
  await until(() => proxy.packets.at(-1).type === "PUBLISH" && proxy.packets.at(-1).direction === "down");
  proxy.delay(0);
  peer.sockets[0].write(publish("two"));
  await until(() => it.bytes.equals(Buffer.concat([publish("one"), publish("two")])));
});

test("splitFrames and joinFrames change the frames and nothing else", async () => {
  const it = await client();
  proxy.splitFrames(3);
  peer.sockets[0].write(publish("abcdef"));
  await until(() => it.bytes.length === 13);
  assert.deepEqual(
    it.frames.map((frame) => frame.length),
    [3, 3, 3, 3, 1],
  );
  proxy.splitFrames(0);
  it.frames.length = 0;
  proxy.joinFrames(3);
  const packets = [1, 2, 3, 4].map(puback);
  for (const byte of Buffer.concat(packets)) peer.sockets[0].write(Buffer.from([byte]));
  await until(() => it.bytes.length === 16);
  assert.deepEqual(
    it.frames.map((frame) => frame.length),
    [12, 4],
  );
  it.frames.length = 0;
  proxy.joinFrames(1);
  peer.sockets[0].write(Buffer.concat(packets));
  await until(() => it.bytes.length === 16);
  assert.deepEqual(
    it.frames.map((frame) => frame.length),
    [4, 4, 4, 4],
  );
});

test("bytes that are no MQTT pass as they are", async () => {
  const it = await client();
  const garbage = Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]);
  peer.sockets[0].write(garbage.subarray(0, 4));
  peer.sockets[0].write(garbage.subarray(4));
  await until(() => it.bytes.length === garbage.length);
  assert.deepEqual(it.bytes, garbage);
});

test("a WebSocket target passes frames, text and close codes on, also when it speaks first", async () => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  const url = await new Promise((resolve) => server.on("listening", () => resolve(`ws://127.0.0.1:${server.address().port}/any`)));
  server.on("connection", (ws) => {
    ws.send(publish("first"));
    ws.on("message", (bytes) => {
      ws.send(bytes);
      ws.send("text");
      ws.close(1011, "done");
    });
  });
  const front = await startProxy({ target: url });
  const it = await client(front.url);
  it.ws.send(PINGREQ);
  await until(() => it.code !== null);
  assert.deepEqual([it.code, it.reason], [1011, "done"]);
  assert.deepEqual(it.frames.map(String), [String(publish("first")), String(PINGREQ), "text"]);
  await front.stop();
  await new Promise((resolve) => server.close(resolve));
});

test("eight megabytes arrive whole through back-pressure", async () => {
  const it = await client();
  const big = Buffer.alloc(8 << 20, 0x5a);
  it.ws.send(big);
  peer.sockets[0].write(big);
  await until(() => it.bytes.length === big.length && peer.heard.length === big.length);
});

test("waitFor resolves with the packet and rejects when none comes", async () => {
  const it = await client();
  const ping = proxy.waitFor((packet) => packet.type === "PINGREQ");
  it.ws.send(PINGREQ);
  assert.equal((await ping).direction, "up");
  await assert.rejects(
    proxy.waitFor((packet) => packet.type === "AUTH", { timeout: 20 }),
    /no packet/,
  );
});
