// Cases in which a broker is known not to do what the standard says, or not to offer what the case is about. A case that ends otherwise fails.

/**
 * @typedef {object} Known
 * @property {RegExp} at the cases, as `title > name`
 * @property {("5.0"|"3.1.1")[]} [protocols] default: both
 * @property {"fails"|"not offered"} outcome
 * @property {string} because what passed on the wire, or what the broker announces
 * @property {RegExp} [error] what the failure says
 */

/** @type {Record<string, Known[]>} */
export const KNOWN = {
  embedded: [
    {
      at: /^topic aliases > a topic that the broker sends/,
      outcome: "not offered",
      because: "sends no topic aliases",
      error: /no PUBLISH from it carries a Topic Alias/,
    },
  ],
  mosquitto: [
    {
      at: /^topic aliases > a topic that the broker sends/,
      outcome: "not offered",
      because: "sends no topic aliases",
      error: /no PUBLISH from it carries a Topic Alias/,
    },
  ],
  ejabberd: [
    {
      at: /^maximum packet size >/,
      outcome: "not offered",
      because: "announces no Maximum Packet Size over WebSocket",
      error: /carries no Maximum Packet Size/,
    },
    {
      at: /a shared subscription gives/,
      outcome: "not offered",
      because: "CONNACK says Shared Subscription Available 0",
      error: /Shared Subscription Available 0/,
    },
    {
      at: /^flow control > no more messages are under way/,
      outcome: "not offered",
      because: "announces no Receive Maximum",
      error: /carries no Receive Maximum/,
    },
    { at: /^server keep-alive >/, outcome: "not offered", because: "sends no Server Keep Alive", error: /carries no Server Keep Alive/ },
  ],
  rmqtt: [
    {
      at: /a lost PUBREC makes the client send|QoS 2 messages going out survive/,
      outcome: "fails",
      because: "hands on a QoS 2 PUBLISH twice that comes again with DUP and the same identifier after a reconnect",
      error: /once|\d !== 3001/,
    },
    {
      at: /a shared subscription gives/,
      outcome: "not offered",
      because: "CONNACK says Shared Subscription Available 0: they need a plug-in",
      error: /Shared Subscription Available 0/,
    },
  ],
  aedes: [
    {
      at: /^lost acknowledgements of what the client sent >|a PUBLISH of QoS 2 cut on its way up|QoS 2 messages going out survive/,
      outcome: "fails",
      because: "answers Session Present 0 to a client without subscriptions, though it has its session",
      error: /indeterminate|lost the session|0 !== 1/,
    },
    {
      at: /^protocol versions >/,
      protocols: ["5.0"],
      outcome: "not offered",
      because: "refuses 5.0 in a CONNACK of 3.1.1 with return code 1",
      error: /./,
    },
  ],
};

/**
 * What is known of a case, and the number of that entry; undefined when it has to pass.
 * @param {{ broker: string, protocol: "5.0"|"3.1.1", title: string, name: string }} place
 * @returns {(Known & { number: number })|undefined}
 */
export function expected({ broker, protocol, title, name }) {
  const all = KNOWN[broker] ?? [];
  const number = all.findIndex(({ at, protocols }) => at.test(`${title} > ${name}`) && (protocols ?? [protocol]).includes(protocol));
  return number < 0 ? undefined : { ...all[number], number };
}
