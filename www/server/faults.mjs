// The harm that the page's buttons do: to the link, through the chaos proxy, and to the broker.
import { setTimeout as wait } from "node:timers/promises";

/** Packets of the broker that are swallowed together. */
const ACKNOWLEDGEMENTS = ["PUBACK", "PUBREC", "PUBCOMP"];
/** How long a killed broker stays away, in ms: long enough to watch the client wait. */
const AWAY = 2_000;

/** @typedef {{ unplug: boolean, stall: boolean, swallow: boolean }} LastingFaults */

export class FaultPanel {
  #proxy;
  #restart;
  /** @type {Promise<void> | undefined} */
  #restarting;
  /** @type {LastingFaults} */
  lasting = { unplug: false, stall: false, swallow: false };

  /**
   * @param {Awaited<ReturnType<typeof import("./proxy.mjs").startProxy>>} proxy
   * @param {(away: () => Promise<void>) => Promise<void>} restart kills the broker, waits for `away` and starts it again
   */
  constructor(proxy, restart) {
    this.#proxy = proxy;
    this.#restart = restart;
  }

  /**
   * Does what a button asks for; undefined for an act that does not exist.
   * @param {string} act
   * @param {boolean} on for faults that last
   * @returns {Promise<LastingFaults> | undefined}
   */
  act(act, on) {
    const acts = {
      cut: () => this.#proxy.cut(),
      unplug: () => this.#unplug(on),
      stall: () => this.#stall(on),
      swallow: () => this.#swallow(on),
      restart: () => this.#restartOnce(),
    };
    return Object.hasOwn(acts, act) ? Promise.resolve(acts[act]()).then(() => this.lasting) : undefined;
  }

  #unplug(on) {
    this.lasting.unplug = on;
    this.#proxy.refuse(on);
    if (on) this.#proxy.cut();
  }

  #stall(on) {
    this.lasting.stall = on;
    if (on) this.#proxy.stall();
    else this.#proxy.resume();
  }

  #swallow(on) {
    this.lasting.swallow = on;
    if (on) for (const type of ACKNOWLEDGEMENTS) this.#proxy.swallow(type, "down");
    else {
      this.#proxy.swallow(null, "down");
      // TCP loses nothing, so MQTT sends nothing again on a link that holds: only a new one settles what was swallowed.
      this.#proxy.cut();
    }
  }

  #restartOnce() {
    this.#restarting ??= this.#restart(() => wait(AWAY)).finally(() => {
      this.#restarting = undefined;
    });
    return this.#restarting;
  }
}
