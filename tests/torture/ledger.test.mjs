// The judge of the kill matrix sees what is wrong, and only that.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Ledger } from "./ledger.mjs";
import { randomFrom, seedFor } from "./random.mjs";
import { writeWire } from "./wire.mjs";

/** A ledger in which these things happened: [flow, number, mark, detail?], or a function of the ledger. */
function after(...events) {
  const ledger = new Ledger();
  for (const event of events) {
    if (typeof event === "function") event(ledger);
    else ledger.note(...event);
  }
  return ledger.judge();
}

const forgets = (ledger) => ledger.brokerForgot();
const tells = (ledger) => {
  // The next millisecond: an event at the very moment of the death cannot tell of it.
  for (const now = Date.now(); Date.now() <= now; );
  ledger.gap();
};

test("what was promised and came, once and in order, is without fault", () => {
  const { counts, faults } = after(["out1", 0, "promised"], ["out1", 0, "arrived"], ["in2", 4, "accepted"], ["in2", 4, "started"]);
  assert.deepEqual(faults, []);
  assert.deepEqual([counts.out1.messages, counts.in2.messages, counts.in1.messages], [1, 1, 0]);
});

test("a promised number that never came is lost, one that was not promised is not", () => {
  const { counts, faults } = after(["out1", 0, "promised"], ["out1", 1, "ordered"], ["in1", 2, "accepted"], ["in1", 3, "sent"]);
  assert.deepEqual([counts.out1.lost, counts.in1.lost, faults.length], [1, 1, 2]);
});

test("a number that comes twice is a fault at QoS 2 and with dedupe, and counted at QoS 1", () => {
  for (const [flow, mark, expected] of [
    ["out1", "arrived", 0],
    ["out2", "arrived", 1],
    ["in1", "started", 0],
    ["dedupe1", "started", 1],
    ["in2", "started", 1],
  ]) {
    const { counts, faults } = after([flow, 0, mark], [flow, 0, mark]);
    assert.deepEqual([flow, counts[flow].duplicated, faults.length], [flow, 1, expected]);
  }
});

test("a number that comes for the first time behind a later one is out of order, a repeated one is not", () => {
  const { counts } = after(
    ["in1", 0, "started"],
    ["in1", 1, "started"],
    ["in1", 0, "started"],
    ["in1", 3, "started"],
    ["in1", 2, "started"],
  );
  assert.equal(counts.in1.reordered, 1);
});

test("a number that the broker sent behind a later one was not reordered by the client", () => {
  const publish =
    (flow, direction, ...numbers) =>
    (ledger) => {
      for (const number of numbers) ledger.onWire(flow, number, { type: "PUBLISH", direction, link: 1, at: Date.now() }, "");
    };
  const swapped = [
    ["in1", 1, "started"],
    ["in1", 0, "started"],
  ];
  const byBroker = after(...swapped, publish("in1", "down", 1, 0));
  assert.deepEqual([byBroker.counts.in1.reordered, byBroker.counts.in1.reorderedByBroker, byBroker.faults], [0, 1, []]);
  assert.equal(after(...swapped, publish("in1", "down", 0, 1)).counts.in1.reordered, 1);
  const arrived = [
    ["out1", 1, "arrived"],
    ["out1", 0, "arrived"],
  ];
  assert.equal(after(...arrived, publish("out1", "up", 0, 1)).counts.out1.reorderedByBroker, 1);
  assert.equal(after(...arrived, publish("out1", "up", 1, 0)).counts.out1.reordered, 1);
  assert.equal(after(...arrived, publish("out1", "up", 0, 1, 0)).counts.out1.reordered, 1);
});

test("a number that an event calls interrupted is handled then, unless it had been", () => {
  const fresh = after(["in2", 0, "accepted"], ["in2", 0, "interrupted"]);
  assert.deepEqual([fresh.counts.in2.interrupted, fresh.faults], [1, []]);
  const handled = after(["in2", 0, "accepted"], ["in2", 0, "started"], ["in2", 0, "interrupted"]);
  assert.deepEqual([handled.counts.in2.duplicated, handled.faults], [0, []]);
  const again = after(["in2", 0, "accepted"], ["in2", 0, "interrupted"], ["in2", 0, "started"]);
  assert.equal(again.faults.length, 1);
});

test("a broker that forgets takes along what the client has not acknowledged, and a gap event has to tell", () => {
  const sent = ["in1", 0, "accepted"];
  const told = after(sent, forgets, tells);
  assert.deepEqual([told.counts.in1.lost, told.counts.in1.lostByBroker, told.faults], [0, 1, []]);
  assert.match(after(sent, forgets).faults.join(), /no gap event/);
  const acknowledged = (ledger) => ledger.onWire("in1", 0, { type: "PUBACK", direction: "up", link: 1, at: Date.now() }, "");
  assert.equal(after(sent, acknowledged, forgets, tells).counts.in1.lost, 1);
  assert.equal(after(sent, forgets, tells, ["in1", 1, "accepted"]).counts.in1.lost, 1);
});

test("an indeterminate outcome is right only at QoS 2, and only when the broker has forgotten the session", () => {
  const out = (flow) => [
    [flow, 0, "promised"],
    [flow, 0, "outcome", "indeterminate"],
  ];
  assert.equal(after(...out("out2")).faults.length, 1);
  assert.deepEqual(after(out("out2")[0], forgets, tells, out("out2")[1]).faults, []);
  assert.equal(after(out("out1")[0], forgets, tells, out("out1")[1]).faults.length, 1);
  assert.equal(after(["out2", 0, "promised"], forgets, tells).counts.out2.lost, 1);
  assert.equal(after(["out1", 0, "promised"], ["out1", 0, "outcome", "completed"]).counts.out1.lost, 1);
});

test("a gap that is told without a reason is a fault", () => {
  assert.match(after(tells).faults.join(), /a gap event/);
});

test("a stored message that a page outlives has an outcome", () => {
  const stored = [
    ["out1", 0, "promised"],
    ["out1", 0, "numbered", "1"],
    ["out1", 0, "arrived"],
  ];
  assert.match(after(...stored).faults.join(), /without an outcome/);
  assert.deepEqual(after(...stored, ["out1", 0, "outcome", "completed"]).faults, []);
  assert.deepEqual(after(...stored, (ledger) => ledger.killed("renderer")).faults, []);
  assert.match(after(...stored, (ledger) => ledger.killed("link")).faults.join(), /without an outcome/);
});

test("packets that passed are told in the histories of their numbers, acknowledgements by the identifier of their PUBLISH", () => {
  const ledger = new Ledger();
  ledger.note("in2", 7, "accepted");
  const packet = { flags: 4, reason: null, topic: null, link: 1, at: Date.now(), id: 3 };
  const packets = [
    { ...packet, direction: "down", type: "PUBLISH", topic: "mine/in2/7" },
    { ...packet, direction: "down", type: "PUBLISH", topic: "other/in2/8", id: 4 },
    { ...packet, direction: "up", type: "PUBREC" },
    { ...packet, direction: "down", type: "PUBREL" },
  ];
  writeWire(packets, "mine", ledger);
  assert.match(ledger.judge().faults.join(), /QoS 2 in: 7 lost[\s\S]*<- PUBLISH id 3[\s\S]*-> PUBREC id 3[\s\S]*<- PUBREL id 3/);
  ledger.brokerForgot();
  assert.equal(ledger.judge().counts.in2.lost, 1);
});

test("chance is the same for the same seed, and another for each part of a run", () => {
  const numbers = (seed) => Array.from({ length: 5 }, randomFrom(seed).next);
  assert.deepEqual(numbers(7), numbers(7));
  assert.notDeepEqual(numbers(seedFor(7, "mosquitto link")), numbers(seedFor(7, "mosquitto browser")));
  const { between } = randomFrom(1);
  const drawn = new Set(Array.from({ length: 200 }, () => between(2, 5)));
  assert.deepEqual([...drawn].sort(), [2, 3, 4, 5]);
});
