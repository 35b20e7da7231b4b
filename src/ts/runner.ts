// Runs an engine where it is: in the page, or in a worker behind messages.
import { begin, Engine, imports } from "#engine"; // it makes its text coders at once: whoever loads this module wants an engine
import { START } from "./commands.js";
import type { EarlySocket } from "./early-socket.js";
import type { EngineOptions, RawEngine, RawEngineClass } from "./engine.js";
import type { Place, PlaceEvents } from "./place.js";
import type { Stats } from "./stats.js";

/** How long an engine of an earlier page may hold up this one, in ms: its worker may outlive that page for a moment. */
const PATIENCE = 3_000;

/** The engine's class, which all that runs here shares. */
let engineClass: Promise<RawEngineClass> | undefined;

async function instantiate(module: WebAssembly.Module): Promise<RawEngineClass> {
  begin(await WebAssembly.instantiate(module, imports()));
  return Engine;
}

export class Runner implements Place {
  readonly #events: PlaceEvents;
  #early: EarlySocket | undefined;
  /** Once there is one. */
  #engine: RawEngine | undefined;
  /** Settles when the engine knows what is stored. */
  #opened: Promise<void> | undefined;
  #unlock: (() => void) | undefined;
  #over = false;
  /** An engine that traps in an event of its own throws to nobody but the global. Asked later, because that may be told inside a delivery. */
  readonly #uncaught = ({ error, message }: ErrorEvent): void =>
    queueMicrotask(() => {
      if (this.#engine?.quit_if_stuck()) this.#fail(error ?? message); // no error: it came through a script of another origin
    });

  constructor(events: PlaceEvents, early?: EarlySocket) {
    this.#events = events;
    this.#early = early;
  }

  async start(module: WebAssembly.Module, options: EngineOptions, first: Uint8Array): Promise<void> {
    try {
      engineClass ??= instantiate(module).catch((error: unknown) => {
        engineClass = undefined;
        throw error;
      });
      const Engine = await engineClass;
      if (options.store !== undefined) await this.#lock(options.store);
      if (this.#over) return;
      const engine = new Engine(options, (frame, words, length) => this.#events.deliver(frame, words, 0, length));
      this.#engine = engine;
      globalThis.addEventListener?.("error", this.#uncaught);
      this.#opened = options.store === undefined ? undefined : engine.open();
      await this.#opened;
      if (this.#over) return;
      if (this.#early !== undefined) engine.use_socket(this.#early.url, this.#early.socket);
      this.#early = undefined;
      engine.commands(START);
      engine.commands(first);
      this.#events.ready();
    } catch (error) {
      this.#fail(error);
    }
  }

  commands(block: Uint8Array): void {
    try {
      this.#engine?.commands(block);
    } catch (error) {
      this.#fail(error);
    }
  }

  publish(token: number, topic: string, payload: Uint8Array, flags: number, properties?: Uint8Array): number {
    return (this.#engine as RawEngine).publish(token, topic, payload, flags, properties);
  }

  async stats(): Promise<Stats> {
    return (this.#engine as RawEngine).stats();
  }

  async outbox(): Promise<Uint32Array> {
    return (this.#engine as RawEngine).outbox();
  }

  async release(): Promise<void> {
    this.#over = true;
    globalThis.removeEventListener?.("error", this.#uncaught);
    this.#early?.socket.close();
    const engine = this.#engine;
    try {
      // Later: this may be called from a delivery, while the engine is on the stack.
      await this.#opened;
      await undefined;
      if (this.#opened !== undefined) await engine?.flush();
    } catch {
      // An engine that has failed writes nothing any more.
    }
    this.#engine = undefined;
    try {
      engine?.quit_if_stuck();
      engine?.free();
    } catch {
      // It refuses to be freed: its memory is lost with the module.
    }
    this.#unlock?.();
  }

  /** The engine cannot be used any more; nothing may reach the caller as an exception. */
  #fail(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#events.failed(error);
  }

  /** The page owns the slot already. This is for the engine of the page before: only one may write, and a worker dies a little later than its page. */
  #lock(store: string): Promise<void> {
    return new Promise((resolve) => {
      const held = (): Promise<void> | undefined => {
        resolve();
        if (this.#over) return undefined;
        return new Promise((done) => {
          this.#unlock = done;
        });
      };
      const signal = AbortSignal.timeout(PATIENCE);
      const request = globalThis.navigator?.locks?.request(`${store}/engine`, { signal }, held) ?? Promise.reject();
      request.catch(() => resolve());
    });
  }
}
