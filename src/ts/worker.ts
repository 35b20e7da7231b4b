// The engine's module: a page without a worker takes the Runner from it; started as a worker it serves the page that has started it.
import { type EarlySocket, openEarly } from "./early-socket.js";
import { Runner } from "./runner.js";
import { Sender } from "./sender.js";
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
