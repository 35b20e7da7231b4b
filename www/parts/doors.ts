// The doors: numbered events at QoS 1, so that what was repeated or lost can be told.
import type { Client } from "hawser";
import { part, write } from "../lib/dom.js";
import { count, timeOfDay } from "../lib/format.js";

interface DoorEvent {
  readonly number: number;
  readonly open: boolean;
  readonly at: number;
}

/** The numbers seen of one door: all from `first` up to `last`, but for `missing`. */
class Numbers {
  #first = 0;
  #last = 0;
  #seen = 0;
  repeated = 0;

  add(number: number): void {
    if (this.#first === 0) this.#first = number;
    if (number <= this.#last) {
      this.repeated += 1;
      return;
    }
    this.#last = number;
    this.#seen += 1;
  }

  get seen(): number {
    return this.#seen;
  }

  get missing(): number {
    return this.#first === 0 ? 0 : this.#last - this.#first + 1 - this.#seen;
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
