// The engine's module: a page without a worker takes the Runner from it; started as a worker it serves the page that has started it.
import { type EarlySocket, openEarly } from "./early-socket.js";
import { Runner } from "./runner.js";
import { Sender } from "./sender.js";
import { wordsOf } from "./thrown.js";
import type { FromWorker, Question, ToWorker } from "./worker-place.js";

export { Runner };

/** What a dedicated worker is to the code in it, as far as it is used here. */
interface WorkerScope {
  readonly name?: string;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker, transfer: Transferable[]): void;
  close(): void;
}

/** What a socket has been told leaves within that time, in ms, and its worker must live for it. */
const LINGER = 2_000;

function serve(scope: WorkerScope): void {
  const sender = new Sender((message, transfer = []) => scope.postMessage(message, transfer));
  let early: EarlySocket | undefined;
  let runner: Runner | undefined;
  const failed = (error: unknown): void => sender.post({ failed: wordsOf(error) });
  const answer = async (question: Question): Promise<void> => {
    const said = await runner?.[question]();
    if (question === "release") setTimeout(() => scope.close(), LINGER);
    sender.post({ answer: said });
  };
  scope.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer) sender.taken(data);
    else if (data instanceof Uint8Array) {
      runner?.commands(data);
      sender.spent(data.buffer);
    } else if (data === "alive") sender.post({ alive: true });
    else if (typeof data === "string") answer(data).catch(failed);
    else if ("early" in data) early = openEarly(data.early);
    else {
      runner = new Runner(
        {
          deliver: sender.hear,
          ready: () => sender.post({ ready: true }),
          failed,
        },
        early,
      );
      void runner.start(data.module, data.options, data.first);
    }
  };
}

/** By that name worker-place.ts starts it. */
const scope = globalThis as unknown as WorkerScope;
if (scope.name === "hawser:engine" && typeof document === "undefined") serve(scope);
