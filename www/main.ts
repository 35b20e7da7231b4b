// The dashboard: one client, and the parts of the page that show it.
import { connect } from "hawser";
import { LinkHistory } from "./lib/history.js";
import { Traffic } from "./lib/traffic.js";
import { mountChaos } from "./parts/chaos.js";
import { mountCharts } from "./parts/charts.js";
import { mountDevices } from "./parts/devices.js";
import { mountDoors } from "./parts/doors.js";
import { mountFacts } from "./parts/facts.js";
import { mountHappened } from "./parts/happened.js";
import { mountLight } from "./parts/light.js";
import { mountLog } from "./parts/log.js";
import { mountPayments } from "./parts/payments.js";
import { mountPublish } from "./parts/publish.js";
import { mountRope } from "./parts/rope.js";
import { mountStatus } from "./parts/status.js";
import { mountSubscribe } from "./parts/subscribe.js";
import { mountTheme } from "./parts/theme.js";

/** The server writes the broker's address into the page. */
const broker = document.querySelector<HTMLMetaElement>('meta[name="broker"]')?.content ?? "";

const client = connect(broker, {
  // Short, so that a stalled link is noticed while you watch.
  keepAlive: "5s",
  session: { expiry: "10m" },
  reconnect: { kind: "exponential", min: "1s", max: "15s", jitter: "500ms" },
  trace: true,
});

const history = new LinkHistory(client);
const traffic = new Traffic(client);

mountTheme();
mountStatus(client, history, traffic);
mountRope(client, traffic);
mountFacts(client, traffic);
mountChaos();
mountCharts(client, history);
mountPayments(client);
mountLight(client);
mountDoors(client);
mountDevices(client);
mountHappened(client);
mountLog(client);
mountPublish(client);
mountSubscribe(client);
