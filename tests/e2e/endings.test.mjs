// How things end: close() with work under way, AbortSignals, and two clients that claim one identity.

import assert from "node:assert/strict";
import { unique } from "./support/lab.mjs";
import { matrix } from "./support/matrix.mjs";

matrix("close", (test) => {
  test("close() settles everything that is pending and ends every loop", async ({ broker, online }) => {
    const topic = unique("pending");
    const client = await online();
    const loop = await client.subscribed(unique("loop"), { qos: 1 }, { iterate: true });
    for (const type of ["PUBACK", "PUBREC", "SUBACK"]) broker.proxy.swallow(type, "down");
    const from = broker.proxy.packets.length;
    const pending = [client.publish(topic, "1", { qos: 1 }), client.publish(topic, "2", { qos: 2 })];
    const subscription = await client.subscribe(topic);
    pending.push(subscription.ready());
    const outcomes = Promise.allSettled(pending);
    await broker.proxy.waitFor((packet) => packet.type === "SUBACK" && packet.swallowed, { from });
    await client.close();
    const results = await outcomes;
    assert.deepEqual(
      results.map(({ status, reason }) => [status, reason?.name]),
      Array(3).fill(["rejected", "ClosedError"]),
    );
    assert.equal(await loop.ended(), true);
    const last = (await client.statuses()).at(-1);
    assert.deepEqual([last.state, last.cause.kind], ["stopped", "closed"]);
    await assert.rejects(client.publish(topic, "late", { qos: 1 }), { name: "ClosedError" });
    await client.close();
  });

  test("close() while the broker cannot be reached settles too", async ({ broker, connect }) => {
    broker.proxy.refuse(true);
    const client = await connect();
    const outcome = Promise.allSettled([client.publish("a", "1", { qos: 1 })]);
    await client.until({ state: "waiting" });
    await client.close();
    assert.equal((await outcome)[0].reason?.name, "ClosedError");
    assert.equal((await client.statuses()).at(-1).state, "stopped");
  });

  test("await using closes the client", async ({ lab, broker, access }) => {
    const from = broker.proxy.packets.length;
    await lab.page.evaluate(
      async (url, access) => {
        const client = globalThis.hawser.connect(url, access);
        await client.publish("a", "b", { qos: 1 });
        await client[Symbol.asyncDispose]();
      },
      broker.url,
      access,
    );
    await broker.proxy.waitFor((packet) => packet.type === "DISCONNECT", { from });
  });
});

matrix("AbortSignal", (test) => {
  /** Publishes in the page with a signal that is aborted by `when`; tells how it ended. */
  const aborted = (lab, broker, access, topic, when) =>
    lab.page.evaluate(
      async (url, access, topic, when) => {
        const client = globalThis.hawser.connect(url, access);
        const controller = new AbortController();
        if (when === "before") controller.abort(new Error("not any more"));
        const publishing = client.publish(topic, "aborted", { qos: 1, signal: controller.signal });
        if (when === "queued") controller.abort(new Error("not any more"));
        const reason = await publishing.then(
          () => "published",
          (error) => error.message,
        );
        await client.publish(topic, "marker", { qos: 1 });
        await client.close();
        return reason;
      },
      broker.url,
      access,
      topic,
      when,
    );

  for (const when of ["before", "queued"]) {
    test(`a publish aborted ${when === "before" ? "before it was called" : "while it waits for the link"} rejects with the reason and is never sent`, async ({
      lab,
      broker,
      access,
      peer,
    }) => {
      const topic = unique("abort");
      const other = await peer();
      await other.subscribe(topic);
      assert.equal(await aborted(lab, broker, access, topic, when), "not any more");
      assert.deepEqual(
        (await other.until(1)).map(({ text }) => text),
        ["marker"],
      );
    });
  }

  test("a publish that is already under way stops waiting when it is aborted, and the link goes on", async ({
    lab,
    broker,
    access,
    peer,
  }) => {
    const topic = unique("abort");
    const other = await peer();
    await other.subscribe(topic);
    broker.proxy.swallow("PUBACK", "down");
    const reason = await lab.page.evaluate(
      async (url, access, topic) => {
        const client = globalThis.hawser.connect(url, access);
        const controller = new AbortController();
        const sent = new Promise((resolve) => client.subscribe(topic, { qos: 0 }, resolve));
        const publishing = client.publish(topic, "under way", { qos: 1, signal: controller.signal });
        const outcome = publishing.then(
          () => "published",
          (error) => error.message,
        );
        await sent;
        controller.abort(new Error("not any more"));
        const reason = await outcome;
        await client.publish(topic, "marker", { qos: 0 });
        await client.close();
        return reason;
      },
      broker.url,
      access,
      topic,
    );
    assert.equal(reason, "not any more");
    assert.deepEqual(
      (await other.until(2)).map(({ text }) => text),
      ["under way", "marker"],
    );
  });

  test("a subscription whose signal is aborted ends, at the broker too", async ({ lab, broker, access }) => {
    const from = broker.proxy.packets.length;
    const texts = await lab.page.evaluate(
      async (url, access, topic) => {
        const client = globalThis.hawser.connect(url, access);
        const controller = new AbortController();
        const texts = [];
        const subscription = client.subscribe(topic, { qos: 1, signal: controller.signal }, (message) => texts.push(message.text()));
        await subscription.ready;
        const heard = client.subscribe(topic, { qos: 1 })[Symbol.asyncIterator]();
        await Promise.all([client.publish(topic, "before", { qos: 1 }), heard.next()]);
        controller.abort();
        await Promise.all([client.publish(topic, "after", { qos: 1 }), heard.next()]);
        await heard.return();
        await client.close();
        return texts;
      },
      broker.url,
      access,
      unique("abort"),
    );
    assert.deepEqual(texts, ["before"]);
    await broker.proxy.waitFor(({ type }) => type === "UNSUBSCRIBE", { from });
  });

  test("a client whose signal is aborted closes", async ({ lab, broker, access }) => {
    const cause = await lab.page.evaluate(
      async (url, access) => {
        const controller = new AbortController();
        const client = globalThis.hawser.connect(url, { ...access, signal: controller.signal });
        await client.publish("a", "b", { qos: 1 });
        const stopped = new Promise((resolve) => {
          client.addEventListener("status", ({ status }) => status.state === "stopped" && resolve(status.cause.kind));
        });
        controller.abort();
        return stopped;
      },
      broker.url,
      access,
    );
    assert.equal(cause, "closed");
  });
});

matrix("one client id used twice", { basic: true }, (test) => {
  test(
    "the earlier client stops when it is told (0x8E), and otherwise backs off ever longer",
    "take-over of a client id",
    async ({ admit, broker, online, v5 }) => {
      const reconnect = { kind: "exponential", min: 40, max: 2_000, jitter: 0, stableAfter: 60_000 };
      const first = await online({ reconnect });
      const from = broker.proxy.stats().links;
      const second = await online({ clientId: first.clientId, reconnect });
      const fault = v5 ? broker.faults.silentTakeOver : broker.faults.disconnectIn311;
      if (fault) admit(fault);
      if (v5 && !fault) {
        const stopped = await first.until({ state: "stopped" });
        assert.deepEqual([stopped.cause.kind, stopped.cause.reasonCode], ["disconnected", 0x8e]);
        await second.publish("still", "here", { qos: 1 });
        assert.equal((await second.statuses()).at(-1).state, "online");
        assert.equal(broker.proxy.stats().links, from + 1);
        return;
      }
      await first.until({ state: "waiting", attempt: 5 });
      const waits = (await first.statuses()).filter(({ state }) => state === "waiting").map(({ at, retryAt }) => retryAt - at);
      // Each wait is twice the one before, however short the time online in between was: 40, 80, 160, 320 ms, less what a busy page hears of it late.
      for (const [i, wait] of waits.slice(0, 4).entries()) assert.ok(wait >= 40 * 2 ** i - 15, `wait ${i} of ${waits} is too short`);
    },
  );
});
