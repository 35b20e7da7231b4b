// Where attempts go: addresses in turn, functions that give one, and servers that send the client elsewhere.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AddressProvider, AddressRequest, ConnectOptions } from "../../src/ts/index.js";
import { OptionError } from "../../src/ts/index.js";
import { settingsOf } from "../../src/ts/settings.js";
import { scripted } from "./scripted-host.js";
import { online, record, status } from "./words.js";

/** The addresses of all attempts so far. */
const addresses = (host: { all(method: "address"): (readonly unknown[])[] }) => host.all("address").map(([, url]) => url);
const FIRST = "ws://broker.test/mqtt";
const [A, B, C] = ["ws://a.test/", "ws://b.test/", "ws://c.test/"] as const;
const SERVERS = [A, B, C];
const settled = () => new Promise(setImmediate);
const prepare = (attempt: number) => record("prepare", 0, attempt, "");
/** A failure or a loss, after which this attempt comes. */
const waiting = (attempt: number) => status("waiting", { attempt, cause: 2, code: 1006 });

/** The address is refused, and the error says what it takes. */
const refuses = (option: string, url: unknown, expected: RegExp) =>
  assert.throws(
    () => settingsOf(url, {}),
    (error) => error instanceof OptionError && error.option === option && expected.test(error.expected),
    String(url),
  );

test("addresses that cannot lead to a broker are refused", () => {
  const wrong = ["", "broker", "/mqtt", "https://broker.example", "ws://u:p@broker.example", "ws://broker.example/#x", 7, null, undefined];
  for (const url of wrong) {
    refuses("url", url, /wss:/);
    refuses("url[1]", [FIRST, url], /wss:/);
  }
  refuses("url", [], /at least one/);
  assert.deepEqual(settingsOf(new URL("ws://[::1]:9001/a?b=c"), {}).addresses, ["ws://[::1]:9001/a?b=c"]);
  assert.deepEqual(settingsOf([new URL(A), B], {}).addresses, [A, B]);
});

test("on a page that came by https an address without TLS is refused at once, but for this machine", () => {
  const scope = globalThis as { location?: { origin: string } };
  const before = Object.getOwnPropertyDescriptor(globalThis, "location");
  try {
    // As in a page, in its workers, and in those that were made of a Blob.
    Object.defineProperty(globalThis, "location", { configurable: true, value: { origin: "https://page.test" } });
    for (const url of ["ws://broker.test", "ws://127.0.0.1.broker.test", "ws://localhost.test", "ws://10.0.0.1"]) {
      refuses("url", url, /^wss .*mixed content/);
      refuses("url[0]", [url, "wss://broker.test"], /^wss .*mixed content/);
    }
    for (const url of [
      "wss://broker.test/",
      "ws://localhost:1/",
      "ws://a.localhost/",
      "ws://127.0.0.1:1/",
      "ws://127.9.9.9/",
      "ws://[::1]/",
    ])
      assert.deepEqual(settingsOf(url, {}).addresses, [url]);
    Object.defineProperty(globalThis, "location", { configurable: true, value: { origin: "http://page.test" } });
    assert.deepEqual(settingsOf(A, {}).addresses, [A]);
  } finally {
    if (before) Object.defineProperty(globalThis, "location", before);
    else delete scope.location;
  }
});

test("of several addresses each has its turn when an attempt fails, or its link does not hold", () => {
  const { host } = scripted({}, SERVERS);
  host.say([...prepare(1), ...waiting(2), ...prepare(2), ...waiting(3), ...prepare(3), ...waiting(4), ...prepare(4)]);
  assert.deepEqual(addresses(host), [A, B, C, A]);
  host.say([...online(), ...waiting(5), ...prepare(5)]);
  assert.equal(addresses(host).at(-1), B);
});

test("a wait that a page event makes shorter or longer is still the same wait", () => {
  const { host } = scripted({}, SERVERS);
  const another = status("waiting", { attempt: 2, cause: 2, code: 1006, at: 1 });
  host.say([...prepare(1), ...waiting(2), ...another, ...prepare(2)]);
  assert.deepEqual(addresses(host), [A, B]);
  host.befall("offline");
  host.say(waiting(3));
  host.befall("online");
  host.say([...status("waiting", { attempt: 3, cause: 2, code: 1006, at: 1 }), ...prepare(3)]);
  assert.deepEqual(addresses(host), [A, B, A]);
});

test("after a link that held the preferred address is tried first", () => {
  const { host } = scripted({}, SERVERS);
  host.say([...prepare(1), ...waiting(2), ...prepare(2), ...online(), ...waiting(1), ...prepare(1), ...waiting(2), ...prepare(2)]);
  assert.deepEqual(addresses(host), [A, B, A, B]);
});

test("a server that was not even asked keeps its turn", () => {
  const { host } = scripted({}, SERVERS);
  const without = status("waiting", { attempt: 2, cause: 11, detail: "no token" });
  host.say([...status("connecting", { phase: 0 }), ...prepare(1), ...without, ...status("connecting", { phase: 0 }), ...prepare(2)]);
  const left = status("waiting", { attempt: 3, cause: 13 });
  host.say([...status("connecting", { phase: 1 }), ...online(), ...left, ...status("connecting", { phase: 0 }), ...prepare(3)]);
  assert.deepEqual(addresses(host), [A, A, A]);
  host.say([...status("connecting", { phase: 1 }), ...waiting(4), ...prepare(4)]);
  assert.equal(addresses(host).at(-1), B);
});

test("when the network is back the preferred address is tried first, unless another one has an attempt or a link", () => {
  const { host } = scripted({}, SERVERS);
  const trying = status("connecting", { phase: 1 });
  host.say([...prepare(1), ...trying, ...waiting(2)]);
  host.befall("offline");
  host.say([...prepare(2), ...trying, ...waiting(3)]);
  host.befall("online");
  host.say([...prepare(3), ...trying, ...waiting(4), ...prepare(4), ...trying]);
  host.befall("online");
  host.say([...waiting(5), ...prepare(5)]);
  assert.deepEqual(addresses(host), [A, B, A, B, C]);
});

test("an attempt that follows at once, with fresh credentials or another protocol, goes to the same address", () => {
  const { host } = scripted({ credentials: { username: "u" } }, SERVERS);
  const refused = status("connecting", { attempt: 3, cause: 4, code: 0x86 });
  host.say([...prepare(1), ...waiting(2), ...prepare(2), ...refused, ...prepare(3)]);
  assert.deepEqual(addresses(host), [A, B, B]);
});

test("the status tells where the client is going, and where it is, without the query", () => {
  const { client, host } = scripted({}, `${A}?token=s3cret`);
  const urls: unknown[] = [];
  client.addEventListener("status", ({ status }) => urls.push("url" in status ? status.url : status.state));
  host.say(status("connecting"));
  host.say([...prepare(1), ...status("connecting", { phase: 1 }), ...status("connecting", { phase: 2 }), ...online()]);
  host.say([...waiting(1), ...status("connecting")]);
  assert.deepEqual(urls, [undefined, A, A, A, "waiting", undefined]);
  assert.deepEqual(addresses(host), [`${A}?token=s3cret`]);
});

test("an address function is asked for each attempt, and the credentials for where it leads", async () => {
  const asked: AddressRequest[] = [];
  const url: AddressProvider = async (request) => {
    asked.push(request);
    return request.attempt === 1 ? A : new URL(B);
  };
  const urls: string[] = [];
  const credentials = ({ url }: { url: string }) => {
    urls.push(url);
    return {};
  };
  const { host } = scripted({ credentials }, url);
  host.say([...status("connecting"), ...prepare(1)]);
  await settled();
  host.say([...waiting(2), ...status("connecting", { attempt: 2, cause: 2, code: 1006 }), ...prepare(2)]);
  await settled();
  assert.deepEqual(addresses(host), [A, B]);
  assert.deepEqual(urls, [A, B]);
  assert.deepEqual(
    asked.map(({ attempt, cause, signal }) => [attempt, cause?.kind, signal.aborted]),
    [
      [1, undefined, false],
      [2, "socket-failed", false],
    ],
  );
});

test("a server that a function leads to may send the client elsewhere, and the function is asked again after that", async () => {
  const { host } = scripted({}, () => A);
  host.say(prepare(1));
  await settled();
  host.say([...record("prepare", 1, 2, "b.test"), ...online()]);
  host.say(record("prepare", 0, 3, "c.test:1"));
  host.say(record("prepare", 0, 4, "a b"));
  host.say([...waiting(5), ...prepare(5)]);
  await settled();
  assert.deepEqual(addresses(host), [A, B, "ws://c.test:1/", "ws://a:1/", A]);
});

test("an address function that throws, rejects or returns rubbish fails the attempt with what was wrong, and no credentials are asked for", async () => {
  const rubbish = (value: unknown) => () => value as string;
  const functions: [AddressProvider, RegExp][] = [
    [() => assert.fail("thrown"), /^thrown$/],
    [() => Promise.reject(new Error("503")), /^503$/],
    [rubbish(undefined), /"url\(\)".*undefined.*wss:/],
    [rubbish({}), /"url\(\)"/],
    [rubbish([A]), /"url\(\)"/],
    [rubbish("https://broker.test"), /ws or wss/],
    [rubbish("no url s3cret"), /a text of 13 characters/],
    [rubbish("wss://u:s3cret@broker.test"), /credentials/],
  ];
  for (const [url, about] of functions) {
    const { host } = scripted({ credentials: () => assert.fail("asked for credentials") }, url);
    host.say(prepare(4));
    await settled();
    const [[attempt, detail] = []] = host.all("addressFailed");
    assert.equal(attempt, 4);
    assert.match(detail as string, about);
    assert.doesNotMatch(detail as string, /s3cret/);
    assert.deepEqual(host.all("address"), []);
  }
});

test("a function that gives no answer in time fails its attempt, and is told so", async ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const never = () => new Promise<never>(() => undefined);
  const cases: [ConnectOptions, string | AddressProvider, number, RegExp][] = [
    [{}, never, 10_000, /`url`.*10000 ms/],
    [{ credentials: never }, A, 10_000, /`credentials`.*10000 ms/],
    [{ credentials: never, credentialsTimeout: "2s" }, () => A, 2_000, /`credentials`.*2000 ms/],
  ];
  for (const [options, url, patience, about] of cases) {
    let signal: AbortSignal | undefined;
    const watched = <T extends { signal: AbortSignal }>(ask: unknown) =>
      typeof ask === "function"
        ? (request: T) => {
            signal = request.signal;
            return ask(request);
          }
        : ask;
    const { host } = scripted(
      { ...options, ...(options.credentials && { credentials: watched(options.credentials) as () => object }) },
      watched(url) as string,
    );
    host.say(prepare(7));
    await settled();
    mock.timers.tick(patience - 1);
    await settled();
    assert.deepEqual([host.all("addressFailed"), signal?.aborted], [[], false]);
    mock.timers.tick(1);
    await settled();
    const [[attempt, detail] = []] = host.all("addressFailed");
    assert.equal(attempt, 7);
    assert.match(detail as string, about);
    assert.ok(signal?.aborted);
  }
});

test("the patience with an attempt that is given up is not the next one's", async ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const answers: ((value: object) => void)[] = [];
  const { host } = scripted({ credentials: () => new Promise<object>((resolve) => answers.push(resolve)) });
  host.say(prepare(1));
  mock.timers.tick(6_000);
  host.say([...waiting(2), ...prepare(2)]);
  answers[0]?.({});
  await settled();
  mock.timers.tick(9_999);
  await settled();
  assert.deepEqual(host.all("addressFailed"), []);
  mock.timers.tick(1);
  await settled();
  assert.equal(host.all("addressFailed")[0]?.[0], 2);
});

test("a stored session belongs to the first address, or with a function to its name alone", () => {
  const session = { name: "wall" };
  assert.equal(settingsOf([`${A}?token=x`, B], { session }).engine.broker, A);
  assert.equal(settingsOf(() => A, { session }).engine.broker, "");
});

test("what comes of a function is fresh with each attempt", () => {
  assert.equal(settingsOf(SERVERS, {}).engine.freshCredentials, false);
  assert.equal(settingsOf(() => A, {}).engine.freshCredentials, true);
  assert.equal(settingsOf(A, { credentials: () => ({}) }).engine.freshCredentials, true);
});

test("a server that has moved is found at its new place when it has its turn again", () => {
  const { host } = scripted({}, [A, B]);
  host.say([...prepare(1), ...record("prepare", 1, 2, "c.test"), ...online(), ...waiting(3), ...prepare(3), ...waiting(4), ...prepare(4)]);
  assert.deepEqual(addresses(host), [A, C, B, C]);
});

test("an attempt that is sent to another server goes there, and the ones after it where the first server is", () => {
  const { host } = scripted();
  host.say([...record("prepare", 0, 1, ""), ...record("prepare", 0, 2, "b.test:1"), ...online()]);
  host.say(record("prepare", 0, 3, ""));
  assert.deepEqual(addresses(host), [FIRST, "ws://b.test:1/mqtt", FIRST]);
});

test("a server that has moved is where the client stays, once it has answered there", () => {
  const { host } = scripted();
  host.say([...record("prepare", 0, 1, ""), ...record("prepare", 1, 2, "dead.test"), ...record("prepare", 0, 3, "")]);
  host.say([...record("prepare", 1, 4, "ws://b.test/other"), ...online(), ...record("prepare", 0, 5, "")]);
  host.say([...record("prepare", 0, 6, "c.test"), ...online(), ...record("prepare", 0, 7, "")]);
  host.say([...record("prepare", 1, 8, ""), ...record("prepare", 0, 9, "")]);
  const moved = "ws://b.test/other";
  assert.deepEqual(addresses(host), [FIRST, "ws://dead.test/mqtt", FIRST, moved, moved, "ws://c.test/other", moved, FIRST, FIRST]);
});

test("a reference that leads nowhere fails the attempt without a detail, and credentials are not asked for", () => {
  let asked = 0;
  const { host } = scripted({
    credentials: () => {
      asked++;
      return {};
    },
  });
  host.say(record("prepare", 1, 2, "user@b.test"));
  assert.deepEqual(host.calls, [["addressFailed", 2]]);
  assert.equal(asked, 0);
});
