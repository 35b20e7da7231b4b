// Credentials that run out: the link is renewed before they do, while messages go both ways.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { startEmbeddedBroker } from "../../www/server/broker.mjs";
import { HOST, openLab, unique } from "./support/lab.mjs";
import { connectPeer } from "./support/peer.mjs";

describe("renewal", () => {
  let lab;
  let broker;
  let peer;
  before(async () => {
    lab = await openLab();
    broker = await startEmbeddedBroker({ users: [{ username: "token", password: "good" }] });
  });
  afterEach(async () => {
    await peer?.end();
    await lab.clear();
  });
  after(async () => {
    await lab?.stop();
    await broker?.stop();
  });

  for (const protocol of ["5.0", "3.1.1"]) {
    test(`${protocol}: a token that runs out is renewed by a planned reconnect, and no message is lost or comes twice`, async () => {
      const topic = unique("renewal");
      const user = { username: "token", password: "good" };
      peer = await connectPeer(`mqtt://127.0.0.1:${broker.tcpPort}`, { protocol, ...user });
      await peer.subscribe(`${topic}/up`, 1);
      const options = { host: HOST, protocol, clientId: topic, session: { cleanStart: false, expiry: 60 } };
      await lab.page.evaluate(
        async (url, options, user, topic) => {
          const renewing = { causes: [], statuses: [], heard: [], asked: [], sent: 0 };
          const credentials = ({ cause, signal }) => {
            renewing.asked.push([cause?.kind, signal.aborted]);
            return { ...user, expiresIn: 12 };
          };
          const client = globalThis.hawser.connect(url, { ...options, credentials });
          client.addEventListener("status", ({ status }) => {
            renewing.statuses.push(status.state);
            if (status.cause) renewing.causes.push(status.cause.kind);
          });
          await client.subscribe(`${topic}/down`, { qos: 1 }, (message) => void renewing.heard.push(message.text())).ready;
          const onlines = () => renewing.statuses.filter((state) => state === "online").length;
          const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
          // Until it is renewed, and a while beyond.
          renewing.done = (async () => {
            const published = [];
            for (let more = 50; more > 0; await pause()) {
              published.push(client.publish(`${topic}/up`, String(renewing.sent++), { qos: 1 }));
              if (onlines() > 1) more--;
            }
            await Promise.all(published);
          })();
          Object.assign(globalThis, { renewing, client });
        },
        broker.url,
        options,
        user,
        topic,
      );
      let over = false;
      const sending = lab.page
        .evaluate(() => globalThis.renewing.done)
        .then(() => {
          over = true;
        });
      let count = 0;
      for (; !over; await new Promise((resolve) => setTimeout(resolve, 5)))
        await peer.publish(`${topic}/down`, String(count++), { qos: 1 });
      await sending;
      const result = await lab.page.evaluate(async (count) => {
        const { renewing, client } = globalThis;
        while (renewing.heard.at(-1) !== String(count - 1)) await new Promise((resolve) => setTimeout(resolve, 5));
        const { heard, statuses, causes, asked, sent } = renewing;
        await client.close();
        return { heard, statuses, causes, asked, sent };
      }, count);
      const numbers = (length) => Array.from({ length }, (_, number) => String(number));
      assert.deepEqual(result.heard, numbers(count));
      await peer.until(result.sent);
      assert.deepEqual(
        peer.messages.map(({ text }) => text),
        numbers(result.sent),
      );
      assert.deepEqual(result.asked, [
        [null, false],
        [null, false],
      ]);
      assert.deepEqual([...new Set(result.causes)], ["renewed", "closed"]);
      assert.ok(!result.statuses.includes("waiting"), "not an attempt more than needed");
    });
  }
});
