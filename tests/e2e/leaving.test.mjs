// Pages that go away, for good or into the browser's back/forward cache: what the broker hears of it, and what there is when one comes back.

import assert from "node:assert/strict";
import { unique } from "./support/lab.mjs";
import { matrix } from "./support/matrix.mjs";
import { until } from "./support/peer.mjs";

const will = (topic) => ({ topic, payload: "gone", qos: 1 });
const DISCONNECTS = ({ type, direction }) => type === "DISCONNECT" && direction === "up";

/** How a user leaves a page. */
const WAYS = [
  ["a tab that is closed", (tab) => tab.close()],
  ["a page that is left for another one", (tab) => tab.leave()],
];

matrix("leaving", { feature: "will" }, (test) => {
  for (const [what, leave] of WAYS) {
    test(`${what} has its will published at once`, async ({ access, broker, lab, peer, v5 }) => {
      const topic = unique("will");
      const other = await peer();
      await other.subscribe(topic);
      const tab = await lab.tab();
      await tab.online(broker.url, { ...access, will: will(topic) });
      const from = broker.proxy.packets.length;
      await leave(tab);
      const [message] = await other.until(1);
      assert.equal(message.text, "gone");
      // In 3.1.1 a DISCONNECT takes the will back [MQTT-3.1.2-10].
      const said = broker.proxy.packets.slice(from).filter(DISCONNECTS);
      assert.deepEqual(
        said.map(({ reason }) => reason),
        v5 ? [0x04] : [],
      );
      await tab.close();
    });

    test(`${what} takes its will back with leave: "disconnect"`, async ({ access, broker, lab, online, peer }) => {
      const topic = unique("will");
      const other = await peer();
      await other.subscribe(topic);
      const tab = await lab.tab();
      const client = await tab.online(broker.url, { ...access, leave: "disconnect", will: will(topic) });
      const from = broker.proxy.packets.length;
      await leave(tab);
      assert.equal((await broker.proxy.waitFor(DISCONNECTS, { from })).reason ?? 0, 0);
      // The broker has handled the DISCONNECT before it accepts the same client again, so a will would come before the marker.
      const again = await online({ clientId: client.clientId });
      await again.publish(topic, "marker", { qos: 1 });
      const [first] = await other.until(1);
      assert.equal(first.text, "marker");
      await tab.close();
    });
  }

  for (const [what, session] of [
    ["that outlives its link", { expiry: 60, cleanStart: false }],
    ["that is stored", { name: unique("cached") }],
  ]) {
    test(
      `a page in the back/forward cache holds no link, and back again with a session ${what} it has lost nothing`,
      "session resumed",
      async ({ access, broker, lab, peer, t }) => {
        const [topic, theirs] = [unique("cached"), unique("theirs")];
        const other = await peer();
        await other.subscribe(theirs);
        const tab = await lab.tab();
        await tab.page.evaluate(() => {
          addEventListener("pageshow", ({ persisted }) => {
            globalThis.cached = persisted;
          });
        });
        const client = await tab.online(broker.url, { ...access, session, ...("name" in session && { clientId: undefined }) });
        const inbox = await client.subscribed(topic, { qos: 1 });
        const from = (await client.statuses()).length;
        await tab.leave();
        await until(() => broker.proxy.stats().open === 0, "the link's end");
        const numbers = Array.from({ length: 10 }, (_, number) => `${number}`);
        for (const number of numbers) await other.publish(topic, number, { qos: 1 });
        const back = Date.now();
        await tab.page.goBack();
        assert.equal(await tab.page.evaluate(() => globalThis.cached), true);
        const { at, sessionPresent } = await client.until({ state: "online" }, from);
        t.diagnostic(`online ${at - back} ms after the way back began`);
        assert.equal(sessionPresent, true);
        assert.deepEqual(
          (await client.statuses()).slice(from).filter(({ cause }) => cause && cause.kind !== "left"),
          [],
        );
        assert.deepEqual(
          (await inbox.until(numbers.length)).map(({ text }) => text),
          numbers,
        );
        await client.publish(theirs, "mine", { qos: 1 });
        await other.until(1);
      },
    );
  }
});
