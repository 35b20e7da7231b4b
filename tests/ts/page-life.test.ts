// What happens to a page: what is told of it, and what is none of its business.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { LEAVE, watchPage } from "../../src/ts/page-life.js";

const [ONLINE, OFFLINE, BACK] = [0, 1, 2];

/** A page that is the test's, and what is told of it. */
function watched(t: TestContext, onLine = true) {
  const listeners = new Map<string, (event: unknown) => void>();
  const document = { visibilityState: "visible" };
  const put = {
    addEventListener: (type: string, listener: (event: unknown) => void, { signal }: { signal: AbortSignal }) => {
      listeners.set(type, listener);
      signal.addEventListener("abort", () => listeners.delete(type));
    },
    document,
    navigator: { onLine },
  };
  const before = Object.keys(put).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const [name, value] of Object.entries(put)) Object.defineProperty(globalThis, name, { configurable: true, value });
  const told: number[] = [];
  const names: string[] = [];
  const end = watchPage(
    (event) => told.push(event),
    (name) => names.push(name),
  );
  t.after(() => {
    end();
    for (const [name, descriptor] of before) {
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, descriptor);
    }
  });
  const befall = (type: string, target: unknown, more: object = {}) => listeners.get(type)?.({ type, target, ...more });
  return { told, names, document, befall, end };
}

test("what befalls the window or the document is told, and what an element of the page calls by the same name is not", (t) => {
  const { told, names, document, befall } = watched(t);
  for (const type of ["online", "offline", "pagehide", "visibilitychange", "resume"]) befall(type, { nodeName: "VIDEO" });
  befall("pageshow", {}, { persisted: true });
  assert.deepEqual([told, names], [[], []]);
  befall("offline", globalThis);
  befall("online", globalThis);
  befall("visibilitychange", document);
  befall("resume", document);
  befall("pagehide", globalThis);
  befall("pageshow", globalThis, { persisted: false });
  befall("pageshow", globalThis, { persisted: true });
  assert.deepEqual(told, [OFFLINE, ONLINE, BACK, BACK, LEAVE, BACK]);
  assert.deepEqual(names, ["offline", "online", "visible", "resume", "pagehide", "pageshow"]);
});

test("who begins without a network is told so, and nobody else is", (t) => {
  assert.deepEqual(watched(t).told, []);
  assert.deepEqual(watched(t, false).told, [OFFLINE]);
});

test("nothing is told after the end", (t) => {
  const { told, befall, end } = watched(t);
  end();
  befall("offline", globalThis);
  assert.deepEqual(told, []);
});
