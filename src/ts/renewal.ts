// Renews what lets the client in before it runs out, while there is a link.
import { Alarm } from "./alarm.js";
import { durationOf } from "./duration.js";
import { OptionError } from "./errors/option-error.js";

/** In milliseconds: how long before its end it is renewed at the earliest, for the timers of a hidden page are a minute late; and how long is waited between two renewals at least. */
const MARGIN = 120_000;
const PAUSE = 10_000;

/** The option `expiresIn` in seconds. A clock that is ahead of the broker's may say that a fresh token is over: that is the broker's to decide. */
export function lifeOf(option: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  return durationOf(option, typeof value === "number" ? Math.max(value, 0) : value, { unit: "s", min: 0, max: 0xffff_ffff });
}

export class Renewal {
  readonly #option: string;
  readonly #report: (error: unknown) => void;
  /** When it is to be renewed, in ms since the epoch. */
  #due: number | undefined;
  #linked = false;
  readonly #alarm: Alarm;
  #told = false;

  /** `renew` has a new life told by {@link lasts}, or is called again. */
  constructor(option: string, renew: () => void, report: (error: unknown) => void) {
    this.#option = option;
    this.#report = report;
    this.#alarm = new Alarm(() => {
      this.#due = Date.now() + PAUSE;
      this.#arm();
      renew();
    });
  }

  /** What is used from now on is good for so many seconds, or for ever. */
  lasts(life: number | undefined): void {
    this.#due = undefined;
    if (life !== undefined) {
      const whole = life * 1_000;
      const wanted = whole - Math.min(whole / 6, MARGIN);
      this.#due = Date.now() + Math.max(wanted, PAUSE);
      if (wanted < PAUSE && !this.#told) {
        this.#told = true;
        this.#report(new OptionError(this.#option, "12 seconds or more: nothing is renewed sooner than after 10", life));
      }
    }
    this.#arm();
  }

  /** Whether there is a link: without one, the next attempt brings something fresh anyway. */
  set linked(is: boolean) {
    this.#linked = is;
    this.#arm();
  }

  #arm(): void {
    this.#alarm.set(this.#linked ? this.#due : undefined);
  }
}
