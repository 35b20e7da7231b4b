// Stored sessions in a browser: who owns which, what is in the database, and what happens where there is none.

import assert from "node:assert/strict";
import { unique } from "./support/lab.mjs";
import { matrix } from "./support/matrix.mjs";

const stored = (options = {}) => ({ clientId: undefined, session: { name: unique("wall"), expiry: "1h", ...options } });

matrix("slots", { protocols: ["5.0"] }, (test) => {
  test("each tab has a slot and a client id of its own; slots are used again, and a reloaded tab keeps its slot", async ({
    access,
    broker,
    online,
    lab,
  }) => {
    const options = stored();
    const first = await online(options);
    const [second, third] = [await lab.tab(), await lab.tab()];
    const others = [];
    for (const tab of [second, third]) others.push(await tab.online(broker.url, { ...access, ...options }));
    const clients = [first, ...others];
    const slots = await Promise.all(clients.map((client) => client.session()));
    assert.deepEqual(
      slots.map(({ slot }) => slot),
      [0, 1, 2],
    );
    const clientIds = await Promise.all(clients.map(async (client) => (await client.until({ state: "online" })).clientId));
    assert.equal(new Set(clientIds).size, 3);
    await second.close();
    const fourth = await lab.tab();
    const again = await fourth.online(broker.url, { ...access, ...options });
    assert.equal((await again.session()).slot, 1);
    const { clientId, sessionPresent } = await again.until({ state: "online" });
    assert.deepEqual([clientId, sessionPresent], [clientIds[1], true]);
    // Slot 0 is free, but this tab has messages and subscriptions in slot 2.
    await first.close();
    await third.leave();
    await third.enter();
    const reloaded = await third.online(broker.url, { ...access, ...options });
    assert.equal((await reloaded.session()).slot, 2);
    assert.equal((await reloaded.until({ state: "online" })).clientId, clientIds[2]);
    for (const client of [first, again, reloaded])
      assert.ok((await client.statuses()).every(({ cause }) => cause?.kind !== "disconnected"));
  });

  test("a client that was closed has given its session up when close() is done, and the next one in the page gets it", async ({
    online,
  }) => {
    const options = stored();
    const first = await online(options);
    const { clientId } = await first.until({ state: "online" });
    const beside = await online(options);
    assert.equal((await beside.session()).slot, 1);
    await first.close();
    const next = await online(options);
    assert.equal((await next.session()).slot, 0);
    assert.equal((await next.until({ state: "online" })).clientId, clientId);
    // Nobody has to wait for it: frameworks close and make clients in one go.
    const closing = next.close();
    const last = await online(options);
    await closing;
    assert.equal((await last.session()).slot, 0);
  });

  test("a session with a fixed client id belongs to one tab: another is refused with a clear cause, until it is free", async ({
    access,
    broker,
    online,
    lab,
  }) => {
    const options = { ...stored(), clientId: unique("fixed") };
    const first = await online(options);
    const tab = await lab.tab();
    const refused = await tab.connect(broker.url, { ...access, ...options });
    const { cause } = await refused.until({ state: "stopped" });
    assert.deepEqual([cause.kind, cause.session], ["session-in-use", options.session.name]);
    assert.match(cause.message, /in use.*`clientId`/);
    assert.ok(
      (await first.statuses()).every(({ state }) => state !== "waiting"),
      "nobody was thrown out",
    );
    const next = await tab.connect(broker.url, { ...access, ...options });
    await lab.leave();
    assert.equal((await next.until({ state: "online" })).clientId, options.clientId);
    await lab.enter();
  });
});

matrix("stores", { protocols: ["5.0"], broker: { users: [{ username: "wall-user", password: "s3cret-Pass" }] } }, (test) => {
  const credentials = { username: "wall-user", password: "s3cret-Pass" };

  test("credentials are nowhere in the database, nor the query of the address, nor the will", async ({ broker, connect, lab }) => {
    const [options, topic] = [stored(), unique("searched")];
    const will = { topic: "gone", payload: "w1ll-payload" };
    const address = `${broker.url}?token=t0ken-in-the-query`;
    const client = await lab.online(address, { ...options, credentials, will });
    await client.subscribed(`${topic}/in`, { qos: 2 });
    broker.proxy.swallow("PUBACK", "down");
    await client.publish(topic, "payload that is stored", { qos: 1, until: "stored" });
    broker.proxy.refuse(true);
    const again = await connect({ ...stored(), credentials: { username: "wall-user", password: "Wr0ng" } });
    await again.publish(topic, "before any link", { qos: 2, until: "stored" });
    await again.until({ state: "waiting" });
    const found = Object.values(await lab.call("stored")).join("\n");
    for (const text of [topic, `${topic}/in`, "payload that is stored", "before any link"]) assert.ok(found.includes(text), text);
    for (const secret of [...Object.values(credentials), "Wr0ng", "t0ken", will.payload]) assert.ok(!found.includes(secret), secret);
    const utf16 = (text) => Array.from(text, (character) => `${character}\0`).join("");
    for (const secret of [...Object.values(credentials), "t0ken"]) assert.ok(!found.includes(utf16(secret)), secret);
  });

  test("without IndexedDB the session is kept in memory, and status and event say so", async ({ broker, lab }) => {
    const tab = await lab.tab(() => Object.defineProperty(globalThis, "indexedDB", { value: undefined }));
    const client = await tab.online(broker.url, { ...stored(), credentials });
    const { durability } = await client.until({ state: "online" });
    assert.equal(durability, "memory");
    const [told, ...more] = await client.untilTold("storage");
    assert.deepEqual([told.durability, told.reason, more.length], ["memory", "unavailable", 0]);
    const result = await client.publish(unique("memory"), "x", { qos: 1, until: "stored" });
    assert.equal(result.id, undefined, "the broker has acknowledged it");
    assert.deepEqual(await client.outbox(), []);
  });

  test("without Web Locks, which tell the owner, the session is kept in memory too", async ({ broker, lab }) => {
    const tab = await lab.tab(() => Object.defineProperty(navigator, "locks", { value: undefined }));
    const client = await tab.online(broker.url, { ...stored(), credentials });
    assert.equal((await client.session()).durability, "memory");
    assert.equal((await client.untilTold("storage"))[0].reason, "unavailable");
    assert.deepEqual(await client.session(), { name: (await client.session()).name, durability: "memory" });
    await client.publish(unique("memory"), "x", { qos: 2 });
  });

  test("a page that can store nothing does not take up what the broker has for its client id", async ({ broker, connect, lab }) => {
    const options = { ...stored(), clientId: unique("fixed"), credentials };
    const first = await connect(options);
    await first.subscribed(unique("kept"), { qos: 1 });
    await first.close();
    for (const without of ["indexedDB", "locks"]) {
      const tab = await lab.tab(
        without === "locks"
          ? () => Object.defineProperty(navigator, "locks", { value: undefined })
          : () => Object.defineProperty(globalThis, "indexedDB", { value: undefined }),
      );
      const client = await tab.connect(broker.url, options);
      const { sessionPresent, attempt, durability } = await client.until({ settled: true });
      assert.deepEqual([sessionPresent, attempt, durability], [false, 1, "memory"], without);
      await client.close();
    }
  });

  test("a log that makes no sense is told and cleared, and the session begins anew", async ({ broker, connect, lab }) => {
    const options = { ...stored(), credentials };
    const first = await connect(options);
    const { clientId } = await first.until({ state: "online" });
    await first.close();
    await lab.page.evaluate(async (name) => {
      const asked = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
      const database = await asked(indexedDB.open(`hawser/${name}/0`));
      const [table] = database.objectStoreNames;
      const [key] = await asked(database.transaction(table).objectStore(table).getAllKeys());
      await asked(
        database
          .transaction(table, "readwrite")
          .objectStore(table)
          .put(Uint8Array.of(1, 255, 7), key),
      );
      database.close();
    }, options.session.name);
    const second = await connect(options);
    assert.deepEqual(
      (await second.untilTold("storage")).map(({ reason }) => reason),
      ["damaged"],
    );
    assert.notEqual((await second.until({ state: "online" })).clientId, clientId);
    broker.proxy.swallow("PUBACK", "down");
    const { id } = await second.publish(unique("damaged"), "x", { qos: 1, until: "stored" });
    assert.deepEqual([typeof id, (await second.session()).durability], ["number", "relaxed"]);
  });

  test("a database that is gone when the page opens it is told, with a gap, and the session begins anew", async ({ connect, lab }) => {
    const options = { ...stored(), credentials };
    const first = await connect(options);
    const { clientId } = await first.until({ state: "online" });
    assert.deepEqual(await first.untilTold("gap", 0), [], "nothing is missing of a new session");
    await first.close();
    await lab.page.evaluate(
      (name) =>
        new Promise((resolve) => {
          indexedDB.deleteDatabase(`hawser/${name}/0`).onsuccess = resolve;
        }),
      options.session.name,
    );
    const second = await connect(options);
    const [{ durability, reason }] = await second.untilTold("storage");
    assert.deepEqual([durability, reason], ["relaxed", "damaged"]);
    assert.deepEqual(
      (await second.untilTold("gap")).map(({ kind }) => kind),
      ["session-lost"],
    );
    assert.notEqual((await second.until({ state: "online" })).clientId, clientId);
    await second.close();
    const third = await connect(options);
    assert.deepEqual(
      (await third.untilTold("storage")).map((storage) => storage.reason),
      ["none"],
    );
  });

  test("a database that somebody deletes costs the durability, not a message, and that is told", async ({ broker, connect, lab }) => {
    const [options, topic] = [stored({ durability: "strict" }), unique("deleted")];
    const client = await connect({ ...options, credentials });
    await client.until({ state: "online" });
    assert.equal((await client.session()).durability, "strict");
    broker.proxy.swallow("PUBACK", "down");
    const { id } = await client.publish(topic, "promised as stored", { qos: 1, until: "stored" });
    await lab.page.evaluate((name) => indexedDB.deleteDatabase(`hawser/${name}/0`), options.session.name);
    const storages = await client.untilTold("storage", 2);
    assert.deepEqual(
      storages.map(({ durability, reason }) => [durability, reason]),
      [
        ["strict", "none"],
        ["memory", "deleted"],
      ],
    );
    assert.deepEqual(
      (await client.outbox()).map((message) => message.id),
      [id],
    );
    broker.proxy.swallow(null, "down");
    broker.proxy.cut();
    const [outcome] = await client.untilTold("outcome");
    assert.deepEqual([outcome.kind, outcome.message.id], ["completed", id]);
    await client.publish(topic, "in memory", { qos: 2 });
  });
});
