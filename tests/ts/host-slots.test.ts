// The host with a stored session: when it starts, and when others can have it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PENDING } from "../../src/ts/engine.js";
import type { Claim } from "../../src/ts/host.js";
import { settingsOf } from "../../src/ts/settings.js";
import type { Slot } from "../../src/ts/slots.js";
import { hostOf } from "./recorded-engine.js";
import { record } from "./words.js";

/** A slot of a stored session, claimed when the test says so. */
function claimOf(answer: "taken" | "unavailable" | number = 0) {
  const left: number[] = [];
  const released: number[] = [];
  let settle: () => void = () => undefined;
  const slot = new Promise<Slot | "taken" | "unavailable">((resolve) => {
    const owned = (number: number): Slot => ({
      number,
      store: `hawser/wall/${number}`,
      leave: () => void left.push(number),
      release: async () => void released.push(number),
    });
    settle = () => resolve(typeof answer === "number" ? owned(answer) : answer);
  });
  const { session, engine } = settingsOf("ws://broker.test", { session: { name: "wall" } });
  const claim: Claim = { session: session ?? assert.fail(), slot };
  return { claim, options: engine, left, released, settle };
}

/** Something that the test settles. */
function promise() {
  let settle: () => void = () => undefined;
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { settled, settle };
}

const names = (calls: unknown[][]): unknown[] => calls.map(([name]) => name);

test("a stored session starts when this page owns a slot and its store is open; calls are kept until then", async () => {
  const { claim, options, released, settle } = claimOf(2);
  const { host, calls, claimed, store, load, settled } = hostOf(options, claim);
  const opened = promise();
  store.opened = opened.settled;
  assert.equal(host.publish(1, "a", Uint8Array.of(1), 2), PENDING);
  const pending = host.outbox();
  load();
  await settled();
  assert.deepEqual(calls, []);
  settle();
  await settled();
  assert.deepEqual(claimed, [2]);
  assert.deepEqual(calls, [["new", { ...options, store: "hawser/wall/2" }], ["open"]]);
  host.subscribe(2, "b", 1);
  opened.settle();
  await settled();
  assert.deepEqual(names(calls).slice(2), ["start", "publish", "subscribe"]);
  assert.deepEqual([...(await pending)], [7]);
  assert.deepEqual(released, []);
});

test("a slot is given up when nothing is left to commit, and the engine is freed before that", async () => {
  const { claim, options, released, settle } = claimOf();
  const { host, calls, store, load, settled } = hostOf(options, claim);
  const flushed = promise();
  store.flushed = flushed.settled;
  settle();
  load();
  await settled();
  let given = false;
  void host.dispose().then(() => {
    given = true;
  });
  await settled();
  assert.deepEqual(names(calls).slice(-1), ["flush"]);
  assert.deepEqual([released, given], [[], false]);
  flushed.settle();
  await settled();
  assert.deepEqual(names(calls).slice(-2), ["quit_if_stuck", "free"]);
  assert.deepEqual([released, given], [[0], true]);
  await host.dispose(); // the same end
  assert.equal(names(calls).filter((name) => name === "free").length, 1);
});

test("a host that is over before its store is open, or its slot claimed, starts nothing and gives the slot up", async () => {
  const opening = claimOf();
  const one = hostOf(opening.options, opening.claim);
  const opened = promise();
  one.store.opened = opened.settled;
  opening.settle();
  one.load();
  await one.settled();
  const asked = one.host.outbox();
  one.host.close(0);
  assert.deepEqual([...(await asked)], []);
  assert.equal(opening.left[0], 0); // the next client of the page waits for it from this very call on
  await one.settled();
  assert.deepEqual(opening.released, []); // what is being opened is written to, perhaps
  opened.settle();
  await one.settled();
  assert.deepEqual(names(one.calls), ["new", "open", "flush", "quit_if_stuck", "free"]);
  assert.deepEqual([opening.released, one.stops.map(({ cause }) => cause.kind)], [[0], ["closed"]]);

  const claiming = claimOf();
  const two = hostOf(claiming.options, claiming.claim);
  two.load();
  two.host.close(0);
  claiming.settle();
  await two.settled();
  assert.deepEqual([two.calls, claiming.released], [[], [0]]);

  const failing = claimOf();
  const three = hostOf(failing.options, failing.claim);
  three.refuse(new Error("404 Not Found"));
  failing.settle();
  await three.settled();
  assert.deepEqual([failing.released, three.stops.map(({ cause }) => cause.kind)], [[0], ["engine"]]);
});

test("a session whose slots are all taken stops the host, with a cause that says who has it", async () => {
  const { claim, options, settle } = claimOf("taken");
  const { calls, stops, load, settled } = hostOf(options, claim);
  settle();
  load();
  await settled();
  const [{ cause, error } = assert.fail()] = stops;
  assert.ok(cause.kind === "session-in-use" && cause.session === "wall" && /16 slots.*in use.*session\.slots/.test(cause.message));
  assert.deepEqual([error, calls], [undefined, []]);
});

test("where no page can own a slot the session is kept in memory, and that is told", async () => {
  const { claim, options, settle } = claimOf("unavailable");
  const { calls, delivered, load, settled } = hostOf(options, claim);
  settle();
  load();
  await settled();
  assert.deepEqual(delivered, [record("storage", 0, 1, "")]);
  assert.deepEqual(calls, [["new", { ...options, durable: false, cleanStart: true }], ["start"]]);
});

test("an engine whose store cannot even fail properly stops the host and gives the slot up", async () => {
  const { claim, options, released, settle } = claimOf();
  const { store, stops, load, settled } = hostOf(options, claim);
  store.opened = Promise.reject(new Error("unreachable"));
  settle();
  load();
  await settled();
  assert.deepEqual([stops.map(({ cause }) => cause.kind), released], [["engine"], [0]]);
});
