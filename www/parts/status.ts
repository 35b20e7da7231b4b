// The state of the link in words: what the client does, which attempt, how long until the next, how long the broker has been silent.
import type { Client, ConnectPhase, Status } from "hawser";
import { cssVar, part, write } from "../lib/dom.js";
import { counted, span } from "../lib/format.js";
import type { LinkHistory } from "../lib/history.js";
import type { Traffic } from "../lib/traffic.js";
import { drawStrip } from "./strip.js";

const TITLES: Readonly<Record<Status["state"], string>> = {
  idle: "Starting",
  connecting: "Connecting",
  online: "Online",
  waiting: "Offline",
  stopped: "Stopped",
};
const PHASES: Readonly<Record<ConnectPhase, string>> = {
  address: "asking for credentials",
  socket: "opening the WebSocket",
  handshake: "waiting for the broker’s answer",
};

export function mountStatus(client: Client, history: LinkHistory, traffic: Traffic): void {
  const card = part(document, "link", HTMLElement);
  const title = part(card, "state", HTMLElement);
  const detail = part(card, "detail", HTMLElement);
  const heard = part(card, "heard", HTMLElement);
  const silence = part(card, "silence", HTMLElement);
  const strip = part(card, "strip", HTMLElement);
  const drops = part(card, "drops", HTMLElement);
  const reconnect = part(card, "reconnect", HTMLButtonElement);
  reconnect.addEventListener("click", () => client.reconnectNow());

  const show = () => {
    const { status } = client;
    card.dataset.state = status.state;
    write(title, TITLES[status.state]);
    write(detail, describe(status, Date.now()));
    reconnect.disabled = status.state !== "waiting";
    write(drops, counted(history.drops, "drop"));
    drawStrip(strip, history.periods(Date.now()));
  };
  const tick = () => {
    const now = Date.now();
    write(detail, describe(client.status, now));
    const { ratio, text } = silenceOf(client.status, traffic, now);
    write(heard, text);
    cssVar(silence, "fill", ratio.toFixed(3));
    cssVar(silence, "bar-tone", `var(--${ratio > 0.66 ? "bad" : ratio > 0.33 ? "warn" : "ok"})`);
  };
  client.addEventListener("status", show);
  setInterval(tick, 100);
  setInterval(() => drawStrip(strip, history.periods(Date.now())), 1_000);
  show();
}

/** How long the broker has been silent, as a part of what the client bears before it gives the link up. */
export function silenceOf(status: Status, traffic: Traffic, now: number): { ratio: number; text: string } {
  if (traffic.heardAt === undefined) return { ratio: 0, text: "not yet" };
  const silent = now - traffic.heardAt;
  const limit = status.state === "online" ? status.limits.keepAlive * 1_500 : 0;
  const text = limit > 0 ? `${span(silent)} of ${span(limit)}` : `${span(silent)} ago`;
  return { ratio: limit > 0 ? Math.min(1, silent / limit) : 1, text };
}

function describe(status: Status, now: number): string {
  switch (status.state) {
    case "idle":
      return "Loading the engine";
    case "connecting":
      return `Attempt ${status.attempt}: ${PHASES[status.phase]}.`;
    case "online":
      return `For ${span(now - status.since)}, ${status.sessionPresent ? "session resumed: what waited at the broker has come" : "with a new session"}.`;
    case "waiting":
      return `Attempt ${status.attempt} in ${span(status.retryAt - now)}. ${status.cause.message}`;
    case "stopped":
      return status.cause.message;
  }
}
