// Hawser, as a page would use it: with a stored session, or as "memory" without.
import { connect } from "/dist/hawser.js";
import { payload } from "./payload.js";

const RECONNECT = { kind: "exponential", min: 20, max: 250, jitter: 20, stableAfter: 1_000 };
const EXPIRY = 3_600;

/** The number in a topic: it is the last level. */
const numberIn = (topic) => Number(topic.split("/")[2]);
const flowIn = (topic) => topic.split("/")[1];

export function start({ contestant, url, session, credentials }, { handle, report }) {
  const stored = contestant === "hawser";
  const client = connect(url, {
    ...(stored ? { session: { name: session, expiry: EXPIRY } } : { clientId: session, session: { expiry: EXPIRY, cleanStart: false } }),
    reconnect: RECONNECT,
    credentials,
  });
  client.addEventListener("status", ({ status }) => {
    report("status", status.state, status.cause?.kind);
    if (status.state === "online") report("identity", client.clientId);
  });
  client.addEventListener("error", ({ error }) => report("error", `${error}`));
  client.addEventListener("storage", ({ storage }) => report("storage", storage.reason, storage.message));
  client.addEventListener("gap", ({ gap }) => report("gap", gap.kind));
  client.addEventListener("outcome", ({ outcome: { kind, message } }) => report("outcome", message.id, kind));
  client.addEventListener("interrupted", ({ message: { topic } }) => report("interrupted", flowIn(topic), numberIn(topic)));
  const on = (flow, options) => client.subscribe(`${session}/${flow}/+`, options, ({ topic }) => handle(flow, numberIn(topic)));
  on("in1", { qos: 1 });
  on("dedupe1", { qos: 1, ...(stored && { dedupe: { key: ({ topic }) => numberIn(topic) } }) });
  on("in2", { qos: 2 });
  return {
    pending: async () => (await client.outbox()).length,
    publish(flow, number) {
      const options = { qos: flow === "out2" ? 2 : 1, ...(stored && { until: "stored" }) };
      const published = client.publish(`${session}/${flow}/${number}`, payload(number), options);
      if (!stored) report("promised", flow, number); // there is no other stage than the answer of the broker
      published.then(
        ({ id }) => stored && report("promised", flow, number, id),
        (error) => report("refused", flow, number, `${error}`),
      );
    },
  };
}
