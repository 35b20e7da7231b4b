// Finds a place for the engine, and carries the client's calls there.
import { closedCause, engineCause, sessionInUseCause } from "./cause.js";
import { Commands } from "./commands.js";
import { openEarly } from "./early-socket.js";
import { type EngineHost, type EngineOptions, type HostEvents, type HostState, PENDING } from "./engine.js";
import { EngineError } from "./errors/engine-error.js";
import { QUEUE_FULL } from "./failures.js";
import { LEAVE, watchPage } from "./page-life.js";
import type { Place, StartingPlace } from "./place.js";
import { unavailableRecord } from "./records.js";
import type { NamedSession } from "./session-options.js";
import type { claimSlot, Slot } from "./slots.js";
import { NO_STATS, type Stats } from "./stats.js";
import type { Limits } from "./status.js";
import { wordsOf } from "./thrown.js";
import { openWorker, type WorkerEvents, WorkerPlace } from "./worker-place.js";

/** A stored session, and the slot of it that is being claimed. */
export interface Claim {
  readonly session: NamedSession;
  readonly slot: ReturnType<typeof claimSlot>;
}

/** What an engine is started with. */
export interface Launch {
  readonly module: Promise<WebAssembly.Module>;
  readonly options: EngineOptions;
  readonly host: HostState["kind"];
  /** A worker that was started ahead. */
  readonly worker?: Worker | undefined;
  /** Where the first attempt goes, if nobody has to be asked first. */
  readonly url?: string | undefined;
  readonly claim?: Claim | undefined;
}

/** Bytes of commands that a burst gathers before its worker gets to work on them: ten thousand filters are asked for together. */
const BURST = 524_288;

/** Bytes of a PUBLISH besides topic, properties and payload, at most. */
const MOST_HEADER = 16;

/** Time for a worker to send its last packet before its page is gone, in ms. */
const FAREWELL = 30;

/** A worker that is gone so soon after another one is the last, in ms. */
const SOON = 60_000;

/** Calls are kept until the engine runs, then go to it: at once in the page, and with all others of the same task to a worker. */
export class Host extends Commands implements EngineHost {
  readonly #launch: Launch;
  readonly #events: HostEvents;
  #options: Promise<EngineOptions>;
  #spare: Worker | undefined;
  #place: StartingPlace | undefined;
  /** The place, once the engine runs there. */
  #running: Place | undefined;
  /** Bytes of the commands that the engine begins with. */
  #begun = 0;
  /** Whether a microtask will send what is written. */
  #due = false;
  /** Messages that wait for the engine, and bytes in them. */
  #kept = 0;
  #keptBytes = 0;
  #slot: Slot | undefined;
  #unwatch: (() => void) | undefined;
  /** When a worker was replaced the last time, milliseconds since the epoch. */
  #replaced = 0;
  #released: Promise<void> | undefined;
  readonly #waiting: (() => void)[] = [];
  #limits: Limits | undefined;
  #closing = false;
  #over = false;

  constructor(launch: Launch, events: HostEvents) {
    super();
    this.#launch = launch;
    this.#events = events;
    this.#spare = launch.worker;
    launch.module.catch(() => undefined); // told when it is wanted
    this.#options = this.#claimed();
    if (launch.host === "worker") this.#startWorker();
    else this.#startHere(undefined);
  }

  publish(token: number, topic: string, payload: Uint8Array, flags: number, properties?: Uint8Array): number {
    if (this.#over) return PENDING;
    const place = this.#running;
    if (place === undefined) {
      const { maxQueued, maxQueuedBytes } = this.#launch.options;
      if (this.#kept >= maxQueued || (this.#kept > 0 && this.#keptBytes + payload.length > maxQueuedBytes)) return QUEUE_FULL;
      this.#kept += 1;
      this.#keptBytes += payload.length;
    } else if (place.publish !== undefined) {
      try {
        return place.publish(token, topic, payload, flags, properties);
      } catch (error) {
        this.#fail(error);
        return PENDING;
      }
    } else if ((flags & 6) === 0 && this.#takes(3 * topic.length + payload.length + (properties?.length ?? 0), flags)) {
      // Handed over, as far as anybody can know at QoS 0: nothing that the worker could say would add to it.
      this.writePublish(0, topic, payload, flags, properties);
      return 0;
    }
    this.writePublish(token, topic, payload, flags, properties);
    return PENDING;
  }

  /** What the link takes, as long as there is one. */
  linked(limits: Limits | undefined): void {
    this.#limits = limits;
  }

  /** Whether there is a link that takes a message of so many bytes. */
  #takes(size: number, flags: number): boolean {
    const limits = this.#limits;
    return limits !== undefined && size + MOST_HEADER < limits.maximumPacketSize && (limits.retainAvailable || (flags & 1) === 0);
  }

  override close(reason: number, properties?: Uint8Array): void {
    this.#slot?.leave();
    this.#closing = true;
    if (this.#running === undefined) this.#closed();
    else super.close(reason, properties);
  }

  async stats(): Promise<Stats> {
    return (await this.#running?.stats()) ?? NO_STATS;
  }

  async outbox(): Promise<Uint32Array> {
    while (!this.#over) {
      const answer = await this.#running?.outbox();
      if (answer !== undefined) return answer;
      // There is no engine yet, or it has gone with the question.
      if (this.#running === undefined && !this.#over) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return new Uint32Array(0);
  }

  dispose(): Promise<void> {
    this.#end();
    return this.#released as Promise<void>;
  }

  protected override wrote(): void {
    const place = this.#running;
    if (this.#over) this.take();
    else if (place?.publish !== undefined || (place !== undefined && this.written >= BURST)) place.commands(this.take());
    else if (place !== undefined && !this.#due) {
      this.#due = true;
      queueMicrotask(() => {
        this.#due = false;
        if (this.written > 0) this.#running?.commands(this.take());
      });
    }
  }

  #startWorker(): void {
    try {
      const place: StartingPlace = new WorkerPlace(
        this.#hears("worker", (error) => {
          if (this.#closing) this.#closed();
          else if (this.#running === place) this.#replace(error);
          else if (!this.#over) this.#startHere(error);
        }),
        this.#spare ?? openWorker(),
        this.#launch.url,
      );
      this.#spare = undefined;
      this.#start(place);
    } catch (error) {
      this.#startHere(error);
    }
  }

  /** A worker that was stuck or has gone is replaced. One that is gone again soon after is not: there is something wrong with all of them. */
  #replace(error: unknown): void {
    const now = Date.now();
    if (now - this.#replaced < SOON) {
      this.#fail(error);
      return;
    }
    this.#replaced = now;
    this.#running = undefined;
    this.#limits = undefined;
    this.#unwatch?.();
    this.take();
    const cause = engineCause(wordsOf(error), "It is started again in another worker");
    const clientId = this.#events.replaced(cause, new EngineError("The worker is gone", cause.detail, { cause: error }));
    // A stored session has its own.
    this.#options = this.#options.then((options) => (options.store === undefined && clientId ? { ...options, clientId } : options));
    this.#startWorker();
  }

  /** Runs the engine in the page. `reason`: why not in a worker, if that was wanted. */
  async #startHere(reason: unknown): Promise<void> {
    const { url } = this.#launch;
    const early = url === undefined ? undefined : openEarly(url);
    try {
      const { Runner } = await import("./worker.js");
      if (this.#over) early?.socket.close();
      else
        this.#start(
          new Runner(
            this.#hears("page", (error) => this.#fail(error), reason),
            early,
          ),
        );
    } catch (error) {
      early?.socket.close();
      this.#fail(error);
    }
  }

  #hears(kind: HostState["kind"], failed: (error: unknown) => void, reason?: unknown): WorkerEvents {
    return {
      deliver: this.#events.deliver,
      spent: (buffer) => this.reuse(buffer),
      ready: () => this.#run({ kind, reason: reason === undefined ? undefined : wordsOf(reason) }),
      failed,
    };
  }

  async #start(place: StartingPlace): Promise<void> {
    this.#place = place;
    try {
      const [module, options] = await Promise.all([this.#launch.module, this.#options]);
      if (this.#over) {
        await place.release();
        return;
      }
      // They are kept until it runs: another place may have to begin with them.
      const first = this.peek();
      this.#begun = first.length;
      await place.start(module, options, first);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The engine runs. */
  #run(state: HostState): void {
    if (this.#over) return;
    this.#running = this.#place;
    this.#events.placed(state);
    this.#kept = this.#keptBytes = 0;
    const others = this.take().subarray(this.#begun);
    if (others.length > 0) this.#running?.commands(others);
    this.#waited();
    // Behind the commands that were kept: it tells at once where there is no network.
    if (!this.#over) this.#unwatch = watchPage((event) => this.#befalls(event), this.#events.paged);
  }

  /** Something happens to the page. A worker is stopped with its page: one that leaves gives it the time to say so. */
  #befalls(event: number): void {
    this.page(event);
    const place = this.#running;
    if (event !== LEAVE || place === undefined || place.publish !== undefined) return;
    place.commands(this.take());
    const until = performance.now() + FAREWELL;
    while (performance.now() < until);
  }

  /** The engine's options, once this page owns a slot of the stored session. */
  async #claimed(): Promise<EngineOptions> {
    const { options, claim } = this.#launch;
    const slot = await claim?.slot;
    if (claim === undefined || this.#over) return options;
    if (typeof slot === "object") {
      this.#slot = slot;
      this.#events.claimed(slot.number);
      return { ...options, store: slot.store };
    }
    if (slot === "taken") {
      this.#end();
      this.#events.stopped(sessionInUseCause(claim.session.name, claim.session.slots));
    } else {
      const said = unavailableRecord();
      this.#events.deliver(undefined, said, 0, said.length);
    }
    return { ...options, durable: false, cleanStart: true }; // nothing is known of what the broker has
  }

  /** The engine runs, or never will. */
  #waited(): void {
    for (const go of this.#waiting.splice(0)) go();
  }

  /** As the user wants it: nobody is left who could say goodbye. */
  #closed(): void {
    if (this.#over) return;
    this.#end();
    this.#events.stopped(closedCause());
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#running = undefined;
    this.#unwatch?.();
    this.#slot?.leave();
    this.#released = this.#release();
    this.take();
    this.#waited();
  }

  /** Gives the slot to whoever wants it next, when nothing of this session is written any more. */
  async #release(): Promise<void> {
    await this.#place?.release();
    const slot = await this.#launch.claim?.slot;
    if (typeof slot === "object") await slot.release();
  }

  /** The engine cannot be used any more; nothing may reach the caller as an exception. */
  #fail(error: unknown): void {
    if (this.#over) return;
    this.#end();
    const cause = engineCause(wordsOf(error));
    this.#events.stopped(cause, new EngineError("The WebAssembly engine does not run", cause.detail, { cause: error }));
  }
}
