// Thousands of numbered messages: nothing lost, nothing twice, in order; also while the link is cut again and again.

import assert from "node:assert/strict";
import { unique } from "./support/lab.mjs";
import { matrix } from "./support/matrix.mjs";
import { until } from "./support/peer.mjs";

const COUNT = 3_000;
const CUTS = 8;
const ALL = Array.from({ length: COUNT }, (_, i) => i);
const KEPT = { session: { expiry: 600, cleanStart: false } };

/** The numbers in the order of their first appearance. */
const firsts = (numbers) => [...new Set(numbers)];

/** How many QoS 2 messages came down as new ones: under an identifier that no PUBLISH before it holds. */
function newOnTheWire(packets) {
  const open = new Set();
  let count = 0;
  for (const { direction, type, flags, id } of packets) {
    if (direction === "up") continue;
    if (type === "PUBREL") open.delete(id);
    if (type === "PUBLISH" && (flags & 6) === 4) {
      if (!open.has(id)) count += 1;
      open.add(id);
    }
  }
  return count;
}

/** How many messages of QoS 1 came down, the repeated ones too. */
const arrivals = (packets) =>
  packets.filter(({ direction, type, flags }) => direction === "down" && type === "PUBLISH" && (flags & 6) === 2).length;

/** Cuts the link in the middle of whatever passes, again and again. */
async function cutting(proxy) {
  for (let cut = 0; cut < CUTS; cut++) await proxy.cutAfterBytes(701 + 200 * cut, cut % 2 ? "down" : "up");
}

matrix("floods", (test) => {
  for (const qos of [0, 1, 2]) {
    test(`${COUNT} messages published with QoS ${qos} arrive once each, in order`, async (bench) => {
      const topic = unique("flood-out");
      const other = await bench.peer();
      await other.subscribe(topic);
      const client = await bench.online({ queue: { messages: COUNT } });
      assert.deepEqual(await client.publishNumbers(topic, COUNT, { qos }), []);
      assert.deepEqual(
        (await other.until(COUNT)).map(({ text }) => Number(text)),
        ALL,
      );
    });

    test(`${COUNT} messages received with QoS ${qos} are handled once each, in order`, async ({ online, peer }) => {
      const topic = unique("flood-in");
      const client = await online();
      const subscription = await client.subscribed(topic, { qos }, { numbers: true });
      const other = await peer();
      await other.publishNumbers(topic, COUNT, qos);
      await subscription.until(COUNT);
      assert.deepEqual(await subscription.numbers(), ALL);
    });
  }

  for (const qos of [1, 2]) {
    test(`QoS ${qos} messages going out survive a link that is cut again and again`, async (bench) => {
      const { admit, v5, broker, online, peer } = bench;
      const topic = unique("cuts-out");
      const other = await peer();
      await other.subscribe(topic);
      const client = await online({ ...KEPT, queue: { messages: COUNT } });
      const numbers = () => other.messages.map(({ text }) => Number(text));
      const cuts = cutting(broker.proxy);
      const publishing = client.publishNumbers(topic, COUNT, { qos });
      if (qos === 2 && !v5 && broker.faults.pubcompIn311) {
        // Its malformed PUBCOMP ends every further connection, so nobody gets to the end; but nothing may arrive twice.
        admit(broker.faults.pubcompIn311);
        await cuts;
        await client.close();
        assert.ok((await publishing).length > 0);
        assert.deepEqual(numbers(), ALL.slice(0, numbers().length));
        return;
      }
      assert.deepEqual(await publishing, []);
      await cuts;
      await client.publish(topic, String(COUNT), { qos });
      await until(() => numbers().at(-1) === COUNT, "the last message at the peer");
      assert.deepEqual(firsts(numbers()), [...ALL, COUNT]);
      if (qos === 2) assert.equal(numbers().length, COUNT + 1);
    });

    test(`QoS ${qos} messages coming in survive a link that is cut again and again`, async ({ admit, broker, online, peer }) => {
      const topic = unique("cuts-in");
      const other = await peer();
      const client = await online(KEPT);
      const subscription = await client.subscribed(topic, { qos }, { numbers: true });
      const from = broker.proxy.packets.length;
      const cuts = cutting(broker.proxy);
      await other.publishNumbers(topic, COUNT, qos);
      await cuts;
      await other.publishNumbers(topic, 1, qos); // the number 0 once more, when all is calm
      if (broker.faults.resendsOutOfOrder) await client.publish(unique("round-trip"), "x", { qos: 1 });
      else await subscription.untilNumber(0);
      const numbers = await subscription.numbers();
      const packets = broker.proxy.packets.slice(from);
      const arrived = qos === 2 ? newOnTheWire(packets) : arrivals(packets);
      assert.ok(numbers.length <= arrived, `${numbers.length} messages were handled, ${arrived} have come`);
      const fault = (qos === 2 && broker.faults.resendsUnderNewIds) || broker.faults.resendsOutOfOrder;
      if (fault) return admit(fault);
      assert.deepEqual(firsts(numbers), ALL);
      if (qos === 2) assert.equal(numbers.length, COUNT + 1);
    });
  }
});
