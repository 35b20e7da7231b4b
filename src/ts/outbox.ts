// All publishes that are not settled: one slot and one promise each.
import { whenAborted } from "./abort.js";
import { type EngineHost, PENDING } from "./engine.js";
import { PublishError, type PublishFailure } from "./errors/publish-error.js";
import { CLOSED, failureOf, STOPPED } from "./failures.js";
import { type PropertyValues, propertiesIn } from "./properties.js";
import type { PublishResult, PublishSettings } from "./publish-options.js";
import { readOutcome } from "./records.js";

/** One publish that waits for its answer. */
class Open {
  resolve: (result: PublishResult) => void;
  reject: (error: unknown) => void;
  detach: (() => void) | undefined;

  constructor() {
    this.resolve = lastResolve;
    this.reject = lastReject;
    this.detach = undefined;
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
const SUCCESS: PublishResult = Object.freeze({ reasonCode: 0, reasonString: undefined, userProperties: [] });
/** What is done when the call returns needs no promise of its own. */
const SUCCEEDED: Promise<PublishResult> = Promise.resolve(SUCCESS);

export class Outbox {
  readonly #host: EngineHost;
  /** By token. A slot is free again when the engine has answered: until then it may still name the token. */
  readonly #slots: (Open | undefined)[] = [undefined]; // no token is 0
  readonly #free: number[] = [];
  #over: { readonly error: unknown } | undefined;

  constructor(host: EngineHost) {
    this.#host = host;
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
    const signal = settings?.signal;
    if (signal !== undefined) open.detach = whenAborted(signal, () => this.#abort(token, open, signal.reason));
    return promise;
  }

  /** The DONE record at `words[at]`. */
  done(token: number, code: number, frame: Uint8Array | undefined, words: Uint32Array, at: number): void {
    const open = this.#slots[token];
    if (open === undefined) return;
    this.#slots[token] = undefined;
    this.#free.push(token);
    open.detach?.();
    const { properties } = readOutcome(words, at);
    if (code === 0 && properties[1] === 0) {
      open.resolve(SUCCESS);
      return;
    }
    const said = propertiesIn(frame, properties);
    if (code >= 0x80) open.reject(publishError(code, said));
    else open.resolve({ reasonCode: code, reasonString: said.reasonString, userProperties: said.userProperties ?? [] });
  }

  /** The client is at its end: everything open fails with `error`. */
  end(error: unknown): void {
    this.#over = { error };
    const slots = this.#slots.splice(0);
    this.#free.length = 0;
    for (const open of slots) {
      open?.detach?.();
      open?.reject(error);
    }
  }

  /** The promise settles now; the engine answers for the token in its own time. */
  #abort(token: number, open: Open, reason: unknown): void {
    open.reject(reason);
    this.#host.cancel(token);
  }
}

function publishError(code: number, said: PropertyValues): PublishError {
  const { code: literal, failure } = failureOf(code, said);
  return new PublishError(literal as PublishFailure, failure);
}
