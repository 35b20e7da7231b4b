// What the broker says on behalf of somebody: retained messages and wills.

import assert from "node:assert/strict";
import { unique } from "./support/lab.mjs";
import { matrix } from "./support/matrix.mjs";

matrix("retained messages", { basic: true, feature: "retained messages" }, (test) => {
  test("a retained message comes to a new subscription, marked as retained, and a live one is not marked", async ({ online, peer }) => {
    const topic = unique("state");
    const other = await peer();
    await other.publish(topic, "on", { qos: 1, retain: true });
    const client = await online();
    const subscription = await client.subscribed(topic, { qos: 1 });
    await subscription.until(1);
    await other.publish(topic, "off", { qos: 1, retain: true });
    const messages = await subscription.until(2);
    assert.deepEqual(
      messages.map(({ text, retain }) => [text, retain]),
      [
        ["on", true],
        ["off", false],
      ],
    );
  });

  test("a message published with retain is kept, and an empty one clears it", async ({ online, peer }) => {
    const topic = unique("kept");
    const client = await online();
    await client.publish(topic, "kept", { qos: 1, retain: true });
    const before = await peer();
    await before.subscribe(topic);
    const [kept] = await before.until(1);
    assert.deepEqual([kept.text, kept.retain], ["kept", true]);
    await client.publish(topic, "", { qos: 1, retain: true });
    const late = await peer();
    await late.subscribe(topic);
    await client.publish(topic, "marker", { qos: 1 });
    const [first] = await late.until(1);
    assert.equal(first.text, "marker");
  });
});

const will = (topic) => ({ topic, payload: "gone", qos: 1, retain: false });

matrix("will", { basic: true, feature: "will" }, (test) => {
  test("a link that is cut makes the broker publish the will", async ({ broker, online, peer }) => {
    const topic = unique("will");
    const other = await peer();
    await other.subscribe(topic);
    await online({ will: will(topic), reconnect: false });
    broker.proxy.cut();
    const [message] = await other.until(1);
    assert.deepEqual([message.text, message.qos], ["gone", 1]);
  });

  test("a clean close does not publish the will", async ({ broker, online, peer }) => {
    const topic = unique("will");
    const other = await peer();
    await other.subscribe(topic);
    const client = await online({ will: will(topic) });
    const from = broker.proxy.packets.length;
    await client.close();
    assert.equal((await broker.proxy.waitFor((packet) => packet.type === "DISCONNECT", { from })).reason ?? 0, 0);
    // The broker has handled the DISCONNECT before it accepts the same client again, so a will would come before the marker.
    const again = await online({ clientId: client.clientId });
    await again.publish(topic, "marker", { qos: 1 });
    const [first] = await other.until(1);
    assert.equal(first.text, "marker");
  });

  test("the will may be retained", async ({ broker, online, peer }) => {
    const topic = unique("will");
    const other = await peer();
    await other.subscribe(topic);
    await online({ will: { ...will(topic), retain: true }, reconnect: false });
    broker.proxy.cut();
    await other.until(1);
    const late = await peer();
    await late.subscribe(topic);
    const [message] = await late.until(1);
    assert.deepEqual([message.text, message.retain], ["gone", true]);
  });
});

matrix("will in 5.0", { protocols: ["5.0"], feature: "will delay and properties" }, (test) => {
  test("the properties of the will reach the receiver", async ({ broker, online, peer }) => {
    const topic = unique("will");
    const other = await peer();
    await other.subscribe(topic);
    await online({
      will: { topic, payload: "{}", qos: 1, contentType: "application/json", userProperties: [["k", "v"]] },
      reconnect: false,
    });
    broker.proxy.cut();
    const [{ properties }] = await other.until(1);
    assert.equal(properties.contentType, "application/json");
    assert.equal(properties.userProperties.k, "v");
  });

  test("a client that is back before the will's delay is over has no will published", async ({ broker, online, peer }) => {
    const topic = unique("will");
    const other = await peer();
    await other.subscribe(topic);
    const client = await online({ will: { ...will(topic), delay: 600 }, session: { expiry: 600, cleanStart: false } });
    const from = (await client.statuses()).length;
    broker.proxy.cut();
    await client.until({ state: "online" }, from);
    await client.publish(topic, "marker", { qos: 1 });
    const [first] = await other.until(1);
    assert.equal(first.text, "marker");
  });
});
