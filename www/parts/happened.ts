// What happened: the link's ups and downs with their causes, its numbers, and the whole story as text for a bug report.
import type { Client, Stats } from "hawser";
import { make, part, write } from "../lib/dom.js";
import { count, span, timeOfDay } from "../lib/format.js";
import { Timeline } from "../lib/timeline.js";

export function mountHappened(client: Client): void {
  const card = part(document, "happened", HTMLElement);
  const rows = part(card, "happened-rows", HTMLOListElement);
  const note = part(card, "report-note", HTMLElement);
  const timeline = new Timeline(client, () => {
    rows.replaceChildren(
      ...timeline.turns.map(({ at, tone, text }) => {
        const row = make("li", "", { "data-tone": tone, title: text });
        row.append(make("time", timeOfDay(at)), make("span", text));
        return row;
      }),
    );
  });

  const tick = async () => {
    const numbers = numbersOf(await client.stats(), Date.now());
    for (const [name, text] of numbers) write(part(card, name, HTMLElement), text);
  };
  // After the client's end the last numbers stay.
  setInterval(() => tick().catch(() => {}), 500);

  part(card, "report", HTMLButtonElement).addEventListener("click", async () => {
    const report = await client.diagnostics();
    try {
      await navigator.clipboard.writeText(report);
      write(note, `Copied: ${report.split("\n").length} lines, without payloads and credentials.`);
    } catch {
      console.log(report);
      write(note, "The browser does not let the page copy: the report is in the console.");
    }
  });
}

function numbersOf(stats: Stats, now: number): [string, string][] {
  const ago = (at: number | undefined) => (at === undefined ? "–" : `${span(now - at)} ago`);
  return [
    ["round-trip", stats.roundTrip === undefined ? "–" : `${count(stats.roundTrip)} ms`],
    ["attempts", count(stats.attempts)],
    ["links-lost", count(stats.linksLost)],
    ["last-in", ago(stats.lastReceivedAt)],
    ["last-out", ago(stats.lastSentAt)],
    ["packets", `${count(stats.packetsReceived)} / ${count(stats.packetsSent)}`],
  ];
}
