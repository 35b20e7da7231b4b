// Sessions that outlive their page: what an earlier page left is taken up again, and told.

import assert from "node:assert/strict";
import { unique } from "./support/lab.mjs";
import { matrix } from "./support/matrix.mjs";

/** A stored session of a name that no other test uses. The client makes its own identifier. */
const stored = (options = {}) => ({ clientId: undefined, session: { name: unique("wall"), expiry: "1h", ...options } });

/** SUBSCRIBE packets that this proxy has seen from an index of its log on. */
const subscribes = (proxy, from) => proxy.packets.slice(from).filter(({ type }) => type === "SUBSCRIBE").length;

const kinds = (outcomes) => Object.fromEntries(outcomes.map(({ kind, message }) => [message.topic, kind]));
const ids = (messages) => messages.map(({ id }) => id);

/** The page is loaded anew, after `meanwhile`. */
async function reload(lab, meanwhile) {
  await lab.leave();
  await meanwhile?.();
  await lab.enter();
}

matrix("stored sessions", { feature: "session resumed" }, (test, { protocol }) => {
  test("after a reload the same session goes on: client id, subscriptions, and what came meanwhile", async ({
    admit,
    broker,
    connect,
    online,
    lab,
    peer,
    v5,
  }) => {
    const [options, topic] = [stored(), unique("reloaded")];
    // Who wants retained messages has to ask again, and 3.1.1 knows nothing else.
    const wanted = { qos: 1, ...(v5 && { retainHandling: "if-new" }) };
    const first = await online(options);
    const { clientId } = await first.until({ state: "online" });
    await first.subscribed(topic, wanted);
    await first.publish(topic, "before", { qos: 1 });
    const other = await peer();
    const seen = broker.proxy.packets.length;
    await reload(lab, async () => {
      for (const text of ["one", "two", "three"]) await other.publish(topic, text, { qos: 1 });
    });
    const second = await connect(options);
    const subscription = await second.subscribe(topic, wanted);
    const { sessionPresent, clientId: again, durability } = await second.until({ state: "online" });
    assert.deepEqual([sessionPresent, again, durability], [true, clientId, "relaxed"]);
    const texts = (await subscription.until(3)).map(({ text }) => text).slice(-3);
    const unordered = texts[0] !== "one" && broker.faults.resendsOutOfOrder;
    if (unordered) admit(unordered);
    assert.deepEqual(unordered ? texts.sort() : texts, unordered ? ["one", "three", "two"] : ["one", "two", "three"]);
    assert.equal((await subscription.ready()).qos, 1);
    await second.publish(topic, "after", { qos: 1 });
    assert.equal(subscribes(broker.proxy, seen), v5 ? 0 : 1);
    assert.deepEqual((await second.told()).gap, []);
    assert.deepEqual(await second.session(), { name: options.session.name, slot: 0, durability: "relaxed" });
  });

  test("what an earlier page published is delivered by the next one, which is told the outcomes", async ({
    broker,
    connect,
    lab,
    peer,
  }) => {
    const [options, base] = [stored(), unique("left")];
    const other = await peer();
    await other.subscribe(`${base}/#`);
    broker.proxy.refuse(true);
    const first = await connect(options);
    const left = [];
    for (const qos of [1, 2, 1]) left.push(await first.publish(`${base}/${left.length}`, `qos ${qos}`, { qos, until: "stored" }));
    assert.deepEqual(ids(await first.outbox()), ids(left));
    await reload(lab);
    const second = await connect(options);
    const pending = await second.outbox();
    assert.deepEqual(ids(pending), ids(left));
    assert.ok(pending.every(({ earlier, mayHaveLeft }) => earlier && !mayHaveLeft));
    assert.deepEqual(
      pending.map(({ topic, qos, size }) => [topic, qos, size]),
      [1, 2, 1].map((qos, number) => [`${base}/${number}`, qos, 5]),
    );
    broker.proxy.refuse(false);
    const outcomes = await second.untilTold("outcome", 3);
    assert.deepEqual(kinds(outcomes), { [`${base}/0`]: "completed", [`${base}/1`]: "completed", [`${base}/2`]: "completed" });
    assert.deepEqual(ids(outcomes.map(({ message }) => message)).sort(), ids(left));
    assert.deepEqual(await second.outbox(), []);
    const texts = (await other.until(3)).map(({ topic, text }) => `${topic} ${text}`);
    assert.deepEqual(texts.sort(), [`${base}/0 qos 1`, `${base}/1 qos 2`, `${base}/2 qos 1`]);
    await reload(lab);
    const third = await connect(options);
    assert.deepEqual(await third.outbox(), []);
    await third.until({ state: "online" });
    assert.deepEqual((await third.told()).outcome, []);
  });

  test("a filter that the next page does not want any more is unsubscribed by its name, and what came for it holds up nothing", async ({
    broker,
    connect,
    online,
    lab,
    peer,
  }) => {
    const [options, base] = [{ ...stored(), receiveMaximum: 3 }, unique("unwanted")];
    const first = await online(options);
    for (const filter of ["old/#", "new"]) await first.subscribed(`${base}/${filter}`, { qos: 1 });
    const other = await peer();
    await reload(lab, async () => {
      for (const topic of ["old/1", "old/2", "old/3", "old/4", "new"]) await other.publish(`${base}/${topic}`, topic, { qos: 1 });
    });
    const second = await connect(options);
    const subscription = await second.subscribe(`${base}/new`, { qos: 1 });
    await second.until({ state: "online" });
    await second.unsubscribe(`${base}/old/#`);
    /** Waits until this has come; what had come before may come again. */
    const come = async (wanted) => {
      for (let count = 1; !(await subscription.until(count)).some(({ text }) => text === wanted); ) count++;
    };
    await come("new");
    const from = broker.proxy.packets.length;
    await other.publish(`${base}/old/5`, "to nobody", { qos: 1 });
    await other.publish(`${base}/new`, "last", { qos: 1 });
    await come("last");
    const down = broker.proxy.packets.slice(from).filter(({ type, direction }) => type === "PUBLISH" && direction === "down");
    assert.equal(down.length, 1);
  });

  test("a broker that lost the session meanwhile: a gap, QoS 1 again, QoS 2 indeterminate", async ({
    broker,
    connect,
    online,
    lab,
    peer,
  }) => {
    const [options, base] = [stored(), unique("lost")];
    const first = await online(options);
    await first.subscribed(`${base}/in`, { qos: 1 });
    for (const type of ["PUBACK", "PUBREC"]) broker.proxy.swallow(type, "down");
    const sent = [1, 2].map((qos) => broker.proxy.waitFor(({ type, flags }) => type === "PUBLISH" && flags >> 1 === qos));
    for (const qos of [1, 2]) await first.publish(`${base}/${qos}`, "under way", { qos, until: "stored" });
    await Promise.all(sent);
    await reload(lab, async () => {
      broker.proxy.calm();
      await broker.restart({ forget: true });
    });
    const other = await peer();
    await other.subscribe(`${base}/#`);
    const second = await connect(options);
    const subscription = await second.subscribe(`${base}/in`, { qos: 1 });
    assert.equal((await second.until({ state: "online" })).sessionPresent, false);
    assert.deepEqual(await second.untilTold("gap"), [{ kind: "session-lost" }]);
    const outcomes = await second.untilTold("outcome", 2);
    assert.deepEqual(kinds(outcomes), { [`${base}/1`]: "completed", [`${base}/2`]: "indeterminate" });
    assert.equal((await other.until(1))[0].text, "under way");
    await subscription.ready();
    await other.publish(`${base}/in`, "subscribed again", { qos: 1 });
    assert.equal((await subscription.until(1))[0].text, "subscribed again");
  });

  test('with qos2AfterLoss "resend" a QoS 2 message under way is sent anew to a broker that lost the session', async ({
    broker,
    connect,
    online,
    lab,
    peer,
  }) => {
    const [options, topic] = [stored({ qos2AfterLoss: "resend" }), unique("anew")];
    const first = await online(options);
    broker.proxy.swallow("PUBREC", "down");
    const sent = broker.proxy.waitFor(({ type, flags }) => type === "PUBLISH" && flags >> 1 === 2);
    const { id } = await first.publish(topic, "under way", { qos: 2, until: "stored" });
    await sent;
    await reload(lab, async () => {
      broker.proxy.calm();
      await broker.restart({ forget: true });
    });
    const other = await peer();
    await other.subscribe(topic);
    const second = await connect(options);
    const [{ kind, message }] = await second.untilTold("outcome");
    assert.deepEqual([kind, message.id], ["completed", id]);
    assert.equal((await other.until(1))[0].dup, false);
  });

  test("messages for one broker are not sent to another: each has its outcome, and the session begins anew", async ({
    access,
    broker,
    online,
    lab,
    peer,
  }) => {
    const [options, base] = [stored(), unique("elsewhere")];
    const first = await online(options);
    const { clientId } = await first.until({ state: "online" });
    broker.proxy.swallow("PUBACK", "down");
    const sent = broker.proxy.waitFor(({ type }) => type === "PUBLISH");
    await first.publish(`${base}/sent`, "x", { qos: 1, until: "stored" });
    await sent;
    const from = (await first.statuses()).length;
    broker.proxy.refuse(true);
    broker.proxy.cut();
    await first.until({ state: "waiting" }, from);
    await first.publish(`${base}/waiting`, "y", { qos: 1, until: "stored" });
    await reload(lab, () => broker.proxy.calm());
    const other = await peer();
    await other.subscribe(`${base}/#`);
    const second = await lab.online(`${broker.url}/elsewhere`, { ...access, ...options });
    const outcomes = await second.untilTold("outcome", 2);
    assert.deepEqual(kinds(outcomes), { [`${base}/sent`]: "indeterminate", [`${base}/waiting`]: "abandoned" });
    const { sessionPresent, clientId: another } = await second.until({ state: "online" });
    assert.equal(sessionPresent, false);
    assert.notEqual(another, clientId);
    await second.publish(`${base}/new`, "z", { qos: 1 });
    assert.deepEqual(
      (await other.until(1)).map(({ text }) => text),
      ["z"],
    );
  });

  if (protocol === "5.0") {
    test("a session that expired while no page was open begins anew, with a gap, and nothing that waited is lost", async ({
      access,
      online,
      broker,
      lab,
      peer,
    }) => {
      const [options, topic] = [stored({ expiry: "10m" }), unique("expired")];
      const first = await online(options);
      await first.subscribed(topic, { qos: 1 });
      const from = (await first.statuses()).length;
      broker.proxy.refuse(true);
      broker.proxy.cut();
      await first.until({ state: "waiting" }, from);
      await first.publish(topic, "late", { qos: 1, until: "stored" });
      await first.publish(topic, "too late", { qos: 1, expiry: "10m", until: "stored" });
      await lab.leave();
      broker.proxy.refuse(false);
      const other = await peer();
      await other.subscribe(topic);
      // The next page lives half an hour later.
      const tab = await lab.tab(() => {
        Object.defineProperty(performance, "timeOrigin", { value: performance.timeOrigin + 1_800_000 });
      });
      const second = await tab.online(broker.url, { ...access, ...options });
      assert.deepEqual(await second.untilTold("gap"), [{ kind: "session-expired" }]);
      assert.equal((await second.until({ state: "online" })).sessionPresent, false);
      const outcomes = await second.untilTold("outcome", 2);
      assert.deepEqual(outcomes.map(({ kind }) => kind).sort(), ["completed", "expired"]);
      assert.deepEqual(
        (await other.until(1)).map(({ text }) => text),
        ["late"],
      );
      await lab.enter();
    });
  }
});
