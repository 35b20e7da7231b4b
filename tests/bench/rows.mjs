// What is measured, and how many messages each contestant gets: enough for a second or so of work, MQTT.js and the unjoined page less where they are slow.

/** Everybody, in the order of the first round; each further round starts with the next one. */
export const CONTESTANTS = {
  bare: "bare",
  joined: "bare, joined",
  mqttjs: "MQTT.js",
  hawser: "Hawser",
};

const ALL = ["bare", "joined", "mqttjs", "hawser"];
const MIB = 1_048_576;

/**
 * @typedef {object} Row
 * @property {string} id
 * @property {string} title
 * @property {"receive" | "publish" | "publishFour" | "startup" | "memory"} kind
 * @property {"rate" | "cpu" | "megabytes" | "milliseconds" | "heap"} figure what the row is judged by; `cpu` is of the page's main thread
 * @property {string[]} contestants
 * @property {number} [qos]
 * @property {number} [packets] PUBLISH packets in a frame
 * @property {number} [size] bytes of a payload
 * @property {number} [filters] subscriptions with a handler each, instead of one for the stream's own topic
 * @property {number} [count] messages
 * @property {Record<string, number>} [counts] messages, for contestants that get another number
 * @property {number} [warmUp] messages before the clock starts
 * @property {number} [repeats] measurements in each round, for what is short and scatters
 * @property {number} [smoke] messages of a run that only checks the accounting
 */

/** @type {Row[]} */
export const ROWS = [
  {
    id: "receive-q0",
    title: "received QoS 0, 1 packet a frame: main-thread CPU a message",
    kind: "receive",
    figure: "cpu",
    contestants: ["bare", "mqttjs", "hawser"],
    qos: 0,
    packets: 1,
    size: 64,
    count: 30_000,
    warmUp: 3_000,
    smoke: 300,
  },
  {
    id: "receive-q0-50",
    title: "received QoS 0, 50 packets a frame",
    kind: "receive",
    figure: "rate",
    contestants: ["bare", "mqttjs", "hawser"],
    qos: 0,
    packets: 50,
    size: 64,
    count: 500_000,
    counts: { mqttjs: 25_000 },
    warmUp: 20_000,
    smoke: 500,
  },
  {
    id: "receive-q1",
    title: "received QoS 1, acknowledged",
    kind: "receive",
    figure: "rate",
    contestants: ALL,
    qos: 1,
    packets: 1,
    size: 64,
    count: 30_000,
    warmUp: 3_000,
    smoke: 300,
  },
  {
    id: "receive-q2",
    title: "received QoS 2",
    kind: "receive",
    figure: "rate",
    contestants: ALL,
    qos: 2,
    packets: 1,
    size: 64,
    count: 20_000,
    warmUp: 3_000,
    smoke: 300,
  },
  {
    id: "publish-q0",
    title: "published QoS 0",
    kind: "publish",
    figure: "rate",
    contestants: ALL,
    qos: 0,
    size: 64,
    count: 100_000,
    counts: { bare: 20_000, mqttjs: 20_000 },
    warmUp: 10_000,
    smoke: 300,
  },
  {
    id: "publish-q1",
    title: "published QoS 1, all at once",
    kind: "publish",
    figure: "rate",
    contestants: ALL,
    qos: 1,
    size: 64,
    count: 20_000,
    counts: { mqttjs: 10_000 },
    warmUp: 3_000,
    smoke: 300,
  },
  {
    id: "publish-q2",
    title: "published QoS 2, all at once",
    kind: "publish",
    figure: "rate",
    contestants: ALL,
    qos: 2,
    size: 64,
    count: 20_000,
    counts: { mqttjs: 10_000 },
    warmUp: 3_000,
    smoke: 300,
  },
  {
    id: "large-in",
    title: "1 MiB payloads, QoS 0 in",
    kind: "receive",
    figure: "megabytes",
    contestants: ["bare", "mqttjs", "hawser"],
    qos: 0,
    packets: 1,
    size: MIB,
    count: 128,
    warmUp: 8,
    smoke: 4,
  },
  {
    id: "large-out",
    title: "1 MiB payloads, QoS 1 out, four in flight",
    kind: "publishFour",
    figure: "megabytes",
    contestants: ["bare", "mqttjs", "hawser"],
    qos: 1,
    size: MIB,
    count: 64,
    counts: { mqttjs: 16 },
    warmUp: 2,
    smoke: 4,
  },
  {
    id: "filters-1",
    title: "10,000 topics, one filter",
    kind: "receive",
    figure: "rate",
    contestants: ["mqttjs", "hawser"],
    qos: 0,
    packets: 50,
    size: 64,
    filters: 1,
    count: 200_000,
    counts: { mqttjs: 20_000 },
    warmUp: 20_000,
    smoke: 500,
  },
  {
    id: "filters-10000",
    title: "10,000 topics, 10,000 filters with a handler each",
    kind: "receive",
    figure: "rate",
    contestants: ["mqttjs", "hawser"],
    qos: 0,
    packets: 50,
    size: 64,
    filters: 10_000,
    count: 200_000,
    counts: { mqttjs: 200 },
    warmUp: 20_000,
    smoke: 100,
  },
  {
    id: "startup",
    title: "script start to CONNACK, nothing cached",
    kind: "startup",
    figure: "milliseconds",
    contestants: ["bare", "mqttjs", "hawser"],
    repeats: 7,
  },
  {
    id: "memory",
    title: "heap and wasm memory gained after 1,000 messages",
    kind: "memory",
    figure: "heap",
    contestants: ["mqttjs", "hawser"],
    qos: 0,
    packets: 50,
    size: 64,
    count: 2_000_000,
    counts: { mqttjs: 50_000 },
    smoke: 1_000,
  },
];

/** Messages that the contestant gets in this row. */
export const countFor = (row, contestant, smoke) => (smoke ? row.smoke : (row.counts?.[contestant] ?? row.count));
