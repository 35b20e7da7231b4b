// The host, with its engine in the page: calls before the engine is loaded, and an engine that fails.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PENDING } from "../../src/ts/engine.js";
import { EngineError } from "../../src/ts/errors/engine-error.js";
import { settingsOf } from "../../src/ts/settings.js";
import { NO_STATS } from "../../src/ts/stats.js";
import { hostOf, OPTIONS } from "./recorded-engine.js";
import { record } from "./words.js";

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
  assert.deepEqual(calls, [
    ["new", OPTIONS],
    ["start"],
    ["publish", 1, 2, "a", [1, 2], undefined],
    ["subscribe", 2, 1, "b", undefined],
    ["cancel", 1],
    ["unsubscribe", 3, "b"],
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
  for (const call of ["publish", "subscribe", "handled"] as const) {
    const { host, stops, fail, load, settled } = hostOf();
    load();
    await settled();
    fail.with = new Error("unreachable executed");
    if (call === "publish") host.publish(1, "a", Uint8Array.of(), 0);
    else if (call === "handled") host.handled(1, 1);
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

test("a socket is opened early where it is known to where, and closed when there will be no engine", async (t) => {
  const closed: string[] = [];
  class Socket {
    constructor(readonly url: string) {}
    close(): void {
      closed.push(this.url);
    }
  }
  const scope = globalThis as { WebSocket?: unknown };
  const { WebSocket } = scope;
  scope.WebSocket = Socket;
  t.after(() => {
    scope.WebSocket = WebSocket;
  });
  const used = hostOf(OPTIONS, undefined, "ws://used");
  used.load();
  await used.settled();
  assert.deepEqual(
    used.calls.map(([name]) => name),
    ["new", "use_socket", "start"],
  );
  const unused = hostOf(OPTIONS, undefined, "ws://closed-by-the-user");
  unused.host.close(0);
  const failed = hostOf(OPTIONS, undefined, "ws://no-engine");
  failed.refuse(new Error("404 Not Found"));
  await failed.settled();
  used.host.dispose();
  await used.settled();
  assert.deepEqual(closed, ["ws://closed-by-the-user", "ws://no-engine"]);
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
