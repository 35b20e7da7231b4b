// The incumbent, for comparison: MQTT.js with a persistent session and its store in memory, the only one that it has in a browser.
import mqtt from "/mqtt.js";
import { payload } from "./payload.js";

const QOS = { out1: 1, out2: 2, in1: 1, dedupe1: 1, in2: 2 };

export function start({ url, session, credentials }, { handle, report }) {
  const client = mqtt.connect(url, {
    ...credentials,
    clientId: session,
    protocolVersion: 5,
    clean: false,
    reconnectPeriod: 100,
    properties: { sessionExpiryInterval: 3_600 },
  });
  client.on("error", ({ message }) => report("trouble", message));
  client.on("connect", () => report("status", "online"));
  client.on("close", () => report("status", "waiting"));
  // Its way to acknowledge when handled.
  client.handleMessage = ({ topic }, done) => {
    const [, flow, number] = topic.split("/");
    handle(flow, Number(number)).then(() => done());
  };
  for (const flow of ["in1", "dedupe1", "in2"]) client.subscribe(`${session}/${flow}/+`, { qos: QOS[flow] });
  return {
    pending: async () => 0, // it does not tell
    publish(flow, number) {
      client.publish(`${session}/${flow}/${number}`, payload(number), { qos: QOS[flow] }, (error) => {
        if (error) report("refused", flow, number, error.message);
      });
      report("promised", flow, number); // it knows no other stage
    },
  };
}
