// A host on an engine class that only writes down what is asked of it.
import type { Cause } from "../../src/ts/cause.js";
import type { EarlySocket } from "../../src/ts/early-socket.js";
import { type Deliver, type EngineOptions, type HostEvents, PENDING, type RawEngine, type RawEngineClass } from "../../src/ts/engine.js";
import { type Claim, PageHost } from "../../src/ts/page-host.js";
import { settingsOf } from "../../src/ts/settings.js";
import { NO_STATS } from "../../src/ts/stats.js";

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
    constructor(options: EngineOptions, _deliver: Deliver) {
      note("new", options);
    }
    use_socket = (url: string) => note("use_socket", url);
    start = () => note("start");
    address = (...args: unknown[]) => note("address", ...args);
    address_failed = (...args: unknown[]) => note("address_failed", ...args);
    authenticate = (...args: unknown[]) => note("authenticate", ...args);
    authentication_failed = (...args: unknown[]) => note("authentication_failed", ...args);
    reauthenticate = (...args: unknown[]) => note("reauthenticate", ...args);
    publish = (token: number, topic: string, payload: Uint8Array, flags: number) => {
      note("publish", token, topic, [...payload], flags);
      return answer.code;
    };
    subscribe = (...args: unknown[]) => note("subscribe", ...args);
    unsubscribe = (...args: unknown[]) => note("unsubscribe", ...args);
    handled = (...args: unknown[]) => note("handled", ...args);
    claim = (...args: unknown[]) => note("claim", ...args);
    cancel = (...args: unknown[]) => note("cancel", ...args);
    close = (...args: unknown[]) => note("close", ...args);
    reconnect_now = () => note("reconnect_now");
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

/** A host whose engine comes when the test says so. */
export function hostOf(options: EngineOptions = OPTIONS, early?: EarlySocket, claim?: Claim) {
  const { calls, Engine, fail, answer, stuck, store } = recorder();
  const claimed: number[] = [];
  const stops: { cause: Cause; error: Error | undefined }[] = [];
  const delivered: number[][] = [];
  let load: () => void = () => undefined;
  let refuse: (error: Error) => void = () => undefined;
  const engine = new Promise<RawEngineClass>((resolve, reject) => {
    load = () => resolve(Engine);
    refuse = reject;
  });
  const events: HostEvents = {
    deliver: (_frame, words) => delivered.push([...words]),
    claimed: (slot) => claimed.push(slot),
    stopped: (cause, error) => stops.push({ cause, error }),
  };
  const host = new PageHost(engine, options, events, early, claim);
  return { host, calls, fail, answer, stuck, store, stops, delivered, claimed, load, refuse, settled: () => new Promise(setImmediate) };
}
