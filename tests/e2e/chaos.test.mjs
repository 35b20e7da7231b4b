// The link is hurt in known places; what passed on the wire tells who has to repeat what.

import assert from "node:assert/strict";
import { unique } from "./support/lab.mjs";
import { matrix } from "./support/matrix.mjs";

const KEPT = { session: { expiry: 600, cleanStart: false } };
const DUP = 8;
const texts = (messages) => messages.map(({ text }) => text);

/** Swallows one packet type, waits until one was swallowed, and cuts the link. */
async function losing(proxy, type, direction, act) {
  proxy.swallow(type, direction);
  const swallowed = proxy.waitFor((packet) => packet.type === type && packet.swallowed);
  const acting = act();
  const lost = await swallowed;
  proxy.swallow(null, direction);
  proxy.cut();
  return { lost, acting };
}

matrix("lost acknowledgements of what the client sent", { feature: "unacknowledged messages, out" }, (test) => {
  const cases = [
    { qos: 1, lost: "PUBACK", direction: "down", again: "PUBLISH", copies: 2 },
    { qos: 2, lost: "PUBREC", direction: "down", again: "PUBLISH", copies: 1 },
    { qos: 2, lost: "PUBREL", direction: "up", again: "PUBREL", copies: 1 },
    { qos: 2, lost: "PUBCOMP", direction: "down", again: "PUBREL", copies: 1 },
  ];
  for (const { qos, lost, direction, again, copies } of cases) {
    test(`a lost ${lost} makes the client send the ${again} again, with the same id`, async ({ admit, v5, broker, online, peer }) => {
      const topic = unique("lost");
      const other = await peer();
      await other.subscribe(topic);
      const client = await online(KEPT);
      const from = broker.proxy.packets.length;
      const { lost: packet, acting } = await losing(broker.proxy, lost, direction, () => client.publish(topic, "once", { qos }));
      if (lost === "PUBCOMP" && !v5 && broker.faults.pubcompIn311) {
        admit(broker.faults.pubcompIn311);
        await client.until({ state: "waiting", cause: { kind: "protocol-error", reasonCode: 0x81 } });
        assert.deepEqual(texts(await other.until(1)), ["once"]);
        acting.catch(() => {}); // settled by the close at the end of the case
        return;
      }
      await acting;
      await client.publish(topic, "end", { qos });
      await other.until(copies + 1);
      assert.deepEqual(texts(other.messages), [...Array(copies).fill("once"), "end"]);
      const first = broker.proxy.packets.slice(from);
      const repeated = first.filter(
        ({ link, direction, type, id }) => link > packet.link && direction === "up" && type === again && id === packet.id,
      );
      assert.equal(repeated.length, 1);
      if (again === "PUBLISH") assert.ok(repeated[0].flags & DUP, "the repeated PUBLISH has DUP set");
      if (again === "PUBREL") assert.ok(!first.some(({ link, type, flags }) => link > packet.link && type === "PUBLISH" && flags & DUP));
    });
  }

  test("several unacknowledged messages are sent again in their first order", async ({ broker, online, peer }) => {
    const topic = unique("order");
    const other = await peer();
    await other.subscribe(topic);
    const client = await online(KEPT);
    broker.proxy.swallow("PUBACK", "down");
    broker.proxy.swallow("PUBREC", "down");
    const from = broker.proxy.packets.length;
    const pending = Promise.all([1, 2, 1, 2, 2, 1].map((qos, i) => client.publish(topic, String(i), { qos })));
    const isFirst = ({ direction, type }) => direction === "up" && type === "PUBLISH";
    const firsts = () => broker.proxy.packets.slice(from).filter(isFirst);
    await broker.proxy.waitFor(() => firsts().length === 6, { from });
    const sent = firsts().map(({ id }) => id);
    broker.proxy.swallow(null, "down");
    const cut = broker.proxy.packets.length;
    broker.proxy.cut();
    await pending;
    const again = broker.proxy.packets.slice(cut).filter(isFirst);
    assert.deepEqual(
      again.map(({ id }) => id),
      sent,
    );
    assert.ok(again.every(({ flags }) => flags & DUP));
  });
});

matrix("lost acknowledgements of what the client received", { feature: "unacknowledged messages, in" }, (test) => {
  for (const [qos, lost, direction] of [
    [1, "PUBACK", "up"],
    [2, "PUBREC", "up"],
    [2, "PUBREL", "down"],
    [2, "PUBCOMP", "up"],
  ]) {
    test(`a lost ${lost} loses no message${qos === 2 ? " and hands none over twice" : ""}`, async ({ admit, broker, online, peer }) => {
      const topic = unique("inbound");
      const client = await online(KEPT);
      const subscription = await client.subscribed(topic, { qos });
      const other = await peer();
      await losing(broker.proxy, lost, direction, () => other.publish(topic, "once", { qos }));
      await other.publish(topic, "end", { qos });
      const count = qos === 2 ? 2 : 3;
      const got = texts(await subscription.until(count));
      if (broker.faults.resendsOutOfOrder) {
        admit(broker.faults.resendsOutOfOrder);
        got.sort().reverse();
      }
      assert.deepEqual(got, [...Array(count - 1).fill("once"), "end"]);
    });
  }
});

matrix("a cut in the middle of a packet", (test) => {
  for (const qos of [1, 2]) {
    test(`a PUBLISH of QoS ${qos} cut on its way up arrives whole in the end`, async ({ broker, online, peer }) => {
      const topic = unique("cut-up");
      const other = await peer();
      await other.subscribe(topic);
      const client = await online(KEPT);
      broker.proxy.cutInside("PUBLISH", 5_000, "up");
      const publishing = client.publish(topic, "x".repeat(20_000), { qos });
      await client.until({ state: "waiting" });
      await publishing;
      await client.publish(topic, "end", { qos });
      assert.deepEqual(
        (await other.until(2)).map(({ payload }) => payload.length),
        [20_000, 3],
      );
    });

    test(`a PUBLISH of QoS ${qos} cut on its way down arrives whole in the end`, async ({ broker, online, peer }) => {
      const topic = unique("cut-down");
      const client = await online(KEPT);
      const subscription = await client.subscribed(topic, { qos });
      const other = await peer();
      broker.proxy.cutInside("PUBLISH", 5_000, "down");
      await other.publish(topic, "x".repeat(20_000), { qos });
      await client.until({ state: "waiting" });
      await other.publish(topic, "end", { qos });
      assert.deepEqual(
        (await subscription.until(2)).map(({ size }) => size),
        [20_000, 3],
      );
    });
  }

  for (const [type, bytes] of [
    ["CONNACK", 1],
    ["CONNACK", 3],
    ["SUBACK", 2],
    ["PUBACK", 3],
  ]) {
    test(`a ${type} cut after ${bytes} bytes costs an attempt and nothing else`, async ({ broker, connect, peer }) => {
      const topic = unique("cut-ack");
      const other = await peer();
      await other.subscribe(topic);
      broker.proxy.cutInside(type, bytes, "down");
      const client = await connect(KEPT);
      const subscription = await client.subscribe(topic, { qos: 1 });
      const published = client.publish(topic, "x", { qos: 1 });
      await client.until({ state: "waiting" });
      await Promise.all([published, subscription.ready()]);
      assert.equal((await subscription.until(1))[0].text, "x");
    });
  }
});

matrix("a bad link", { basic: true }, (test) => {
  test(
    "a link that stalls without closing is noticed by the keep-alive",
    "dead link noticed by the keep-alive",
    async ({ broker, online, peer }) => {
      const topic = unique("stall");
      const client = await online({ ...KEPT, keepAlive: 1 });
      const subscription = await client.subscribed(topic, { qos: 1 });
      const from = (await client.statuses()).length;
      broker.proxy.stall();
      const published = client.publish(topic, "through", { qos: 1 });
      const waiting = await client.until({ state: "waiting" }, from);
      assert.equal(waiting.cause.kind, "keep-alive-timeout");
      broker.proxy.resume();
      await client.until({ state: "online" }, from);
      await published;
      const other = await peer();
      await other.publish(topic, "after", { qos: 1 });
      const messages = await subscription.until(2);
      assert.ok(texts(messages).includes("through"));
    },
  );

  for (const [what, hurt] of [
    ["cut into single bytes", (proxy) => proxy.splitFrames(1)],
    ["cut into pieces of 1,000 bytes", (proxy) => proxy.splitFrames(1_000)],
    ["holding three packets each", (proxy) => proxy.joinFrames(3)],
    ["holding seven packets and cut where no packet ends", (proxy) => proxy.joinFrames(7) ?? proxy.splitFrames(11)],
    ["late", (proxy) => proxy.delay(15)],
  ]) {
    test(`frames ${what} carry everything, both ways`, async ({ broker, online }) => {
      const topic = unique("frames");
      hurt(broker.proxy);
      const client = await online();
      const subscription = await client.subscribed(topic, { qos: 2 });
      const payloads = ["", "short", "x".repeat(3_000)];
      for (const qos of [0, 1, 2]) await Promise.all(payloads.map((payload) => client.publish(topic, payload, { qos })));
      const messages = await subscription.until(9);
      // The order is kept within one QoS (4.6).
      for (const qos of [0, 1, 2]) assert.deepEqual(texts(messages.filter((message) => message.qos === qos)), payloads);
    });
  }
});
