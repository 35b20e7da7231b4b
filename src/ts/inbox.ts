// The bounded queue between a subscription and the loop that iterates it.
import type { Ticket } from "./deliveries.js";

interface Waiting<M> {
  /** Where the ticket of what is taken goes. */
  readonly taken: Ticket[];
  readonly resolve: (result: IteratorResult<M, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

interface Item<M> {
  readonly message: M;
  /** The broker waits for it: it is never dropped, as Receive Maximum bounds how many there are. */
  readonly ticket: Ticket | undefined;
}

/** How an inbox ended: without an error the loop is just over. */
interface End {
  readonly error: unknown;
  readonly failed: boolean;
}

/** Over without an error, and after one: a failure is told once, as a generator does. */
const OVER: End = { error: undefined, failed: false };

/**
 * Messages in order, taken one by one. When it is full the oldest is dropped, of those that the broker does not wait for: what is current
 * matters more.
 */
export class Inbox<M> {
  readonly #limit: number;
  readonly #overflowed: () => void;
  #items: (Item<M> | undefined)[] = [];
  #head = 0;
  /** From here on something may be dropped; before it nothing can. */
  #droppable = 0;
  /** How many could be dropped. */
  #loose = 0;
  #waiting: Waiting<M>[] = [];
  #end: End | undefined;
  #behind = false;

  /** `overflowed` is called once for each time that the reader falls behind. */
  constructor(limit: number, overflowed: () => void) {
    this.#limit = limit;
    this.#overflowed = overflowed;
  }

  push(message: M, ticket: Ticket | undefined): void {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      if (ticket !== undefined) waiting.taken.push(ticket);
      waiting.resolve({ done: false, value: message });
      return;
    }
    this.#items.push({ message, ticket });
    if (ticket !== undefined) return;
    this.#loose += 1;
    if (this.#loose <= this.#limit) return;
    this.#dropOldest();
    if (!this.#behind) {
      this.#behind = true;
      this.#overflowed();
    }
  }

  /** The next message; its ticket goes to `taken`. */
  next(taken: Ticket[]): Promise<IteratorResult<M, undefined>> {
    while (this.#head < this.#items.length) {
      const item = this.#items[this.#head];
      this.#advance();
      if (item === undefined) continue;
      if (item.ticket === undefined) this.#loose -= 1;
      else taken.push(item.ticket);
      if (this.#loose === 0) this.#behind = false;
      return Promise.resolve({ done: false, value: item.message });
    }
    const end = this.#end;
    if (end === undefined) return new Promise((resolve, reject) => this.#waiting.push({ taken, resolve, reject }));
    this.#end = OVER;
    return end.failed ? Promise.reject(end.error) : Promise.resolve({ done: true, value: undefined });
  }

  /** The tickets of what is kept. */
  tickets(): Ticket[] {
    return this.#items.slice(this.#head).flatMap((item) => item?.ticket ?? []);
  }

  /** Drops what the broker waits for: it sends that again. */
  forget(): void {
    for (let at = this.#head; at < this.#items.length; at++) if (this.#items[at]?.ticket !== undefined) this.#items[at] = undefined;
  }

  /** No more messages come; what is there can still be taken. */
  finish(): void {
    this.#close(OVER);
  }

  /** No more messages come, because of `error`; what is there can still be taken. */
  fail(error: unknown): void {
    this.#close({ error, failed: true });
  }

  /** The reader has gone: nothing is kept. */
  abandon(): void {
    this.#items = [];
    this.#head = 0;
    this.#loose = 0;
    this.finish();
  }

  #close(end: End): void {
    if (this.#end !== undefined) return;
    const waiting = this.#waiting;
    this.#end = waiting.length === 0 ? end : OVER;
    this.#waiting = [];
    for (const { resolve, reject } of waiting) {
      if (end.failed) reject(end.error);
      else resolve({ done: true, value: undefined });
    }
  }

  #dropOldest(): void {
    let at = Math.max(this.#droppable, this.#head);
    while (this.#items[at] === undefined || this.#items[at]?.ticket !== undefined) at += 1;
    this.#items[at] = undefined;
    this.#droppable = at + 1;
    this.#loose -= 1;
    while (this.#head < this.#droppable && this.#items[this.#head] === undefined) this.#advance();
  }

  /** Forgets the first item. The array is cut now and then, not each time: `shift` would make a burst quadratic. */
  #advance(): void {
    this.#head += 1;
    if (this.#head < 1_024 || this.#head * 2 < this.#items.length) {
      this.#items[this.#head - 1] = undefined; // what is gone must not keep its frame alive
    } else {
      this.#items = this.#items.slice(this.#head);
      this.#droppable = Math.max(0, this.#droppable - this.#head);
      this.#head = 0;
    }
  }
}
