// Runs the engine in the page itself.
import { closedCause, engineCause, sessionInUseCause } from "./cause.js";
import type { EarlySocket } from "./early-socket.js";
import { type EngineHost, type EngineOptions, type HostEvents, PENDING, type RawEngine, type RawEngineClass } from "./engine.js";
import { EngineError } from "./errors/engine-error.js";
import { Kept } from "./kept.js";
import { doneRecord, unavailableRecord } from "./records.js";
import type { NamedSession } from "./session-options.js";
import type { claimSlot, Slot } from "./slots.js";
import { NO_STATS, type Stats } from "./stats.js";

/** A stored session, and the slot of it that is being claimed. */
export interface Claim {
  readonly session: NamedSession;
  readonly slot: ReturnType<typeof claimSlot>;
}

/** Calls are kept until the engine is loaded (and its session restored), then go straight to it. */
export class PageHost implements EngineHost {
  readonly #options: EngineOptions;
  readonly #events: HostEvents;
  #early: EarlySocket | undefined;
  /** Once it runs. */
  #engine: RawEngine | undefined;
  readonly #claim: Claim | undefined;
  #slot: Slot | undefined;
  /** The engine of a stored session, and what settles when it knows what is stored. */
  #opened: { readonly engine: RawEngine; readonly open: Promise<void> } | undefined;
  /** Settles when nothing is left of a stored session in this page. */
  #released: Promise<void> | undefined;
  #kept: Kept;
  readonly #waiting: (() => void)[] = [];
  #over = false;
  /** An engine that traps in an event of its own throws to nobody but the page. Asked later, because the page may fail inside a delivery. */
  readonly #uncaught = ({ error, message }: ErrorEvent): void =>
    queueMicrotask(() => {
      if (this.#engine?.quit_if_stuck()) this.#fail(error ?? message); // no error: it came through a script of another origin
    });

  constructor(engineClass: Promise<RawEngineClass>, options: EngineOptions, events: HostEvents, early?: EarlySocket, claim?: Claim) {
    this.#options = options;
    this.#events = events;
    this.#early = early;
    this.#claim = claim;
    this.#kept = this.#nothingKept();
    const run = (Engine: RawEngineClass): unknown => (claim === undefined ? this.#run(Engine, options) : this.#resume(Engine, claim));
    engineClass.then(run).catch((error: unknown) => this.#fail(error));
  }

  address(attempt: number, url: string, username?: string, password?: Uint8Array, authentication?: Uint8Array): void {
    this.#call((engine) => engine.address(attempt, url, username, password, authentication));
  }

  addressFailed(attempt: number, detail?: string): void {
    this.#call((engine) => engine.address_failed(attempt, detail));
  }

  authenticate(exchange: number, data?: Uint8Array): void {
    this.#call((engine) => engine.authenticate(exchange, data));
  }

  authenticationFailed(exchange: number, detail: string): void {
    this.#call((engine) => engine.authentication_failed(exchange, detail));
  }

  reauthenticate(token: number): void {
    this.#call((engine) => engine.reauthenticate(token));
  }

  publish(token: number, topic: string, payload: Uint8Array, flags: number, properties?: Uint8Array): number {
    const engine = this.#engine;
    if (engine === undefined) return this.#over ? PENDING : this.#kept.publish(token, topic, payload.slice(), flags, properties);
    // Not by #call: this is the hot way, and a closure for each message would be paid for.
    try {
      return engine.publish(token, topic, payload, flags, properties);
    } catch (error) {
      this.#fail(error);
      return PENDING;
    }
  }

  subscribe(token: number, filter: string, options: number, properties?: Uint8Array): void {
    this.#call((engine) => engine.subscribe(token, filter, options, properties));
  }

  unsubscribe(token: number, filter: string): void {
    this.#call((engine) => engine.unsubscribe(token, filter));
  }

  handled(first: number, count: number): void {
    // Not by #call: this is the hot way too.
    try {
      this.#engine?.handled(first, count);
    } catch (error) {
      this.#fail(error);
    }
  }

  claim(token: number, delivery: number, key: string, rule: number, value: number, ttl: number): void {
    this.#call((engine) => engine.claim(token, delivery, key, rule, value, ttl));
  }

  cancel(token: number): void {
    this.#call((engine) => engine.cancel(token));
  }

  close(reason: number, properties?: Uint8Array): void {
    this.#slot?.leave();
    if (this.#engine === undefined && !this.#over) {
      this.#end();
      this.#events.stopped(closedCause());
    } else {
      this.#call((engine) => engine.close(reason, properties));
    }
  }

  reconnectNow(): void {
    this.#call((engine) => engine.reconnect_now());
  }

  async stats(): Promise<Stats> {
    return this.#engine?.stats() ?? NO_STATS;
  }

  async outbox(): Promise<Uint32Array> {
    if (this.#engine === undefined && !this.#over) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.#engine?.outbox() ?? new Uint32Array(0);
  }

  dispose(): Promise<void> | undefined {
    this.#end();
    return this.#released;
  }

  /** The engine runs, or never will. */
  #waited(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  #nothingKept(): Kept {
    return new Kept(this.#options, (token, code) => {
      const done = doneRecord(token, code);
      this.#events.deliver(undefined, done, done.length);
    });
  }

  #run(Engine: RawEngineClass, options: EngineOptions): void {
    if (!this.#over) this.#guard(() => this.#start(new Engine(options, this.#events.deliver)));
  }

  /** Goes on with a stored session, or begins one: once this page owns a slot of it, and the engine knows what is stored there. */
  async #resume(Engine: RawEngineClass, { session, slot: claimed }: Claim): Promise<void> {
    const slot = await claimed;
    if (this.#over) return;
    if (slot === "taken") {
      this.#end();
      this.#events.stopped(sessionInUseCause(session.name, session.slots));
    } else if (slot === "unavailable") {
      const said = unavailableRecord();
      this.#events.deliver(undefined, said, said.length);
      this.#run(Engine, { ...this.#options, durable: false, cleanStart: true }); // nothing is known of what the broker has
    } else {
      this.#slot = slot;
      this.#events.claimed(slot.number);
      const engine = new Engine({ ...this.#options, store: slot.store }, this.#events.deliver);
      this.#opened = { engine, open: engine.open() };
      await this.#opened.open;
      if (!this.#over) this.#guard(() => this.#start(engine));
    }
  }

  #start(engine: RawEngine): void {
    this.#engine = engine;
    globalThis.addEventListener?.("error", this.#uncaught);
    if (this.#early !== undefined) engine.use_socket(this.#early.url, this.#early.socket);
    this.#early = undefined;
    const kept = this.#kept;
    this.#kept = this.#nothingKept();
    engine.start();
    kept.replay(engine);
    this.#waited();
  }

  #call(action: (engine: RawEngine) => void): void {
    const engine = this.#engine;
    if (this.#over) return;
    if (engine === undefined) this.#kept.call(action);
    else this.#guard(() => action(engine));
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#fail(error);
    }
  }

  #end(): void {
    if (this.#over) return;
    const engine = this.#engine;
    const claim = this.#claim;
    // Later: this may be called from a delivery, while the engine is on the stack.
    this.#slot?.leave();
    if (claim !== undefined) this.#released = this.#release(claim);
    else if (engine !== undefined) queueMicrotask(() => free(engine));
    globalThis.removeEventListener?.("error", this.#uncaught);
    this.#over = true;
    this.#engine = undefined;
    this.#kept = this.#nothingKept();
    this.#waited();
    this.#early?.socket.close();
    this.#early = undefined;
  }

  /** Gives the slot to whoever wants it next, when nothing of this session is written any more. */
  async #release({ slot: claimed }: Claim, engine = this.#engine): Promise<void> {
    const opened = this.#opened;
    try {
      await opened?.open;
      await opened?.engine.flush();
    } catch {
      // An engine that has failed writes nothing any more.
    }
    const last = opened?.engine ?? engine;
    if (last !== undefined) free(last);
    const slot = await claimed;
    if (typeof slot === "object") await slot.release();
  }

  /** The engine cannot be used any more; nothing may reach the caller as an exception. */
  #fail(error: unknown): void {
    if (this.#over) return;
    this.#end();
    const cause = engineCause(error instanceof Error ? error.message : String(error));
    this.#events.stopped(cause, new EngineError("The WebAssembly engine does not run", cause.detail, { cause: error }));
  }
}

/** An engine that has failed may refuse to be freed; there is nobody left to tell. */
function free(engine: RawEngine): void {
  try {
    engine.quit_if_stuck();
    engine.free();
  } catch {
    // Its memory is lost with the module.
  }
}
