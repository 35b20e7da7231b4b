// The independent party of the tests: MQTT.js in Node, straight to the broker, past the proxy and its faults.

import mqtt from "mqtt";
import { unique } from "./lab.mjs";

let patience = 15_000;

/** How long every `until` from now on waits, in ms. @param {number} milliseconds */
export function setPatience(milliseconds) {
  patience = milliseconds;
}

/** Polls a condition of this process until it holds. */
export async function until(condition, what = String(condition)) {
  for (const end = Date.now() + patience; ; ) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** @typedef {Awaited<ReturnType<typeof connectPeer>>} Peer */

/**
 * @param {string} url `mqtt://` or `ws://`
 * @param {object} options
 * @param {"5.0"|"3.1.1"} options.protocol
 * @param {0|1|2} [options.maximumQos] that the broker can take from it
 * @param {string} [options.username]
 * @param {string} [options.password]
 */
export async function connectPeer(url, { protocol, maximumQos = 2, ...options }) {
  const protocolVersion = protocol === "5.0" ? 5 : 4;
  const client = await mqtt.connectAsync(url, { protocolVersion, clientId: unique("peer"), reconnectPeriod: 0, ...options });
  const messages = [];
  client.on("error", () => {}); // a broker killed on purpose
  client.on("message", (topic, payload, packet) => {
    const { qos, retain, dup, properties } = packet;
    messages.push({ topic, payload, text: payload.toString(), qos, retain, dup, properties });
  });
  return {
    messages,
    subscribe: (filter, qos = 2) => client.subscribeAsync(filter, { qos }),
    publish: (topic, payload, { qos = 0, ...rest } = {}) =>
      client.publishAsync(topic, payload, { qos: Math.min(qos, maximumQos), ...rest }),
    /** Publishes the numbers from 0 to count-1 in order, at most ten at a time: MQTT.js itself does not obey Receive Maximum. */
    async publishNumbers(topic, count, qos) {
      const open = new Set();
      for (let i = 0; i < count; i++) {
        const one = client.publishAsync(topic, String(i), { qos }).then(() => open.delete(one));
        open.add(one);
        if (open.size >= 10) await Promise.race(open);
      }
      await Promise.all(open);
    },
    /** Waits for that many messages and returns all there are then. */
    until: (count) => until(() => messages.length >= count && messages, `${count} messages at the peer`),
    end: () => client.endAsync(true),
  };
}
