// What the link did lately: the states of the client, each with the time when it began.
import type { Client, Status } from "hawser";

/** How far the page looks back, in milliseconds. */
export const WINDOW = 180_000;

export type State = Status["state"];

export interface Period {
  readonly state: State;
  readonly from: number;
  /** Epoch ms; the current period ends now. */
  readonly to: number;
}

/** Follows a client's status. */
export class LinkHistory {
  #changes: { state: State; from: number }[];
  #drops = 0;

  constructor(client: Client) {
    this.#changes = [{ state: client.status.state, from: Date.now() }];
    client.addEventListener("status", ({ status }) => this.#add(status.state));
  }

  /** How often the link was lost. */
  get drops(): number {
    return this.#drops;
  }

  /** The periods of the window that ends at `now`, oldest first. */
  periods(now: number): Period[] {
    const begin = now - WINDOW;
    return this.#changes
      .map(({ state, from }, index) => ({ state, from: Math.max(from, begin), to: this.#changes[index + 1]?.from ?? now }))
      .filter((period) => period.to > begin);
  }

  #add(state: State): void {
    const last = this.#changes.at(-1);
    if (last?.state === state) return;
    if (last?.state === "online") this.#drops += 1;
    const now = Date.now();
    this.#changes.push({ state, from: now });
    this.#changes = this.#changes.filter((_, index) => (this.#changes[index + 1]?.from ?? now) >= now - WINDOW);
  }
}
