// A host on an engine class that only writes down what is asked of it.

import { after } from "node:test";
import type { Cause } from "../../src/ts/cause.js";
import {
  type Deliver,
  type EngineOptions,
  type HostEvents,
  type HostState,
  PENDING,
  type RawEngine,
  type RawEngineClass,
} from "../../src/ts/engine.js";
import { type Claim, Host } from "../../src/ts/host.js";
import { settingsOf } from "../../src/ts/settings.js";
import { NO_STATS } from "../../src/ts/stats.js";
import { readCommands } from "./command-block.js";
import { stand } from "./no-engine.js";
import { record } from "./words.js";

export const OPTIONS = settingsOf("ws://broker.test", {}).engine;

/** A class in the place of the wasm module's: it writes its calls down, and throws when told to. */
function recorder() {
  const calls: unknown[][] = [];
  const stuck = { now: false };
  const fail: { with?: Error } = {};
  const note = (...call: unknown[]) => {
    calls.push(call);
    if (fail.with !== undefined) throw fail.with;
  };
  const answer = { code: PENDING };
  const store = { opened: Promise.resolve(), flushed: Promise.resolve() };
  class Engine implements RawEngine {
    readonly #deliver: Deliver;
    constructor(options: EngineOptions, deliver: Deliver) {
      this.#deliver = deliver;
      note("new", options);
    }
    use_socket = (url: string) => note("use_socket", url);
    commands = (block: Uint8Array) => {
      for (const command of readCommands(block)) {
        note(...command);
        const [name, token] = command;
        if (name === "publish" && answer.code !== PENDING)
          this.#deliver(undefined, Uint32Array.from(record("done", 0, token as number, answer.code)), 3);
      }
    };
    publish = (token: number, topic: string, payload: Uint8Array, flags: number) => {
      note("publish", token, topic, [...payload], flags);
      return answer.code;
    };
    quit_if_stuck = () => {
      calls.push(["quit_if_stuck"]);
      return stuck.now;
    };
    stats = () => {
      note("stats");
      return { ...NO_STATS, framesSent: 3 };
    };
    outbox = () => Uint32Array.of(7);
    open = () => {
      note("open");
      return store.opened;
    };
    flush = () => {
      note("flush");
      return store.flushed;
    };
    free = () => note("free");
  }
  return { calls, Engine: Engine as RawEngineClass, fail, answer, stuck, store };
}

/** The least that is a module: what is in it stands in no-engine.ts. */
const MODULE = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));

/** A host in the page whose engine comes when the test says so. */
export function hostOf(options: EngineOptions = OPTIONS, claim?: Claim, url?: string) {
  const { calls, Engine, fail, answer, stuck, store } = recorder();
  const claimed: number[] = [];
  const stops: { cause: Cause; error: Error | undefined }[] = [];
  const delivered: number[][] = [];
  const placed: HostState[] = [];
  let load: () => void = () => undefined;
  let refuse: (error: Error) => void = () => undefined;
  const module = new Promise<WebAssembly.Module>((resolve, reject) => {
    load = () => resolve(MODULE);
    refuse = reject;
  });
  const events: HostEvents = {
    deliver: (_frame, words, at, end) => delivered.push([...words.subarray(at, end)]),
    placed: (host) => placed.push(host),
    paged: () => undefined,
    replaced: () => undefined,
    claimed: (slot) => claimed.push(slot),
    stopped: (cause, error) => stops.push({ cause, error }),
  };
  stand.in = Engine;
  const host = new Host({ module, options, host: "page", url, claim }, events);
  after(() => host.dispose());
  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate); // the module is instantiated elsewhere
  };
  return { host, calls, fail, answer, stuck, store, stops, delivered, placed, claimed, load, refuse, settled };
}
