// The charts of all rooms: live readings at QoS 0, and the past three minutes from what the home keeps retained.
import type { Client } from "hawser";
import uPlot from "uplot";
import { onThemeChange } from "../lib/colours.js";
import { make, part, write } from "../lib/dom.js";
import type { LinkHistory } from "../lib/history.js";
import { isRoom, Readings, ROOM_NAMES, ROOMS } from "../lib/readings.js";
import { plotOptions } from "./plot.js";

type Quantity = "temperature" | "humidity";
const UNITS: Readonly<Record<Quantity, { unit: string; digits: number }>> = {
  temperature: { unit: "°C", digits: 1 },
  humidity: { unit: "%", digits: 0 },
};

interface Reading {
  readonly at: number;
  readonly value: number;
}

type Past = { readonly at: readonly number[] } & Readonly<Record<Quantity, readonly number[]>>;

export function mountCharts(client: Client, history: LinkHistory): void {
  const charts = {
    temperature: new Chart("temperature", history),
    humidity: new Chart("humidity", history),
  };
  client.subscribe("home/+room/temperature", (message) => charts.temperature.add(message.params.room, message.json()));
  client.subscribe("home/+room/humidity", (message) => charts.humidity.add(message.params.room, message.json()));
  void readPast(client, charts);
  const draw = () => {
    const stale = client.status.state !== "online";
    for (const chart of Object.values(charts)) chart.draw(stale);
  };
  client.addEventListener("status", draw);
  onThemeChange(draw);
  setInterval(draw, 1_000);
  draw();
}

/** Takes the retained past of each room, and one update of it that closes the gap to the first live reading; then unsubscribes. */
async function readPast(client: Client, charts: Readonly<Record<Quantity, Chart>>): Promise<void> {
  const current = new Set<string>();
  for await (const message of client.subscribe("home/+room/history", { qos: 1 })) {
    const { room } = message.params;
    const past = message.json<Past>();
    for (const quantity of ["temperature", "humidity"] as const) {
      for (const [index, at] of past.at.entries()) charts[quantity].add(room, { at, value: past[quantity][index] ?? Number.NaN });
    }
    if (!message.retain) current.add(room);
    if (current.size === ROOMS.length) break;
  }
}

class Chart {
  readonly #card: HTMLElement;
  readonly #tiles: HTMLElement[];
  readonly #readings = new Readings();
  readonly #plot: uPlot;
  readonly #digits: number;

  constructor(quantity: Quantity, history: LinkHistory) {
    const card = document.querySelector<HTMLElement>(`[data-quantity="${quantity}"]`);
    if (card === null) throw new Error(`The page has no chart for ${quantity}`);
    const { unit, digits } = UNITS[quantity];
    this.#card = card;
    this.#digits = digits;
    this.#tiles = addTiles(part(card, "tiles", HTMLElement), unit);
    const target = part(card, "plot", HTMLElement);
    const size = () => ({ width: target.clientWidth, height: target.clientHeight });
    const options = plotOptions({ ...size(), digits, history, hovered: (index) => this.#show(index) });
    this.#plot = new uPlot(options, this.#readings.columns(Date.now()), target);
    new ResizeObserver(() => this.#plot.setSize(size())).observe(target);
  }

  add(room: string, { at, value }: Reading): void {
    if (isRoom(room)) this.#readings.add(room, at, value);
  }

  /** Draws the window that ends now. `stale`: there is no link, what is shown is the past. */
  draw(stale: boolean): void {
    this.#card.toggleAttribute("data-stale", stale);
    this.#plot.setData(this.#readings.columns(Date.now()));
    this.#show(this.#plot.cursor.idx);
  }

  /** Writes the values under the cursor into the tiles, or the latest. */
  #show(index: number | null | undefined): void {
    this.#tiles.forEach((tile, room) => {
      const values = Array.from(this.#plot.data[room + 1] ?? []);
      const value = index == null ? values.findLast((other) => other !== null) : values[index];
      write(tile, value == null ? "–" : value.toFixed(this.#digits));
    });
  }
}

function addTiles(tiles: HTMLElement, unit: string): HTMLElement[] {
  return ROOMS.map((room, series) => {
    const tile = make("div", "", { class: "tile", "data-series": String(series) });
    const value = make("b", "–");
    tile.append(make("span", ROOM_NAMES[room]), value, make("small", unit));
    tiles.append(tile);
    return value;
  });
}
