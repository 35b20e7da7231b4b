// The host in the page: calls before the engine is loaded, and an engine that fails.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cause } from "../../src/ts/cause.js";
import type { EarlySocket } from "../../src/ts/early-socket.js";
import { type Deliver, type EngineOptions, type HostEvents, PENDING, type RawEngine, type RawEngineClass } from "../../src/ts/engine.js";
import { EngineError } from "../../src/ts/errors/engine-error.js";
import { type Claim, PageHost } from "../../src/ts/page-host.js";
import { settingsOf } from "../../src/ts/settings.js";
import type { Slot } from "../../src/ts/slots.js";
import { NO_STATS } from "../../src/ts/stats.js";
import { record } from "./words.js";

const OPTIONS = settingsOf("ws://broker.test", {}).engine;

/** A class in the place of the wasm module's: it writes its calls down, and throws when told to. */
function recorder() {
  const calls: unknown[][] = [];
  const stuck = { now: false };
  const fail: { with?: Error } = {};
  const note = (...call: unknown[]) => {
    calls.push(call);
    if (fail.with !== undefined) throw fail.with;
  };
  const answer = { code: PENDING };
  const store = { opened: Promise.resolve(), flushed: Promise.resolve() };
  class Engine implements RawEngine {
    constructor(options: EngineOptions, _deliver: Deliver) {
      note("new", options);
    }
    use_socket = (url: string) => note("use_socket", url);
    start = () => note("start");
    address = (...args: unknown[]) => note("address", ...args);
    address_failed = (...args: unknown[]) => note("address_failed", ...args);
    authenticate = (...args: unknown[]) => note("authenticate", ...args);
    authentication_failed = (...args: unknown[]) => note("authentication_failed", ...args);
    reauthenticate = (...args: unknown[]) => note("reauthenticate", ...args);
    publish = (token: number, topic: string, payload: Uint8Array, flags: number) => {
      note("publish", token, topic, [...payload], flags);
      return answer.code;
    };
    subscribe = (...args: unknown[]) => note("subscribe", ...args);
    unsubscribe = (...args: unknown[]) => note("unsubscribe", ...args);
    cancel = (...args: unknown[]) => note("cancel", ...args);
    close = (...args: unknown[]) => note("close", ...args);
    reconnect_now = () => note("reconnect_now");
    quit_if_stuck = () => {
      calls.push(["quit_if_stuck"]);
      return stuck.now;
    };
    stats = () => {
      note("stats");
      return { ...NO_STATS, framesSent: 3 };
    };
    outbox = () => Uint32Array.of(7);
    open = () => {
      note("open");
      return store.opened;
    };
    flush = () => {
      note("flush");
      return store.flushed;
    };
    free = () => note("free");
  }
  return { calls, Engine: Engine as RawEngineClass, fail, answer, stuck, store };
}

/** A host whose engine comes when the test says so. */
function hostOf(options: EngineOptions = OPTIONS, early?: EarlySocket, claim?: Claim) {
  const { calls, Engine, fail, answer, stuck, store } = recorder();
  const claimed: number[] = [];
  const stops: { cause: Cause; error: Error | undefined }[] = [];
  const delivered: number[][] = [];
  let load: () => void = () => undefined;
  let refuse: (error: Error) => void = () => undefined;
  const engine = new Promise<RawEngineClass>((resolve, reject) => {
    load = () => resolve(Engine);
    refuse = reject;
  });
  const events: HostEvents = {
    deliver: (_frame, words) => delivered.push([...words]),
    claimed: (slot) => claimed.push(slot),
    stopped: (cause, error) => stops.push({ cause, error }),
  };
  const host = new PageHost(engine, options, events, early, claim);
  return { host, calls, fail, answer, stuck, store, stops, delivered, claimed, load, refuse, settled: () => new Promise(setImmediate) };
}

test("calls before the engine is loaded are kept, in order, with the bytes as they were", async () => {
  const { host, calls, load, settled } = hostOf();
  const payload = Uint8Array.of(1, 2);
  host.publish(1, "a", payload, 2);
  payload.fill(9);
  host.subscribe(2, "b", 1);
  host.cancel(1);
  assert.deepEqual(calls, []);
  load();
  await settled();
  host.unsubscribe(3, "b");
  host.address(1, "ws://x");
  host.addressFailed(1, "no");
  host.authenticate(1, Uint8Array.of(7));
  host.authenticationFailed(2, "not me");
  host.reauthenticate(3);
  host.reconnectNow();
  host.close(0);
  assert.deepEqual(calls, [
    ["new", OPTIONS],
    ["start"],
    ["publish", 1, "a", [1, 2], 2],
    ["subscribe", 2, "b", 1, undefined],
    ["cancel", 1],
    ["unsubscribe", 3, "b"],
    ["address", 1, "ws://x", undefined, undefined, undefined],
    ["address_failed", 1, "no"],
    ["authenticate", 1, Uint8Array.of(7)],
    ["authentication_failed", 2, "not me"],
    ["reauthenticate", 3],
    ["reconnect_now"],
    ["close", 0, undefined],
  ]);
});

test("an engine that does not load stops the host once, and later calls do nothing", async () => {
  const { host, stops, refuse, settled } = hostOf();
  host.publish(1, "a", Uint8Array.of(), 0);
  refuse(new Error("404 Not Found"));
  await settled();
  host.publish(2, "a", Uint8Array.of(), 0);
  host.close(0);
  host.dispose();
  assert.equal(stops.length, 1);
  const [{ cause, error } = assert.fail()] = stops;
  assert.ok(cause.kind === "engine" && cause.detail === "404 Not Found" && /hawser\.wasm/.test(cause.message));
  assert.ok(error instanceof EngineError && error.cause instanceof Error);
});

test("an engine that throws stops the host, and nothing reaches the caller", async () => {
  for (const call of ["publish", "subscribe"] as const) {
    const { host, stops, fail, load, settled } = hostOf();
    load();
    await settled();
    fail.with = new Error("unreachable executed");
    if (call === "publish") host.publish(1, "a", Uint8Array.of(), 0);
    else host.subscribe(1, "a", 0);
    host.reconnectNow();
    assert.deepEqual(
      stops.map(({ cause }) => cause.kind),
      ["engine"],
    );
  }
});

test("an engine that cannot be made stops the host", async () => {
  const { stops, fail, load, settled } = hostOf();
  fail.with = new Error("bad options");
  load();
  await settled();
  assert.deepEqual(
    stops.map(({ cause }) => cause.kind),
    ["engine"],
  );
});

test("closing before the engine is loaded stops at once, and the engine is never made", async () => {
  const { host, calls, stops, load, settled } = hostOf();
  host.close(0);
  assert.deepEqual(
    stops.map(({ cause }) => cause.kind),
    ["closed"],
  );
  load();
  await settled();
  assert.deepEqual(calls, []);
});

test("the engine is freed once, and not while it may be on the stack", async () => {
  const { host, calls, fail, load, settled } = hostOf();
  load();
  await settled();
  fail.with = new Error("attempted to take ownership while borrowed");
  host.dispose();
  host.dispose();
  assert.ok(!calls.some(([name]) => name === "free"));
  await settled();
  assert.equal(calls.filter(([name]) => name === "free").length, 1);
});

test("what waits for the engine has the same bounds as what waits for the link", async () => {
  for (const bounds of [{ messages: 2 }, { bytes: 4 }]) {
    const { host, calls, load, settled } = hostOf(settingsOf("ws://broker.test", { queue: bounds }).engine);
    const codes = [1, 2, 3].map((token) => host.publish(token, "a", Uint8Array.of(1, 2), 0));
    assert.deepEqual(codes, [PENDING, PENDING, 0x102]);
    load();
    await settled();
    assert.equal(calls.filter(([name]) => name === "publish").length, 2);
  }
});

test("what the engine settles at once is returned, or delivered if the call had to wait for the engine", async () => {
  const { host, answer, delivered, load, settled } = hostOf();
  assert.equal(host.publish(1, "a", Uint8Array.of(), 0), PENDING);
  answer.code = 0x103;
  load();
  await settled();
  assert.deepEqual(delivered, [record("done", 0, 1, 0x103)]);
  assert.equal(host.publish(2, "a", Uint8Array.of(), 0), 0x103);
  answer.code = 0;
  assert.equal(host.publish(3, "a", Uint8Array.of(), 0), 0);
  assert.equal(delivered.length, 1);
});

test("statistics are all zero before there is an engine, and the engine's own afterwards", async () => {
  const { host, fail, load, settled } = hostOf();
  assert.deepEqual(await host.stats(), NO_STATS);
  load();
  await settled();
  assert.equal((await host.stats()).framesSent, 3);
  fail.with = new Error("unreachable");
  await assert.rejects(host.stats(), /unreachable/);
});

test("a socket that was opened early goes to the engine before it starts, and is closed when there will be no engine", async () => {
  const closed: string[] = [];
  const early = (name: string) => ({ url: "ws://x", socket: { close: () => closed.push(name) } as unknown as WebSocket });
  const used = hostOf(OPTIONS, early("used"));
  used.load();
  await used.settled();
  assert.deepEqual(
    used.calls.map(([name]) => name),
    ["new", "use_socket", "start"],
  );
  const unused = hostOf(OPTIONS, early("closed by the user"));
  unused.host.close(0);
  const failed = hostOf(OPTIONS, early("no engine"));
  failed.refuse(new Error("404 Not Found"));
  await failed.settled();
  used.host.dispose();
  assert.deepEqual(closed, ["closed by the user", "no engine"]);
});

test("an engine that traps where nobody calls it, in an event of its socket or timer, is noticed at once", async () => {
  const page = new EventTarget();
  const scope = globalThis as { addEventListener?: unknown; removeEventListener?: unknown };
  scope.addEventListener = page.addEventListener.bind(page);
  scope.removeEventListener = page.removeEventListener.bind(page);
  try {
    const { calls, stuck, stops, load, settled } = hostOf();
    load();
    await settled();
    const trap = new Error("unreachable");
    const uncaught = (): boolean => page.dispatchEvent(Object.assign(new Event("error"), { error: trap }));
    uncaught();
    await settled();
    assert.equal(stops.length, 0); // an error of the page's own
    stuck.now = true;
    uncaught();
    assert.equal(stops.length, 0); // it may have come while the engine was only calling its listener
    await settled();
    const [{ cause, error } = assert.fail()] = stops;
    assert.ok(cause.kind === "engine" && error?.cause === trap);
    assert.equal(calls.filter(([name]) => name === "free").length, 1);
    const asked = calls.length;
    uncaught();
    await settled();
    assert.equal(calls.length, asked); // it does not listen any longer than it lives
  } finally {
    delete scope.addEventListener;
    delete scope.removeEventListener;
  }
});

/** A slot of a stored session, claimed when the test says so. */
function claimOf(answer: "taken" | "unavailable" | number = 0) {
  const released: number[] = [];
  let settle: () => void = () => undefined;
  const slot = new Promise<Slot | "taken" | "unavailable">((resolve) => {
    const owned = (number: number): Slot => ({
      number,
      store: `hawser/wall/${number}`,
      release: async () => void released.push(number),
    });
    settle = () => resolve(typeof answer === "number" ? owned(answer) : answer);
  });
  const { session, engine } = settingsOf("ws://broker.test", { session: { name: "wall" } });
  const claim: Claim = { session: session ?? assert.fail(), slot };
  return { claim, options: engine, released, settle };
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
  const { host, calls, claimed, store, load, settled } = hostOf(options, { url: "ws://x", socket: {} as WebSocket }, claim);
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
  assert.deepEqual(names(calls).slice(2), ["use_socket", "start", "publish", "subscribe"]);
  assert.deepEqual([...(await pending)], [7]);
  assert.deepEqual(released, []);
});

test("a slot is given up when nothing is left to commit, and the engine is freed before that", async () => {
  const { claim, options, released, settle } = claimOf();
  const { host, calls, store, load, settled } = hostOf(options, undefined, claim);
  const flushed = promise();
  store.flushed = flushed.settled;
  settle();
  load();
  await settled();
  let given = false;
  void host.dispose()?.then(() => {
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
  const one = hostOf(opening.options, undefined, opening.claim);
  const opened = promise();
  one.store.opened = opened.settled;
  opening.settle();
  one.load();
  await one.settled();
  one.host.close(0);
  await one.settled();
  assert.deepEqual(opening.released, []); // what is being opened is written to, perhaps
  opened.settle();
  await one.settled();
  assert.deepEqual(names(one.calls), ["new", "open", "flush", "quit_if_stuck", "free"]);
  assert.deepEqual([opening.released, one.stops.map(({ cause }) => cause.kind)], [[0], ["closed"]]);

  const claiming = claimOf();
  const two = hostOf(claiming.options, undefined, claiming.claim);
  two.load();
  two.host.close(0);
  claiming.settle();
  await two.settled();
  assert.deepEqual([two.calls, claiming.released], [[], [0]]);

  const failing = claimOf();
  const three = hostOf(failing.options, undefined, failing.claim);
  three.refuse(new Error("404 Not Found"));
  failing.settle();
  await three.settled();
  assert.deepEqual([failing.released, three.stops.map(({ cause }) => cause.kind)], [[0], ["engine"]]);
});

test("a session whose slots are all taken stops the host, with a cause that says who has it", async () => {
  const { claim, options, settle } = claimOf("taken");
  const closed: string[] = [];
  const early = { url: "ws://x", socket: { close: () => closed.push("early") } as unknown as WebSocket };
  const { calls, stops, load, settled } = hostOf(options, early, claim);
  settle();
  load();
  await settled();
  const [{ cause, error } = assert.fail()] = stops;
  assert.ok(cause.kind === "session-in-use" && cause.session === "wall" && /16 other pages.*session\.slots/.test(cause.message));
  assert.deepEqual([error, calls, closed], [undefined, [], ["early"]]);
});

test("where no page can own a slot the session is kept in memory, and that is told", async () => {
  const { claim, options, settle } = claimOf("unavailable");
  const { calls, delivered, load, settled } = hostOf(options, undefined, claim);
  settle();
  load();
  await settled();
  assert.deepEqual(delivered, [record("storage", 0, 1, "")]);
  assert.deepEqual(calls, [["new", { ...options, durable: false }], ["start"]]);
});

test("an engine whose store cannot even fail properly stops the host and gives the slot up", async () => {
  const { claim, options, released, settle } = claimOf();
  const { store, stops, load, settled } = hostOf(options, undefined, claim);
  store.opened = Promise.reject(new Error("unreachable"));
  settle();
  load();
  await settled();
  assert.deepEqual([stops.map(({ cause }) => cause.kind), released], [["engine"], [0]]);
});
