// The other end of all messages: MQTT.js in Node, straight to the broker. It is never killed, and never loses anything: before the broker is
// killed it lets everything settle and leaves, and it is there again before the page is.

import mqtt from "mqtt";
import { FLOWS, readTopic, topicOf } from "./flows.mjs";
import { payload } from "./page/payload.js";

/** So many ms after the proxy has stopped the broker has read what it had sent, and has queued it for us. */
const READ = 60;
/** The number of a message to ourselves. */
const MARK = -1;
const EXPIRY = 3_600;

/**
 * @param {string} url
 * @param {object} options
 * @param {string} options.session the first level of all topics
 * @param {{ username: string, password: string } | undefined} options.user
 * @param {import("./ledger.mjs").Ledger} options.ledger
 */
export async function startPeer(url, { session, user, ledger }) {
  let client;
  let publishing = new Set();
  let marked = () => {};
  const join = async () => {
    client = mqtt.connect(url, {
      ...user,
      clientId: `${session}-peer`,
      protocolVersion: 5,
      clean: false,
      reconnectPeriod: 0,
      properties: { sessionExpiryInterval: EXPIRY },
    });
    client.on("error", (error) => ledger.fault(`the peer: ${error.message}`));
    client.on("message", (topic) => {
      const place = readTopic(topic);
      if (place?.number === MARK) marked();
      else if (place?.session === session) ledger.note(place.flow, place.number, "arrived");
    });
    await new Promise((resolve, reject) =>
      client.once("connect", resolve).once("close", () => reject(new Error("the peer cannot connect"))),
    );
    await client.subscribeAsync([`${session}/out1/+`, `${session}/out2/+`], { qos: 2 });
  };
  await join();
  return {
    join,
    /** Whether it takes more to publish. */
    get free() {
      return client.connected && publishing.size < 10; // MQTT.js does not obey Receive Maximum
    },
    /** Numbers below 0 are probes and in nobody's ledger. @param {string} flow @param {number} number */
    publish(flow, number) {
      const note = (mark) => number >= 0 && ledger.note(flow, number, mark);
      note("sent");
      const one = client
        .publishAsync(topicOf(session, flow, number), payload(number), { qos: FLOWS[flow].qos })
        .then(() => note("accepted"))
        .catch((error) => ledger.fault(`the peer's ${flow} ${number}: ${error.message}`))
        .finally(() => publishing.delete(one));
      publishing.add(one);
    },
    /** Lets everything settle, and goes: what the broker has for us comes before a message to ourselves that is sent now. */
    async leave() {
      while (publishing.size > 0) await Promise.all(publishing);
      await new Promise((resolve) => setTimeout(resolve, READ));
      const mark = new Promise((resolve) => {
        marked = resolve;
      });
      await client.publishAsync(topicOf(session, "out2", MARK), "", { qos: 2 });
      await mark;
      await client.endAsync(false);
    },
    async end() {
      publishing = new Set();
      await client.endAsync(true);
    },
  };
}
