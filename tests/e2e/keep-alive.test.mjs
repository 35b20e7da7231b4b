// Links that die without a word, and what makes the client look: the time, the page that is back, the network, the clock.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { startEmbeddedBroker } from "../../www/server/broker.mjs";
import { startProxy } from "../../www/server/proxy.mjs";
import { openLab, unique } from "./support/lab.mjs";
import { connectPeer } from "./support/peer.mjs";

/** A keep-alive that says nothing as long as a test runs. */
const LATE = 600;
/** For the answer to a probe, in ms. */
const PROBE = 500;
/** The session outlives its link, and the client waits for ever unless it is told to hurry. */
const PATIENT = { session: { expiry: 60, cleanStart: false }, reconnect: { kind: "fixed", delay: 600_000, jitter: 0 } };
/** What a busy machine may add, in ms. */
const SLACK = 4_000;

/** The clock of a page and of its workers, which a test can put forward; and the page looks at it ten times as often as it would. */
const CLOCK = () => {
  const { now } = Date;
  globalThis.ahead = 0;
  Date.now = () => now() + globalThis.ahead;
  const { setInterval } = globalThis;
  globalThis.setInterval = (task, delay) => setInterval(task, delay === 5_000 ? 500 : delay);
};

describe("keep-alive and the life of a page", () => {
  let lab;
  let broker;
  let proxy;
  let peer;
  before(async () => {
    [lab, broker] = await Promise.all([openLab(), startEmbeddedBroker()]);
    proxy = await startProxy({ target: broker.url });
  });
  afterEach(async () => {
    proxy.calm();
    await peer?.end();
    peer = undefined;
    await lab.clear();
  });
  after(async () => {
    await lab?.stop();
    await proxy?.stop();
    await broker?.stop();
  });

  const statusesOf = async (client) => (await client.statuses()).length;
  const ping = (from) => proxy.waitFor(({ type }) => type === "PINGREQ", { from });
  const sees = (tab, state) => tab.page.waitForFunction((wanted) => document.visibilityState === wanted, { polling: 20 }, state);

  /** Hides a tab behind another one. */
  async function hide(tab) {
    const front = await lab.tab();
    await front.page.bringToFront();
    await sees(tab, "hidden");
  }

  /** Waits for the end of a link that somebody has stalled at `from`, and gives the time until it was noticed. */
  async function noticed(client, known, from) {
    const { cause, at } = await client.until({ state: "waiting" }, known);
    assert.equal(cause.kind, "keep-alive-timeout");
    return at - from;
  }

  test("a peer that falls silent is noticed within one and a half keep-alive intervals", async (t) => {
    const client = await lab.online(proxy.url, { keepAlive: 2 });
    const known = await statusesOf(client);
    await ping(proxy.packets.length);
    const stalled = Date.now();
    proxy.stall();
    const took = await noticed(client, known, stalled);
    t.diagnostic(`keep-alive 2 s: silence noticed after ${took} ms`);
    assert.ok(took <= 3_000 + SLACK, `${took} ms`);
    proxy.resume();
    await client.until({ state: "online" }, known);
  });

  test("a page that is visible again finds a stalled link dead in the time of a probe, and is online again", async (t) => {
    const tab = await lab.tab();
    const client = await tab.online(proxy.url, { keepAlive: LATE, probeTimeout: PROBE });
    await hide(tab);
    const known = await statusesOf(client);
    proxy.stall();
    const back = Date.now();
    await tab.page.bringToFront();
    const took = await noticed(client, known, back);
    proxy.resume();
    const { at } = await client.until({ state: "online" }, known);
    t.diagnostic(`visible again: silence noticed after ${took} ms, online ${at - back - took} ms later`);
    assert.ok(took <= PROBE + 1_000 + SLACK, `${took} ms`);
  });

  test("a page that is visible again and whose link lives keeps it", async () => {
    const tab = await lab.tab();
    const client = await tab.online(proxy.url, { keepAlive: LATE, probeTimeout: PROBE });
    await hide(tab);
    const known = await statusesOf(client);
    const from = proxy.packets.length;
    await tab.page.bringToFront();
    await ping(from);
    await client.publish("still/there", "x", { qos: 1 });
    assert.equal(await statusesOf(client), known);
  });

  test("a page that was frozen is online again when it is resumed, and has missed nothing", async (t) => {
    const tab = await lab.tab();
    const topic = unique("frozen");
    const client = await tab.online(proxy.url, { ...PATIENT, keepAlive: LATE, probeTimeout: PROBE });
    const inbox = await client.subscribed(topic, { qos: 1 });
    peer = await connectPeer(`mqtt://127.0.0.1:${broker.tcpPort}`, { protocol: "5.0" });
    await hide(tab);
    const known = await statusesOf(client);
    const session = await tab.page.createCDPSession();
    await session.send("Page.setWebLifecycleState", { state: "frozen" });
    const from = proxy.packets.length;
    await peer.publish(topic, "meanwhile", { qos: 1 });
    await proxy.waitFor(({ type, direction }) => type === "PUBLISH" && direction === "down", { from });
    const resumed = Date.now();
    await session.send("Page.setWebLifecycleState", { state: "active" });
    assert.equal((await inbox.until(1))[0].text, "meanwhile");
    const { cause } = await client.until({ state: "waiting" }, known);
    const { at } = await client.until({ state: "online" }, known);
    t.diagnostic(`resumed: ${cause.kind}, online after ${at - resumed} ms`);
  });

  /** Takes the network away from a tab, or gives it back. */
  const networkOf = async (tab) => {
    const session = await tab.page.createCDPSession();
    await session.send("Network.enable");
    return async (offline) => {
      await session.send("Network.emulateNetworkConditions", { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
      assert.equal(await tab.page.evaluate(() => navigator.onLine), !offline);
    };
  };

  test("a browser that says offline and online has the link probed and no more", async () => {
    const tab = await lab.tab();
    const client = await tab.online(proxy.url, { keepAlive: LATE, probeTimeout: PROBE });
    const known = await statusesOf(client);
    const say = await networkOf(tab);
    for (const offline of [true, false]) {
      const from = proxy.packets.length;
      await say(offline);
      await ping(from);
      await client.publish("still/there", "x", { qos: 1 });
    }
    assert.equal(await statusesOf(client), known);
    assert.match(await client.diagnostics(), /page: offline.*page: online/s);
  });

  test("attempts that fail do not count for a client that begins where the browser is offline already", async () => {
    const tab = await lab.tab();
    await tab.online(proxy.url, { host: "page" }); // all files of the package are there
    const say = await networkOf(tab);
    await say(true);
    proxy.refuse(true);
    const reconnect = { kind: "fixed", delay: 1, jitter: 0, maxAttempts: 3 };
    const client = await tab.connect(proxy.url, { host: "page", reconnect });
    await client.until({ state: "waiting", attempt: 6 });
    proxy.refuse(false);
    await say(false);
    await client.until({ state: "online" });
  });

  test("events of the page's own elements are none of the client's business, whatever they are called", async () => {
    const client = await lab.online(proxy.url, { keepAlive: LATE, probeTimeout: PROBE });
    const known = await statusesOf(client);
    const from = proxy.packets.length;
    await lab.page.evaluate(() => {
      for (const type of ["pagehide", "offline", "online", "resume", "visibilitychange"])
        document.body.dispatchEvent(new Event(type, { bubbles: true }));
    });
    await client.publish("still/there", "x", { qos: 1 });
    assert.equal(await statusesOf(client), known);
    assert.ok(!proxy.packets.slice(from).some(({ type }) => type === "PINGREQ" || type === "DISCONNECT"));
  });

  test("a client that waits is back as soon as the browser says online", async (t) => {
    const client = await lab.online(proxy.url, PATIENT);
    const known = await statusesOf(client);
    proxy.refuse(true);
    proxy.cut();
    await client.until({ state: "waiting" }, known);
    proxy.refuse(false);
    const back = Date.now();
    await lab.page.evaluate(() => dispatchEvent(new Event("online")));
    const { at } = await client.until({ state: "online" }, known);
    t.diagnostic(`online ${at - back} ms after the event`);
  });

  for (const [where, placesOf] of [
    ["in the page alone", (tab) => [tab.page]],
    ["in the page and its worker", (tab) => [tab.page, ...tab.page.workers()]],
  ]) {
    test(`a clock that jumps ahead ${where}, as after sleep, has the link probed`, async () => {
      const tab = await lab.tab(CLOCK);
      const client = await tab.online(proxy.url, { keepAlive: LATE, probeTimeout: PROBE });
      const known = await statusesOf(client);
      const from = proxy.packets.length;
      for (const place of placesOf(tab)) {
        await place.evaluate(() => {
          globalThis.ahead = 60_000;
        });
      }
      await ping(from);
      await client.publish("still/there", "x", { qos: 1 });
      assert.equal(await statusesOf(client), known);
    });
  }
});
