// Where the engine runs: in a worker, in the page when there can be none, and what happens when a worker goes.

import assert from "node:assert/strict";
import { CONNACK, startHostile } from "./support/hostile.mjs";
import { unique } from "./support/lab.mjs";
import { matrix } from "./support/matrix.mjs";

/** Pages whose workers cannot be, and what the status says then. */
const WITHOUT = [
  ["there are no workers", () => delete globalThis.Worker, /Worker is not defined/],
  [
    "its file is not there",
    () => {
      globalThis.Worker = class extends Worker {
        constructor(url, options) {
          super(new URL("/nowhere.js", url), options);
        }
      };
    },
    /the worker does not load/,
  ],
  [
    "it may not be made from here",
    () => {
      globalThis.Worker = class {
        constructor(url) {
          throw new DOMException(`Script at '${url}' cannot be accessed from origin 'null'.`, "SecurityError");
        }
      };
    },
    /cannot be accessed from origin/,
  ],
  [
    "it runs no modules",
    () => {
      globalThis.Worker = class extends Worker {
        constructor(url, { name }) {
          super(url, { name });
        }
      };
    },
    /export|import/,
  ],
];

/** The workers of a page, with what the test wants to do to one. */
async function workerOf(lab) {
  const [worker, ...others] = lab.page.workers();
  assert.ok(worker !== undefined && others.length === 0, "one worker");
  return worker;
}

/** Has the page's own watch over its worker run as if that much time went by with each look. */
const HASTE = () => {
  const { setInterval } = globalThis;
  globalThis.setInterval = (task, delay) => setInterval(task, delay === 5_000 ? 500 : delay);
};

matrix("hosts", { protocols: ["5.0"] }, (test) => {
  test("the engine runs in a worker of its own, which ends with its client", async ({ access, broker, lab }) => {
    const tab = await lab.tab();
    const client = await tab.online(broker.url, { ...access, host: "worker" });
    const { host } = await client.until({ state: "online" });
    assert.deepEqual(host, { kind: "worker" });
    const worker = await workerOf(tab);
    const ended = new Promise((resolve) => tab.page.once("workerdestroyed", resolve));
    await client.close();
    assert.equal(await ended, worker);
  });

  test('with `host: "page"` there is no worker', async ({ access, broker, lab }) => {
    const tab = await lab.tab();
    const client = await tab.online(broker.url, { ...access, host: "page" });
    const { host } = await client.until({ state: "online" });
    assert.deepEqual(host, { kind: "page" });
    assert.deepEqual(tab.page.workers(), []);
  });

  for (const [what, before, reason] of WITHOUT) {
    test(`where ${what} the engine runs in the page, and the status says why`, async ({ access, broker, lab }) => {
      const tab = await lab.tab(before);
      const client = await tab.connect(broker.url, { ...access, host: "worker" });
      const topic = unique("without");
      const inbox = await client.subscribe(topic, { qos: 1 });
      await client.publish(topic, "x", { qos: 1 });
      await inbox.until(1);
      const { host } = await client.until({ state: "online" });
      assert.equal(host.kind, "page");
      assert.match(host.reason, reason);
    });
  }

  test("where the page's policy has no room for workers the engine runs in the page", async ({ access, broker, lab }) => {
    const tab = await lab.tab();
    await tab.page.evaluate(() => {
      const policy = Object.assign(document.createElement("meta"), { httpEquiv: "Content-Security-Policy", content: "worker-src 'none'" });
      document.head.append(policy);
    });
    const client = await tab.online(broker.url, { ...access, host: "worker" });
    const { host } = await client.until({ state: "online" });
    assert.equal(host.kind, "page");
    assert.ok(host.reason.length > 0);
  });

  for (const [what, harm] of [
    ["has gone without a word", () => self.close()],
    [
      "is stuck",
      () => {
        setTimeout(() => {
          for (;;);
        });
      },
    ],
  ]) {
    test(`a worker that ${what} is replaced: the error is told, subscriptions stand, and what may have left is said to`, async ({
      access,
      broker,
      lab,
      peer,
    }) => {
      const tab = await lab.tab(HASTE);
      const client = await tab.online(broker.url, { ...access, host: "worker" });
      const { clientId } = await client.until({ state: "online" });
      const topic = unique("replaced");
      const inbox = await client.subscribed(topic, { qos: 1 });
      broker.proxy.swallow("PUBLISH", "up");
      const lost = assert.rejects(client.publish(unique("lost"), "x", { qos: 1 }), { code: "indeterminate" });
      const from = (await client.statuses()).length;
      await (await workerOf(tab)).evaluate(harm).catch(() => undefined); // it may be gone before it has answered
      const { cause } = await client.until({ state: "waiting" }, from);
      assert.equal(cause.kind, "engine");
      assert.match(cause.detail, /does not answer/);
      broker.proxy.swallow(null, "up");
      await lost;
      const again = await client.until({ state: "online" }, from);
      assert.deepEqual([again.clientId, again.host], [clientId, { kind: "worker" }]);
      assert.deepEqual(await client.untilTold("gap"), [{ kind: "session-lost" }]);
      assert.deepEqual(
        (await client.errors()).map(({ code }) => code),
        ["engine"],
      );
      const other = await peer();
      await inbox.ready();
      await other.publish(topic, "after", { qos: 1 });
      await inbox.until(1);
      await client.publish(topic, "mine", { qos: 2 });
      await inbox.until(2);
    });
  }

  test("a stored session goes on in the next worker: what was stored is delivered, and nothing is handled twice", async ({
    access,
    broker,
    lab,
    peer,
  }) => {
    const tab = await lab.tab(HASTE);
    const [topic, theirs] = [unique("stored"), unique("theirs")];
    const client = await tab.online(broker.url, { ...access, host: "worker", clientId: undefined, session: { name: topic } });
    const { clientId } = await client.until({ state: "online" });
    const other = await peer();
    await other.subscribe(topic);
    const inbox = await client.subscribed(theirs, { qos: 1 });
    await other.publish(theirs, "before", { qos: 1 });
    await inbox.until(1);
    broker.proxy.swallow("PUBLISH", "up");
    await client.publish(topic, "kept", { qos: 1, until: "stored" });
    const from = (await client.statuses()).length;
    await (await workerOf(tab)).evaluate(() => self.close()).catch(() => undefined);
    await client.until({ state: "waiting" }, from);
    broker.proxy.swallow(null, "up");
    const again = await client.until({ state: "online" }, from);
    assert.deepEqual([again.clientId, again.sessionPresent, again.durability], [clientId, true, "relaxed"]);
    assert.deepEqual(
      (await other.until(1)).map(({ payload }) => `${payload}`),
      ["kept"],
    );
    const [outcome] = await client.untilTold("outcome");
    assert.deepEqual([outcome.kind, outcome.message.topic], ["completed", topic]);
    await other.publish(theirs, "after", { qos: 1 });
    assert.deepEqual(
      (await inbox.until(2)).map(({ text }) => text),
      ["before", "after"],
    );
    assert.deepEqual((await client.told()).gap, []);
  });

  test("a worker that goes again soon after ends the client, with the cause", async ({ access, broker, lab }) => {
    const tab = await lab.tab(HASTE);
    const client = await tab.online(broker.url, { ...access, host: "worker" });
    for (const state of ["online", "stopped"]) {
      const from = (await client.statuses()).length;
      await tab.page
        .workers()[0]
        .evaluate(() => self.close())
        .catch(() => undefined);
      const status = await client.until({ state }, from);
      if (state === "stopped") assert.equal(status.cause.kind, "engine");
    }
    await assert.rejects(client.publish("t", "x"), { code: "stopped" });
    await client.close();
  });

  test("a burst of 5,000 frames wakes the page a few times, not once for each", async ({ lab, protocol }) => {
    const burst = await startHostile(async (visit) => {
      await visit.packet("CONNECT");
      visit.send(CONNACK[protocol]);
      const { id } = await visit.packet("SUBSCRIBE");
      visit.send(0x90, 4, id >> 8, id & 255, 0, 0);
      for (let number = 0; number < 5_000; number++) visit.send(0x30, 8, 0, 1, 0x74, 0, ...Buffer.from(String(number).padStart(4, "0")));
    });
    const tab = await lab.tab(() => {
      if (!("document" in globalThis)) return;
      globalThis.woken = 0;
      globalThis.Worker = class extends Worker {
        constructor(url, options) {
          super(url, options);
          this.addEventListener("message", () => {
            globalThis.woken += 1;
          });
        }
      };
    });
    try {
      const client = await tab.online(burst.url, { protocol, host: "worker" });
      const inbox = await client.subscribe("t", {}, { numbers: true });
      await inbox.untilNumber(4_999);
      assert.deepEqual(
        await inbox.numbers(),
        Array.from({ length: 5_000 }, (_, number) => number),
      );
      const woken = await tab.page.evaluate(() => globalThis.woken);
      assert.ok(woken < 1_000, `${woken} times`);
    } finally {
      await burst.stop();
    }
  });
});
