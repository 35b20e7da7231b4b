// The readings of one quantity, second by second, as columns that a chart can draw.
import { WINDOW } from "./history.js";

export const ROOMS = ["living", "kitchen", "bedroom", "studio"] as const;
export type Room = (typeof ROOMS)[number];
export const ROOM_NAMES: Readonly<Record<Room, string>> = { living: "Living", kitchen: "Kitchen", bedroom: "Bedroom", studio: "Studio" };

const SECONDS = WINDOW / 1_000;

/** Seconds since the epoch, then one column per room; null where a reading is missing. */
export type Columns = [seconds: number[], ...values: (number | null)[][]];

export class Readings {
  readonly #rows = new Map<number, (number | null)[]>();

  /** Keeps a reading; `at` in epoch ms. What is older than the window goes. */
  add(room: Room, at: number, value: number): void {
    const second = Math.round(at / 1_000);
    const row = this.#rows.get(second) ?? ROOMS.map(() => null);
    row[ROOMS.indexOf(room)] = value;
    this.#rows.set(second, row);
    for (const old of this.#rows.keys()) if (old < second - SECONDS - 2) this.#rows.delete(old);
  }

  /** The window that ends at `now`; a lone missing second is bridged, a longer gap stays a gap. */
  columns(now: number): Columns {
    const end = Math.floor(now / 1_000);
    const seconds = Array.from({ length: SECONDS + 1 }, (_, index) => end - SECONDS + index);
    const column = (room: number) => seconds.map((second) => this.#at(second, room) ?? this.#bridge(second, room));
    return [seconds, ...ROOMS.map((_, room) => column(room))];
  }

  #at(second: number, room: number): number | null {
    return this.#rows.get(second)?.[room] ?? null;
  }

  #bridge(second: number, room: number): number | null {
    const before = this.#at(second - 1, room);
    const after = this.#at(second + 1, room);
    return before === null || after === null ? null : (before + after) / 2;
  }
}

export function isRoom(name: string): name is Room {
  return ROOMS.some((room) => room === name);
}
