// Typed events, and what becomes of those that nobody listens to.
import { type ClientEvents, clientEvent, type Listener } from "./events.js";
import { History, type HistoryEntry, type HistoryKind } from "./history.js";
import { eventWords } from "./words.js";

/** The event side of a client. */
export class Emitter extends EventTarget {
  /** Whether the latest event had a listener: each listener has a companion that comes and goes with it, and notes this. */
  #heard = false;
  readonly #companions = new WeakMap<object, () => void>();
  readonly #history = new History();

  /**
   * What has happened lately, oldest first: the last 200 changes of the status, errors, gaps and so on, in words. It holds no payloads, no credentials and
   * no queries of addresses.
   *
   * @example
   * for (const { at, kind, text } of client.history) console.log(new Date(at).toISOString(), kind, text);
   */
  get history(): readonly HistoryEntry[] {
    return this.#history.entries;
  }

  /** @internal For the history. */
  protected note(kind: HistoryKind, text: string): void {
    this.#history.note(kind, text);
  }

  /** Listens to one of the {@link ClientEvents}. */
  override addEventListener<K extends keyof ClientEvents>(
    type: K,
    listener: Listener<ClientEvents[K]>,
    options?: AddEventListenerOptions | boolean,
  ): void {
    if (listener) super.addEventListener(type, this.#companion(listener), options);
    super.addEventListener(type, listener as EventListenerOrEventListenerObject | null, options);
  }

  override removeEventListener<K extends keyof ClientEvents>(
    type: K,
    listener: Listener<ClientEvents[K]>,
    options?: EventListenerOptions | boolean,
  ): void {
    if (listener) super.removeEventListener(type, this.#companion(listener), options);
    super.removeEventListener(type, listener as EventListenerOrEventListenerObject | null, options);
  }

  /** @internal Dispatches an event. Gives whether anybody listens. */
  protected tell<K extends keyof ClientEvents>(type: K, detail: Omit<ClientEvents[K], keyof Event>): boolean {
    const outer = this.#heard; // a listener may cause other events meanwhile
    this.#heard = false;
    const words = eventWords(type, detail);
    if (words) this.note(type as HistoryKind, words);
    this.dispatchEvent(clientEvent(type, detail));
    const heard = this.#heard;
    this.#heard = outer;
    return heard;
  }

  /** @internal What must not pass in silence: without a listener it goes to the console. */
  protected warn<K extends keyof ClientEvents>(type: K, detail: Omit<ClientEvents[K], keyof Event>): void {
    if (!this.tell(type, detail)) console.warn(`hawser: "${type}"`, detail);
  }

  /** @internal A fault that no promise tells. It must not be lost, so without a listener the page's own error handler gets it. */
  protected report(error: unknown): void {
    if (this.tell("error", { error })) return;
    if (typeof reportError === "function") reportError(error);
    else console.error(error);
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
}
