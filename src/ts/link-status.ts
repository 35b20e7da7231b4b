// Where the link stands: the status of a client, from what the engine says.
import type { Cause } from "./cause.js";
import type { HostState } from "./engine.js";
import { LinkTimes } from "./link-times.js";
import { readConnected, readStatus } from "./records.js";
import { type Connection, connectionOf, type Status, type StatusBase, statusOf } from "./status.js";
import type { Durability } from "./storage.js";

export class LinkStatus {
  /** What the client is doing now, as far as that was told. */
  current: Status;
  #base: StatusBase;
  #connection: Connection | undefined;
  readonly #times = new LinkTimes();

  constructor(host: HostState["kind"]) {
    this.#base = { durability: "memory", host: { kind: host, reason: undefined } };
    this.current = { state: "idle", ...this.#base };
  }

  get durability(): Durability {
    return this.#base.durability;
  }

  /** The identifier that the broker knows the client by. */
  get clientId(): string | undefined {
    return this.#connection?.clientId;
  }

  /** The engine runs there: the next status says so. */
  placed(host: HostState): void {
    this.#base = { ...this.#base, host };
  }

  /** The session is kept there. Gives the status that says so. */
  kept(durability: Durability): Status {
    this.#base = { ...this.#base, durability };
    return { ...this.current, durability };
  }

  /** Reads CONNECTED, which comes before the status that it belongs to. */
  connected(frame: Uint8Array | undefined, words: Uint32Array, at: number): void {
    this.#connection = connectionOf(readConnected(words, at), frame);
  }

  /** Reads STATUS; the latest attempt goes to `url`. */
  read(words: Uint32Array, at: number, url: string): Status {
    const record = readStatus(words, at);
    this.#times.change(record);
    return statusOf(record, this.#connection, this.#base, url, this.#times);
  }

  /** There is no engine just now, but there will be another. */
  lost(cause: Cause): Status {
    this.#times.change({ state: "waiting", phase: "address", at: 0 });
    return { state: "waiting", attempt: 1, retryAt: Date.now(), cause, ended: this.#times.ended, ...this.#base };
  }

  /** The end, which an engine that fails does not tell. */
  stopped(cause: Cause): Status {
    this.#times.change({ state: "stopped", phase: "address", at: 0 });
    return { state: "stopped", cause, ended: this.#times.ended, ...this.#base };
  }
}
