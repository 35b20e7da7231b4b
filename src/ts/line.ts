// The messages of one subscription that cannot be handed over yet, in order: the first one holds back those behind it.
import type { Ticket } from "./deliveries.js";
import type { Message } from "./message.js";

/** What the ledger says of a message. */
export const VERDICT = { fresh: 0, duplicate: 1, interrupted: 2 } as const;

/** One message on its way to a subscription. */
export interface Arrival<F extends string = string> {
  readonly message: Message<F>;
  /** None at QoS 0. */
  readonly ticket: Ticket | undefined;
  /** Undefined: the ledger was asked and has not answered. */
  verdict: number | undefined;
  /** How many numbers are missing before it, by its sequence. */
  missing: number;
  /** Its key in the ledger, without the scope. */
  key: string;
}

export class Line<F extends string> {
  #arrivals: Arrival<F>[] = [];

  get empty(): boolean {
    return this.#arrivals.length === 0;
  }

  push(arrival: Arrival<F>): void {
    this.#arrivals.push(arrival);
  }

  /** Takes out all from the front that can be handed over. */
  ready(): Arrival<F>[] {
    const waiting = this.#arrivals.findIndex(({ ticket, verdict }) => ticket?.ready === false || verdict === undefined);
    return this.#arrivals.splice(0, waiting < 0 ? this.#arrivals.length : waiting);
  }

  /** Takes out everything. */
  clear(): Arrival<F>[] {
    return this.#arrivals.splice(0);
  }
}
