// One owner for each stored session: a Web Lock on its slot, held until the client is done with it or the page dies.
import type { NamedSession } from "./session-options.js";

/** A slot that this page owns. */
export interface Slot {
  readonly number: number;
  /** Name of its database, and of its lock. */
  readonly store: string;
  /** Gives it up; settles when another page can have it. */
  readonly release: () => Promise<void>;
}

/** How long a slot is waited for that a page of this tab had a moment ago: it may be on its way out still. In milliseconds. */
const PATIENCE = 1_000;

/** Slots that clients of this very page own: waiting for them would be in vain. */
const own = new Set<string>();

/**
 * Claims a slot for a session: one that this tab had before a reload, else the first that is free. `"taken"` when all are in use, and
 * `"unavailable"` where pages cannot agree on owners: without locks (outside a secure context), or where they are denied.
 */
export async function claimSlot({ name, slots }: NamedSession): Promise<Slot | "taken" | "unavailable"> {
  const locks = globalThis.navigator?.locks;
  if (locks === undefined) return "unavailable";
  const numbers = Array.from({ length: slots }, (_, number) => number);
  const had = remembered(name).filter((number) => number < slots && !own.has(storeOf(name, number)));
  try {
    // A single slot is waited for in any case: who opens a page after closing another must not be told that it is in use.
    for (const number of slots === 1 ? numbers : had) {
      const slot = await claim(locks, name, number, PATIENCE);
      if (slot !== undefined) return slot;
      remember(name, number, false);
    }
    for (const number of numbers) {
      const slot = await claim(locks, name, number);
      if (slot !== undefined) return slot;
    }
    return "taken";
  } catch {
    return "unavailable"; // a SecurityError: this context may not use locks
  }
}

function storeOf(name: string, number: number): string {
  return `hawser/${name}/${number}`;
}

function claim(locks: LockManager, name: string, number: number, patience?: number): Promise<Slot | undefined> {
  const store = storeOf(name, number);
  if (own.has(store)) return Promise.resolve(undefined);
  own.add(store);
  return new Promise((resolve, reject) => {
    const none = (): void => {
      own.delete(store);
      resolve(undefined);
    };
    const held = (lock: Lock | null): Promise<void> | undefined => {
      if (lock === null) {
        none();
        return undefined;
      }
      remember(name, number, true);
      return new Promise((done) => {
        const release = (): Promise<void> => {
          own.delete(store);
          remember(name, number, false);
          done();
          return request;
        };
        resolve({ number, store, release });
      });
    };
    const signal = patience === undefined ? undefined : AbortSignal.timeout(patience);
    const request: Promise<void> = locks.request(store, signal === undefined ? { ifAvailable: true } : { signal }, held);
    request.catch((error: unknown) => (signal?.aborted ? none() : reject(error)));
  });
}

/** The slots that this tab has, or had before it was reloaded: what outlives the page, but not the tab. */
function remembered(name: string): number[] {
  try {
    return (sessionStorage.getItem(`hawser/${name}`) ?? "").split(" ").filter(Boolean).map(Number);
  } catch {
    return []; // a worker, or storage is denied
  }
}

/** Notes that this tab has a slot, or has it no longer. The order stays: a page that makes the same clients again gives each its own. */
function remember(name: string, number: number, has: boolean): void {
  const numbers = new Set(remembered(name));
  if (has) numbers.add(number);
  else numbers.delete(number);
  try {
    sessionStorage.setItem(`hawser/${name}`, [...numbers].join(" "));
  } catch {
    // Then a reload takes the first slot that is free.
  }
}
