// The typed events of a client, and the error event that must not be lost.
import { type ClientEvents, clientEvent, type Listener } from "./events.js";

/** An EventTarget that knows the events of a client by name. */
export class Emitter extends EventTarget {
  /** Whether the latest error event had a listener: each listener has a companion that comes and goes with it, and notes this. */
  #heard = false;
  readonly #companions = new WeakMap<object, () => void>();

  /** Listens to one of the {@link ClientEvents}. */
  override addEventListener<K extends keyof ClientEvents>(
    type: K,
    listener: Listener<ClientEvents[K]>,
    options?: AddEventListenerOptions | boolean,
  ): void {
    if (type === "error" && listener) super.addEventListener(type, this.#companion(listener), options);
    super.addEventListener(type, listener as EventListenerOrEventListenerObject | null, options);
  }

  override removeEventListener<K extends keyof ClientEvents>(
    type: K,
    listener: Listener<ClientEvents[K]>,
    options?: EventListenerOptions | boolean,
  ): void {
    if (type === "error" && listener) super.removeEventListener(type, this.#companion(listener), options);
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

  /** @internal Tells an event. */
  protected tell<K extends keyof ClientEvents>(type: K, detail: Omit<ClientEvents[K], keyof Event>): void {
    this.dispatchEvent(clientEvent(type, detail));
  }

  /** @internal A fault that no promise tells. It must not be lost, so without a listener the page's own error handler gets it. */
  protected report(error: unknown): void {
    this.#heard = false;
    this.dispatchEvent(clientEvent("error", { error }));
    if (this.#heard) return;
    if (typeof reportError === "function") reportError(error);
    else console.error(error);
  }
}
