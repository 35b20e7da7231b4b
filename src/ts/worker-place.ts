// An engine in a dedicated worker: the page's side.
import { type BatchMessage, unpack } from "./batch.js";
import { HANDED_OVER } from "./commands.js";
import type { EngineOptions } from "./engine.js";
import type { PlaceEvents, StartingPlace } from "./place.js";
import type { Stats } from "./stats.js";

/** What the page asks of its worker; the answers come in the order of the questions, for nothing is asked behind "release". */
export type Question = "stats" | "outbox" | "release";

/** What the page tells its worker. */
export type ToWorker =
  | { readonly early: string }
  | { readonly module: WebAssembly.Module; readonly options: EngineOptions; readonly first: Uint8Array }
  | Uint8Array<ArrayBuffer>
  | Question
  /** Whether the worker lives. */
  | "alive"
  /** It has taken a batch, whose words these are. */
  | ArrayBuffer;

/** What a worker tells its page. */
export type FromWorker =
  | BatchMessage
  | { readonly ready: true }
  | { readonly alive: true }
  | { readonly answer: unknown }
  | { readonly failed: string };

/** What a worker reports besides. */
export interface WorkerEvents extends PlaceEvents {
  /** A buffer that went with a block of commands is back; or an empty one. */
  readonly spent: (buffer: ArrayBuffer) => void;
}

/** How often a worker is asked whether it lives, in ms. */
const ASKED_EVERY = 5_000;
/** How many questions in a row may find no answer, before it has come to life and afterwards. The page counts its own turns: it may have slept as well. */
const [MISSES_AT_FIRST, MISSES] = [6, 2];

/** Starts a worker. Throws where there are none, or none from here. */
export function openWorker(): Worker {
  return new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "hawser:engine" });
}

export class WorkerPlace implements StartingPlace {
  readonly #worker: Worker;
  readonly #events: WorkerEvents;
  readonly #asked: ((answer: unknown) => void)[] = [];
  readonly #watch: ReturnType<typeof setInterval>;
  #heard = false;
  #gone = false;
  #misses = 0;

  /** `url`: where the first attempt goes. */
  constructor(events: WorkerEvents, worker: Worker, url: string | undefined) {
    this.#events = events;
    this.#worker = worker;
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#hear(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const error = new Error(event.message ?? "the worker does not load");
      // Once it runs it tells by itself when its engine has failed: this is the error of something that goes on.
      if (this.#heard) reportError(error);
      else this.#fail(error);
    };
    this.#watch = setInterval(() => this.#look(), ASKED_EVERY);
    if (url !== undefined) this.#tell({ early: url });
  }

  start(module: WebAssembly.Module, options: EngineOptions, first: Uint8Array<ArrayBuffer>): void {
    this.#tell({ module, options, first }, [first.buffer]);
  }

  commands(block: Uint8Array<ArrayBuffer>): void {
    const given = block.buffer.byteLength > HANDED_OVER ? block : block.slice();
    this.#tell(given, [given.buffer]);
  }

  stats(): Promise<Stats> {
    return this.#ask("stats");
  }

  outbox(): Promise<Uint32Array> {
    return this.#ask("outbox");
  }

  async release(): Promise<void> {
    if (this.#heard && !this.#gone)
      await this.#ask("release"); // then it ends by itself, when what it has sent is on its way
    else this.#worker.terminate();
    clearInterval(this.#watch);
  }

  #tell(what: ToWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(what, transfer);
  }

  #ask<T>(what: Question): Promise<T> {
    this.#tell(what);
    return new Promise<unknown>((resolve) => this.#asked.push(resolve)) as Promise<T>;
  }

  #hear(said: FromWorker): void {
    this.#heard = true;
    this.#misses = 0;
    if (Array.isArray(said)) {
      const batch = said as unknown as BatchMessage;
      try {
        this.#events.spent(batch[1]);
        unpack(batch, this.#events.deliver);
        this.#tell(batch[0], [batch[0]]);
      } catch (error) {
        this.#fail(error); // somebody has given the buffer away: what was in it is lost, and only the broker has it
      }
    } else if ("answer" in said) this.#asked.shift()?.(said.answer);
    else if ("failed" in said) this.#fail(said.failed);
    else if ("ready" in said) this.#events.ready();
  }

  /** A worker may be stuck, or gone without a word. */
  #look(): void {
    if (this.#misses++ >= (this.#heard ? MISSES : MISSES_AT_FIRST)) this.#fail(new Error("the worker does not answer"));
    else this.#tell("alive");
  }

  #fail(error: unknown): void {
    if (this.#gone) return;
    this.#gone = true;
    clearInterval(this.#watch);
    this.#worker.terminate();
    for (const answer of this.#asked.splice(0)) answer(undefined);
    this.#events.failed(error);
  }
}
