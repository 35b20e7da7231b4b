// The packet log: what the client sent and received, newest first; it can be filtered and paused, and never grows beyond its bound.
import type { Client, PacketTrace } from "hawser";
import { make, part, write } from "../lib/dom.js";
import { timeWithMillis } from "../lib/format.js";

const KEPT = 600;
const SHOWN = 120;

export function mountLog(client: Client): void {
  const card = part(document, "log", HTMLElement);
  const body = part(card, "log-rows", HTMLTableSectionElement);
  const filter = part(card, "log-filter", HTMLInputElement);
  const quiet = part(card, "log-quiet", HTMLInputElement);
  const pause = part(card, "log-pause", HTMLButtonElement);
  let packets: PacketTrace[] = [];
  let shown: readonly PacketTrace[] = [];
  let due = false;

  const paused = () => pause.getAttribute("aria-pressed") === "true";
  const render = () => {
    due = false;
    const words = filter.value.trim().toLowerCase();
    shown = packets.filter((packet) => fits(packet, words, quiet.checked)).slice(0, SHOWN);
    body.replaceChildren(...shown.map(rowOf));
  };
  /** One rendering per frame, however many packets a burst has. */
  const schedule = () => {
    if (due || paused()) return;
    due = true;
    requestAnimationFrame(render);
  };
  client.addEventListener("packet", ({ packet }) => {
    if (paused()) return;
    packets.unshift(packet);
    if (packets.length > KEPT) packets = packets.slice(0, KEPT);
    if (fits(packet, filter.value.trim().toLowerCase(), quiet.checked)) schedule();
  });
  pause.addEventListener("click", () => {
    pause.setAttribute("aria-pressed", String(!paused()));
    write(pause, paused() ? "Go on" : "Pause");
    schedule();
  });
  filter.addEventListener("input", render);
  quiet.addEventListener("change", render);
}

/** Readings are the PUBLISH packets at QoS 0: eight a second, they would push everything else away. */
function fits(packet: PacketTrace, words: string, quiet: boolean): boolean {
  if (quiet && packet.type === "PUBLISH" && packet.qos === 0) return false;
  return words === "" || `${packet.type} ${packet.topic ?? ""}`.toLowerCase().includes(words);
}

function rowOf(packet: PacketTrace): HTMLTableRowElement {
  const row = make("tr", "", { "data-way": packet.direction });
  row.toggleAttribute("data-bad", packet.reasonCode >= 0x80);
  const flags = `${packet.dup ? " dup" : ""}${packet.retain ? " ret" : ""}`;
  const cells = [
    timeWithMillis(packet.at),
    packet.direction === "in" ? "↓" : "↑",
    packet.type,
    packet.packetId === undefined ? "" : String(packet.packetId),
    packet.type === "PUBLISH" ? String(packet.qos) : "",
    `${packet.topic ?? reason(packet)}${flags}`,
    String(packet.size),
  ];
  row.append(...cells.map((text) => make("td", text)));
  return row;
}

function reason(packet: PacketTrace): string {
  return packet.reasonCode === 0 ? "" : `reason 0x${packet.reasonCode.toString(16).padStart(2, "0")}`;
}
