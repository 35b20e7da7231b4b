// What the client tells of its link: how long things took, what was counted, and the report for those who have to find out what happened.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { startEmbeddedBroker } from "../../www/server/broker.mjs";
import { startProxy } from "../../www/server/proxy.mjs";
import { startHostile } from "./support/hostile.mjs";
import { openLab, QUICK } from "./support/lab.mjs";

describe("what happened", () => {
  let lab;
  let broker;
  let proxy;
  let server;
  before(async () => {
    [lab, broker] = await Promise.all([openLab(), startEmbeddedBroker({ users: [{ username: "wall", password: "s3cret-password" }] })]);
    proxy = await startProxy({ target: broker.url });
  });
  afterEach(async () => {
    proxy.calm();
    await lab.clear();
    await server?.stop();
    server = undefined;
  });
  after(async () => {
    await lab?.stop();
    await proxy?.stop();
    await broker?.stop();
  });

  const credentials = { username: "wall", password: "s3cret-password" };

  test("every packet that passes is counted, and the round trip is the network's", async () => {
    const delay = 40;
    proxy.delay(delay);
    const seen = proxy.packets.length;
    const client = await lab.online(proxy.url, { credentials, keepAlive: 1 });
    const first = await client.stats();
    assert.ok(first.roundTrip >= 2 * delay, `CONNECT took ${first.roundTrip} ms`);
    const { took, since } = await client.until({ state: "online" });
    assert.ok(took.handshake >= 2 * delay, `the handshake took ${took.handshake} ms`);
    assert.ok(first.lastReceivedAt >= since && first.lastSentAt <= since);
    proxy.delay(2 * delay);
    await proxy.waitFor(({ type }) => type === "PINGRESP");
    // What is answered after the PINGRESP has come after it.
    await client.publish("round/trip", "x", { qos: 1 });
    const second = await client.stats();
    assert.ok(second.roundTrip >= 4 * delay, `PINGREQ took ${second.roundTrip} ms`);
    proxy.calm();
    await client.close();
    await proxy.waitFor(({ type }) => type === "DISCONNECT", { from: seen });
    const passed = (way) => proxy.packets.slice(seen).filter(({ direction }) => direction === way).length;
    const [up, down] = [passed("up"), passed("down")];
    // The broker may send a PINGRESP, and the client a PINGREQ, after the numbers were taken; DISCONNECT is one more.
    assert.ok(second.packetsSent >= 3 && second.packetsSent < up, `${second.packetsSent} of ${up} sent`);
    assert.ok(second.packetsReceived >= 3 && second.packetsReceived <= down, `${second.packetsReceived} of ${down} received`);
  });

  test("a lost link and a failed attempt tell what ended, and both are counted", async () => {
    const client = await lab.online(proxy.url, { credentials });
    const { since } = await client.until({ state: "online" });
    const from = (await client.statuses()).length;
    proxy.refuse(true);
    proxy.cut();
    const lost = await client.until({ state: "waiting", cause: { kind: "socket-closed" } }, from);
    assert.deepEqual([lost.ended.phase, lost.ended.since], ["online", since]);
    const failed = await client.until({ state: "waiting", cause: { kind: "socket-failed" } }, from);
    assert.equal(failed.ended.phase, "socket");
    proxy.refuse(false);
    await client.until({ state: "online" }, from);
    const { attempts, linksLost, sockets } = await client.stats();
    assert.equal(linksLost, 1);
    assert.ok(attempts >= 3 && attempts === sockets, `${attempts} attempts, ${sockets} sockets`);
  });

  test("a server that takes the socket and says nothing is told by its phase", async () => {
    server = await startHostile(() => {});
    const client = await lab.connect(server.url, { connectTimeout: 2_000, reconnect: { ...QUICK, maxAttempts: 1 } });
    const { ended, cause } = await client.until({ state: "stopped" });
    assert.deepEqual([ended.phase, cause.kind], ["handshake", "connect-timeout"]);
    assert.equal((await client.stats()).attempts, 1, "the counters outlive the engine");
    assert.match(await client.diagnostics(), /stopped, after \d+ ms handshake, connect-timeout: /);
  });

  test("the report tells the browser, the options, the numbers and the story, and none of the secrets", async () => {
    const client = await lab.online(`${proxy.url}?token=s3cret-query`, { credentials, will: { topic: "gone", payload: "s3cret-will" } });
    const from = (await client.statuses()).length;
    await client.publish("a", "s3cret-payload", { qos: 1 });
    proxy.cut();
    await client.until({ state: "online" }, from);
    const report = await client.diagnostics();
    assert.match(report, /^hawser \d/);
    assert.match(report, /^browser: .*Chrome/m);
    assert.match(report, /^credentials: object$/m);
    assert.match(report, /^options: .*"keepAlive":30,/m);
    assert.match(report, /^stats: .*"linksLost":1,/m);
    assert.match(report, / status: attempt \d in \d+ ms, after \d+ ms online, socket-closed: .*1006/);
    assert.ok(report.split("\n").some((line) => line.includes(` status: online at ${proxy.url} as ${client.clientId}`)));
    assert.doesNotMatch(report, /s3cret|wall/);
  });
});
