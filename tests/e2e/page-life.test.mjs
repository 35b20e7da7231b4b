// A page that goes, comes back, and has reason to doubt its link.

import assert from "node:assert/strict";
import { unique } from "./support/lab.mjs";
import { matrix } from "./support/matrix.mjs";

const KEPT = { session: { expiry: 600, cleanStart: false } };

/** Has the page hear what a browser says when it goes into the back/forward cache, or comes out of it. */
const pass = (tab, type) => tab.page.evaluate((type) => dispatchEvent(new PageTransitionEvent(type, { persisted: true })), type);

/** Has the page hear that it is visible again. */
const look = (tab) => tab.page.evaluate(() => document.dispatchEvent(new Event("visibilitychange", { bubbles: true })));

for (const host of ["worker", "page"]) {
  matrix(`the life of a page, engine in the ${host}`, (test) => {
    test("a page that comes back goes on where it was: what waited is sent, what came meanwhile is there", async ({
      access,
      broker,
      lab,
      peer,
    }) => {
      const [mine, theirs] = [unique("mine"), unique("theirs")];
      const other = await peer();
      await other.subscribe(mine);
      const tab = await lab.tab();
      const client = await tab.online(broker.url, { ...access, ...KEPT, host });
      const inbox = await client.subscribed(theirs, { qos: 1 });
      await pass(tab, "pagehide");
      const { cause } = await client.until({ state: "waiting" });
      assert.equal(cause.kind, "left");
      await other.publish(theirs, "meanwhile", { qos: 1 });
      const published = client.publish(mine, "waited", { qos: 1 });
      const from = (await client.statuses()).length;
      await pass(tab, "pageshow");
      await client.until({ state: "online" }, from);
      await published;
      assert.equal((await inbox.until(1))[0].text, "meanwhile");
      assert.equal((await other.until(1))[0].text, "waited");
    });

    test("a page that is visible again finds a link that has stalled dead within the time of a probe", async ({ access, broker, lab }) => {
      const tab = await lab.tab();
      const client = await tab.online(broker.url, { ...access, ...KEPT, host, keepAlive: 600, probeTimeout: 200 });
      const from = (await client.statuses()).length;
      broker.proxy.stall();
      await look(tab);
      const { cause } = await client.until({ state: "waiting" }, from);
      assert.equal(cause.kind, "keep-alive-timeout");
      broker.proxy.resume();
      await client.until({ state: "online" }, from);
    });
  });
}
