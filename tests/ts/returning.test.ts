// Back to the preferred server: after a while, and only when that one opens a WebSocket.
import assert from "node:assert/strict";
import { type MockTimers, type TestContext, test } from "node:test";
import type { ConnectOptions } from "../../src/ts/index.js";
import { scripted } from "./scripted-host.js";
import { online, record, status } from "./words.js";

const [A, B] = ["ws://a.test/", "ws://b.test/"] as const;
const MINUTE = 60_000;
/** With the share that is left to chance. */
const LATEST = 12.5 * MINUTE;
const prepare = (attempt: number) => record("prepare", 0, attempt, "");
const waiting = (attempt: number) => status("waiting", { attempt, cause: 2, code: 1006 });

/** What a page's WebSocket is here: it opens or closes when the test says. */
class Probe extends EventTarget {
  static all: Probe[] = [];
  closed = false;
  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {
    super();
    Probe.all.push(this);
  }
  close(): void {
    this.closed = true;
  }
}

/** A client that is at the second of two servers, and probes instead of sockets. */
function away({ mock }: TestContext, options: ConnectOptions = { returnAfter: "10m" }) {
  const timers: MockTimers = mock.timers;
  timers.enable({ apis: ["setTimeout", "Date"] });
  Probe.all = [];
  const scope = globalThis as { WebSocket?: unknown };
  const before = scope.WebSocket;
  scope.WebSocket = Probe;
  const { host } = scripted(options, [A, B]);
  host.say([...prepare(1), ...waiting(2), ...prepare(2), ...online()]);
  return { host, timers, restore: () => Object.assign(scope, { WebSocket: before }) };
}

test("a client that is away looks for the preferred server after returnAfter, and goes back when that one opens", (t) => {
  const { host, timers, restore } = away(t);
  t.after(restore);
  timers.tick(10 * MINUTE - 1);
  assert.equal(Probe.all.length, 0);
  timers.tick(LATEST);
  const [probe] = Probe.all;
  assert.deepEqual([Probe.all.length, probe?.url, probe?.protocols, host.all("renew")], [1, A, ["mqtt"], []]);
  probe?.dispatchEvent(new Event("open"));
  assert.equal(host.all("renew").length, 1);
  host.say([...status("connecting"), ...prepare(1), ...online()]);
  assert.equal(host.all("address").at(-1)?.[1], A);
  assert.ok(probe?.closed);
  timers.tick(60 * MINUTE);
  assert.equal(Probe.all.length, 1, "at home nothing is looked for");
});

test("a preferred server that does not open is looked for again, and the link stays", (t) => {
  const { host, timers, restore } = away(t);
  t.after(restore);
  for (let round = 1; round < 4; round++) {
    timers.tick(LATEST);
    assert.equal(Probe.all.length, round);
    Probe.all.at(-1)?.dispatchEvent(new Event("close"));
  }
  assert.deepEqual(host.all("renew"), []);
});

test("a client whose way back fails goes on with the next server", (t) => {
  const { host, timers, restore } = away(t);
  t.after(restore);
  timers.tick(LATEST);
  Probe.all[0]?.dispatchEvent(new Event("open"));
  host.say([...status("connecting"), ...prepare(1), ...status("connecting", { phase: 1 }), ...waiting(2), ...prepare(2), ...online()]);
  assert.deepEqual(
    host.all("address").map(([, url]) => url),
    [A, B, A, B],
  );
  timers.tick(LATEST);
  assert.equal(Probe.all.length, 2, "and looks again");
});

test("an answer that comes when the link is lost changes nothing", (t) => {
  const { host, timers, restore } = away(t);
  t.after(restore);
  timers.tick(LATEST);
  host.say(waiting(2));
  assert.ok(Probe.all[0]?.closed);
  Probe.all[0]?.dispatchEvent(new Event("open"));
  Probe.all[0]?.dispatchEvent(new Event("close"));
  timers.tick(60 * MINUTE);
  assert.deepEqual([host.all("renew"), Probe.all.length], [[], 1]);
});

test("without the option the client stays as long as its link holds", (t) => {
  const { timers, restore } = away(t, {});
  t.after(restore);
  timers.tick(24 * 60 * MINUTE);
  assert.equal(Probe.all.length, 0);
});
