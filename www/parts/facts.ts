// What the session is: what was asked for, what the broker granted, how much has passed.
import type { Client, Limits, OnlineStatus } from "hawser";
import { part, write } from "../lib/dom.js";
import { bytes, count, span } from "../lib/format.js";
import type { Traffic } from "../lib/traffic.js";

/** The protocol's "no limit" and "for ever". */
const UNLIMITED = 0xffff_ffff;

export function mountFacts(client: Client, traffic: Traffic): void {
  const card = part(document, "facts", HTMLElement);
  const fact = (name: string, text: string) => {
    const element = part(card, name, HTMLElement);
    write(element, text);
    element.title = text;
  };
  client.addEventListener("status", ({ status }) => {
    if (status.state === "online") for (const [name, text] of factsOf(status)) fact(name, text);
  });
  setInterval(() => {
    for (const way of ["in", "out"] as const) {
      fact(`${way}-total`, count(traffic.packets[way]));
      fact(`${way}-bytes`, bytes(traffic.bytes[way]));
    }
  }, 500);
}

function factsOf(status: OnlineStatus): [string, string][] {
  const { limits } = status;
  return [
    ["protocol", `MQTT ${status.protocol}`],
    ["client-id", status.clientId],
    ["session", status.sessionPresent ? "resumed" : "new"],
    ["expiry", limits.sessionExpiry === UNLIMITED ? "ever" : span(limits.sessionExpiry * 1_000)],
    ["keep-alive", limits.keepAlive === 0 ? "off" : `${limits.keepAlive} s`],
    ["receive-maximum", count(limits.receiveMaximum)],
    ["packet-size", limits.maximumPacketSize === UNLIMITED ? "no limit" : bytes(limits.maximumPacketSize)],
    ["qos", String(limits.maximumQos)],
    ["aliases", count(limits.topicAliasMaximum)],
    ["offers", offers(limits)],
  ];
}

function offers(limits: Limits): string {
  const all: [boolean, string][] = [
    [limits.retainAvailable, "retain"],
    [limits.wildcardsAvailable, "+ #"],
    [limits.sharedSubscriptionsAvailable, "$share"],
    [limits.subscriptionIdentifiersAvailable, "ids"],
  ];
  return all
    .filter(([offered]) => offered)
    .map(([, name]) => name)
    .join(" · ");
}
