// What outlives a connection: the session, the subscriptions, and what was asked for before there was a link.

import assert from "node:assert/strict";
import { unique } from "./support/lab.mjs";
import { granted, matrix } from "./support/matrix.mjs";

const KEPT = { session: { expiry: 600, cleanStart: false } };

/** SUBSCRIBE packets that this proxy has seen from an index of its log on. */
const subscribes = (proxy, from) => proxy.packets.slice(from).filter((packet) => packet.type === "SUBSCRIBE").length;

matrix("sessions", { basic: true }, (test) => {
  test("everything may be called before the first CONNACK and takes effect in order", async ({ broker, connect, peer }) => {
    const [topic, dropped] = [unique("early"), unique("dropped")];
    const other = await peer();
    await other.subscribe(topic);
    broker.proxy.refuse(true);
    const client = await connect();
    const subscription = await client.subscribe(topic, { qos: 2 });
    const gone = await client.subscribe(dropped, { qos: 1 });
    const promises = [0, 1, 2].map((qos) => client.publish(topic, `qos ${qos}`, { qos }));
    const from = broker.proxy.packets.length;
    const unsubscribed = gone.unsubscribe();
    await client.until({ state: "waiting" });
    broker.proxy.refuse(false);
    await Promise.all([...promises, unsubscribed, subscription.ready()]);
    await client.publish(dropped, "nobody listens", { qos: 1 });
    const sent = broker.proxy.packets.slice(from).filter(({ direction, type }) => direction === "up" && type === "PUBLISH");
    assert.deepEqual(
      sent.slice(0, 3).map(({ flags }) => (flags >> 1) & 3),
      [0, 1, 2],
    );
    // A broker keeps the order within one QoS only (4.6).
    for (const messages of [await other.until(3), await subscription.until(3)]) {
      assert.deepEqual(messages.map(({ text }) => text).sort(), ["qos 0", "qos 1", "qos 2"]);
    }
    assert.deepEqual(await gone.messages(), []);
  });

  test(
    "messages sent while the client was away come when it resumes its session, without subscribing again",
    "session resumed",
    async ({ admit, broker, online, peer }) => {
      const topic = unique("away");
      const client = await online(KEPT);
      const subscription = await client.subscribed(topic, { qos: 2 });
      const from = (await client.statuses()).length;
      broker.proxy.refuse(true);
      broker.proxy.cut();
      await client.until({ state: "waiting" }, from);
      const other = await peer();
      await other.subscribe(topic);
      for (let i = 0; i < 20; i++) await other.publish(topic, String(i), { qos: 1 + (i % 2) });
      const outgoing = client.publish(topic, "from afar", { qos: 1 });
      const seen = broker.proxy.packets.length;
      broker.proxy.refuse(false);
      const online2 = await client.until({ state: "online" }, from);
      assert.equal(online2.sessionPresent, true);
      await outgoing;
      const messages = await subscription.until(21);
      // The order is kept within one QoS (4.6).
      const texts = [1, 2].map((qos) => messages.filter((message) => message.qos === qos).map(({ text }) => text));
      const numbers = Array.from({ length: 20 }, (_, i) => String(i));
      const { qos: most } = await subscription.ready();
      const expected = [1, 2].map((qos) => numbers.filter((i) => Math.min(1 + (i % 2), most) === qos));
      if (broker.faults.queuesOutOfOrder) {
        admit(broker.faults.queuesOutOfOrder);
        texts[0] = [...texts[0].filter((text) => text !== "from afar"), "from afar"];
      }
      assert.deepEqual(texts, [[...expected[0], "from afar"], expected[1]]);
      assert.equal(subscribes(broker.proxy, seen), 0);
    },
  );

  test("a later client that has no state of the session starts a new one instead of taking up the old [MQTT-3.2.2-4]", async ({
    online,
    connect,
  }) => {
    const first = await online(KEPT);
    await first.subscribed(unique("later"), { qos: 1 });
    await first.close();
    const second = await connect({ ...KEPT, clientId: first.clientId });
    const { sessionPresent, attempt } = await second.until({ state: "online" });
    assert.deepEqual([sessionPresent, attempt], [false, 2]);
    const { cause } = await second.until({ state: "waiting" });
    assert.deepEqual([cause.kind, cause.reasonCode], ["protocol-error", 0x82]);
  });

  test("a clean start finds no session", "session resumed", async ({ online }) => {
    const first = await online(KEPT);
    await first.close();
    const second = await online({ clientId: first.clientId, session: { expiry: 600, cleanStart: true } });
    assert.equal((await second.until({ state: "online" })).sessionPresent, false);
  });

  test("subscriptions are made again, in one packet, when the broker has lost the session", async ({ broker, online, peer }) => {
    const base = unique("lost");
    const client = await online(KEPT);
    const subscriptions = await Promise.all(["a", "b/+", "c/#"].map((filter) => client.subscribed(`${base}/${filter}`, { qos: 1 })));
    const gone = await client.subscribed(`${base}/gone`, { qos: 1 });
    await gone.unsubscribe();
    const [from, seen] = [(await client.statuses()).length, broker.proxy.packets.length];
    await broker.restart({ forget: true });
    assert.equal((await client.until({ state: "online" }, from)).sessionPresent, false);
    await broker.proxy.waitFor((packet) => packet.type === "SUBACK", { from: seen });
    const other = await peer();
    for (const topic of ["gone", "a", "b/1", "c/2/3"]) await other.publish(`${base}/${topic}`, topic, { qos: 1 });
    for (const subscription of subscriptions) await subscription.until(1);
    const texts = await Promise.all(subscriptions.map(async (subscription) => (await subscription.messages())[0].text));
    assert.deepEqual(texts, ["a", "b/1", "c/2/3"]);
    assert.equal(subscribes(broker.proxy, seen), 1);
    assert.deepEqual(await gone.messages(), []);
  });

  test("a killed broker that comes back has everything delivered that was published in between", async ({ broker, online, peer }) => {
    const topic = unique("killed");
    const client = await online(KEPT);
    const subscription = await client.subscribed(topic, { qos: 2 });
    await granted(subscription, 2);
    const from = (await client.statuses()).length;
    await broker.kill();
    const waiting = await client.until({ state: "waiting" }, from);
    assert.ok(["socket-closed", "socket-failed"].includes(waiting.cause.kind), waiting.cause.kind);
    const published = [1, 2].map((qos) => client.publish(topic, `qos ${qos}`, { qos }));
    await broker.restart();
    const again = await client.until({ state: "online" }, from);
    assert.equal(again.sessionPresent, broker.remembers);
    await Promise.all(published);
    // A broker keeps the order within one QoS only (4.6).
    const texts = (await subscription.until(2)).map(({ text }) => text);
    assert.deepEqual(texts.sort(), ["qos 1", "qos 2"]);
    const other = await peer();
    await other.publish(topic, "after", { qos: 2 });
    assert.equal((await subscription.until(3))[2].text, "after");
  });

  test("reconnectNow() does not wait for the backoff", async ({ broker, online }) => {
    const client = await online({ reconnect: { kind: "fixed", delay: 3_600_000 } });
    const from = (await client.statuses()).length;
    broker.proxy.cut();
    const waiting = await client.until({ state: "waiting" }, from);
    assert.ok(waiting.retryAt - waiting.at > 1_700_000);
    await client.reconnectNow();
    await client.until({ state: "online" }, from);
  });
});
