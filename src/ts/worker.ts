// The engine's module: a page without a worker takes the Runner from it; started as a worker it serves the page that has started it.
import { Batch } from "./batch.js";
import { type EarlySocket, openEarly } from "./early-socket.js";
import type { Hear } from "./place.js";
import { Runner } from "./runner.js";
import type { FromWorker, Question, ToWorker } from "./worker-place.js";

export { Runner };

/** What a dedicated worker is to the code in it, as far as it is used here. */
interface WorkerScope {
  readonly name?: string;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker, transfer: Transferable[]): void;
  close(): void;
}

/** Time between two batches, in ms: a page that is woken for each of 20,000 messages a second does little else. */
const GAP = 1;
/** What a socket has been told leaves within that time, in ms, and its worker must live for it. */
const LINGER = 2_000;

/** Sends deliveries to the page, and the next ones when it has taken those: a page that is busy is not woken more often than it can listen. */
class Sender {
  readonly #scope: WorkerScope;
  readonly #batch = new Batch();
  readonly #channel = new MessageChannel();
  #taken = true;
  #due = false;
  #last = 0;

  constructor(scope: WorkerScope) {
    this.#scope = scope;
    this.#channel.port1.onmessage = () => this.#send();
  }

  readonly hear: Hear = (frame, words, at, end) => {
    this.#batch.add(frame, words, at, end);
    this.#ask();
  };

  /** The page has taken the last batch. */
  taken(): void {
    this.#taken = true;
    if (!this.#batch.isEmpty) this.#ask();
  }

  /** Sends what there is, and then `message`. */
  post(message: FromWorker): void {
    if (!this.#batch.isEmpty) this.#post();
    this.#scope.postMessage(message, []);
  }

  #ask(): void {
    if (this.#due || !this.#taken) return;
    this.#due = true;
    const wait = this.#last + GAP - performance.now();
    if (wait > 0)
      setTimeout(() => this.#send(), Math.ceil(wait)); // less than one is none
    // Behind the frames that wait already, which may then travel in the same batch.
    else this.#channel.port2.postMessage(0);
  }

  #send(): void {
    this.#due = false;
    if (this.#batch.isEmpty || !this.#taken) return;
    this.#taken = false;
    this.#last = performance.now();
    this.#post();
  }

  #post(): void {
    const message = this.#batch.take();
    this.#scope.postMessage(message, [...message]);
  }
}

function serve(scope: WorkerScope): void {
  const sender = new Sender(scope);
  let early: EarlySocket | undefined;
  let runner: Runner | undefined;
  const answer = async (question: Question): Promise<void> => {
    let said: unknown;
    if (question === "release") {
      await runner?.release();
      setTimeout(() => scope.close(), LINGER);
    } else if (question !== "alive") said = await runner?.[question]();
    sender.post({ answer: said });
  };
  scope.onmessage = ({ data }) => {
    if (data === undefined) sender.taken();
    else if (data instanceof Uint8Array) runner?.commands(data);
    else if (typeof data === "string") void answer(data);
    else if ("early" in data) early = openEarly(data.early);
    else {
      runner = new Runner(
        {
          deliver: sender.hear,
          ready: () => sender.post({ ready: true }),
          failed: (error) => sender.post({ failed: error instanceof Error ? error.message : String(error) }),
        },
        early,
      );
      void runner.start(data.module, data.options);
    }
  };
}

/** By that name worker-place.ts starts it. */
const scope = globalThis as unknown as WorkerScope;
if (scope.name === "hawser" && typeof document === "undefined") serve(scope);
