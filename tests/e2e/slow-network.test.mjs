// A network that is slow is not dead: a large packet takes its time, and what has to be answered waits behind it.

import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { after, afterEach, before, describe, test } from "node:test";
import { CONNACK, startHostile } from "./support/hostile.mjs";
import { openLab } from "./support/lab.mjs";

/** Bytes that pass in each turn, and how often there is one, in ms: 1.3 MB a second. */
const [PORTION, TURN] = [65_536, 50];
/** Ten seconds on that network, and far more than the system takes at once. */
const LARGE = 12 * 2 ** 20;
/** Dead after three silent seconds. */
const KEEP_ALIVE = 2;

/** Passes on what is sent to `port`, slowly, as long as `passes` says so, and the answers at once. */
async function slowWayTo(port, passes) {
  const server = net.createServer((from) => {
    const to = net.connect(port, "127.0.0.1");
    const turn = setInterval(() => {
      const bytes = passes() ? (from.read(PORTION) ?? from.read()) : null;
      if (bytes !== null) to.write(bytes);
    }, TURN);
    from.on("readable", () => {}); // it is read in portions, and what is not read waits where it comes from
    to.pipe(from);
    const end = () => {
      clearInterval(turn);
      from.destroy();
      to.destroy();
    };
    for (const socket of [from, to]) socket.on("error", end).on("close", end);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `ws://127.0.0.1:${server.address().port}/mqtt`, stop: () => server.close() };
}

describe("a slow network", () => {
  let lab;
  let server;
  let way;
  let passes;
  before(async () => {
    lab = await openLab();
    await lab.setPatience(60_000);
  });
  after(() => lab?.stop());
  afterEach(async () => {
    await lab.clear();
    way?.stop();
    await server?.stop();
  });

  const start = async () => {
    passes = true;
    server = await startHostile(async (visit) => {
      visit.ws.on("message", (bytes) => {
        if (bytes[0] === 0xc0) visit.send(0xd0, 0);
      });
      await visit.packet("CONNECT");
      visit.send(CONNACK["5.0"]);
      const { id } = await visit.packet("PUBLISH");
      visit.send(0x40, 2, id >> 8, id & 255);
    });
    way = await slowWayTo(Number(new URL(server.url).port), () => passes);
    return await lab.online(way.url, { protocol: "5.0", keepAlive: KEEP_ALIVE });
  };

  test("a packet that takes longer than the keep-alive allows for an answer arrives, on the same link", async (t) => {
    const client = await start();
    const from = Date.now();
    await client.publish("large", "x".repeat(LARGE), { qos: 1 });
    const took = Date.now() - from;
    assert.ok(took > 2 * KEEP_ALIVE * 1_000, `it took ${took} ms: nobody had to wait`);
    t.diagnostic(`${LARGE >> 20} MiB took ${took} ms`);
    assert.equal(server.visits.length, 1);
    assert.ok(!(await client.statuses()).some(({ state }) => state === "waiting"));
  });

  test("a network that takes nothing more in the middle of a packet is noticed", async (t) => {
    const client = await start();
    void client.publish("large", "x".repeat(LARGE), { qos: 1 }).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    passes = false;
    const from = Date.now();
    const { cause } = await client.until({ state: "waiting" });
    assert.equal(cause.kind, "keep-alive-timeout");
    t.diagnostic(`noticed after ${Date.now() - from} ms`);
  });
});
