// All publishes that are not settled: one slot and one promise each.
import { whenAborted } from "./abort.js";
import { type EngineHost, PENDING } from "./engine.js";
import { PublishError, type PublishFailure } from "./errors/publish-error.js";
import { CLOSED, failureOf, INDETERMINATE, STOPPED } from "./failures.js";
import type { Qos } from "./options.js";
import { type Outcome, type PendingMessage, pendingMessage } from "./outcome.js";
import { type PropertyValues, propertiesIn } from "./properties.js";
import { type PublishResult, type PublishSettings, STORED } from "./publish-options.js";
import { lengthOf, type RestoredRecord, readOutcome } from "./records.js";

/** One publish that waits for its answer. */
class Open {
  resolve: (result: PublishResult) => void;
  reject: (error: unknown) => void;
  detach: (() => void) | undefined;
  /** With `until: "stored"`: what its outcome will be told about. */
  message: PendingMessage | undefined;

  constructor() {
    this.resolve = lastResolve;
    this.reject = lastReject;
    this.detach = undefined;
    this.message = undefined;
  }
}

// The executor of all promises: it leaves the two functions here, so that no closure is made for each message.
let lastResolve: Open["resolve"];
let lastReject: Open["reject"];
const executor = (resolve: Open["resolve"], reject: Open["reject"]): void => {
  lastResolve = resolve;
  lastReject = reject;
};

/** Most publishes end like this: one object for all. */
const SUCCESS: PublishResult = Object.freeze({ reasonCode: 0, reasonString: undefined, userProperties: [], id: undefined });
/** What is done when the call returns needs no promise of its own. */
const SUCCEEDED: Promise<PublishResult> = Promise.resolve(SUCCESS);

export class Outbox {
  readonly #host: EngineHost;
  /** By token. A slot is free again when the engine has answered: until then it may still name the token. */
  readonly #slots: (Open | undefined)[] = [undefined]; // no token is 0
  readonly #free: number[] = [];
  /** Messages whose promise is gone, by token: of earlier pages, and those whose promise was settled when they were stored. */
  readonly #orphans = new Map<number, PendingMessage>();
  readonly #tell: (outcome: Outcome) => void;
  #over: { readonly error: unknown } | undefined;

  constructor(host: EngineHost, tell: (outcome: Outcome) => void) {
    this.#host = host;
    this.#tell = tell;
  }

  publish(topic: string, payload: Uint8Array, settings: PublishSettings | undefined): Promise<PublishResult> {
    const token = this.#free.pop() ?? this.#slots.push(undefined) - 1;
    const code = this.#host.publish(token, topic, payload, settings?.flags ?? 0, settings?.properties);
    if (this.#over !== undefined) return Promise.reject(this.#over.error); // the host has failed in this very call
    // Of an end that is not told yet the STATUS will tell, with its cause.
    if (code !== PENDING && code !== CLOSED && code !== STOPPED) {
      this.#free.push(token);
      return code === 0 ? SUCCEEDED : Promise.reject(publishError(code, {}));
    }
    const promise = new Promise<PublishResult>(executor);
    const open = new Open();
    this.#slots[token] = open;
    if (settings !== undefined && (settings.flags & STORED) !== 0) open.message = stored(topic, payload, settings.flags);
    const signal = settings?.signal;
    if (signal !== undefined) open.detach = whenAborted(signal, () => this.#abort(token, open, signal.reason));
    return promise;
  }

  /** The DONE record at `words[at]`. */
  done(token: number, code: number, frame: Uint8Array | undefined, words: Uint32Array, at: number): void {
    const orphan = this.#orphans.size === 0 ? undefined : this.#orphans.get(token);
    const open = this.#slots[token];
    if (open !== undefined) {
      this.#slots[token] = undefined;
      this.#free.push(token);
      open.detach?.();
    } else if (orphan === undefined) {
      return;
    }
    // The hot way: nothing is said besides.
    if (orphan === undefined && code === 0 && lengthOf(words[at] as number) === 3) {
      open?.resolve(SUCCESS);
      return;
    }
    const said = propertiesIn(frame, readOutcome(words, at).properties);
    const { reasonString, userProperties = [] } = said;
    const answer = code >= 0x80 ? publishError(code, said) : { reasonCode: code, reasonString, userProperties, id: orphan?.id };
    if (orphan !== undefined) {
      this.#orphans.delete(token);
      this.#tell(outcomeOf(orphan, answer));
    } else if (answer instanceof PublishError) {
      open?.reject(answer);
    } else {
      open?.resolve(answer);
    }
  }

  /** A message of an earlier page. */
  restored(record: RestoredRecord): void {
    this.#orphans.set(record.token, pendingMessage(record));
  }

  /** A publish that had asked for it is stored, under the number `id`. */
  stored(token: number, id: number): void {
    const open = this.#slots[token];
    if (open?.message === undefined) return;
    open.detach?.();
    open.detach = undefined;
    this.#orphans.set(token, { ...open.message, id });
    open.message = undefined;
    open.resolve({ ...SUCCESS, id });
  }

  /** There is another engine, which does not know these tokens: what was open may have arrived. What was stored is told again. */
  restart(): void {
    this.#empty(publishError(INDETERMINATE, {}));
    this.#slots.push(undefined);
  }

  /** The client is at its end: everything open fails with `error`. */
  end(error: unknown): void {
    this.#over = { error };
    this.#empty(error);
  }

  #empty(error: unknown): void {
    const slots = this.#slots.splice(0);
    this.#free.length = 0;
    this.#orphans.clear();
    for (const open of slots) {
      open?.detach?.();
      open?.reject(error);
    }
  }

  /** The promise settles now, and nothing else is told; the engine answers for the token in its own time. */
  #abort(token: number, open: Open, reason: unknown): void {
    open.message = undefined;
    open.reject(reason);
    this.#host.cancel(token);
  }
}

/** What is known of a message before it is stored. */
function stored(topic: string, payload: Uint8Array, flags: number): PendingMessage {
  return {
    id: 0,
    topic,
    qos: ((flags >> 1) & 3) as Qos,
    retain: (flags & 1) !== 0,
    size: payload.length,
    mayHaveLeft: true,
    earlier: false,
  };
}

function outcomeOf(message: PendingMessage, answer: PublishError | PublishResult): Outcome {
  return answer instanceof PublishError ? { kind: answer.code, message, error: answer } : { kind: "completed", message, result: answer };
}

function publishError(code: number, said: PropertyValues): PublishError {
  const { code: literal, failure } = failureOf(code, said);
  return new PublishError(literal as PublishFailure, failure);
}
