// What a client tells of a stored session: what earlier pages left, what is stored, and where.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClientEvents, ClosedError, type Outcome, PublishError, type StorageState } from "../../src/ts/index.js";
import { scripted } from "./scripted-host.js";
import { online, record, restored, saying, status } from "./words.js";

const NAMED = { session: { name: "wall" } };
const RELAXED = record("storage", 1, 0, "");
const done = (token: number, code: number, ...span: number[]) => record("done", 0, token, code, ...span);
const stored = (token: number, id: number) => record("stored", 0, token, id % 2 ** 32, Math.floor(id / 2 ** 32));

/** A client with a stored session, and what its events have told. */
function named() {
  const { client, host } = scripted(NAMED);
  const outcomes: Outcome[] = [];
  const storages: StorageState[] = [];
  client.addEventListener("outcome", ({ outcome }) => outcomes.push(outcome));
  client.addEventListener("storage", ({ storage }) => storages.push(storage));
  return { client, host, outcomes, storages };
}

test("the outcomes of messages of an earlier page are told by an event, each once, with the message", () => {
  const { host, outcomes } = named();
  const [first, second, third] = [0xc000_0000, 0xc000_0001, 0xc000_0002];
  host.say([
    ...RELAXED,
    ...restored(first, 7, "a", { size: 3 }),
    ...restored(second, 2 ** 33, "b", { flags: 14 }),
    ...restored(third, 9, "c"),
  ]);
  assert.equal(outcomes.length, 0);
  const { span, frame } = saying("no", [["a", "b"]]);
  host.say([...done(second, 0x106), ...done(first, 0x10), ...done(third, 0x87, ...span)], frame);
  host.say(done(first, 0));
  const message = { id: 7, topic: "a", qos: 1, retain: false, size: 3, mayHaveLeft: false, earlier: true };
  const [lost, completed, refused, ...more] = outcomes;
  assert.equal(more.length, 0);
  assert.deepEqual(completed, {
    kind: "completed",
    message,
    result: { reasonCode: 0x10, reasonString: undefined, userProperties: [], id: 7 },
  });
  assert.ok(lost?.kind === "indeterminate" && lost.error instanceof PublishError && lost.error.code === "indeterminate");
  assert.deepEqual(lost.message, { id: 2 ** 33, topic: "b", qos: 2, retain: true, size: 0, mayHaveLeft: true, earlier: true });
  assert.ok(refused?.kind === "refused" && refused.error.reasonCode === 0x87 && refused.error.reasonString === "no");
});

test("a message that failed without a promise is an error where nobody listens to outcomes", () => {
  const { client, host } = scripted(NAMED);
  const errors: unknown[] = [];
  client.addEventListener("error", ({ error }) => errors.push(error));
  host.say([...restored(0xc000_0000, 1, "a"), ...restored(0xc000_0001, 2, "a"), ...restored(0xc000_0002, 3, "a")]);
  host.say([...done(0xc000_0000, 0x106), ...done(0xc000_0001, 0)]);
  client.addEventListener("outcome", () => undefined);
  host.say(done(0xc000_0002, 0x106));
  assert.equal(errors.length, 1);
  assert.ok(errors[0] instanceof PublishError && errors[0].code === "indeterminate");
});

test("a message that an earlier page published to another broker is abandoned", () => {
  const { host, outcomes } = named();
  host.say([...restored(0xc000_0000, 1, "a"), ...done(0xc000_0000, 0x100)]);
  assert.deepEqual(
    outcomes.map(({ kind, message: { id } }) => [kind, id]),
    [["abandoned", 1]],
  );
});

test("a message of an earlier page that is still pending at the end has no outcome: it stays stored", async () => {
  const { client, host, outcomes } = named();
  host.say([...RELAXED, ...restored(0xc000_0000, 1, "a")]);
  const closing = client.close();
  host.say([...done(0xc000_0000, 0x100), ...status("stopped", { cause: 1 })]);
  await closing;
  assert.equal(outcomes.length, 0);
});

test('a publish with until "stored" settles when it is stored; how it ended is told by an event', async () => {
  const { client, host, outcomes } = named();
  host.say([...RELAXED, ...online()]);
  const aborter = new AbortController();
  const published = client.publish("a", "body", { qos: 2, retain: true, until: "stored", signal: aborter.signal });
  const [[token, , , flags] = assert.fail()] = host.all("publish") as [number, unknown, unknown, number][];
  assert.equal(flags, 1 | (2 << 1) | 8);
  host.say(stored(token, 5));
  assert.deepEqual(await published, { reasonCode: 0, reasonString: undefined, userProperties: [], id: 5 });
  aborter.abort();
  assert.deepEqual(host.all("cancel"), []); // it was promised
  const other = client.publish("a", "other", { qos: 1 });
  assert.notEqual(host.token("publish"), token, "the engine may still name the first one");
  host.say([...done(token, 0), ...done(host.token("publish"), 0)]);
  await other;
  const message = { id: 5, topic: "a", qos: 2, retain: true, size: 4, mayHaveLeft: true, earlier: false };
  assert.deepEqual(outcomes, [
    { kind: "completed", message, result: { reasonCode: 0, reasonString: undefined, userProperties: [], id: 5 } },
  ]);
});

test('until "stored" waits for the broker where nothing is stored, or when the broker is quicker', async () => {
  const { client, host, outcomes } = named();
  const inMemory = client.publish("a", "b", { qos: 1, until: "stored" });
  const token = host.token("publish");
  host.say(stored(token, 1));
  host.say(done(token, 0x87));
  await assert.rejects(inMemory, (error) => error instanceof PublishError && error.code === "refused");
  host.say(RELAXED);
  const quick = client.publish("a", "b", { qos: 1, until: "stored" });
  host.say(done(host.token("publish"), 0));
  assert.equal((await quick).id, undefined);
  host.say(stored(host.token("publish"), 2));
  const patient = client.publish("a", "b", { qos: 1, until: "acknowledged" });
  host.say([...stored(host.token("publish"), 3), ...done(host.token("publish"), 0)]);
  assert.equal((await patient).reasonCode, 0);
  assert.equal(outcomes.length, 0);
});

test('a publish with until "stored" that was aborted has no outcome: its promise has told the end', async () => {
  const { client, host, outcomes } = named();
  host.say(RELAXED);
  for (const [at, code] of [0x101, 0].entries()) {
    const aborter = new AbortController();
    const published = client.publish("a", "b", { qos: 1, until: "stored", signal: aborter.signal });
    const token = host.token("publish");
    aborter.abort(new Error("too slow"));
    await assert.rejects(published, /too slow/);
    host.say([...stored(token, at + 1), ...done(token, code)]);
  }
  assert.deepEqual(outcomes, []);
});

test('"stored" is refused at QoS 0, and by the end of the client', async () => {
  const { client, host } = named();
  await assert.rejects(client.publish("a", "b", { until: "stored" }), /"until".*QoS 1 and 2/);
  await assert.rejects(client.publish("a", "b", { qos: 1, until: "sent" as "stored" }), /"acknowledged", "stored"/);
  const open = client.publish("a", "b", { qos: 1, until: "stored" });
  void client.close();
  host.say(status("stopped", { cause: 1 }));
  await assert.rejects(open, ClosedError);
});

test("the outbox lists what the engine has pending, in the order of publishing", async () => {
  const { client, host } = named();
  host.pending = Uint32Array.from([...restored(3, 12, "mine", { size: 1 }), ...restored(0xc000_0000, 11, "", { flags: 10 })]);
  assert.deepEqual(await client.outbox(), [
    { id: 11, topic: "", qos: 2, retain: false, size: 0, mayHaveLeft: true, earlier: true },
    { id: 12, topic: "mine", qos: 1, retain: false, size: 1, mayHaveLeft: false, earlier: false },
  ]);
  host.say(status("stopped", { cause: 1 }));
  await assert.rejects(client.outbox(), ClosedError);
});

test("every status says where the session is kept, and an event tells each change and why", () => {
  const { client, host, storages } = named();
  const seen: string[] = [];
  client.addEventListener("status", ({ status: { state, durability } }) => seen.push(`${state} ${durability}`));
  host.say(RELAXED);
  host.say(online());
  host.say(record("storage", 0, 3, "QuotaExceededError"));
  host.say(record("storage", 2, 0, ""));
  host.say(status("waiting", { cause: 3 }));
  host.say(status("stopped", { cause: 1 }));
  host.say(record("storage", 0, 6, ""));
  const expected = ["idle relaxed", "online relaxed", "online memory", "online strict", "waiting strict", "stopped strict"];
  assert.deepEqual(seen, expected);
  assert.equal(client.status.durability, "strict");
  assert.deepEqual(
    storages.map(({ durability, reason, detail }) => [durability, reason, detail]),
    [
      ["relaxed", "none", undefined],
      ["memory", "quota", "QuotaExceededError"],
      ["strict", "none", undefined],
    ],
  );
  assert.match(storages[1]?.message ?? "", /no room.*QuotaExceededError.*in memory/s);
});

test("a lost or expired session is told as a gap", () => {
  const { client, host } = named();
  const gaps: ClientEvents["gap"]["gap"][] = [];
  client.addEventListener("gap", ({ gap }) => gaps.push(gap));
  host.say([...record("gap", 0), ...record("gap", 1)]);
  assert.deepEqual(gaps, [{ kind: "session-lost" }, { kind: "session-expired" }]);
});

test("closing keeps a session that is stored, and ends one that nobody could find again", () => {
  for (const [durability, properties] of [
    [1, undefined],
    [0, Uint8Array.of(0x11, 0, 0, 0, 0)],
  ] as const) {
    const { client, host } = named();
    host.say(record("storage", durability, 0, ""));
    void client.close();
    assert.deepEqual(host.all("close"), [[0, properties]]);
  }
});

test("the session and its slot can be seen, and closing waits until another client can have it", async () => {
  const { client, host } = named();
  assert.deepEqual(client.session, { name: "wall", slot: undefined });
  host.takeSlot(3);
  assert.deepEqual(client.session, { name: "wall", slot: 3 });
  let give: () => void = () => undefined;
  host.released = new Promise<void>((resolve) => {
    give = resolve;
  });
  let closed = false;
  const closing = client.close().then(() => {
    closed = true;
  });
  host.say(status("stopped", { cause: 1 }));
  await new Promise(setImmediate);
  assert.equal(closed, false);
  give();
  await closing;
  assert.equal(scripted().client.session, undefined);
});
