// What users and servers get wrong: each ends in a cause that says what it was, and in no more attempts than were allowed.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import net from "node:net";
import { after, afterEach, before, describe, test } from "node:test";
import { CONNACK, startHostile } from "./support/hostile.mjs";
import { openLab } from "./support/lab.mjs";

/** Three attempts and no more. */
const THREE = { kind: "fixed", delay: 1, jitter: 0, maxAttempts: 3 };
const dist = (name) => readFile(new URL(`../../dist/${name}`, import.meta.url));

describe("bad input", () => {
  let lab;
  const running = [];
  before(async () => {
    lab = await openLab();
  });
  afterEach(async () => {
    await lab.clear();
    await Promise.all(running.splice(0).map((stop) => stop()));
  });
  after(() => lab?.stop());

  async function server(script) {
    const started = await startHostile(script);
    running.push(() => started.stop());
    return started;
  }
  const accept = async (visit) => {
    await visit.packet("CONNECT");
    visit.send(CONNACK["5.0"]);
  };

  /** Connects with a function that fails in this way, as `url` or as `credentials`, until the client stops. */
  const failing = (url, what, how) =>
    lab.page.evaluate(
      async (url, what, how, reconnect) => {
        const signals = [];
        const bad = ({ signal }) => {
          signals.push(signal);
          if (how === "throws") throw new Error("no token today");
          if (how === "throws what a server said") throw Object.assign(new Error(), { message: 503 });
          if (how === "throws what has no words") throw Object.create(null);
          if (how === "rejects") return Promise.reject(new Error("no token today"));
          if (how === "hangs") return new Promise(() => {});
          return { token: "s3cret" };
        };
        const options = { reconnect, credentialsTimeout: 20, ...(what === "credentials" && { credentials: bad }) };
        const client = globalThis.hawser.connect(what === "url" ? bad : url, options);
        const failed = client.publish("a", "b", { qos: 1 }).catch((error) => error.name);
        const name = await failed;
        const { state, cause } = client.status;
        return { name, state, kind: cause.kind, detail: cause.detail, aborted: signals.map(({ aborted }) => aborted) };
      },
      url,
      what,
      how,
      THREE,
    );

  for (const what of ["url", "credentials"]) {
    for (const [how, about] of [
      ["throws", /^no token today$/],
      ["throws what a server said", /^503$/],
      ["throws what has no words", /^object$/],
      ["rejects", /^no token today$/],
      ["hangs", new RegExp(`^\`${what}\` gave no answer within 20 ms$`)],
      ["returns rubbish", new RegExp(`"${what}\\(\\)`)],
    ]) {
      test(`a function for ${what} that ${how} is asked three times, and no server hears of it`, async () => {
        const { url, visits } = await server(accept);
        const { name, state, kind, detail, aborted } = await failing(url, what, how);
        assert.deepEqual([name, state, kind], ["StoppedError", "stopped", "address"]);
        assert.match(detail, about);
        assert.doesNotMatch(detail, /s3cret/);
        assert.deepEqual(aborted, [true, true, true]);
        assert.equal(visits.length, 0);
      });
    }
  }

  test("a URL that is no WebSocket's throws at once", async () => {
    for (const url of ["http://127.0.0.1/mqtt", "mqtt://127.0.0.1", "file:///etc/passwd", "127.0.0.1:1883", "", "ws://u:p@127.0.0.1/"]) {
      await assert.rejects(lab.connect(url), (error) => error.name === "OptionError" && error.option === "url", url);
      await assert.rejects(lab.connect(["ws://127.0.0.1:1/", url]), (error) => error.option === "url[1]", url);
    }
  });

  test("on a page that came by https an address without TLS throws at once, and this machine may be reached", async () => {
    const { url } = await server(accept);
    const tab = await lab.tab();
    const { page } = tab;
    // The browser is answered before it asks the network, so nobody needs a certificate.
    const devtools = await page.createCDPSession();
    devtools.on("Fetch.requestPaused", async ({ requestId, request }) => {
      const name = new URL(request.url).pathname.slice(1);
      const type = name === "" ? "text/html" : name.endsWith(".wasm") ? "application/wasm" : "text/javascript";
      const body = type === "text/html" ? Buffer.from("<!doctype html><link rel=icon href=data:,>") : await dist(name);
      const responseHeaders = [{ name: "content-type", value: type }];
      await devtools.send("Fetch.fulfillRequest", { requestId, responseCode: 200, responseHeaders, body: body.toString("base64") });
    });
    // Chromium asks the user before a page reaches this machine; one that does not know the permission does not ask.
    const permissions = ["loopbackNetwork"];
    await devtools.send("Browser.grantPermissions", { origin: "https://page.test", permissions }).catch(() => {});
    await devtools.send("Fetch.enable", { patterns: [{ urlPattern: "https://page.test/*" }] });
    await page.goto("https://page.test/");
    const result = await page.evaluate(async (loopback) => {
      const { connect } = await import("https://page.test/hawser.js");
      const refused = ["ws://broker.test/mqtt", "ws://10.0.0.1/"].map((url) => {
        try {
          connect(url);
          return "taken";
        } catch ({ name, option, expected }) {
          return `${name} ${option} ${expected}`;
        }
      });
      const client = connect(loopback);
      await new Promise((resolve) => client.addEventListener("status", resolve, { once: true }));
      while (client.status.state === "connecting")
        await new Promise((resolve) => client.addEventListener("status", resolve, { once: true }));
      const { state } = client.status;
      await client.close();
      return { refused, state };
    }, url);
    await tab.close();
    for (const refused of result.refused) assert.match(refused, /^OptionError url wss .*mixed content/);
    assert.equal(result.state, "online");
  });

  test("servers that send the client from one to the other and back see it six times in a row and no more", async () => {
    const REFERENCE = 0x1c;
    const away = (to) => async (visit) => {
      await visit.packet("CONNECT");
      const text = Buffer.from(to());
      visit.send(0x20, 6 + text.length, 0, 0x9c, 3 + text.length, REFERENCE, 0, text.length, text);
    };
    const host = ({ url }) => new URL(url).host;
    const a = await server(away(() => host(b)));
    const b = await server(away(() => host(a)));
    const client = await lab.connect(a.url, { reconnect: { ...THREE, maxAttempts: 7 } });
    const { cause } = await client.until({ state: "stopped" });
    assert.deepEqual([cause.kind, cause.reasonCode], ["refused", 0x9c]);
    assert.deepEqual([a.visits.length, b.visits.length], [4, 3], "as many attempts as were allowed");
    assert.equal((await client.statuses()).filter(({ state }) => state === "waiting").length, 1);
  });

  /** Tells the page that its network comes and goes, five thousand times. */
  const flutter = () =>
    lab.page.evaluate(() => {
      for (let time = 0; time < 5_000; time++) for (const type of ["offline", "online"]) dispatchEvent(new Event(type));
    });

  test("a living link outlives ten thousand events of the network in a moment, and is hardly asked whether it lives", async () => {
    const { url, visits } = await server(async (visit) => {
      visit.ws.on("message", (bytes) => bytes[0] === 0xc0 && visit.send(0xd0, 0));
      await accept(visit);
    });
    const client = await lab.online(url, { protocol: "5.0" });
    await flutter();
    await client.publish("still", "here");
    await visits[0].packet("PUBLISH");
    assert.equal((await client.statuses()).at(-1).state, "online");
    const types = visits.map(({ packets }) => packets.map(({ type }) => type));
    assert.ok(types.length === 1 && types[0].filter((type) => type === "PINGREQ").length <= 10, types);
  });

  test("ten thousand events of the network in a moment make one attempt a second, at a server that drops everybody", async () => {
    const { url, visits } = await server((visit) => visit.ws.terminate());
    const client = await lab.connect(url, { protocol: "5.0", reconnect: { kind: "fixed", delay: "1h", jitter: 0 } });
    await client.until({ state: "waiting", attempt: 2 });
    await flutter();
    const { cause } = await client.until({ state: "waiting", attempt: 3 });
    assert.equal(cause.kind, "socket-closed");
    await flutter();
    await client.until({ state: "waiting", attempt: 4 });
    const began = (await client.statuses()).filter(({ phase }) => phase === "address").map(({ since }) => since);
    assert.ok(began.length >= 3 && began.length <= visits.length + 1, `${began.length} attempts, ${visits.length} visits`);
    for (const [at, since] of began.slice(1).entries()) assert.ok(since - began[at] >= 1_000, `an attempt after ${since - began[at]} ms`);
  });

  /** Accepts TCP connections and says nothing. */
  async function deaf() {
    const sockets = [];
    const listener = net.createServer((socket) => sockets.push(socket.on("error", () => {})));
    await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
    running.push(() => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => listener.close(resolve));
    });
    return { url: `ws://127.0.0.1:${listener.address().port}/mqtt`, visits: sockets };
  }

  for (const [silent, phase, start] of [
    ["takes the connection and says nothing", "socket", deaf],
    ["opens the WebSocket and does not answer CONNECT", "handshake", () => server(() => {})],
  ]) {
    test(`a server that ${silent} is tried three times, each for as long as connectTimeout`, async () => {
      const { url, visits } = await start();
      const client = await lab.connect(url, { reconnect: THREE, connectTimeout: 100, protocol: "5.0" });
      const { cause } = await client.until({ state: "stopped" });
      assert.deepEqual([cause.kind, cause.phase], ["connect-timeout", phase]);
      assert.equal(visits.length, 3);
    });
  }
});
