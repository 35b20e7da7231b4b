// Acknowledged when handled, and never handled twice: over slow handlers, lost links, and pages that are loaded anew in the middle of a handler.

import assert from "node:assert/strict";
import { unique } from "./support/lab.mjs";
import { granted, matrix, severalAtOnce } from "./support/matrix.mjs";

const stored = (options = {}) => ({ clientId: undefined, session: { name: unique("handling"), expiry: "1h" }, ...options });
const texts = (messages) => messages.map(({ text }) => text);
/** Packets of one type that this proxy has seen from an index of its log on. */
const passed = (proxy, from, way, kind) => proxy.packets.slice(from).filter(({ direction, type }) => direction === way && type === kind);
const acknowledgement = { 1: "PUBACK", 2: "PUBREC" };
/** What ends the exchange of a message. */
const LAST = { 1: "PUBACK", 2: "PUBCOMP" };

matrix("messages in handlers", { feature: "unacknowledged messages, in" }, (test, { protocol }) => {
  for (const qos of [1, 2]) {
    test(`QoS ${qos} is acknowledged when its handler is done, in the order of arrival`, async ({ broker, online, peer }) => {
      severalAtOnce(broker);
      const topic = unique("order");
      const client = await online();
      const from = broker.proxy.packets.length;
      const subscription = await client.subscribe(topic, { qos }, { busy: true });
      await granted(subscription, qos);
      const other = await peer();
      for (const text of ["1", "2", "3"]) await other.publish(topic, text, { qos });
      assert.deepEqual(texts(await subscription.until(3)), ["1", "2", "3"]);
      await subscription.finish(2, 1);
      await client.publish(unique("elsewhere"), "", { qos: 1 }); // what the broker answers to this comes behind any acknowledgement
      assert.deepEqual(passed(broker.proxy, from, "up", acknowledgement[qos]), []);
      await subscription.finish(0);
      const ids = passed(broker.proxy, from, "down", "PUBLISH").map(({ id }) => id);
      await broker.proxy.waitFor(({ type, id }) => type === acknowledgement[qos] && id === ids[2], { from });
      assert.deepEqual(
        passed(broker.proxy, from, "up", acknowledgement[qos]).map(({ id }) => id),
        ids,
      );
    });
  }

  test("a loop acknowledges a message when it asks for the next one", async ({ broker, online, peer }) => {
    const topic = unique("loop");
    const client = await online();
    const from = broker.proxy.packets.length;
    const subscription = await client.subscribed(topic, { qos: 1 }, { iterate: true, busy: true });
    const other = await peer();
    for (const text of ["1", "2"]) await other.publish(topic, text, { qos: 1 });
    await subscription.until(1);
    await client.publish(unique("elsewhere"), "", { qos: 1 });
    assert.deepEqual(passed(broker.proxy, from, "up", "PUBACK"), []);
    await subscription.finish(0);
    assert.deepEqual(texts(await subscription.until(2)), ["1", "2"]);
    await broker.proxy.waitFor(({ type, direction }) => type === "PUBACK" && direction === "up", { from });
  });

  test("a message whose handler runs while the link is lost is handled once, and acknowledged on the next one", async ({
    admit,
    broker,
    online,
    peer,
  }) => {
    severalAtOnce(broker);
    const topic = unique("lost");
    const client = await online({ session: { expiry: 600, cleanStart: false } });
    const subscription = await client.subscribed(topic, { qos: 1 }, { busy: true });
    const other = await peer();
    for (const text of ["1", "2"]) await other.publish(topic, text, { qos: 1 });
    await subscription.until(2);
    await subscription.finish(1);
    const [from, seen] = [(await client.statuses()).length, broker.proxy.packets.length];
    broker.proxy.cut();
    await client.until({ state: "online" }, from);
    await broker.proxy.waitFor(({ type, direction }) => type === "PUBLISH" && direction === "down", { from: seen });
    if (broker.faults.resendsWithoutDup) {
      admit(broker.faults.resendsWithoutDup);
      assert.deepEqual(texts(await subscription.until(4)), ["1", "2", "1", "2"]);
      await subscription.finish(0, 0, 0);
      return;
    }
    await subscription.finish(0);
    await broker.proxy.waitFor(({ type, direction }) => type === "PUBACK" && direction === "up", { from: seen });
    await other.publish(topic, "3", { qos: 1 });
    assert.deepEqual(texts(await subscription.until(3)), ["1", "2", "3"]);
  });

  test("a page that is loaded anew in the middle of a handler gets a QoS 1 message again", async ({ online, connect, lab, peer }) => {
    const [options, topic] = [stored(), unique("again")];
    const first = await online(options);
    const begun = await first.subscribed(topic, { qos: 1 }, { busy: true });
    const other = await peer();
    await other.publish(topic, "1", { qos: 1 });
    await begun.until(1);
    await lab.leave();
    await lab.enter();
    const second = await connect(options);
    const subscription = await second.subscribe(topic, { qos: 1 });
    assert.deepEqual(texts(await subscription.until(1)), ["1"]);
    assert.deepEqual((await second.told()).interrupted, []);
  });

  for (const [name, qos, how] of [
    ["QoS 2", 2, {}],
    ["QoS 1 with dedupe", 1, { dedupe: "key" }],
  ]) {
    test(`what a page has begun to handle at ${name} is told to the next one, and not handled again`, async ({
      admit,
      broker,
      online,
      connect,
      lab,
      peer,
    }) => {
      severalAtOnce(broker);
      const [options, topic] = [stored(), unique("begun")];
      const first = await online(options);
      const begun = await first.subscribe(topic, { qos }, { ...how, busy: true });
      await granted(begun, qos);
      const other = await peer();
      for (const text of ["done", "begun"]) await other.publish(topic, text, { qos });
      await begun.until(2);
      const from = broker.proxy.packets.length;
      await begun.finish(0);
      await broker.proxy.waitFor(({ type, direction }) => type === acknowledgement[qos] && direction === "up", { from });
      await lab.leave();
      await lab.enter();
      const second = await connect(options);
      const subscription = await second.subscribe(topic, { qos }, how);
      const interrupted = await second.untilTold("interrupted");
      await other.publish(topic, "after", { qos });
      assert.deepEqual(texts(await subscription.until(1)), ["after"]);
      assert.deepEqual(
        interrupted.map(({ topic, text, qos }) => [topic, text, qos]),
        [[topic, "begun", qos]],
      );
      // Told once. The exchange is ended first: some brokers begin it anew with the next page.
      const { id } = passed(broker.proxy, from, "down", "PUBLISH").at(-1);
      await broker.proxy.waitFor((packet) => packet.type === LAST[qos] && packet.direction === "up" && packet.id === id, { from });
      // What comes back tells that the broker has read what was sent before it.
      await second.publish(unique("read"), "", { qos: 1 });
      await second.close();
      const third = await online(options);
      const last = await third.subscribe(topic, { qos }, how);
      await other.publish(topic, "last", { qos });
      const handled = texts(await last.until(1));
      // A broker that begins a finished exchange anew brings what the page before has handled: that is another exchange.
      const fault = qos === 2 && handled.includes("after") && broker.faults.resendsUnderNewIds;
      if (fault) admit(fault);
      assert.ok(
        handled.every((text) => text === "last" || (fault && text === "after")),
        `${handled}`,
      );
      assert.deepEqual((await third.told()).interrupted, []);
    });
  }

  test("what was handled is not handled again when the broker, the link and the page have lost its acknowledgement", async ({
    broker,
    online,
    connect,
    lab,
    peer,
  }) => {
    severalAtOnce(broker);
    const [options, topic] = [stored(), unique("twice")];
    const first = await online(options);
    const subscription = await first.subscribed(topic, { qos: 1 }, { dedupe: "key" });
    const other = await peer();
    broker.proxy.swallow("PUBACK", "up");
    await other.publish(topic, "a", { qos: 1 });
    await subscription.until(1);
    const from = (await first.statuses()).length;
    broker.proxy.cut();
    await first.until({ state: "online" }, from);
    // The broker resends "a", and a publisher repeats it as a new message.
    await other.publish(topic, "a", { qos: 1 });
    await other.publish(topic, "b", { qos: 1 });
    assert.deepEqual(texts(await subscription.until(2)), ["a", "b"]);
    await lab.leave();
    broker.proxy.swallow(null, "up");
    await lab.enter();
    const second = await connect(options);
    const again = await second.subscribe(topic, { qos: 1 }, { dedupe: "key" });
    for (const text of ["b", "c"]) await other.publish(topic, text, { qos: 1 });
    assert.deepEqual(texts(await again.until(1)), ["c"]);
    assert.deepEqual((await second.told()).interrupted, []);
  });

  test("a sequence is persisted: what was there before is dropped, and gaps are told, also after a reload", async ({
    online,
    connect,
    lab,
    peer,
  }) => {
    const [options, topic] = [stored(), unique("sequence")];
    const first = await online(options);
    const subscription = await first.subscribed(topic, { qos: 1 }, { dedupe: "sequence" });
    const other = await peer();
    for (const text of ["7", "8", "8", "11"]) await other.publish(topic, text, { qos: 1 });
    assert.deepEqual(texts(await subscription.until(3)), ["7", "8", "11"]);
    const gap = { kind: "sequence", filter: topic, topic, key: topic };
    assert.deepEqual((await first.told()).gap, [{ ...gap, missing: 2 }]);
    await lab.leave();
    await lab.enter();
    const second = await connect(options);
    const again = await second.subscribe(topic, { qos: 1 }, { dedupe: "sequence" });
    for (const text of ["9", "11", "13"]) await other.publish(topic, text, { qos: 1 });
    assert.deepEqual(texts(await again.until(1)), ["13"]);
    assert.deepEqual((await second.told()).gap, [{ ...gap, missing: 1 }]);
  });

  test("what is not newer than the last is dropped, at QoS 0 on request", async ({ online, peer }) => {
    const [wanted, plain] = [unique("newer"), unique("plain")];
    const client = await online();
    const newer = await client.subscribed(wanted, { dedupe: { qos0: true } }, { dedupe: "timestamp" });
    const all = await client.subscribed(plain, {}, { dedupe: "timestamp" });
    const other = await peer();
    for (const topic of [wanted, plain]) for (const text of ["2.5", "1", "2.5", "2.75"]) await other.publish(topic, text);
    assert.deepEqual(texts(await all.until(4)), ["2.5", "1", "2.5", "2.75"]);
    assert.deepEqual(texts(await newer.until(2)), ["2.5", "2.75"]);
  });

  test("a handler that is not done is told", async ({ online, peer }) => {
    const topic = unique("stalled");
    const client = await online({ stallAfter: 50 });
    const subscription = await client.subscribed(topic, { qos: 1 }, { busy: true });
    const other = await peer();
    await other.publish(topic, "1", { qos: 1 });
    assert.deepEqual(await client.untilTold("stalled"), [{ filter: topic, topic }]);
    await subscription.finish(0);
  });

  test("what comes for a filter that the next page has not subscribed to yet is kept for it", async ({ broker, online, lab, peer }) => {
    severalAtOnce(broker);
    const [options, early, late] = [stored(), unique("early"), unique("late")];
    const first = await online(options);
    for (const filter of [early, late]) await first.subscribed(filter, { qos: 1 });
    await lab.leave();
    const other = await peer();
    for (const topic of [late, early]) await other.publish(topic, topic, { qos: 1 });
    await lab.enter();
    const second = await online(options);
    const one = await second.subscribe(early, { qos: 1 });
    assert.deepEqual(texts(await one.until(1)), [early]);
    const two = await second.subscribe(late, { qos: 1 });
    assert.deepEqual(texts(await two.until(1)), [late]);
  });

  if (protocol === "5.0") {
    test("handlers that are not done stop the broker at Receive Maximum", async ({ broker, online, peer }) => {
      severalAtOnce(broker);
      const topic = unique("full");
      const client = await online({ receiveMaximum: 3 });
      const subscription = await client.subscribed(topic, { qos: 1 }, { busy: true });
      const other = await peer();
      for (let number = 1; number <= 6; number++) await other.publish(topic, `${number}`, { qos: 1 });
      await subscription.until(3);
      await client.subscribed(unique("answered")); // the answer tells that the broker has sent what it may
      assert.deepEqual(texts(await subscription.messages()), ["1", "2", "3"]);
      await subscription.finish(0, 0, 0);
      assert.deepEqual(texts(await subscription.until(6)), ["1", "2", "3", "4", "5", "6"]);
      await subscription.finish(0, 0, 0);
    });
  }
});
