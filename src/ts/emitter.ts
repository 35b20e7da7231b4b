// The typed events of a client, and the error event that must not be lost.
import { type ClientEvents, clientEvent, type Listener } from "./events.js";

/** What somebody has to hear of. */
const KEPT: readonly (keyof ClientEvents)[] = ["error", "outcome"];

/** An EventTarget that knows the events of a client by name. */
export class Emitter extends EventTarget {
  /** Whether the latest event that must not be lost had a listener: each of these has a companion that comes and goes with it, and notes this. */
  #heard = false;
  readonly #companions = new WeakMap<object, () => void>();

  /** Listens to one of the {@link ClientEvents}. */
  override addEventListener<K extends keyof ClientEvents>(
    type: K,
    listener: Listener<ClientEvents[K]>,
    options?: AddEventListenerOptions | boolean,
  ): void {
    if (listener && KEPT.includes(type)) super.addEventListener(type, this.#companion(listener), options);
    super.addEventListener(type, listener as EventListenerOrEventListenerObject | null, options);
  }

  override removeEventListener<K extends keyof ClientEvents>(
    type: K,
    listener: Listener<ClientEvents[K]>,
    options?: EventListenerOptions | boolean,
  ): void {
    if (listener && KEPT.includes(type)) super.removeEventListener(type, this.#companion(listener), options);
    super.removeEventListener(type, listener as EventListenerOrEventListenerObject | null, options);
  }

  #companion(listener: object): () => void {
    const companion =
      this.#companions.get(listener) ??
      (() => {
        this.#heard = true;
      });
    this.#companions.set(listener, companion);
    return companion;
  }

  /** @internal Tells an event. Gives whether somebody has heard of it, if somebody has to. */
  protected tell<K extends keyof ClientEvents>(type: K, detail: Omit<ClientEvents[K], keyof Event>): boolean {
    if (KEPT.includes(type)) this.#heard = false; // a listener may cause other events meanwhile
    this.dispatchEvent(clientEvent(type, detail));
    return this.#heard;
  }

  /** @internal A fault that no promise tells. It must not be lost, so without a listener the page's own error handler gets it. */
  protected report(error: unknown): void {
    if (this.tell("error", { error })) return;
    if (typeof reportError === "function") reportError(error);
    else console.error(error);
  }
}
