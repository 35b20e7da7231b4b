// What has happened, in words: what is kept, what a bug report says, and what neither may tell.
import assert from "node:assert/strict";
import { test } from "node:test";
import { StoppedError } from "../../src/ts/index.js";
import { encodeProperties } from "../../src/ts/properties.js";
import { scripted } from "./scripted-host.js";
import { message, online, record, status } from "./words.js";

const settled = () => new Promise(setImmediate);

test("the history tells what the link did and why, in order, with times", () => {
  const from = Date.now();
  const { client, host } = scripted();
  assert.deepEqual(client.history, []);
  host.say([...record("prepare", 0, 1, ""), ...status("connecting", { phase: 1, at: from }), ...online("me")]);
  host.say(status("waiting", { attempt: 2, at: from + 60_000, cause: 3, code: 1006 }));
  client.reconnectNow();
  host.say([...record("gap", 0), ...status("stopped", { cause: 5, code: 0x8e })]);
  const lines = client.history.map(({ kind, text }) => `${kind}: ${text}`);
  const expected = [
    /^status: attempt 1, MQTT 5\.0: socket ws:\/\/broker\.test\/mqtt$/,
    /^status: online at ws:\/\/broker\.test\/mqtt as me, MQTT 5\.0, session new, took {"address":0,"socket":\d+,"handshake":0}$/,
    /^status: attempt 2 in [56]\d{4} ms, after \d+ ms online, socket-closed: .*1006/,
    /^call: reconnectNow\(\)$/,
    /^gap: session-lost$/,
    /^status: stopped, after \d+ ms online, disconnected: .*Session taken over/,
  ];
  assert.equal(lines.length, expected.length, lines.join("\n"));
  for (const [at, pattern] of expected.entries()) assert.match(lines[at] ?? "", pattern);
  for (const { at, times } of client.history) assert.ok(at >= from && at <= Date.now() && times === 1);
});

test("the history has a bound, and what repeats itself takes one entry", () => {
  const { client, host } = scripted();
  client.addEventListener("error", () => {});
  for (let i = 0; i < 1_000; i++) client.reconnectNow();
  assert.deepEqual(
    client.history.map(({ text, times }) => [text, times]),
    [["reconnectNow()", 1_000]],
  );
  const before = client.history;
  for (let i = 1; i <= 1_000; i++) host.say(status("connecting", { attempt: i, phase: 1 }));
  assert.equal(client.history.length, 200);
  assert.match(client.history.at(-1)?.text ?? "", /^attempt 1000,/);
  assert.equal(before.length, 1, "what was given out stays as it is");
  host.say(status("waiting", { cause: 3, code: 1000, detail: "x".repeat(65_535) }));
  assert.ok((client.history.at(-1)?.text.length ?? 0) <= 500);
});

test("a network that comes and goes leaves what was before it in the history", () => {
  const { client, host } = scripted();
  host.say(status("connecting", { phase: 1 }));
  for (let i = 0; i < 1_000; i++) for (const name of ["offline", "online"]) host.befall(name);
  host.say(status("connecting", { attempt: 2, phase: 1 }));
  for (const name of ["offline", "hidden", "visible", "hidden"]) host.befall(name);
  assert.deepEqual(
    client.history.map(({ kind, text, times }) => [kind === "page" ? text : kind, times]),
    [
      ["status", 1],
      ["offline", 1_000],
      ["online", 1_000],
      ["status", 1],
      ["offline", 1],
      ["hidden", 2],
      ["visible", 1],
    ],
  );
});

test("messages leave no trace in the history, however many", async () => {
  const { client, host } = scripted();
  client.subscribe("a", () => {});
  void client.publish("a", "x");
  host.say(message(0, "a"));
  assert.deepEqual(client.history, []);
});

test("errors are told by name and code, and where that is safe by their words", async () => {
  const { client, host } = scripted();
  client.addEventListener("error", () => {});
  client.subscribe("a", () => {
    throw new TypeError("words of the application");
  });
  client.subscribe("b", () => Promise.reject("text"));
  host.say([...message(0, "a"), ...message(1, "b")]);
  await settled();
  host.say(record("restored", 1, 0xc000_0000, 7, 0, 3, "t"));
  host.say(record("done", 0, 0xc000_0000, 0x87, 0, 0));
  const texts = client.history.map(({ kind, text }) => `${kind}: ${text}`);
  assert.deepEqual(texts.slice(0, 2), ["error: TypeError", "error: string"]);
  assert.equal(texts[2], "outcome: refused: 7 on t");
  assert.match(texts[3] ?? "", /^error: PublishError refused: .*Not authorized/);
});

test("what a function of the application says is left out, also where it is a word of the sentence around it", () => {
  const { client, host } = scripted();
  host.say(status("waiting", { cause: 11, detail: "credentials" }));
  assert.match(client.history[0]?.text ?? "", /there are no credentials: \.\.\.\. Check/);
});

test("a bug report has version, browser, options, status, limits, counters and the history", async () => {
  const { client, host } = scripted({ clientId: "wall", keepAlive: 20, will: { topic: "gone", payload: "bye" } });
  host.say(online("wall"));
  const report = await client.diagnostics();
  assert.match(report, /^hawser \d+\.\d+\.\d+, \d{4}-\d\d-\d\dT/);
  assert.match(report, /^browser: \S/m);
  assert.match(report, /^url: ws:\/\/broker\.test\/mqtt$/m);
  assert.match(report, /^credentials: undefined$/m);
  const options = JSON.parse(/^options: (.*)$/m.exec(report)?.[1] ?? "");
  assert.equal(options.keepAlive, 20);
  assert.equal(options.clientId, "wall");
  assert.deepEqual(options.will, { topic: "gone", payload: "3 bytes", qos: 0, retain: false });
  assert.match(report, /^status: online at /m);
  assert.match(report, /^limits: .*"receiveMaximum":65535/m);
  assert.match(report, /^stats: .*"sockets":1,/m);
  assert.match(report, /^\d{4}-\d\d-\d\dT[\d:.]+Z status: online at .* as wall,/m);
});

test("a bug report can still be had after the end, with the last counters if the engine could tell them", async () => {
  const { client, host } = scripted();
  host.say(status("stopped", { cause: 4, code: 0x87 }));
  assert.equal((await client.stats()).sockets, 1);
  const report = await client.diagnostics();
  assert.match(report, /^status: stopped, after refused: .*Not authorized/m);
  assert.match(report, /^stats: .*"sockets":1,/m);
  const failed = scripted();
  failed.host.stop({ kind: "engine", detail: "trap", message: "trap" });
  await assert.rejects(failed.client.stats(), StoppedError);
  assert.match(await failed.client.diagnostics(), /^stats: undefined$/m);
});

test("no secret gets into the history or a bug report, wherever it was", async () => {
  const secrets: string[] = [];
  const secret = (where: string) => {
    secrets.push(`s3cret-${where}`);
    return `s3cret-${where}`;
  };
  const url = `ws://broker.test/mqtt?token=${secret("query")}`;
  const { client, host } = scripted(
    {
      credentials: ({ attempt }) => {
        if (attempt === 2) throw new Error(`cannot log in with ${secret("thrown-credentials")}`);
        return { username: secret("username"), password: secret("password") };
      },
      authentication: {
        method: "X",
        respond: ({ step }) => {
          if (step === "challenge") throw new Error(secret("thrown-authentication"));
          return secret("authentication");
        },
      },
      will: { topic: "t", payload: secret("will"), userProperties: { key: secret("will-property") }, contentType: secret("will-type") },
      userProperties: { key: secret("user-property") },
    },
    url,
  );
  client.addEventListener("error", () => {});
  host.say(record("prepare", 0, 1, ""));
  await settled();
  host.say(status("connecting", { phase: 1 }));
  const challenge = encodeProperties({ authenticationData: new TextEncoder().encode(secret("challenge")) }) ?? assert.fail();
  host.say(record("authenticate", 0x18, 1, 0, challenge.length), Uint8Array.from(challenge));
  await settled();
  host.say(status("waiting", { cause: 12, detail: secret("thrown-authentication") }));
  const said =
    encodeProperties({ userProperties: [["key", secret("broker-property")]], responseInformation: secret("response") }) ?? assert.fail();
  host.say([...record("connected", 2, 30, 0, 9, 2, 99, 0, 15, 0, said.length, "me"), ...status("online")], Uint8Array.from(said));
  client.subscribe("a", (received) => {
    received.json();
  });
  const payload = new TextEncoder().encode(secret("payload"));
  host.say(message(0, "a", { payload: [0, payload.length] }), payload);
  const published = client.publish("b", secret("published"), { userProperties: { key: secret("published-property") } });
  host.say(record("prepare", 0, 2, ""));
  await settled();
  host.say(status("waiting", { cause: 11, detail: `cannot log in with ${secret("thrown-credentials")}` }));
  host.say(record("prepare", 1, 3, `ws://u:${secret("reference-password")}@other.test/?token=${secret("reference")}`));
  const address = `wss://broker.test:8084/mqtt?token=${secret("close-reason")}`;
  host.say(status("waiting", { cause: 2, detail: `Failed to construct 'WebSocket': the URL '${address}' is not allowed` }));
  const told = [JSON.stringify(client.history), await client.diagnostics()];
  host.say(status("stopped", { cause: 11, detail: secret("last-words") }));
  await assert.rejects(published);
  told.push(JSON.stringify(client.history), await client.diagnostics());
  for (const text of told) for (const word of secrets) assert.ok(!text.includes(word), `${word} in ${text}`);
  assert.doesNotMatch(told.join(), /s3cret/);
  assert.match(told[1] ?? "", /is not allowed/, "what is no secret is told");
});
