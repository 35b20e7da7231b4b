// A disk that is full in the middle of a burst: Chromium's own quota, made small.

import assert from "node:assert/strict";
import { unique } from "./support/lab.mjs";
import { matrix } from "./support/matrix.mjs";

const COUNT = 30;
const SIZE = 100_000;

/** Lets the origin of the page have so many bytes, until the session that this returns is detached. */
async function limit(lab, quotaSize) {
  const tools = await lab.page.createCDPSession();
  await tools.send("Storage.overrideQuotaForOrigin", { origin: new URL(lab.page.url()).origin, quotaSize });
  return tools;
}

matrix("a full disk", { protocols: ["5.0"] }, (test) => {
  test("a burst that the disk has no room for goes on in memory and arrives whole, and nothing of it is left behind", async ({
    broker,
    connect,
    lab,
    peer,
  }) => {
    const topic = unique("full");
    const other = await peer();
    await other.subscribe(topic);
    // Before the database is there: Chromium remembers for a while how much room there was.
    const limited = await limit(lab, 1_000_000);
    try {
      const client = await connect({ clientId: undefined, session: { name: topic } });
      await client.until({ state: "online", durability: "relaxed" });
      broker.proxy.swallow("PUBACK", "down");
      await client.publish(topic, { bytes: SIZE }, { qos: 1, until: "stored" });
      const burst = Array.from({ length: COUNT }, () => client.publish(topic, { bytes: SIZE }, { qos: 1 }));
      const [, full] = await client.untilTold("storage", 2);
      assert.deepEqual([full.durability, full.reason], ["memory", "quota"]);
      assert.equal((await client.session()).durability, "memory");
      assert.equal((await client.outbox()).length, 1 + COUNT);
      const left = (await lab.call("stored"))[`hawser/${topic}/0`] ?? "";
      assert.ok(!left.includes(topic), "an old message would be sent again by the next page");
      broker.proxy.swallow(null, "down");
      broker.proxy.cut();
      await Promise.all(burst);
      assert.ok((await other.until(1 + COUNT)).every(({ payload }) => payload.length === SIZE));
    } finally {
      await limited.detach();
    }
  });
});
