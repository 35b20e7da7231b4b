// Minutes in a hidden tab, whose timers Chromium lets run once a minute: the link of a worker does not notice.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startEmbeddedBroker } from "../../www/server/broker.mjs";
import { startProxy } from "../../www/server/proxy.mjs";
import { FLAGS } from "../chromium.mjs";
import { openLab } from "../e2e/support/lab.mjs";
import { setPatience, until } from "../e2e/support/peer.mjs";

/** In seconds; the broker gives a client up after one and a half of it. */
const KEEP_ALIVE = 10;
/** How long the page is hidden while the link works, in ms. */
const HIDDEN = 200_000;
/** What a busy machine may add, in ms. */
const SLACK = 5_000;

/** Puppeteer switches off all that Chromium does to hidden tabs; and five minutes of grace are longer than this test. */
const BROWSER = {
  args: [...FLAGS, "--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/5"],
  ignoreDefaultArgs: [
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
  ],
};

/** The longest time between one moment and the next, in ms. */
const longest = (moments) => Math.max(...moments.slice(1).map((at, index) => at - moments[index]));

const seconds = (milliseconds) => `${(milliseconds / 1_000).toFixed(1)} s`;

describe("hidden", () => {
  let lab;
  let broker;
  const proxies = {};
  before(async () => {
    setPatience(HIDDEN + 90_000);
    [lab, broker] = await Promise.all([openLab(BROWSER), startEmbeddedBroker()]);
    for (const host of ["worker", "page"]) proxies[host] = await startProxy({ target: broker.url });
    await lab.setPatience(60_000);
  });
  after(async () => {
    await lab?.stop();
    await Promise.all(Object.values(proxies).map((proxy) => proxy.stop()));
    await broker?.stop();
  });

  test("a hidden page whose timers run once a minute keeps its link, and a peer that falls silent is noticed in time", {
    timeout: 360_000,
  }, async (t) => {
    const clients = {};
    for (const [host, { url }] of Object.entries(proxies)) clients[host] = await lab.online(url, { host, keepAlive: KEEP_ALIVE });
    const from = (await clients.worker.statuses()).length;
    await lab.page.evaluate(() => {
      globalThis.ticks = [];
      const tick = () => {
        globalThis.ticks.push(Date.now());
        setTimeout(tick, 1_000);
      };
      tick();
    });
    const other = await lab.tab();
    await other.page.bringToFront();
    assert.equal(await lab.page.evaluate(() => document.visibilityState), "hidden");
    const hidden = Date.now();

    const pings = (host) => proxies[host].packets.filter(({ type, at }) => type === "PINGREQ" && at > hidden).map(({ at }) => at);
    const ticks = () => lab.page.evaluate(() => globalThis.ticks);
    await until(() => pings("worker").at(-1) - hidden >= HIDDEN);
    assert.ok(longest(await ticks()) >= 50_000, `timers of the page were late by at most ${seconds(longest(await ticks()))}`);
    assert.deepEqual((await clients.worker.statuses()).slice(from), []);
    assert.equal(proxies.worker.stats().links, 1);
    assert.ok(longest([hidden, ...pings("worker")]) <= KEEP_ALIVE * 1_000 + SLACK, `${longest(pings("worker"))}`);
    for (const host of ["worker", "page"]) {
      const { links } = proxies[host].stats();
      t.diagnostic(`engine in the ${host}: PINGREQs up to ${seconds(longest([hidden, ...pings(host)]))} apart, ${links - 1} links lost`);
    }
    t.diagnostic(`timers of the page up to ${seconds(longest(await ticks()))} apart`);

    const known = (await clients.worker.statuses()).length;
    const stalled = Date.now();
    proxies.worker.stall();
    const { cause, at } = await clients.worker.until({ state: "waiting" }, known);
    assert.equal(cause.kind, "keep-alive-timeout");
    assert.ok(at - stalled <= KEEP_ALIVE * 1_500 + SLACK, seconds(at - stalled));
    t.diagnostic(`engine in the worker: silence noticed after ${seconds(at - stalled)}`);
    proxies.worker.resume();
    await clients.worker.until({ state: "online" }, known);
    assert.equal(await lab.page.evaluate(() => document.visibilityState), "hidden");
    await lab.clear();
  });
});
