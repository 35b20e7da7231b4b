// The ways to die, each at a moment that the caller chose.

/**
 * What a kill works with.
 * @typedef {object} Scene
 * @property {import("../e2e/support/brokers.mjs").TestBroker} broker
 * @property {Awaited<ReturnType<typeof import("./browser.mjs").openBrowser>>} browser
 * @property {Awaited<ReturnType<typeof import("./reports.mjs").startReports>>} reports
 * @property {Awaited<ReturnType<typeof import("./peer.mjs").startPeer>>} peer
 * @property {import("./ledger.mjs").Ledger} ledger
 * @property {import("./random.mjs").Random} random
 * @property {(work: () => Promise<void>) => Promise<void>} hushed runs `work` while the peer publishes nothing
 */

/**
 * The link, somewhere: behind the last byte, or after some more bytes of either direction, in the middle of whatever they are.
 * @param {Scene} scene
 */
async function link({ broker: { proxy }, random }) {
  const bytes = random.between(0, 2_000);
  if (random.between(0, 3) > 0) {
    const quiet = new Promise((resolve) => setTimeout(resolve, 500));
    await Promise.race([proxy.cutAfterBytes(bytes, random.pick(["up", "down"])), quiet]);
    proxy.calm();
  }
  proxy.cut();
}

/**
 * The broker. For the page it dies in the middle of everything: nothing passes any more, then the link ends, and connecting hangs or is refused
 * until the broker is there again. The broker itself is allowed to finish what it has received, to save it, and to deliver it to the peer: what
 * it does not save before it acknowledges would be its own loss and prove nothing. A broker without storage forgets the session all the same.
 *
 * @param {Scene} scene
 */
async function broker({ broker: { proxy, kill, restart, remembers }, reports, peer, ledger, random, hushed }) {
  await hushed(async () => {
    proxy.stall();
    await peer.leave();
    await kill();
    if (!remembers) ledger.brokerForgot();
    const refused = random.between(0, 1) === 1;
    proxy.refuse(refused);
    proxy.cut();
    if (refused) proxy.resume();
    await restart();
    await peer.join();
    proxy.calm();
    proxy.resume();
    if (!remembers) await reports.probe(peer.publish);
  });
}

/** @type {Record<string, (scene: Scene) => Promise<void>>} */
export const KILLS = {
  renderer: ({ browser, reports }) => reports.replaced(() => browser.killRenderer()),
  browser: ({ browser, reports }) => reports.replaced(() => browser.killBrowser()),
  // As about one kill of the browser in a hundred does by chance.
  writing: ({ browser, reports }) => reports.replaced(() => browser.killBrowser(true)),
  reload: ({ browser, reports }) => reports.replaced(() => browser.reload()),
  broker,
  link,
};
