// Enhanced authentication against a server that challenges: in CONNECT, and again on the live link.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { startHostile } from "./support/hostile.mjs";
import { openLab, QUICK } from "./support/lab.mjs";
import { setPatience, until } from "./support/peer.mjs";

const METHOD = Buffer.from("SUM");
const [SUCCESS, CONTINUE, AGAIN] = [0x00, 0x18, 0x19];

/** Method and data as properties. */
const properties = (data) => Buffer.from([0x15, 0, METHOD.length, ...METHOD, 0x16, 0, data.length, ...data]);

/** AUTH, or CONNACK with its flags in front. */
function packet(first, head, data) {
  const block = properties(data);
  return Buffer.concat([Buffer.from([first, head.length + 1 + block.length, ...head, block.length]), block]);
}

/** The data in an AUTH or a short CONNECT: the client's properties end with them, or are followed by the client identifier. */
function dataOf(bytes) {
  const at = bytes.indexOf(properties([]).subarray(0, -2)) + METHOD.length + 4;
  return [...bytes.subarray(at + 2, at + 2 + bytes.readUInt16BE(at))];
}

describe("enhanced authentication", () => {
  let lab;
  let server;
  let said;
  before(async () => {
    lab = await openLab();
  });
  afterEach(async () => {
    await lab.clear();
    await server?.stop();
  });
  after(() => lab?.stop());

  /**
   * A server that sends the number 5 and wants it added to the client's own.
   * @param {(visit: object, reason: number) => Buffer} verdict what it says to the sum: `reason` is that of the client's latest AUTH that began
   */
  async function start(verdict) {
    said = [];
    server = await startHostile((visit) => {
      let began = CONTINUE;
      visit.ws.on("message", (bytes) => {
        const type = bytes[0] >> 4;
        if (type !== 1 && type !== 15) return;
        const data = dataOf(bytes);
        said.push([type === 1 ? "CONNECT" : bytes[2], ...data]);
        if (type === 1 || bytes[2] === AGAIN) {
          began = type === 1 ? CONTINUE : AGAIN;
          visit.ws.send(packet(0xf0, [CONTINUE], [5]));
        } else {
          visit.ws.send(verdict(visit, began));
        }
      });
    });
  }

  const content = (_, began) => (began === AGAIN ? packet(0xf0, [SUCCESS], [42]) : packet(0x20, [0, 0], [42]));

  /** Connects in the page, with a `respond` that adds; gives what it was asked, and what became of `reauthenticate()`. */
  const authenticate = (options = {}) =>
    lab.page.evaluate(
      async (url, { reconnect, keepAlive = 30, fault, faults = Number.POSITIVE_INFINITY, again, links = 1 }) => {
        const asked = [];
        const respond = async ({ step, data, signal }) => {
          asked.push([step, ...(data ?? [])]);
          if (step === fault && asked.length <= faults) {
            if (again === "hang") return new Promise(() => {});
            throw new Error(`no ${step}`);
          }
          if (signal.aborted) throw new Error("asked too late");
          return step === "challenge" ? Uint8Array.of(37 + data[0]) : Uint8Array.of(37);
        };
        const client = globalThis.hawser.connect(url, {
          authentication: { method: "SUM", respond },
          reconnect,
          keepAlive,
          connectTimeout: 2_000,
        });
        const statuses = [];
        await new Promise((resolve) => {
          client.addEventListener("status", ({ status }) => {
            statuses.push(status.state);
            const onlines = statuses.filter((state) => state === "online").length;
            if (onlines === links || status.state === "stopped") resolve();
          });
        });
        let outcome = "not asked for";
        if (again) {
          outcome = await client.reauthenticate().then(
            () => "content",
            (error) => [error.code, error.cause?.kind, error.cause?.reasonCode ?? error.cause?.detail],
          );
        }
        const { state, cause } = client.status;
        await client.close();
        return {
          asked,
          statuses,
          outcome,
          state,
          cause: cause && { kind: cause.kind, detail: cause.detail, reasonCode: cause.reasonCode },
        };
      },
      server.url,
      { reconnect: QUICK, ...options },
    );

  const FIRST = [["connect"], ["challenge", 5], ["done", 42]];

  test("client and server talk until both are content, and again on the live link", async () => {
    await start(content);
    const { asked, outcome, state } = await authenticate({ again: true });
    assert.deepEqual([state, outcome], ["online", "content"]);
    assert.deepEqual(asked, [...FIRST, ["reauthenticate"], ["challenge", 5], ["done", 42]]);
    assert.deepEqual(said, [
      ["CONNECT", 37],
      [CONTINUE, 42],
      [AGAIN, 37],
      [CONTINUE, 42],
    ]);
  });

  test("a server that refuses is asked once more, with fresh data, and then ends the client with its reason", async () => {
    await start(() => Buffer.from([0x20, 3, 0, 0x87, 0]));
    const { asked, state, cause } = await authenticate();
    assert.deepEqual([state, cause.kind, cause.reasonCode], ["stopped", "refused", 0x87]);
    assert.deepEqual(asked, [["connect"], ["challenge", 5], ["connect"], ["challenge", 5]]);
    assert.equal(server.visits.length, 2);
  });

  test("a re-authentication that the server refuses costs the link, and says why", async () => {
    await start((visit, began) => (began === AGAIN ? Buffer.from([0xe0, 1, 0x87]) : content(visit, began)));
    const { outcome } = await authenticate({ again: true });
    assert.deepEqual(outcome, ["failed", "disconnected", 0x87]);
  });

  test("a respond that throws at a challenge is tried five times and no more", async () => {
    await start(content);
    const { state, statuses, cause } = await authenticate({ fault: "challenge" });
    assert.deepEqual([state, cause.kind, cause.detail], ["stopped", "authentication", "no challenge"]);
    assert.equal(statuses.filter((name) => name === "waiting").length, 4);
    assert.equal(server.visits.length, 5);
  });

  test("a respond that throws before the server is reached is asked until it gives its data", async () => {
    await start(content);
    const { state, statuses } = await authenticate({ fault: "connect", faults: 7 });
    assert.equal(state, "online");
    assert.equal(statuses.filter((name) => name === "waiting").length, 7);
    assert.equal(server.visits.length, 1);
  });

  test("a respond that hangs on the live link costs the link, after a DISCONNECT", async () => {
    await start(content);
    const { outcome } = await authenticate({ fault: "reauthenticate", again: "hang" });
    assert.deepEqual(outcome, ["failed", "authentication", "no answer in time"]);
    await until(() => server.visits[0].packets.some(({ type, reason }) => type === "DISCONNECT" && reason === 0x80));
  });

  test("data that run out are renewed on the live link, before they do", async () => {
    await start(content);
    await lab.page.evaluate((url) => {
      const respond = ({ step, data }) => ({ data: Uint8Array.of(step === "challenge" ? 37 + data[0] : 37), expiresIn: 12 });
      globalThis.renewing = globalThis.hawser.connect(url, { authentication: { method: "SUM", respond } });
    }, server.url);
    setPatience(30_000); // nothing is renewed sooner than after ten seconds
    await until(() => said.length === 4, "a second exchange");
    assert.deepEqual(said[2], [AGAIN, 37]);
    assert.equal(server.visits.length, 1);
    await lab.page.evaluate(() => globalThis.renewing.close());
  });

  test("the exchange is run anew for each connection", async () => {
    await start((visit) => {
      if (visit.number === 1) visit.packet("PINGREQ").then(() => visit.ws.terminate());
      return content();
    });
    const { asked } = await authenticate({ links: 2, keepAlive: 1 });
    assert.deepEqual(asked, [...FIRST, ...FIRST]);
    assert.equal(said.length, 4);
  });
});
