// One owner for each stored session: a Web Lock on its slot, held until the client is done with it or the page dies.
import type { NamedSession } from "./session-options.js";

/** A slot that this page owns. */
export interface Slot {
  readonly number: number;
  /** Name of its database, and of its lock. */
  readonly store: string;
  /** Says that it will be given up in a moment: the next client of this page waits for it. */
  readonly leave: () => void;
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
  // A single slot is waited for in any case: who opens a page after closing another must not be told that it is in use.
  const had = slots === 1 ? numbers : remembered(name).filter((number) => number < slots);
  try {
    for (const [at, number] of [...had, ...numbers].entries()) {
      const slot = await claim(locks, name, number, at < had.length);
      if (slot !== undefined) return slot;
    }
    return "taken";
  } catch {
    return "unavailable"; // a SecurityError: this context may not use locks
  }
}

function claim(locks: LockManager, name: string, number: number, patient: boolean): Promise<Slot | undefined> {
  const store = `hawser/${name}/${number}`;
  if (own.has(store)) return Promise.resolve(undefined);
  own.add(store);
  const leave = (): void => {
    own.delete(store);
  };
  return new Promise((resolve, reject) => {
    const none = (): void => {
      leave();
      remember(name, number, false);
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
          remember(name, number, false);
          done();
          return request;
        };
        resolve({ number, store, leave, release });
      });
    };
    const signal = AbortSignal.timeout(PATIENCE);
    const request: Promise<void> = locks.request(store, patient ? { signal } : { ifAvailable: true }, held);
    request.catch((error: unknown) => {
      if (!signal.aborted) reject(error);
      none();
    });
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
