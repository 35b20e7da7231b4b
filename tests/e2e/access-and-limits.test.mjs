// A broker that wants a password and announces how large a packet may be.

import assert from "node:assert/strict";
import { unique } from "./support/lab.mjs";
import { matrix, NotOffered } from "./support/matrix.mjs";

const LIMIT = 200_000;
const NO_LIMIT = 0xffff_ffff;
const GOOD = { username: "anna", password: "correct horse" };
const options = { broker: { users: [GOOD], maximumPacketSize: LIMIT } };

matrix("access", { ...options, basic: true }, (test) => {
  test("the right password lets the client in, also when a function tells it", "wrong password", async ({ lab, broker, access }) => {
    const attempts = await lab.page.evaluate(
      async (url, access, good) => {
        const attempts = [];
        const credentials = async ({ attempt, signal }) => {
          attempts.push([attempt, signal instanceof AbortSignal]);
          return good;
        };
        const client = globalThis.hawser.connect(url, { ...access, credentials });
        await client.publish("a", "b", { qos: 1 });
        await client.close();
        return attempts;
      },
      broker.url,
      access,
      GOOD,
    );
    assert.deepEqual(attempts, [[1, true]]);
  });

  test(
    "a wrong password stops the client with the broker's reason, after one attempt",
    "wrong password",
    async ({ broker, connect, protocol }) => {
      const from = broker.proxy.packets.length;
      const client = await connect({ credentials: { username: "anna", password: "wrong" } });
      const refused = client.publish("a", "b", { qos: 1 });
      const outcome = Promise.allSettled([refused]);
      const { cause } = await client.until({ state: "stopped" });
      assert.equal(cause.kind, "refused");
      assert.ok(broker.refusals[protocol].includes(cause.reasonCode), `reason code ${cause.reasonCode}`);
      assert.match(cause.message, /password|authori[sz]ed/i);
      assert.equal((await outcome)[0].status, "rejected");
      assert.equal(broker.proxy.packets.slice(from).filter(({ type }) => type === "CONNECT").length, 1);
    },
  );

  test(
    "a function that gave a wrong password is asked once more, at once and told why: a right one lets the client in, another wrong one stops it",
    "wrong password",
    async ({ lab, broker, access, protocol }) => {
      const asked = await lab.page.evaluate(
        async (url, access, good) => {
          const asked = [];
          for (const second of [good.password, "wrong too"]) {
            const causes = [];
            const credentials = ({ cause }) => {
              causes.push([cause?.kind ?? "none", cause?.reasonCode]);
              return { username: good.username, password: causes.length === 1 ? "wrong" : second };
            };
            const client = globalThis.hawser.connect(url, { ...access, credentials });
            // What is asked again at once is not waited for.
            client.addEventListener("status", ({ status }) => status.state === "waiting" && client.close());
            const ended = await client.publish("a", "b", { qos: 1 }).then(
              () => "in",
              (error) => error.name,
            );
            await client.close();
            asked.push([ended, causes]);
          }
          return asked;
        },
        broker.url,
        access,
        GOOD,
      );
      assert.deepEqual(
        asked.map(([ended, causes]) => [ended, causes.map(([kind]) => kind)]),
        [
          ["in", ["none", "refused"]],
          ["StoppedError", ["none", "refused"]],
        ],
      );
      assert.ok(broker.refusals[protocol].includes(asked[0][1][1][1]));
    },
  );

  test("credentials that cannot be had are a cause of their own, and are asked for again", async ({ lab, broker, access }) => {
    const kinds = await lab.page.evaluate(
      async (url, access, good) => {
        const credentials = async ({ attempt }) => {
          if (attempt < 3) throw new Error("the token service is down");
          return good;
        };
        const client = globalThis.hawser.connect(url, { ...access, credentials, reconnect: { kind: "fixed", delay: 10 } });
        const kinds = [];
        client.addEventListener(
          "status",
          ({ status }) => status.state === "waiting" && kinds.push([status.cause.kind, status.cause.detail]),
        );
        await client.publish("a", "b", { qos: 1 });
        await client.close();
        return kinds;
      },
      broker.url,
      access,
      GOOD,
    );
    assert.deepEqual(
      kinds.map(([kind]) => kind),
      ["address", "address"],
    );
    assert.match(kinds[0][1], /token service is down/);
  });
});

matrix("maximum packet size", { ...options, protocols: ["5.0"], feature: "maximum packet size" }, (test) => {
  test("a packet above what the broker accepts is refused here, and nothing of it is sent", async ({ broker, online }) => {
    const client = await online({ credentials: GOOD });
    const topic = unique("large");
    const { maximumPacketSize } = (await client.until({ state: "online" })).limits;
    if (maximumPacketSize === NO_LIMIT) throw new NotOffered("CONNACK carries no Maximum Packet Size");
    assert.equal(maximumPacketSize, LIMIT);
    const from = broker.proxy.packets.length;
    for (const qos of [0, 1, 2]) {
      await assert.rejects(client.publish(topic, { bytes: LIMIT }, { qos }), { name: "PublishError" }, `QoS ${qos}`);
    }
    await client.publish(topic, { bytes: LIMIT - 100 }, { qos: 1 });
    const sizes = broker.proxy.packets
      .slice(from)
      .filter(({ type }) => type === "PUBLISH")
      .map(({ size }) => size);
    assert.equal(sizes.length, 1);
    assert.ok(sizes[0] <= LIMIT);
    assert.equal((await client.statuses()).at(-1).state, "online");
  });

  test("one that was queued before the limit was known is refused when the limit is known", async ({ broker, connect }) => {
    broker.proxy.refuse(true);
    const client = await connect({ credentials: GOOD });
    const outcome = Promise.allSettled([client.publish(unique("large"), { bytes: LIMIT }, { qos: 1 })]);
    broker.proxy.refuse(false);
    const [{ reason }] = await outcome;
    const { maximumPacketSize } = (await client.until({ state: "online" })).limits;
    if (maximumPacketSize === NO_LIMIT) throw new NotOffered("CONNACK carries no Maximum Packet Size");
    assert.equal(reason?.name, "PublishError");
  });
});
