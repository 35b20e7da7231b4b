// Rings at a time of the clock on the wall, which goes on while the machine sleeps.

/** In milliseconds: how often that clock is looked at. Timers do not count the time that a machine sleeps, nor more than 31 bits. */
const LOOK = 60_000;

export class Alarm {
  readonly #ring: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** `due` in ms since the epoch; `undefined`: not at all. */
  set(due: number | undefined): void {
    clearTimeout(this.#timer);
    if (due === undefined) return;
    const left = due - Date.now();
    // It may be late: what is left then is asked of the clock.
    this.#timer = setTimeout(() => (Date.now() < due ? this.set(due) : this.#ring()), Math.min(left, LOOK));
  }
}
