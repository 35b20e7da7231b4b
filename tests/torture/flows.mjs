// The five rows of numbered messages that a round sends, and what is promised for each.

/**
 * @typedef {object} Flow
 * @property {string} title
 * @property {"out"|"in"} direction out: published by the page
 * @property {1|2} qos
 * @property {boolean} once no number may take effect twice
 *
 * @type {Record<string, Flow>}
 */
export const FLOWS = {
  out1: { title: "QoS 1 out", direction: "out", qos: 1, once: false },
  out2: { title: "QoS 2 out", direction: "out", qos: 2, once: true },
  in1: { title: "QoS 1 in", direction: "in", qos: 1, once: false },
  dedupe1: { title: "QoS 1 in, dedupe", direction: "in", qos: 1, once: true },
  in2: { title: "QoS 2 in", direction: "in", qos: 2, once: true },
};

export const OUTGOING = Object.keys(FLOWS).filter((name) => FLOWS[name].direction === "out");
export const INCOMING = Object.keys(FLOWS).filter((name) => FLOWS[name].direction === "in");

/** Each number has a topic of its own, so that whoever sees a packet knows which number it carries. */
export const topicOf = (session, flow, number) => `${session}/${flow}/${number}`;

/** @returns {{ session: string, flow: string, number: number } | undefined} undefined for topics of something else */
export function readTopic(topic) {
  const [session, flow, number] = topic.split("/");
  return flow in FLOWS ? { session, flow, number: Number(number) } : undefined;
}
