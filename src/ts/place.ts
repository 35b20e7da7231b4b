// Where an engine runs, as the page sees it.
import type { EngineOptions } from "./engine.js";
import type { Stats } from "./stats.js";

/**
 * Takes what the engine says: the records from `words[at]` up to `words[end]` (the record table of src/lib.rs) over a frame. The frame belongs to the
 * callee; the records are good until the call returns.
 */
export type Hear = (frame: Uint8Array<ArrayBuffer> | undefined, words: Uint32Array, at: number, end: number) => void;

/** What a place reports. */
export interface PlaceEvents {
  readonly deliver: Hear;
  /** The engine runs: what is stored is restored, and commands are performed from now on. */
  readonly ready: () => void;
  /** There is no engine here, or none any more. The last report. */
  readonly failed: (error: unknown) => void;
}

/** One engine, somewhere. Its methods are called between `ready` and `failed`, and none but `publish` throws. */
export interface Place {
  /** Performs commands. The block is the caller's again when this returns, unless its buffer is larger than `HANDED_OVER` (commands.ts): then it is the place's. */
  commands(block: Uint8Array<ArrayBuffer>): void;
  /** Publishes in this very call, where that can be done: the code that settles it at once, or `PENDING`. */
  publish?(token: number, topic: string, payload: Uint8Array, flags: number, properties?: Uint8Array): number;
  stats(): Promise<Stats>;
  /** A RESTORED record for each message that is not finished. */
  outbox(): Promise<Uint32Array>;
  /** Ends the engine when nothing is left to commit; the last call, and possible at any time. */
  release(): Promise<void>;
}

/** A place before there is an engine. */
export interface StartingPlace extends Place {
  /** Makes the engine, has it take up what is stored, starts it, and has it perform the commands in `first`, which is its own from then on: `ready` or `failed` follows. */
  start(module: WebAssembly.Module, options: EngineOptions, first: Uint8Array<ArrayBuffer>): Promise<void> | void;
}
