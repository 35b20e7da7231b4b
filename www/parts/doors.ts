// The doors: numbered events at QoS 1, so that what was repeated or lost can be told.
import type { Client } from "hawser";
import { part, write } from "../lib/dom.js";
import { count, timeOfDay } from "../lib/format.js";

interface DoorEvent {
  readonly number: number;
  readonly open: boolean;
  readonly at: number;
}

/** The numbers of one door, counted from the first one seen. One that comes late is not missing, one that comes again is repeated. */
class Numbers {
  #last = 0;
  readonly #missing = new Set<number>();
  seen = 0;
  repeated = 0;

  add(number: number): void {
    if (number <= this.#last && !this.#missing.delete(number)) {
      this.repeated += 1;
      return;
    }
    this.seen += 1;
    for (let gap = this.#last + 1; gap < number && this.#last > 0; gap++) this.#missing.add(gap);
    this.#last = Math.max(this.#last, number);
  }

  get missing(): number {
    return this.#missing.size;
  }
}

export function mountDoors(client: Client): void {
  const card = part(document, "doors", HTMLElement);
  const rows = new Map([...card.querySelectorAll<HTMLElement>("[data-door]")].map((row) => [row.dataset.door, row]));
  const numbers = new Map<string, Numbers>();

  client.subscribe("door/+name/event", { qos: 1 }, (message) => {
    const { name } = message.params;
    const event = message.json<DoorEvent>();
    const seen = numbers.get(name) ?? new Numbers();
    numbers.set(name, seen);
    seen.add(event.number);
    const row = rows.get(name);
    if (row !== undefined) show(row, event);
    tally(card, [...numbers.values()]);
  });
}

function show(row: HTMLElement, event: DoorEvent): void {
  row.toggleAttribute("data-open", event.open);
  row.querySelector("use")?.setAttribute("href", event.open ? "#i-door-open" : "#i-door-closed");
  write(part(row, "door-state", HTMLElement), `${event.open ? "opened" : "closed"} at ${timeOfDay(event.at)}`);
}

function tally(card: HTMLElement, numbers: readonly Numbers[]): void {
  const sum = (pick: (door: Numbers) => number) => numbers.reduce((total, door) => total + pick(door), 0);
  const missing = sum((door) => door.missing);
  write(part(card, "door-events", HTMLElement), count(sum((door) => door.seen)));
  write(part(card, "door-repeated", HTMLElement), count(sum((door) => door.repeated)));
  const verdict = part(card, "door-missing", HTMLElement);
  write(verdict, count(missing));
  verdict.parentElement?.toggleAttribute("data-broken", missing > 0);
  if (missing > 0) write(part(card, "door-note", HTMLElement), "The broker lost its memory, and these with it.");
}
