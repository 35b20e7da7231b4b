// Options: what they become, and what is said about wrong ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { closeSettings } from "../../src/ts/close-options.js";
import { durationOf } from "../../src/ts/duration.js";
import { OptionError } from "../../src/ts/errors/option-error.js";
import { PayloadError } from "../../src/ts/errors/payload-error.js";
import { TopicError } from "../../src/ts/errors/topic-error.js";
import { decodeProperties } from "../../src/ts/properties.js";
import { publishSettings } from "../../src/ts/publish-options.js";
import { settingsOf } from "../../src/ts/settings.js";
import { subscribeSettings } from "../../src/ts/subscribe-options.js";

const URL_ = "wss://broker.example:8084/mqtt";
const engineOf = (options: object) => settingsOf(URL_, options).engine;

/** The action throws an OptionError that names this option and says what it takes. */
function refuses(option: string, action: () => unknown, expected = /./): void {
  assert.throws(action, (error) => {
    assert.ok(error instanceof OptionError, `not an OptionError: ${error}`);
    assert.equal(error.code, "option");
    assert.equal(error.name, "OptionError");
    assert.equal(error.option, option);
    assert.match(error.expected, expected);
    assert.ok(error.message.includes(`"${option}"`) && error.message.includes(error.expected), error.message);
    return true;
  });
}

test("durations take the option's own unit, or bring their own, and are rounded up", () => {
  const seconds = { unit: "s", min: 0, max: 100_000 } as const;
  const cases: [unknown, number][] = [
    [7, 7],
    [1.2, 2],
    ["500ms", 1],
    ["30s", 30],
    ["1.5m", 90],
    ["1h", 3_600],
    ["1d", 86_400],
    ["0s", 0],
  ];
  for (const [value, expected] of cases) assert.equal(durationOf("x", value, seconds), expected);
  assert.equal(durationOf("x", "1.5s", { ...seconds, unit: "ms" }), 1_500);
  for (const wrong of [
    "5",
    "5 s",
    "s",
    "-5s",
    "1e3s",
    "5sec",
    "",
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    100_001,
    "2d",
    null,
    true,
    {},
  ]) {
    refuses("x", () => durationOf("x", wrong, seconds), /seconds from 0 to 100000/);
  }
});

test("a protocol that is given is spoken and no other", () => {
  for (const protocol of ["5.0", "3.1.1"] as const) assert.equal(settingsOf(URL_, { protocol }).engine.fallBack, false);
});

test("without options everything has its documented default", () => {
  const settings = settingsOf(URL_, undefined);
  assert.deepEqual([settings.addresses, settings.credentialsTimeout], [[URL_], 10_000]);
  assert.deepEqual(settings.engine, {
    protocol: 5,
    fallBack: true,
    followReferences: true,
    cleanStart: true,
    sessionExpiry: 120,
    keepAlive: 30,
    receiveMaximum: 65_535,
    maximumPacketSize: 16_777_216,
    topicAliasMaximum: 64,
    outboundTopicAliases: true,
    requestResponseInformation: false,
    requestProblemInformation: true,
    checkPayloadFormat: false,
    connectTimeout: 15_000,
    reconnect: { kind: "exponential", min: 1_000, max: 60_000, jitter: -2 },
    stableAfter: 10_000,
    maxQueued: 100_000,
    maxQueuedBytes: 67_108_864,
    joinPackets: true,
    trace: false,
    broker: "wss://broker.example:8084/mqtt",
    resendQos2: false,
    stallAfter: 30_000,
    overflow: 0,
    offlineQos0: 0,
    strict: false,
    durable: false,
    maxKeys: 10_000,
    freshCredentials: false,
    probeTimeout: 5_000,
    willOnLeave: true,
    addresses: 1,
  });
  assert.equal(settings.session, undefined);
});

test("an option that is undefined is an option that was left out", () => {
  const names = [
    "clientId",
    "keepAlive",
    "session",
    "reconnect",
    "will",
    "credentials",
    "policy",
    "userProperties",
    "queue",
    "signal",
    "wasm",
  ];
  assert.deepEqual(engineOf(Object.fromEntries(names.map((name) => [name, undefined]))), engineOf({}));
});

test("in 3.1.1 a session is kept only when it is asked for", () => {
  assert.equal(engineOf({ protocol: "3.1.1" }).sessionExpiry, 0);
  assert.equal(engineOf({ protocol: "3.1.1", clientId: "a", session: { cleanStart: false } }).sessionExpiry, 0xffff_ffff);
  assert.equal(engineOf({ protocol: "3.1.1", session: { expiry: "1h" } }).sessionExpiry, 3_600);
});

test("a session with a name is stored, goes on where it was, and has slots unless its client id is fixed", () => {
  const named = settingsOf(`${URL_}?token=secret`, { session: { name: "wall" } });
  assert.deepEqual(named.session, { name: "wall", slots: 16 });
  const { durable, strict, cleanStart, sessionExpiry, broker, resendQos2 } = named.engine;
  assert.deepEqual([durable, strict, cleanStart, sessionExpiry, resendQos2], [true, false, false, 3_600, false]);
  assert.equal(broker, URL_); // a query often has a token in it
  const fixed = settingsOf(URL_, {
    clientId: "me",
    session: { name: "wall", durability: "strict", qos2AfterLoss: "resend", expiry: "1d", dedupeKeys: 50 },
  });
  assert.deepEqual(fixed.session, { name: "wall", slots: 1 });
  assert.deepEqual(
    [fixed.engine.strict, fixed.engine.resendQos2, fixed.engine.sessionExpiry, fixed.engine.maxKeys],
    [true, true, 86_400, 50],
  );
  const memory = settingsOf(URL_, { session: { name: "wall", store: "memory" } });
  assert.deepEqual([memory.session, memory.engine], [undefined, engineOf({})]);
});

test("everything that is set reaches the engine in its units", () => {
  const will = { topic: "gone", payload: "x", qos: 1, retain: true, delay: "10s", expiry: 60, contentType: "text/plain" };
  const engine = engineOf({
    clientId: "me",
    keepAlive: "1m",
    session: { expiry: "1h", cleanStart: false },
    connectTimeout: "3s",
    stallAfter: "1m",
    reconnect: { kind: "fixed", delay: "2s", jitter: 0, maxAttempts: 3, stableAfter: 5 },
    will,
    queue: { messages: 5, bytes: 6, overflow: "latest-per-topic", qos0: "refuse" },
    userProperties: { a: "b" },
    topicAliasMaximum: 0,
    outboundTopicAliases: false,
    joinPackets: false,
    trace: true,
    requestResponseInformation: true,
    requestProblemInformation: false,
    checkPayloadFormat: true,
    probeTimeout: "2s",
    leave: "disconnect",
  });
  assert.deepEqual([engine.requestResponseInformation, engine.requestProblemInformation, engine.checkPayloadFormat], [true, false, true]);
  assert.deepEqual(engine.reconnect, { kind: "fixed", delay: 2_000, jitter: 0 });
  assert.deepEqual([engine.maxAttempts, engine.stableAfter, engine.connectTimeout, engine.keepAlive], [3, 5, 3_000, 60]);
  assert.deepEqual([engine.stallAfter, engine.probeTimeout, engine.willOnLeave], [60_000, 2_000, false]);
  assert.deepEqual([engine.clientId, engine.cleanStart, engine.sessionExpiry], ["me", false, 3_600]);
  assert.deepEqual([engine.maxQueued, engine.maxQueuedBytes, engine.overflow, engine.offlineQos0], [5, 6, 3, 2]);
  assert.deepEqual([...(engine.properties ?? [])], [0x26, 0, 1, 0x61, 0, 1, 0x62]);
  const { properties, payload, ...rest } = engine.will ?? assert.fail("no will");
  assert.deepEqual(rest, { topic: "gone", qos: 1, retain: true });
  assert.deepEqual([...payload], [0x78]);
  const text = [...new TextEncoder().encode("text/plain")];
  assert.deepEqual([...(properties ?? [])], [2, 0, 0, 0, 60, 3, 0, 10, ...text, 0x18, 0, 0, 0, 10]);
  assert.deepEqual(engineOf({ reconnect: false }).reconnect, { kind: "never" });
});

test("jitter is a time that is added, or a share of the delay", () => {
  const jitterOf = (jitter: unknown) => engineOf({ reconnect: { kind: "exponential", jitter } }).reconnect;
  const rest = { kind: "exponential", min: 1_000, max: 60_000 };
  assert.deepEqual(jitterOf("2s"), { ...rest, jitter: 2_000 });
  assert.deepEqual(jitterOf("full"), { ...rest, jitter: -1 });
  assert.deepEqual(jitterOf("equal"), { ...rest, jitter: -2 });
});

test("a will carries all properties that a message can, its user properties in order", () => {
  const userProperties = [
    ["b", "1"],
    ["a", "2"],
    ["b", "1"],
  ];
  const will = {
    topic: "gone",
    payload: "ü",
    payloadFormat: "text",
    expiry: 60,
    contentType: "c",
    responseTopic: "r",
    correlationData: Uint8Array.of(0, 255),
    userProperties,
    delay: 10,
  };
  const { properties } = engineOf({ will }).will ?? assert.fail("no will");
  assert.deepEqual(decodeProperties(properties ?? assert.fail()), {
    payloadFormat: 1,
    expiry: 60,
    contentType: "c",
    responseTopic: "r",
    correlationData: Uint8Array.of(0, 255),
    willDelay: 10,
    userProperties,
  });
});

test("a will that is marked as text and is not UTF-8 is refused", () => {
  const will = { topic: "gone", payload: Uint8Array.of(0xff), payloadFormat: "text" };
  assert.throws(() => engineOf({ will }), PayloadError);
  assert.doesNotThrow(() => engineOf({ will: { ...will, payloadFormat: "bytes" } }));
  assert.throws(() => engineOf({ will: { ...will, payload: "x", responseTopic: "a/+" } }), TopicError);
});

test("each wrong option is named, with what it takes", () => {
  const wrong: [option: string, options: object, expected?: RegExp][] = [
    ["clientId", { clientId: "" }],
    ["clientId", { clientId: 7 }],
    ["clientId", { clientId: "a\0" }, /U\+0000/],
    ["clientId", { clientId: "\ud800" }],
    ["clientId", { clientId: "x".repeat(65_536) }],
    ["protocol", { protocol: 5 }, /"5.0", "3.1.1"/],
    ["keepAlive", { keepAlive: -1 }, /from 0 to 65535/],
    ["keepAlive", { keepAlive: -0.5 }],
    ["keepAlive", { keepAlive: "1d" }],
    ["session", { session: 7 }, /expiry, cleanStart/],
    ["session.expiry", { session: { expiry: "soon" } }],
    ["session.cleanStart", { session: { cleanStart: 1 } }, /true or false/],
    ["session.cleanStart", { session: { cleanStart: false } }, /clientId/],
    ["session.named", { session: { named: "x" } }, /no such option.*name/],
    ["session.name", { session: { name: "" } }, /1 to 65535 bytes/],
    ["session.store", { session: { name: "x", store: "localstorage" } }, /"indexeddb", "memory"/],
    ["session.durability", { session: { name: "x", durability: true } }, /"relaxed", "strict"/],
    ["session.slots", { session: { name: "x", slots: 0 } }, /1 to 1000/],
    ["session.slots", { clientId: "me", session: { name: "x", slots: 2 } }, /from 1 to 1/],
    ["session.name", { session: { slots: 2 } }, /where .*`slots` is set/],
    ["session.name", { session: { store: "indexeddb" } }],
    ["session.name", { session: { durability: "strict" } }],
    ["session.qos2AfterLoss", { session: { qos2AfterLoss: "drop" } }, /"indeterminate", "resend"/],
    ["connectTimeout", { connectTimeout: 0 }, /from 1/],
    ["stallAfter", { stallAfter: -1 }, /from 0/],
    ["reconnect", { reconnect: true }, /false/],
    ["reconnect", { reconnect: null }],
    ["reconnect.kind", { reconnect: {} }, /"fixed", "exponential"/],
    ["reconnect.max", { reconnect: { kind: "fixed", max: 1 } }, /no such option/],
    ["reconnect.delay", { reconnect: { kind: "fixed", delay: "x" } }],
    ["reconnect.jitter", { reconnect: { kind: "fixed", jitter: "some" } }, /from 0 .*"full", "equal"/],
    ["reconnect.jitter", { reconnect: { kind: "exponential", jitter: -1 } }],
    ["reconnect.jitter", { reconnect: { kind: "exponential", jitter: null } }],
    ["reconnect.min", { reconnect: { kind: "exponential", min: 0 } }],
    ["reconnect.max", { reconnect: { kind: "exponential", min: 10, max: 5 } }],
    ["reconnect.maxAttempts", { reconnect: { kind: "fixed", maxAttempts: 0 } }],
    ["credentials", { credentials: "secret" }, /username, password/],
    ["credentials.username", { credentials: { username: 7 } }],
    ["credentials.password", { credentials: { password: 7 } }, /Uint8Array/],
    ["credentials.token", { credentials: { token: "x" } }],
    ["credentialsTimeout", { credentialsTimeout: 0 }, /from 1/],
    ["returnAfter", { returnAfter: "soon" }, /from 0/],
    ["will", { will: "gone" }],
    ["will.qos", { will: { topic: "a", qos: 3 } }, /0, 1, 2/],
    ["will.retain", { will: { topic: "a", retain: "yes" } }],
    ["will.delay", { will: { topic: "a", delay: -1 } }],
    ["will.expiry", { will: { topic: "a", expiry: "never" } }],
    ["will.payload", { will: { topic: "a", payload: new Uint8Array(65_536) } }, /65535/],
    ["receiveMaximum", { receiveMaximum: 0 }, /1 to 65535/],
    ["maximumPacketSize", { maximumPacketSize: 0 }],
    ["topicAliasMaximum", { topicAliasMaximum: 1.5 }],
    ["outboundTopicAliases", { outboundTopicAliases: 1 }],
    ["requestResponseInformation", { requestResponseInformation: 1 }],
    ["requestProblemInformation", { requestProblemInformation: 0 }],
    ["checkPayloadFormat", { checkPayloadFormat: "text" }],
    ["userProperties", { userProperties: "a=b" }],
    ["userProperties", { userProperties: [["a"]] }],
    ["userProperties", { userProperties: { a: 7 } }],
    ["queue.messages", { queue: { messages: -1 } }],
    ["queue.bytes", { queue: { bytes: "1MB" } }],
    ["queue.overflow", { queue: { overflow: "drop" } }, /drop-oldest/],
    ["queue.qos0", { queue: { qos0: 0 } }, /refuse/],
    ["joinPackets", { joinPackets: "no" }],
    ["trace", { trace: 0 }],
    ["wasm", { wasm: 42 }, /Response/],
    ["wasm", { wasm: null }],
    ["signal", { signal: {} }, /AbortSignal/],
    ["keepalive", { keepalive: 30 }, /no such option.*keepAlive/],
    ["options", [] as object],
    ["options", null as unknown as object],
    ["session", { session: null }],
  ];
  for (const [option, options, expected] of wrong) refuses(option, () => settingsOf(URL_, options), expected);
  assert.throws(() => settingsOf(URL_, { will: { topic: "a/+" } }), TopicError);
});

test("an option error never repeats a long text, which may be a secret, nor any credentials", () => {
  for (const credentials of ["s3cret", { password: "s3cret\0" }, { password: 53_137 }])
    assert.throws(
      () => settingsOf(URL_, { credentials }),
      (error) => error instanceof OptionError && !/s3cret|53137/.test(error.message) && /a (text of \d|number)/.test(error.message),
    );
  assert.throws(
    () => settingsOf(URL_, { credentials: "s3cret-".repeat(10) }),
    (error) => error instanceof OptionError && !error.message.includes("s3cret") && error.message.includes("70 characters"),
  );
});

test("options of publish become flags and a property block", () => {
  assert.deepEqual(publishSettings({}), { flags: 0, properties: undefined, signal: undefined });
  assert.equal(publishSettings({ qos: 2, retain: true }).flags, 5);
  const { properties } = publishSettings({ payloadFormat: "text", responseTopic: "r", correlationData: "c" });
  assert.deepEqual([...(properties ?? [])], [1, 1, 8, 0, 1, 0x72, 9, 0, 1, 0x63]);
  const wrong: [string, object][] = [
    ["qos", { qos: 3 }],
    ["qos", { qos: "1" }],
    ["retain", { retain: 1 }],
    ["expiry", { expiry: "x" }],
    ["contentType", { contentType: 7 }],
    ["payloadFormat", { payloadFormat: "utf8" }],
    ["correlationData", { correlationData: new Uint8Array(65_536) }],
    ["userProperties", { userProperties: 7 }],
    ["signal", { signal: "x" }],
    ["Qos", { Qos: 1 }],
  ];
  for (const [option, options] of wrong) refuses(option, () => publishSettings(options));
  assert.throws(() => publishSettings({ responseTopic: "a/#" }), TopicError);
});

test("options of subscribe become the options byte and a property block", () => {
  const handler = () => undefined;
  const plain = { bits: 0, properties: undefined, received: false, dedupe: undefined, buffer: 10_000, signal: undefined };
  assert.deepEqual(subscribeSettings(undefined, handler, "a"), plain);
  const all = { qos: 2, noLocal: true, retainAsPublished: true, retainHandling: "never", userProperties: { k: "v" } };
  const { bits, properties } = subscribeSettings(all, undefined, "a");
  assert.equal(bits, 2 | 4 | 8 | 32);
  assert.deepEqual([...(properties ?? [])], [0x26, 0, 1, 0x6b, 0, 1, 0x76]);
  const wrong: [string, object][] = [
    ["qos", { qos: 4 }],
    ["noLocal", { noLocal: "x" }],
    ["retainHandling", { retainHandling: 1 }],
    ["subscriptionIdentifier", { subscriptionIdentifier: 7 }],
    ["buffer", { buffer: 0 }],
    ["signal", { signal: 1 }],
    ["retain", { retain: true }],
  ];
  for (const [option, options] of wrong) refuses(option, () => subscribeSettings(options, undefined, "a"));
  refuses("handler", () => subscribeSettings({}, "x", "a"));
  refuses("noLocal", () => subscribeSettings({ noLocal: true }, undefined, "$share/g/a"), /3\.8\.3-4/);
});

test("close ends a session that nobody could find again, and leaves others as they are", () => {
  const bytes = (options: object | undefined, engine: object) => {
    const { reason, properties } = closeSettings(options, engineOf(engine));
    return [reason, ...(properties ?? [])];
  };
  assert.deepEqual(bytes(undefined, {}), [0, 0x11, 0, 0, 0, 0]);
  assert.deepEqual(bytes(undefined, { clientId: "a" }), [0]);
  assert.deepEqual(bytes(undefined, { session: { name: "stored" } }), [0]);
  assert.deepEqual(bytes(undefined, { session: { expiry: 0 } }), [0]);
  assert.deepEqual(bytes(undefined, { protocol: "3.1.1" }), [0]);
  assert.deepEqual(bytes({ will: true, sessionExpiry: "1m" }, { clientId: "a" }), [4, 0x11, 0, 0, 0, 60]);
  refuses("sessionExpiry", () => closeSettings({ sessionExpiry: 1 }, engineOf({ session: { expiry: 0 } })), /only 0/);
  refuses("reason", () => closeSettings({ reason: 4 }, engineOf({})));
});

test("the bytes of a will may be changed by the caller afterwards", () => {
  const payload = Uint8Array.of(1, 2);
  const { will } = engineOf({ will: { topic: "a", payload } });
  payload.fill(9);
  assert.deepEqual(will?.payload, Uint8Array.of(1, 2));
});
