// Cases in which a broker is known not to do what the standard says, or not to offer what the case is about. A case that ends otherwise fails.

/**
 * @typedef {object} Known
 * @property {RegExp} at the cases, as `title > name`
 * @property {("5.0"|"3.1.1")[]} [protocols] default: both
 * @property {"fails"|"not offered"} outcome
 * @property {string} because what passed on the wire, or what the broker announces
 * @property {RegExp} [error] what the failure says
 */

/** @type {Known} */
const NO_ALIASES = {
  at: /^topic aliases > a topic that the broker sends/,
  outcome: "not offered",
  because: "sends no topic aliases",
  error: /no PUBLISH from it carries a Topic Alias/,
};

/** @type {Known} */
const GRANTS_QOS_1 = {
  at: /^messages > .*(received with QoS 2|comes in with QoS 2)|^sessions > a killed broker/,
  outcome: "not offered",
  because: "grants QoS 1 for QoS 2",
  error: /SUBACK grants QoS 1/,
};

/** @type {Record<string, Known[]>} */
export const KNOWN = {
  embedded: [NO_ALIASES],
  mosquitto: [NO_ALIASES],
  ejabberd: [
    NO_ALIASES,
    {
      at: /^messages in handlers > .*(order of arrival|link is lost|told to the next one|lost its acknowledgement|Receive Maximum|not subscribed to yet)/,
      outcome: "not offered",
      because: "sends the next message of QoS 1 or 2 only when the last one is acknowledged",
      error: /only when the last one is acknowledged/,
    },
    {
      at: /^maximum packet size >/,
      outcome: "not offered",
      because: "announces no Maximum Packet Size over WebSocket",
      error: /carries no Maximum Packet Size/,
    },
    {
      at: /the members of a share/,
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
      at: /^subscriptions in 5.0 > a filter that overlaps/,
      outcome: "fails",
      because: "sends a retained message without the identifier of the subscription that it is sent for",
      error: /kept/,
    },
    {
      at: /^leaving > .* has its will published at once/,
      protocols: ["5.0"],
      outcome: "fails",
      because: "does not publish the will of a client that says DISCONNECT 0x04 (with will)",
      error: /waited in vain for 1 messages/,
    },
    {
      at: /the members of a share/,
      outcome: "not offered",
      because: "CONNACK says Shared Subscription Available 0: they need a plug-in",
      error: /Shared Subscription Available 0/,
    },
  ],
  rabbitmq: [
    GRANTS_QOS_1,
    {
      at: /^protocol versions >/,
      protocols: ["5.0"],
      outcome: "not offered",
      because: "closes the WebSocket on a CONNECT of 5.0 without CONNACK",
      error: /no CONNACK, the WebSocket is closed/,
    },
    {
      at: /QoS 2|^a bad link > frames|everything may be called/,
      outcome: "fails",
      because: "answers a PUBLISH of QoS 2 with PUBACK",
      error: /lost the session|never answers/,
    },
    {
      at: /a wrong password stops|gave a wrong password/,
      outcome: "fails",
      because: "refuses a wrong password with WebSocket close code 1002 (unauthenticated) and no CONNACK",
      error: /waited in vain|ClosedError/,
    },
    { at: /a clean close does not publish/, outcome: "fails", because: "publishes the will after a DISCONNECT", error: /gone/ },
  ],
  nats: [
    GRANTS_QOS_1,
    {
      at: /^protocol versions >/,
      protocols: ["5.0"],
      outcome: "not offered",
      because: "refuses 5.0 in a CONNACK of 3.1.1 with return code 1",
      error: /./,
    },
    {
      at: /QoS 2|^a bad link > frames|everything may be called/,
      outcome: "fails",
      because: "closes the connection at a PUBLISH of QoS 2",
      error: /lost the session|never answers/,
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

/**
 * What is known of a broker and was met by none of these cases.
 * @param {string} broker
 * @param {{ broker: string, known?: number }[]} cases
 */
export function unseen(broker, cases) {
  const met = new Set(cases.filter((one) => one.broker === broker).map(({ known }) => known));
  return (KNOWN[broker] ?? []).filter((_, number) => !met.has(number)).map(({ at, because }) => `${broker}: ${at} ${because}`);
}
