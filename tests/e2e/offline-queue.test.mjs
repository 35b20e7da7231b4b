// What waits for the link: what gives way when there is no room, and what becomes of QoS 0.

import assert from "node:assert/strict";
import { unique } from "./support/lab.mjs";
import { matrix } from "./support/matrix.mjs";

const texts = (messages) => messages.map(({ text }) => text);

matrix("offline queue", { basic: true }, (test) => {
  /** A client that cannot reach its broker, and one beside it that listens. */
  async function offline({ broker, connect, peer }, queue) {
    const topic = unique("queue");
    const other = await peer();
    await other.subscribe(`${topic}/#`);
    broker.proxy.refuse(true);
    const client = await connect({ queue });
    await client.until({ state: "waiting" });
    const reach = async () => {
      broker.proxy.refuse(false);
      await client.until({ state: "online" });
    };
    return { topic, other, client, reach };
  }

  /** The code of an error, or "sent". */
  const outcome = (promise) =>
    promise.then(
      () => "sent",
      (error) => error.code,
    );

  test("drop-oldest: the latest messages arrive, and each promise says what became of its message", async (bench) => {
    const { topic, other, client, reach } = await offline(bench, { messages: 3, overflow: "drop-oldest" });
    const outcomes = [];
    for (let number = 0; number < 6; number++)
      outcomes.push(outcome(client.publish(`${topic}/a`, String(number), { qos: Math.min(number % 3, bench.broker.maximumQos) })));
    assert.deepEqual(await Promise.all(outcomes.slice(0, 3)), ["dropped", "dropped", "dropped"]);
    await reach();
    assert.deepEqual(await Promise.all(outcomes.slice(3)), ["sent", "sent", "sent"]);
    assert.deepEqual(texts(await other.until(3)).sort(), ["3", "4", "5"]);
  });

  test("latest-per-topic: one message of each topic arrives, the latest", async (bench) => {
    const { topic, other, client, reach } = await offline(bench, { overflow: "latest-per-topic" });
    const outcomes = [];
    for (const [name, text] of [
      ["a", "1"],
      ["b", "2"],
      ["a", "3"],
      ["a", "4"],
    ])
      outcomes.push(outcome(client.publish(`${topic}/${name}`, text, { qos: 1 })));
    assert.deepEqual([await outcomes[0], await outcomes[2]], ["superseded", "superseded"]);
    await reach();
    assert.deepEqual([await outcomes[1], await outcomes[3]], ["sent", "sent"]);
    assert.deepEqual(texts(await other.until(2)), ["2", "4"]);
  });

  test("QoS 0 without a link is refused or dropped, as asked, and sent as soon as there is one", async (bench) => {
    for (const [qos0, expected] of [
      ["refuse", "offline"],
      ["drop", "sent"],
    ]) {
      const { topic, other, client, reach } = await offline(bench, { qos0 });
      assert.equal(await outcome(client.publish(`${topic}/a`, "early")), expected);
      await reach();
      assert.equal(await outcome(client.publish(`${topic}/a`, "late")), "sent");
      assert.deepEqual(texts(await other.until(1)), ["late"]);
    }
  });
});
