// A client whose worker is the test: it hears what the page asks, and says what an engine in it would.
import { Batch } from "../../src/ts/batch.js";
import { Client } from "../../src/ts/client.js";
import { Host } from "../../src/ts/host.js";
import type { ConnectOptions } from "../../src/ts/index.js";
import { settingsOf } from "../../src/ts/settings.js";
import type { FromWorker, ToWorker } from "../../src/ts/worker-place.js";
import { readCommands } from "./command-block.js";
import { online, record } from "./words.js";

/** The least that is a module: nothing is made of it here. */
const MODULE = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));

/** All that were made and not ended. */
const workers: FakeWorker[] = [];
/** What looks after them every five seconds. */
const watches = new Map<number, () => void>();

class FakeWorker {
  onmessage: ((event: { data: FromWorker }) => void) | undefined;
  onerror: unknown;
  /** All that the page has said, commands in words. */
  readonly heard: unknown[] = [];
  /** The buffers of its blocks of commands. */
  readonly blocks: ArrayBuffer[] = [];

  constructor() {
    workers.push(this);
  }

  postMessage(said: ToWorker, transfer: ArrayBuffer[]): void {
    if (!workers.includes(this)) return;
    if (said instanceof Uint8Array) {
      const block = structuredClone(said, { transfer });
      this.blocks.push(block.buffer);
      this.heard.push(...readCommands(block));
    } else if (typeof said === "object" && "module" in said) this.heard.push(...readCommands(said.first));
    else this.heard.push(said);
  }

  terminate(): void {
    workers.splice(workers.indexOf(this), 1);
  }

  say(message: FromWorker): void {
    if (workers.includes(this)) this.onmessage?.({ data: message });
  }

  /** Delivers records, over `frame`. */
  tell(words: readonly number[], frame?: Uint8Array<ArrayBuffer>): void {
    const batch = new Batch();
    batch.add(frame, Uint32Array.from(words), 0, words.length);
    this.say(batch.take());
  }

  /** Has performed what came in that buffer. */
  giveBack(buffer: ArrayBuffer): void {
    this.say(new Batch().take(buffer));
  }

  /** The engine runs, and is online. */
  begin(durability = 0): void {
    this.say({ ready: true });
    if (durability > 0) this.tell(record("storage", durability, 0, ""));
    this.tell(online());
  }

  /** The commands of one name. */
  asked(name: string): unknown[][] {
    return this.heard.filter((said): said is unknown[] => Array.isArray(said) && said[0] === name);
  }
}

Object.assign(globalThis, { Worker: FakeWorker });
const { setInterval: right } = globalThis;
let serial = 0;
Object.assign(globalThis, {
  setInterval: (task: () => void, delay: number) => {
    if (delay !== 5_000) return right(task, delay);
    watches.set(++serial, task);
    return serial;
  },
  clearInterval: (watch: number) => watches.delete(watch),
});

/** Five seconds, so many times. */
export function look(times = 1): void {
  for (let time = 0; time < times; time++) for (const watch of [...watches.values()]) watch();
}

/** Whatever was under way is done. */
export const settled = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 5));

/** Where a promise stands. */
export const stateOf = (promise: Promise<unknown>): Promise<unknown> =>
  Promise.race([
    promise.then(
      () => "resolved",
      (error: { readonly code?: string }) => error.code,
    ),
    settled().then(() => "pending"),
  ]);

/** A client with its engine in a scripted worker, and, with a session, what became of its slot. */
export async function working(options: ConnectOptions = {}) {
  const settings = settingsOf("ws://broker.test/mqtt", options);
  watches.clear(); // those of earlier clients
  const slot: string[] = [];
  const owned = { number: 0, store: "hawser/wall/0", leave: () => undefined, release: async () => void slot.push("released") };
  const { session } = settings;
  const claim = session && { session, slot: Promise.resolve(owned) };
  const client = new Client(
    settings,
    (engine, events) => new Host({ module: Promise.resolve(MODULE), options: engine, host: "worker", url: undefined, claim }, events),
  );
  const errors: unknown[] = [];
  client.addEventListener("error", ({ error }) => errors.push(error));
  await settled();
  const newest = (): FakeWorker => workers.at(-1) ?? new FakeWorker();
  return { client, errors, slot, newest };
}
