// What is asked of an engine that is not there yet: kept in order, within the bounds and by the rules that the engine has for what waits for the link.
import { type EngineOptions, PENDING, type RawEngine } from "./engine.js";
import { DROPPED, OFFLINE, QUEUE_FULL, SUPERSEDED } from "./failures.js";

type Call = (engine: RawEngine) => void;

interface KeptPublish {
  readonly token: number;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly flags: number;
  readonly properties: Uint8Array | undefined;
  readonly at: number;
}

/** `EngineOptions.overflow` and `.offlineQos0`, as far as they are told apart here. */
const [REJECT, DROP_OLDEST, LATEST_PER_TOPIC, QUEUE, DROP] = [0, 1, 3, 0, 1];

export class Kept {
  readonly #options: EngineOptions;
  readonly #settle: (token: number, code: number) => void;
  /** In the order they came; what was given up leaves a hole. */
  readonly #calls: (Call | KeptPublish | undefined)[] = [];
  /** No message that is still kept is before it. */
  #oldest = 0;
  #messages = 0;
  #bytes = 0;
  readonly #latest = new Map<string, KeptPublish>();

  /** `settle` is told how a message ended that never came to an engine, or that the engine settled at once. */
  constructor(options: EngineOptions, settle: (token: number, code: number) => void) {
    this.#options = options;
    this.#settle = settle;
  }

  call(action: Call): void {
    this.#calls.push(action);
  }

  /** Keeps a message, whose payload is not the caller's any more, or returns why not. */
  publish(token: number, topic: string, payload: Uint8Array, flags: number, properties: Uint8Array | undefined): number {
    const { maxQueued, maxQueuedBytes, overflow, offlineQos0 } = this.#options;
    if ((flags & 6) === 0 && offlineQos0 !== QUEUE) return offlineQos0 === DROP ? 0 : OFFLINE;
    const series = `${flags & 1}${topic}`;
    const older = this.#latest.get(series);
    const victims = older === undefined ? [] : [older];
    let messages = this.#messages - victims.length;
    let bytes = this.#bytes - (older?.payload.length ?? 0);
    // One message is always taken.
    const full = () => messages >= maxQueued || (bytes > 0 && bytes + payload.length > maxQueuedBytes);
    for (let at = this.#oldest; overflow === DROP_OLDEST && full() && at < this.#calls.length; at++) {
      const call = this.#calls[at];
      if (typeof call !== "object") continue;
      victims.push(call);
      messages--;
      bytes -= call.payload.length;
    }
    if (full()) return overflow === REJECT || overflow === LATEST_PER_TOPIC ? QUEUE_FULL : DROPPED;
    for (const victim of victims) this.#giveUp(victim, older === undefined ? DROPPED : SUPERSEDED);
    const kept = { token, topic, payload, flags, properties, at: this.#calls.length };
    this.#calls.push(kept);
    this.#messages++;
    this.#bytes += payload.length;
    if (overflow === LATEST_PER_TOPIC) this.#latest.set(series, kept);
    return PENDING;
  }

  /** Makes all calls. */
  replay(engine: RawEngine): void {
    for (const call of this.#calls) {
      if (typeof call === "function") {
        call(engine);
      } else if (call !== undefined) {
        const code = engine.publish(call.token, call.topic, call.payload, call.flags, call.properties);
        if (code !== PENDING) this.#settle(call.token, code);
      }
    }
  }

  #giveUp(kept: KeptPublish, code: number): void {
    this.#calls[kept.at] = undefined;
    this.#messages--;
    this.#bytes -= kept.payload.length;
    while (this.#oldest < this.#calls.length && typeof this.#calls[this.#oldest] !== "object") this.#oldest++;
    this.#settle(kept.token, code);
  }
}
