// Messages at each quality of service, both ways, against an independent client at the other end.

import assert from "node:assert/strict";
import { isPattern, pattern } from "./page/pattern.js";
import { unique } from "./support/lab.mjs";
import { granted, matrix } from "./support/matrix.mjs";

const MIB = 1 << 20;

/** User properties as a list of pairs, without what a broker adds by its own fault. */
function pairs(admit, broker, userProperties) {
  if (!broker.faults.namesTheSender) return userProperties;
  admit(broker.faults.namesTheSender);
  const added = ([name]) => name === "x-mqtt-client-id";
  assert.ok(userProperties.some(added));
  return userProperties.filter((pair) => !added(pair));
}

matrix("messages", { basic: true }, (test) => {
  for (const qos of [0, 1, 2]) {
    test(`a message published with QoS ${qos} arrives once, as it was sent`, `QoS ${qos}, out`, async ({ online, peer }) => {
      const topic = unique("out");
      const other = await peer();
      await other.subscribe(topic);
      const client = await online();
      const result = await client.publish(topic, "grüß Gott", { qos });
      await client.publish(topic, "end", { qos });
      const messages = await other.until(2);
      assert.equal(result.reasonCode, 0);
      assert.deepEqual(
        messages.map(({ text, qos, retain, dup }) => ({ text, qos, retain, dup })),
        ["grüß Gott", "end"].map((text) => ({ text, qos, retain: false, dup: false })),
      );
    });

    test(`a message received with QoS ${qos} comes to the handler once, as it was sent`, `QoS ${qos}, in`, async ({ online, peer }) => {
      const topic = unique("in");
      const client = await online();
      const subscription = await client.subscribed(topic, { qos });
      await granted(subscription, qos);
      const other = await peer();
      await other.publish(topic, "grüß Gott", { qos });
      await other.publish(topic, "end", { qos });
      const messages = await subscription.until(2);
      assert.deepEqual(
        messages.map(({ topic, text, qos, retain, dup }) => ({ topic, text, qos, retain, dup })),
        ["grüß Gott", "end"].map((text) => ({ topic, text, qos, retain: false, dup: false })),
      );
    });

    test(`1 MiB goes out with QoS ${qos}, byte for byte`, "1 MiB payloads", async ({ online, peer }) => {
      const topic = unique("big-out");
      const other = await peer();
      await other.subscribe(topic);
      const client = await online();
      await client.publish(topic, { bytes: MIB }, { qos });
      const [{ payload }] = await other.until(1);
      assert.equal(payload.length, MIB);
      assert.ok(isPattern(payload));
    });

    test(`1 MiB comes in with QoS ${qos}, byte for byte`, "1 MiB payloads", async ({ online, peer }) => {
      const topic = unique("big-in");
      const client = await online();
      const subscription = await client.subscribed(topic, { qos });
      await granted(subscription, qos);
      const other = await peer();
      await other.publish(topic, Buffer.from(pattern(MIB)), { qos });
      const [message] = await subscription.until(1);
      assert.deepEqual([message.size, message.exact, message.qos], [MIB, true, qos]);
    });
  }

  test("the granted QoS is told, and limits what arrives", async ({ online, peer }) => {
    const topic = unique("granted");
    const client = await online();
    const subscription = await client.subscribe(topic, { qos: 1 });
    assert.equal((await subscription.ready()).qos, 1);
    const other = await peer();
    await other.publish(topic, "x", { qos: 2 });
    const [message] = await subscription.until(1);
    assert.equal(message.qos, 1);
  });

  test("an empty payload, a JSON payload and a topic in UTF-8 arrive as they are", async ({ online }) => {
    const topic = unique("größe/温度/🌡");
    const client = await online();
    const subscription = await client.subscribed(topic);
    await client.publish(topic, "");
    await client.publish(topic, { value: 21.5, unit: "°C" });
    const messages = await subscription.until(2);
    assert.deepEqual(
      messages.map((message) => [message.topic, message.text]),
      [
        [topic, ""],
        [topic, '{"value":21.5,"unit":"°C"}'],
      ],
    );
  });
});

matrix("properties", { protocols: ["5.0"], feature: "message and user properties" }, (test) => {
  const properties = {
    contentType: "application/json",
    responseTopic: "answers/here",
    payloadFormat: "text",
  };

  test("all properties of a message go out", async ({ admit, broker, online, peer }) => {
    const topic = unique("properties-out");
    const other = await peer();
    await other.subscribe(topic);
    const client = await online();
    await client.publish(topic, "{}", {
      qos: 1,
      ...properties,
      expiry: 60,
      userProperties: [
        ["a", "1"],
        ["a", "2"],
        ["b", "ü"],
      ],
    });
    const [{ properties: seen }] = await other.until(1);
    assert.equal(seen.contentType, "application/json");
    assert.equal(seen.responseTopic, "answers/here");
    assert.equal(seen.payloadFormatIndicator, true);
    assert.ok(seen.messageExpiryInterval > 0 && seen.messageExpiryInterval <= 60);
    assert.deepEqual(pairs(admit, broker, Object.entries(seen.userProperties)), [
      ["a", ["1", "2"]],
      ["b", "ü"],
    ]);
  });

  test(
    "a message that waits longer than its expiry is given up, another one arrives with what is left",
    "message expiry",
    async ({ lab, broker, access, peer }) => {
      const topic = unique("expiry");
      const other = await peer();
      await other.subscribe(topic);
      const code = await lab.page.evaluate(
        async (url, { credentials: user = {}, ...access }, topic) => {
          let letIn;
          const credentials = () => new Promise((resolve) => (letIn = resolve));
          const client = globalThis.hawser.connect(url, { ...access, credentials });
          const arrives = client.publish(topic, "arrives", { qos: 1, expiry: "60s" });
          const error = await client.publish(topic, "over", { qos: 1, expiry: "1s" }).catch((error) => error);
          letIn(user);
          await arrives;
          await client.close();
          return error.code;
        },
        broker.url,
        access,
        topic,
      );
      assert.equal(code, "expired");
      const messages = await other.until(1);
      assert.deepEqual(
        messages.map(({ text }) => text),
        ["arrives"],
      );
      assert.ok(messages[0].properties.messageExpiryInterval <= 59);
    },
  );

  test("all properties of a message come in", async ({ admit, broker, online, peer }) => {
    const topic = unique("properties-in");
    const client = await online();
    const subscription = await client.subscribed(topic, { qos: 1 });
    const other = await peer();
    await other.publish(topic, "{}", {
      qos: 1,
      properties: {
        contentType: "application/json",
        responseTopic: "answers/here",
        payloadFormatIndicator: true,
        messageExpiryInterval: 60,
        correlationData: Buffer.from([0, 1, 255]),
        userProperties: { a: ["1", "2"] },
      },
    });
    const [message] = await subscription.until(1);
    assert.equal(message.contentType, "application/json");
    assert.equal(message.responseTopic, "answers/here");
    assert.deepEqual(message.correlationData, [0, 1, 255]);
    assert.ok(message.expiry > 0 && message.expiry <= 60);
    assert.deepEqual(pairs(admit, broker, message.userProperties), [
      ["a", "1"],
      ["a", "2"],
    ]);
  });
});
