// Hawser, as a page would use it.
import { connect } from "/dist/hawser.js";
import { payload } from "./payload.js";

const RECONNECT = { kind: "exponential", min: 20, max: 250, jitter: 20, stableAfter: 1_000 };

export function start({ url, session, credentials }, { handle, report }) {
  const client = connect(url, { clientId: session, session: { expiry: 3_600, cleanStart: false }, reconnect: RECONNECT, credentials });
  client.addEventListener("status", ({ status }) => report("status", status.state, status.cause));
  client.addEventListener("error", ({ error }) => report("error", `${error}`));
  const number = ({ params }) => Number(params.number);
  client.subscribe(`${session}/in1/+number`, { qos: 1 }, (message) => handle("in1", number(message)));
  client.subscribe(`${session}/dedupe1/+number`, { qos: 1 }, (message) => handle("dedupe1", number(message)));
  client.subscribe(`${session}/in2/+number`, { qos: 2 }, (message) => handle("in2", number(message)));
  return {
    publish(flow, number) {
      const published = client.publish(`${session}/${flow}/${number}`, payload(number), { qos: flow === "out2" ? 2 : 1 });
      report("promised", flow, number);
      published.catch((error) => report("refused", flow, number, `${error}`));
    },
  };
}
