// Filters and who gets what: wildcards, named parameters, overlaps, iterators, unsubscribing.

import assert from "node:assert/strict";
import { unique } from "./support/lab.mjs";
import { matrix, NotOffered } from "./support/matrix.mjs";
import { until } from "./support/peer.mjs";

const texts = (messages) => messages.map(({ text }) => text);

matrix("subscriptions", { basic: true }, (test) => {
  test("named wildcards go out as plain ones and come back as parameters", async ({ online, peer }) => {
    const base = unique("named");
    const client = await online();
    const subscription = await client.subscribed(`${base}/+device/state/#rest`, { qos: 1 });
    const other = await peer();
    await other.publish(`${base}/lamp/state/a/b`, "1", { qos: 1 });
    await other.publish(`${base}/größe/state`, "2", { qos: 1 });
    await other.publish(`${base}/lamp/other/a`, "not this", { qos: 1 });
    await other.publish(`${base}//state/`, "3", { qos: 1 });
    const messages = await subscription.until(3);
    assert.deepEqual(
      messages.map(({ text, params }) => [text, params]),
      [
        ["1", { device: "lamp", rest: "a/b" }],
        ["2", { device: "größe", rest: "" }],
        ["3", { device: "", rest: "" }],
      ],
    );
  });

  test("of overlapping filters each handler gets its copy once, or without identifiers every copy, and no other handler gets any", async ({
    broker,
    v5,
    online,
    peer,
  }) => {
    const base = unique("overlap");
    const client = await online();
    const filters = ["#", "+/c", "b/+", "b/c", "b/c/#", "b", "+", "x/#"];
    const subscriptions = [];
    for (const filter of filters) subscriptions.push(await client.subscribed(`${base}/${filter}`, { qos: 1 }));
    const marker = await client.subscribed(unique("marker"), { qos: 1 });
    const from = broker.proxy.packets.length;
    const other = await peer();
    await other.publish(`${base}/b/c`, "hit", { qos: 1 });
    await subscriptions[0].until(1);
    // Copies to one client leave the broker in order, so after an answered round trip all of them have passed.
    await client.publish(`${base}/x/end`, "end", { qos: 1 });
    await subscriptions[7].until(1);
    const copies = broker.proxy.packets
      .slice(from)
      .filter((packet) => packet.direction === "down" && packet.topic === `${base}/b/c`).length;
    assert.ok(copies >= 1);
    const counts = await Promise.all(
      subscriptions.map(async (subscription) => texts(await subscription.messages()).filter((text) => text === "hit").length),
    );
    const each = v5 ? 1 : copies;
    assert.deepEqual(counts, [each, each, each, each, each, 0, 0, 0]);
    assert.deepEqual(await marker.messages(), []);
  });

  test("unsubscribing ends the messages and the loop over them", async ({ broker, online, peer }) => {
    const topic = unique("over");
    const client = await online();
    const subscription = await client.subscribed(topic, { qos: 1 }, { iterate: true });
    const other = await peer();
    await other.publish(topic, "before", { qos: 1 });
    await subscription.until(1);
    const from = broker.proxy.packets.length;
    await subscription.unsubscribe();
    assert.ok(broker.proxy.packets.slice(from).some((packet) => packet.type === "UNSUBACK"));
    await other.publish(topic, "after", { qos: 1 });
    const again = await client.subscribed(topic, { qos: 1 });
    await other.publish(topic, "again", { qos: 1 });
    await again.until(1);
    assert.deepEqual(texts(await subscription.messages()), ["before"]);
    assert.deepEqual(texts(await again.messages()), ["again"]);
    assert.equal(await subscription.ended(), true);
  });

  test("a filter used twice is one subscription at the broker until the last user has left", async ({ broker, online, peer }) => {
    const topic = unique("shared");
    const client = await online();
    const first = await client.subscribed(topic, { qos: 1 });
    const second = await client.subscribed(topic, { qos: 1 });
    const other = await peer();
    await other.publish(topic, "both", { qos: 1 });
    await Promise.all([first.until(1), second.until(1)]);
    const from = broker.proxy.packets.length;
    await first.unsubscribe();
    await other.publish(topic, "second", { qos: 1 });
    await second.until(2);
    assert.deepEqual([texts(await first.messages()), texts(await second.messages())], [["both"], ["both", "second"]]);
    assert.ok(!broker.proxy.packets.slice(from).some((packet) => packet.type === "UNSUBSCRIBE"));
    await second.unsubscribe();
    assert.ok(broker.proxy.packets.slice(from).some((packet) => packet.type === "UNSUBACK"));
  });

  test("a handler that throws is reported and harms neither the others nor the link", async ({ online, peer }) => {
    const topic = unique("throws");
    const client = await online();
    const bad = await client.subscribed(topic, { qos: 1 }, { throws: true });
    const good = await client.subscribed(topic, { qos: 1 });
    const other = await peer();
    await other.publish(topic, "1", { qos: 1 });
    await other.publish(topic, "2", { qos: 1 });
    await Promise.all([bad.until(2), good.until(2)]);
    assert.deepEqual(
      (await client.errors()).map(({ message }) => message),
      ["the handler fails", "the handler fails"],
    );
    assert.equal((await client.statuses()).at(-1).state, "online");
  });

  test("a handler may publish, and what it publishes arrives", async ({ lab, broker, access, peer }) => {
    const base = unique("echo");
    const other = await peer();
    await other.subscribe(`${base}/answer`);
    await lab.page.evaluate(
      async (url, access, base) => {
        const client = globalThis.hawser.connect(url, access);
        await client.subscribe(`${base}/question`, { qos: 2 }, async (message) => {
          await client.publish(`${base}/answer`, `${message.text()}!`, { qos: 1 });
          await client.close();
        }).ready;
      },
      broker.url,
      access,
      base,
    );
    await other.publish(`${base}/question`, "why", { qos: 2 });
    assert.deepEqual(texts(await other.until(1)), ["why!"]);
  });

  test("bad filters and topics are refused before anything is sent", async ({ broker, online }) => {
    const client = await online();
    const from = broker.proxy.packets.length;
    for (const filter of ["", "a/#/b", "a#", "a/b+", "a\u0000b", "\ud800", "x".repeat(65_536)]) {
      await assert.rejects(client.subscribe(filter), { name: "TopicError" }, JSON.stringify(filter.slice(0, 10)));
    }
    for (const topic of ["", "a/+", "#", "a\u0000b", "\udfff", "ü".repeat(32_768)]) {
      await assert.rejects(client.publish(topic, "x"), { name: "TopicError" }, JSON.stringify(topic.slice(0, 10)));
    }
    assert.deepEqual(
      broker.proxy.packets.slice(from).filter((packet) => packet.direction === "up"),
      [],
    );
  });
});

matrix("subscriptions in 5.0", { protocols: ["5.0"], feature: "subscription identifiers" }, (test) => {
  test("a filter that overlaps with earlier ones is told apart from them, before and after a reconnect, and retained messages come once", async ({
    broker,
    online,
    peer,
  }) => {
    const base = unique("late");
    const other = await peer();
    await other.publish(`${base}/a`, "kept", { qos: 1, retain: true });
    const client = await online({ session: { expiry: 600 } });
    const exact = await client.subscribed(`${base}/a`, { qos: 1 });
    await exact.until(1);
    const all = await client.subscribed(`${base}/#`, { qos: 1 });
    await all.until(1);
    // The broker has answered the second SUBSCRIBE to the first filter when it answers what is asked after it.
    await (await client.subscribed(unique("marker"))).unsubscribe();
    await other.publish(`${base}/a`, "1", { qos: 1 });
    await Promise.all([exact.until(2), all.until(2)]);
    const from = (await client.statuses()).length;
    broker.proxy.cut();
    await client.until({ state: "online" }, from);
    await other.publish(`${base}/a`, "2", { qos: 1 });
    await client.publish(`${base}/end`, "end", { qos: 1 });
    await all.until(4);
    assert.deepEqual(texts(await exact.messages()), ["kept", "1", "2"]);
    assert.deepEqual(texts(await all.messages()), ["kept", "1", "2", "end"]);
  });

  test(
    "the members of a share get each message once between them, beside a subscription of their own",
    "shared subscriptions",
    async ({ online, peer }) => {
      const base = unique("share");
      const client = await online();
      if (!(await client.until({ state: "online" })).limits.sharedSubscriptionsAvailable) {
        await assert.rejects(client.subscribed(`$share/g/${base}/#`, { qos: 1 }), { name: "SubscribeError" });
        throw new NotOffered("CONNACK says Shared Subscription Available 0");
      }
      const mine = await client.subscribed(`${base}/+`, { qos: 1 });
      const members = [
        await client.subscribed(`$share/g/${base}/#`, { qos: 1 }),
        await (await online()).subscribed(`$share/g/${base}/#`, { qos: 1 }),
      ];
      const other = await peer();
      const sent = Array.from({ length: 20 }, (_, number) => String(number));
      for (const text of sent) await other.publish(`${base}/a`, text, { qos: 1 });
      await mine.until(20);
      await client.publish(`${base}/end`, "end", { qos: 1 });
      await mine.until(21);
      assert.deepEqual(texts(await mine.messages()), [...sent, "end"]);
      const shared = async () =>
        (await Promise.all(members.map(async (member) => texts(await member.messages())))).flat().filter((text) => text !== "end");
      await until(async () => (await shared()).length >= 20);
      assert.deepEqual((await shared()).sort(), [...sent].sort());
    },
  );

  test(
    "our own messages are left out with noLocal, and a retained one stays marked with retainAsPublished",
    "no local and retain as published",
    async ({ online, peer }) => {
      const topic = unique("options");
      const client = await online();
      const silent = await client.subscribed(topic, { qos: 1, noLocal: true, retainAsPublished: true });
      await client.publish(topic, "mine", { qos: 1 });
      const other = await peer();
      await other.publish(topic, "theirs", { qos: 1, retain: true });
      const messages = await silent.until(1);
      assert.deepEqual(
        messages.map(({ text, retain }) => [text, retain]),
        [["theirs", true]],
      );
    },
  );

  test("retained messages come only as retainHandling says", "retain handling", async ({ online, peer }) => {
    const topic = unique("handling");
    const other = await peer();
    await other.publish(topic, "kept", { qos: 1, retain: true });
    const client = await online();
    const never = await client.subscribed(topic, { qos: 1, retainHandling: "never" });
    await other.publish(topic, "live", { qos: 1 });
    await never.until(1);
    assert.deepEqual(texts(await never.messages()), ["live"]);
    await never.unsubscribe();
    const once = await client.subscribed(topic, { qos: 1, retainHandling: "if-new" });
    await once.until(1);
    const again = await client.subscribed(topic, { qos: 2, retainHandling: "if-new" });
    await other.publish(topic, "live", { qos: 1 });
    await again.until(1);
    assert.deepEqual([texts(await once.messages()), texts(await again.messages())], [["kept", "live"], ["live"]]);
  });
});
