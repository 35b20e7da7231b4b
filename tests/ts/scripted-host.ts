// A host without an engine: it writes down what the client asks, and says what the test tells it to, in real records.

import type { Cause } from "../../src/ts/cause.js";
import { Client } from "../../src/ts/client.js";
import { type EngineHost, type EngineOptions, type HostEvents, PENDING } from "../../src/ts/engine.js";
import type { ConnectOptions, connect, Stats } from "../../src/ts/index.js";
import { settingsOf } from "../../src/ts/settings.js";
import { NO_STATS } from "../../src/ts/stats.js";

type Method = Exclude<keyof EngineHost, never>;
/** One call of the client: what, and with which arguments. */
export type Call = readonly [method: Method, ...args: unknown[]];

export class ScriptedHost implements EngineHost {
  readonly calls: Call[] = [];
  readonly options: EngineOptions;
  /** What `publish` returns. */
  answer: number = PENDING;
  /** What `outbox` answers: records. */
  pending = new Uint32Array(0);
  /** What `dispose` returns: settles when a stored session is given up. */
  released = Promise.resolve();
  readonly #events: HostEvents;

  constructor(options: EngineOptions, events: HostEvents) {
    this.options = options;
    this.#events = events;
  }

  address(...args: Parameters<EngineHost["address"]>): void {
    this.calls.push(["address", ...args]);
  }
  addressFailed(...args: Parameters<EngineHost["addressFailed"]>): void {
    this.calls.push(["addressFailed", ...args]);
  }
  authenticate(...args: Parameters<EngineHost["authenticate"]>): void {
    this.calls.push(["authenticate", ...args]);
  }
  authenticationFailed(...args: Parameters<EngineHost["authenticationFailed"]>): void {
    this.calls.push(["authenticationFailed", ...args]);
  }
  reauthenticate(...args: Parameters<EngineHost["reauthenticate"]>): void {
    this.calls.push(["reauthenticate", ...args]);
  }
  publish(...args: Parameters<EngineHost["publish"]>): number {
    this.calls.push(["publish", ...args]);
    return this.answer;
  }
  subscribe(...args: Parameters<EngineHost["subscribe"]>): void {
    this.calls.push(["subscribe", ...args]);
  }
  unsubscribe(...args: Parameters<EngineHost["unsubscribe"]>): void {
    this.calls.push(["unsubscribe", ...args]);
  }
  handled(...args: Parameters<EngineHost["handled"]>): void {
    this.calls.push(["handled", ...args]);
  }
  claim(...args: Parameters<EngineHost["claim"]>): void {
    this.calls.push(["claim", ...args]);
  }
  cancel(...args: Parameters<EngineHost["cancel"]>): void {
    this.calls.push(["cancel", ...args]);
  }
  close(...args: Parameters<EngineHost["close"]>): void {
    this.calls.push(["close", ...args]);
  }
  reconnectNow(): void {
    this.calls.push(["reconnectNow"]);
  }
  renew(): void {
    this.calls.push(["renew"]);
  }
  linked(): void {}
  async stats(): Promise<Stats> {
    return { ...NO_STATS, sockets: 1 };
  }
  async outbox(): Promise<Uint32Array> {
    return this.pending;
  }
  dispose(): Promise<void> {
    this.calls.push(["dispose"]);
    return this.released;
  }

  /** The calls of one method, oldest first. */
  all(method: Method): (readonly unknown[])[] {
    return this.calls.filter(([name]) => name === method).map(([, ...args]) => args);
  }

  /** The token of the newest call of a method. */
  token(method: "publish" | "subscribe" | "unsubscribe" | "reauthenticate" | "claim"): number {
    return this.all(method).at(-1)?.[0] as number;
  }

  /** Delivers records, over `frame`. */
  say(words: readonly number[], frame?: Uint8Array<ArrayBuffer>): void {
    // The engine's buffer is used again for the next delivery.
    const records = Uint32Array.from(words);
    this.#events.deliver(frame, records, 0, records.length);
    records.fill(0xffff_ffff);
  }

  /** Something happened to the page. */
  befall(name: string): void {
    this.#events.paged(name);
  }

  takeSlot(slot: number): void {
    this.#events.claimed(slot);
  }

  stop(cause: Cause, error?: Error): void {
    this.#events.stopped(cause, error);
  }
}

/** A client on a scripted host. */
export function scripted(
  options: ConnectOptions = {},
  url: Parameters<typeof connect>[0] = "ws://broker.test/mqtt",
): { client: Client; host: ScriptedHost } {
  let host: ScriptedHost | undefined;
  const client = new Client(settingsOf(url, options), (engineOptions, events) => {
    host = new ScriptedHost(engineOptions, events);
    return host;
  });
  if (host === undefined) throw new Error("the client started no host");
  return { client, host };
}
