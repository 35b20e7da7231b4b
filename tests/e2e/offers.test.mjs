// What only 5.0 has and a broker may offer: what it announces is obeyed, and what it does with the rest.

import assert from "node:assert/strict";
import { unique } from "./support/lab.mjs";
import { matrix, NotOffered } from "./support/matrix.mjs";
import { until } from "./support/peer.mjs";

const ONLY = { protocols: ["5.0"] };
const texts = (messages) => messages.map(({ text }) => text);
/** PUBLISH packets of one direction that the proxy has seen from an index of its log on. */
const publishes = (proxy, from, direction) =>
  proxy.packets.slice(from).filter((packet) => packet.direction === direction && packet.type === "PUBLISH");

/** Resolves when everything that the broker had for this client before now has come. */
async function roundTrip(client) {
  const topic = unique("round-trip");
  const subscription = await client.subscribed(topic, { qos: 0 });
  await client.publish(topic, "x", { qos: 0 });
  await subscription.until(1);
}

matrix("topic aliases", ONLY, (test) => {
  const long = () => `${unique("alias")}/${"long-".repeat(20)}`;

  test(
    "a topic that is published again goes out as an alias, within what the broker allows",
    "topic aliases, to the broker",
    async ({ broker, online, peer }) => {
      const topic = long();
      const client = await online();
      const { limits } = await client.until({ state: "online" });
      const other = await peer();
      await other.subscribe(topic);
      const from = broker.proxy.packets.length;
      for (const text of ["1", "2", "3"]) await client.publish(topic, text, { qos: 1 });
      assert.deepEqual(texts(await other.until(3)), ["1", "2", "3"]);
      const sent = publishes(broker.proxy, from, "up").map((packet) => packet.topic);
      if (limits.topicAliasMaximum > 0) return assert.deepEqual(sent, [topic, "", ""]);
      assert.deepEqual(sent, [topic, topic, topic]);
      throw new NotOffered("CONNACK carries no Topic Alias Maximum");
    },
  );

  test("a topic that the broker sends as an alias is understood", "topic aliases, from the broker", async ({ broker, online, peer }) => {
    const topic = long();
    const client = await online({ topicAliasMaximum: 5 });
    const subscription = await client.subscribed(topic, { qos: 1 });
    const from = broker.proxy.packets.length;
    const other = await peer();
    for (const text of ["1", "2", "3"]) await other.publish(topic, text, { qos: 1 });
    const messages = await subscription.until(3);
    assert.deepEqual(
      messages.map((message) => [message.topic, message.text]),
      ["1", "2", "3"].map((text) => [topic, text]),
    );
    if (publishes(broker.proxy, from, "down").every((packet) => packet.topic === topic))
      throw new NotOffered("no PUBLISH from it carries a Topic Alias, though it may use five");
  });
});

matrix("flow control", { ...ONLY, broker: { receiveMaximum: 20 } }, (test) => {
  test(
    "no more messages are under way than the broker's Receive Maximum, and QoS 0 does not wait",
    "receive maximum, kept by Hawser",
    async ({ broker, online }) => {
      const topic = unique("window");
      const client = await online();
      const { receiveMaximum } = (await client.until({ state: "online" })).limits;
      broker.proxy.swallow("PUBACK", "down");
      const from = broker.proxy.packets.length;
      const count = Math.min(receiveMaximum, 5_000) + 10;
      const numbers = client.publishNumbers(topic, count, { qos: 1 });
      const underWay = () => publishes(broker.proxy, from, "up").filter(({ flags }) => flags & 6).length;
      await until(() => underWay() >= Math.min(receiveMaximum, count), "the window is full");
      await client.publish(topic, "at once", { qos: 0 });
      await until(() => publishes(broker.proxy, from, "up").some(({ flags }) => !(flags & 6)), "the QoS 0 message on the wire");
      assert.equal(underWay(), Math.min(receiveMaximum, count));
      await client.close();
      assert.equal((await numbers).length, count);
      if (receiveMaximum === 65_535) throw new NotOffered("CONNACK carries no Receive Maximum");
    },
  );

  test(
    "the broker has no more messages under way than the client's Receive Maximum",
    "receive maximum, kept by the broker",
    async ({ broker, online, peer }) => {
      const topic = unique("window");
      const client = await online({ receiveMaximum: 3 });
      const subscription = await client.subscribed(topic, { qos: 1 });
      broker.proxy.swallow("PUBACK", "up");
      const from = broker.proxy.packets.length;
      const other = await peer();
      for (let i = 0; i < 8; i++) await other.publish(topic, String(i), { qos: 1 });
      await subscription.until(1);
      // An answered SUBSCRIBE tells that the broker has sent what it may: some hold QoS 0 back too when the window is full.
      await client.subscribed(unique("answered"), { qos: 0 });
      const count = publishes(broker.proxy, from, "down").filter(({ flags }) => flags & 6).length;
      assert.ok(count >= 1 && count <= 3, `${count} messages under way`);
    },
  );
});

matrix("times", ONLY, (test) => {
  test(
    "a message expires at the broker, and one that has not is told the time that is left",
    "message expiry",
    async ({ online, peer }) => {
      const base = unique("expiry");
      const other = await peer();
      const publish = (name, messageExpiryInterval) =>
        other.publish(`${base}/${name}`, name, { qos: 1, retain: true, properties: { messageExpiryInterval } });
      await Promise.all([publish("short", 1), publish("long", 1_000)]);
      const client = await online();
      const kept = async () => {
        const subscription = await client.subscribed(`${base}/+`, { qos: 1 });
        await subscription.until(1);
        await roundTrip(client);
        await subscription.unsubscribe();
        return subscription.messages();
      };
      await until(async () => (await kept()).every(({ text }) => text === "long"), "the short one to expire");
      const left = await until(async () => {
        const [{ expiry }] = await kept();
        return expiry < 1_000 && expiry;
      }, "the time of the long one to be counted down");
      assert.ok(left > 900, `${left} s are left of 1,000 s`);
    },
  );

  test("a session ends when its time without a link is over", "session expiry", async ({ broker, online }) => {
    const client = await online({ session: { expiry: 1, cleanStart: false } });
    await client.subscribed(unique("session"), { qos: 1 });
    const from = (await client.statuses()).length;
    broker.proxy.refuse(true);
    broker.proxy.cut();
    await client.until({ state: "waiting" }, from);
    const gone = Date.now();
    await until(() => Date.now() - gone > 2_200, "the end of the session"); // nothing tells it: the time itself is what is tested
    broker.proxy.refuse(false);
    assert.equal((await client.until({ state: "online" }, from)).sessionPresent, false);
  });
});

matrix("server keep-alive", { ...ONLY, feature: "server keep-alive", broker: { maximumKeepAlive: 20 } }, (test) => {
  test("the broker's Server Keep Alive wins over the client's", async ({ online }) => {
    const client = await online({ keepAlive: 60 });
    const { keepAlive } = (await client.until({ state: "online" })).limits;
    if (keepAlive === 60) throw new NotOffered("CONNACK carries no Server Keep Alive");
    assert.equal(keepAlive, 20);
  });
});

matrix("request and response", { ...ONLY, feature: "request and response" }, (test) => {
  test("Response Topic and Correlation Data lead an answer back", async ({ lab, broker, access }) => {
    const answer = await lab.page.evaluate(
      async (url, access, base) => {
        const [asking, answering] = [0, 1].map(() => globalThis.hawser.connect(url, access));
        let answered;
        await answering.subscribe(`${base}/question`, { qos: 1 }, ({ responseTopic, correlationData }) => {
          answered = answering.publish(responseTopic, "because", { qos: 1, correlationData });
        }).ready;
        const got = new Promise((resolve) =>
          asking.subscribe(`${base}/answer`, { qos: 1 }, (message) => resolve([message.text(), [...message.correlationData]])),
        );
        await asking.publish(`${base}/question`, "why", {
          qos: 1,
          responseTopic: `${base}/answer`,
          correlationData: new Uint8Array([0, 7, 255]),
        });
        const answer = await got;
        await answered;
        await Promise.all([asking.close(), answering.close()]);
        return answer;
      },
      broker.url,
      access,
      unique("request"),
    );
    assert.deepEqual(answer, ["because", [0, 7, 255]]);
  });
});
