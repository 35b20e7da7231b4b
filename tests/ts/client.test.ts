// The client against a scripted host: status, the end, events. Publishing and subscriptions have files of their own.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClientErrorEvent, Status } from "../../src/ts/index.js";
import { ClosedError, EngineError, OptionError, StoppedError } from "../../src/ts/index.js";
import { scripted } from "./scripted-host.js";
import { message, online, record, status } from "./words.js";

const done = (token: number, code: number) => record("done", 0, token, code);
const STOPPED_BY_USER = status("stopped", { cause: 1 });
const REFUSED = status("stopped", { cause: 4, code: 0x86, detail: "who are you" });

test("the status goes through its states, each with its own data", () => {
  const { client, host } = scripted();
  const seen: Status[] = [];
  client.addEventListener("status", (event) => seen.push(event.status));
  assert.deepEqual(client.status, { state: "idle", durability: "memory", host: { kind: "worker", reason: undefined } });
  host.say(status("connecting", { phase: 1, at: 1_795_362_307_123, flags: 0x80 }));
  host.say(status("waiting", { attempt: 2, at: 5_000, cause: 2, code: 1006 }));
  host.say(online("given"));
  assert.equal(client.status, seen.at(-1));
  assert.equal(client.clientId, "given");
  const [connecting, waiting, on] = seen;
  const offered = {
    state: "connecting",
    attempt: 1,
    phase: "socket",
    protocol: "3.1.1",
    since: 1_795_362_307_123,
    cause: undefined,
    ended: undefined,
  };
  assert.deepEqual(connecting, {
    ...offered,
    url: "ws://broker.test/mqtt",
    durability: "memory",
    host: { kind: "worker", reason: undefined },
  });
  assert.ok(waiting?.state === "waiting" && waiting.retryAt === 5_000 && waiting.cause.kind === "socket-failed");
  assert.equal(waiting.cause.closeCode, 1006);
  assert.ok(on?.state === "online" && on.protocol === "5.0" && !on.sessionPresent && on.limits.retainAvailable);
  assert.deepEqual(on.server, { reasonString: undefined, responseInformation: undefined, userProperties: [] });
});

test("what CONNACK says for people is in the online status", () => {
  const { client, host } = scripted();
  const frame = Uint8Array.of(9, 0x1f, 0, 2, 0x68, 0x69, 0x26, 0, 1, 0x6b, 0, 1, 0x76);
  host.say([...record("connected", 3, 30, 0, 20, 1, 100, 0, 0, 1, 12, "me"), ...status("online")], frame);
  assert.ok(client.status.state === "online");
  assert.deepEqual(client.status.server, { reasonString: "hi", responseInformation: undefined, userProperties: [["k", "v"]] });
  assert.ok(client.status.sessionPresent && client.status.limits.maximumQos === 1 && !client.status.limits.wildcardsAvailable);
});

test("every cause says in English what happened and what to do", () => {
  const causes: [cause: number, code: number, about: RegExp][] = [
    [2, 1006, /could not be opened.*1006.*Check/s],
    [3, 1001, /was closed.*1001/s],
    [4, 0x86, /refused.*Bad user name or password.*words.*credentials/s],
    [4, 5, /refused.*Not authorized/s],
    [5, 0x8e, /ended the connection.*Session taken over.*clientId/s],
    [6, 0x81, /Malformed packet.*words/s],
    [7, 0, /credentials/],
    [7, 1, /did not open in time/],
    [7, 2, /did not answer CONNECT/],
    [8, 0, /silent/],
    [9, 0, /subprotocol "mqtt"/],
    [10, 0, /text frame/],
    [11, 0, /credentials.*words/s],
  ];
  for (const [cause, code, about] of causes) {
    const { client, host } = scripted();
    host.say(status("waiting", { cause, code, detail: "words" }));
    assert.ok(client.status.state === "waiting");
    assert.match(client.status.cause.message, about);
  }
});

test("close sends its options, and settles everything with a ClosedError", async () => {
  const { client, host } = scripted({ clientId: "me" });
  const published = client.publish("a", "b", { qos: 2 });
  const closed = client.close({ will: true });
  assert.equal(client.close(), closed);
  assert.deepEqual(host.all("close"), [[4, undefined]]);
  await assert.rejects(client.publish("a", "late"), ClosedError);
  assert.throws(() => client.subscribe("a"), ClosedError);
  host.say([...done(host.token("publish"), 0x100), ...STOPPED_BY_USER]);
  await assert.rejects(published, ClosedError);
  await closed;
  assert.ok(client.status.state === "stopped" && client.status.cause.kind === "closed");
  assert.deepEqual(host.calls.at(-1), ["dispose"]);
  await client.close();
  client.reconnectNow();
  assert.deepEqual(host.calls.at(-1), ["dispose"], "nothing is asked of a host that is gone");
});

test("wrong options of close reject, and the client goes on", async () => {
  const { client, host } = scripted();
  await assert.rejects(client.close({ sessionExpiry: "x" as "1s" }), OptionError);
  void client.publish("a", "b");
  assert.equal(host.all("publish").length, 1);
});

test("a client that stops by itself settles everything with the cause", async () => {
  const { client, host } = scripted();
  const states: string[] = [];
  client.addEventListener("status", (event) => states.push(event.status.state));
  const before = client.publish("a", "b", { qos: 1 });
  host.say([...done(host.token("publish"), 0x10c), ...REFUSED]);
  const stopped = (error: unknown) =>
    error instanceof StoppedError && error.cause.kind === "refused" && error.cause.reasonString === "who are you";
  await assert.rejects(before, stopped);
  await assert.rejects(client.publish("a", "b"), stopped);
  assert.throws(() => client.subscribe("a"), stopped);
  host.say(status("connecting"));
  assert.deepEqual(states, ["stopped"], "stopped is the end");
  await client.close();
});

test("an engine that does not load stops the client with a cause, an error event and no open promise", async () => {
  const { client, host } = scripted();
  const errors: unknown[] = [];
  client.addEventListener("error", (event) => errors.push(event.error));
  const published = client.publish("a", "b");
  const failure = new EngineError("The WebAssembly engine does not run", "404");
  host.stop({ kind: "engine", detail: "404", message: "not found" }, failure);
  await assert.rejects(published, StoppedError);
  assert.deepEqual(errors, [failure]);
  assert.ok(client.status.state === "stopped" && client.status.cause.kind === "engine");
});

test("the signal of the options closes the client", async () => {
  const abort = new AbortController();
  const { host } = scripted({ signal: abort.signal });
  abort.abort();
  assert.equal(host.all("close").length, 1);
});

test("await using closes the client, also where Symbol.asyncDispose does not exist", async () => {
  const { client, host } = scripted();
  const symbol: symbol = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");
  const dispose = (client as unknown as Record<symbol, () => Promise<void>>)[symbol];
  const disposed = dispose?.call(client);
  host.say(STOPPED_BY_USER);
  await disposed;
  assert.equal(host.all("close").length, 1);
});

test("packets are reported with their names and flags", () => {
  const { client, host } = scripted({ trace: true });
  const packets: object[] = [];
  client.addEventListener("packet", ({ packet: { at, ...rest } }) => packets.push({ ...rest, timed: at > 0 }));
  host.say([...record("packet", 1 | (3 << 4), 7, 31, 0b1011, 0, "light"), ...record("packet", 4 << 4, 7, 4, 0, 0x10, "")]);
  host.say([...record("packet", 1 | (1 << 4), 0, 21, 0, 5, ""), ...record("packet", 1 | (1 << 4), 0, 21, 0, 4, "")]);
  const rest = { packetId: 7, timed: true, protocol: undefined };
  const flags = { qos: 0, dup: false, retain: false, reasonCode: 0, topic: undefined };
  const connect = { ...flags, direction: "out", type: "CONNECT", packetId: undefined, size: 21, timed: true };
  assert.deepEqual(packets, [
    { ...rest, direction: "out", type: "PUBLISH", size: 31, qos: 1, dup: true, retain: true, reasonCode: 0, topic: "light" },
    { ...rest, direction: "in", type: "PUBACK", size: 4, qos: 0, dup: false, retain: false, reasonCode: 16, topic: undefined },
    { ...connect, protocol: "5.0" },
    { ...connect, protocol: "3.1.1" },
  ]);
});

test("records of a kind that is not known are skipped", async () => {
  const { client, host } = scripted();
  const published = client.publish("a", "b");
  host.say([99 | (3 << 8), 1, 2, ...done(host.token("publish"), 0)]);
  await published;
});

test("an error event without a listener goes to the page's error handler", () => {
  const reported: unknown[] = [];
  const scope = globalThis as { reportError?: (error: unknown) => void };
  const before = scope.reportError;
  scope.reportError = (error) => void reported.push(error);
  try {
    const { client, host } = scripted();
    const failures = ["never heard", "heard", "heard once", "no longer heard", "heard by one who does not care"].map(
      (text) => new Error(text),
    );
    let next = 0;
    client.subscribe("a", () => {
      throw failures[next++];
    });
    const heard: unknown[] = [];
    const listener = ({ error }: ClientErrorEvent): void => void heard.push(error);
    const fail = (): void => host.say(message(0, "a"));
    fail();
    client.addEventListener("error", listener);
    fail();
    client.removeEventListener("error", listener);
    client.addEventListener("error", listener, { once: true });
    fail();
    fail();
    client.addEventListener("error", () => undefined);
    client.addEventListener("error", null);
    fail();
    assert.deepEqual(heard, [failures[1], failures[2]]);
    assert.deepEqual(reported, [failures[0], failures[3]]);
  } finally {
    if (before === undefined) delete scope.reportError;
    else scope.reportError = before;
  }
});

test("where nobody has to be asked the first attempt has its address before it asks for one, and later ones have it when they ask", () => {
  const { host } = scripted({ credentials: { username: "wall", password: "secret" } });
  const [first] = host.all("address");
  assert.deepEqual(first?.slice(0, 3), [1, "ws://broker.test/mqtt", "wall"]);
  host.say(record("prepare", 0, 1, ""));
  assert.equal(host.all("address").length, 1);
  host.say(record("prepare", 0, 1, "")); // after a link that was stable
  host.say(record("prepare", 0, 2, ""));
  assert.deepEqual(
    host.all("address").map(([attempt]) => attempt),
    [1, 1, 2],
  );
});

test("a server reference that comes before the first attempt is followed", () => {
  const { host } = scripted();
  host.say(record("prepare", 0, 1, "other.test:99"));
  assert.deepEqual(
    host.all("address").map(([, url]) => url),
    ["ws://broker.test/mqtt", "ws://other.test:99/mqtt"],
  );
});

test("where somebody has to be asked nothing is answered before it is wanted", () => {
  const { host } = scripted({ credentials: async () => ({ username: "wall" }) });
  assert.deepEqual(host.all("address"), []);
});
