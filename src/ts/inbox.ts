// The bounded queue between a subscription and the loop that iterates it.

interface Waiting<M> {
  readonly resolve: (result: IteratorResult<M, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** How an inbox ended: without an error the loop is just over. */
interface End {
  readonly error: unknown;
  readonly failed: boolean;
}

/** Over without an error, and after one: a failure is told once, as a generator does. */
const OVER: End = { error: undefined, failed: false };

/** Messages in order, taken one by one. When it is full the oldest is dropped: what is current matters more. */
export class Inbox<M> {
  readonly #limit: number;
  readonly #overflowed: () => void;
  #items: M[] = [];
  #head = 0;
  #waiting: Waiting<M>[] = [];
  #end: End | undefined;
  #behind = false;

  /** `overflowed` is called once for each time that the reader falls behind. */
  constructor(limit: number, overflowed: () => void) {
    this.#limit = limit;
    this.#overflowed = overflowed;
  }

  push(message: M): void {
    if (this.#end !== undefined) return;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting.resolve({ done: false, value: message });
      return;
    }
    this.#items.push(message);
    if (this.#items.length - this.#head <= this.#limit) return;
    this.#drop();
    if (!this.#behind) {
      this.#behind = true;
      this.#overflowed();
    }
  }

  next(): Promise<IteratorResult<M, undefined>> {
    const message = this.#items[this.#head];
    if (message !== undefined) {
      this.#drop();
      if (this.#head === this.#items.length) this.#behind = false;
      return Promise.resolve({ done: false, value: message });
    }
    const end = this.#end;
    if (end === undefined) return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    this.#end = OVER;
    return end.failed ? Promise.reject(end.error) : Promise.resolve({ done: true, value: undefined });
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

  /** Forgets the oldest message. The array is cut now and then, not each time: `shift` would make a burst quadratic. */
  #drop(): void {
    this.#head += 1;
    if (this.#head < 1_024 || this.#head * 2 < this.#items.length) {
      this.#items[this.#head - 1] = undefined as M; // a dropped message must not keep its frame alive
    } else {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }
}
