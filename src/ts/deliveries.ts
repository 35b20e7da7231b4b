// Which received messages are done: what the engine needs to know before it acknowledges them.
import type { EngineHost } from "./engine.js";

/** What is not done with a message yet: one local subscription. */
export interface Holder {
  readonly filter: string;
  /** The message may have become ready. */
  advance(): void;
}

/** A message of QoS 1 or 2 that is not done when the delivery that brought it is over. */
export class Ticket {
  readonly delivery: number;
  readonly topic: string;
  /** Whether the engine lets it be handed over: at QoS 2 the store has to have it first. */
  ready: boolean;
  readonly holders: Holder[] = [];
  readonly #emptied: (ticket: Ticket) => void;

  constructor(delivery: number, topic: string, ready: boolean, emptied: (ticket: Ticket) => void) {
    this.delivery = delivery;
    this.topic = topic;
    this.ready = ready;
    this.#emptied = emptied;
  }

  /** `holder` is done with it; more than once is as good as once. */
  done(holder: Holder): void {
    const at = this.holders.indexOf(holder);
    if (at < 0) return;
    this.holders.splice(at, 1);
    if (this.holders.length === 0) this.#emptied(this);
  }
}

/**
 * Tells the engine what was handled. What is done when its delivery is over costs nothing but two numbers, and all of it is told in one call;
 * only what takes longer has a ticket.
 */
export class Deliveries {
  readonly #host: EngineHost;
  readonly #tickets = new Map<number, Ticket>();
  /** The delivery that is being handed out: it cannot be done before all have seen it. */
  #current = 0;
  #first = 0;
  #count = 0;
  #batching = false;
  #over = false;

  constructor(host: EngineHost) {
    this.#host = host;
  }

  /** From here to `flush` what is done is told together. */
  batch(): void {
    this.#batching = true;
  }

  flush(): void {
    this.#batching = false;
    this.#tell();
  }

  /** A message is about to be handed out to its subscriptions; 0 at QoS 0. */
  begin(delivery: number): void {
    this.#current = delivery;
  }

  /** The message has been handed out: it is done, unless somebody holds it. */
  handedOut(): void {
    const delivery = this.#current;
    this.#current = 0;
    const ticket = this.#tickets.get(delivery);
    if (ticket === undefined) this.#done(delivery);
    else if (ticket.holders.length === 0) this.#emptied(ticket);
  }

  /** The ticket of a delivery, which `holder` is not done with from now on. None at QoS 0. */
  hold(holder: Holder, delivery: number, topic: string, ready = true): Ticket | undefined {
    if (delivery === 0) return undefined;
    let ticket = this.#tickets.get(delivery);
    if (ticket === undefined) {
      ticket = new Ticket(delivery, topic, ready, this.#emptied);
      this.#tickets.set(delivery, ticket);
    }
    ticket.holders.push(holder);
    return ticket;
  }

  /** A READY record. */
  ready(delivery: number): void {
    const ticket = this.#tickets.get(delivery);
    if (ticket === undefined) return;
    ticket.ready = true;
    for (const holder of [...ticket.holders]) holder.advance();
  }

  /** What is known of a delivery that is not done: the first subscription that it waits for, and its topic. */
  waiting(delivery: number): { readonly filter: string; readonly topic: string } | undefined {
    const ticket = this.#tickets.get(delivery);
    const holder = ticket?.holders[0];
    return ticket && holder && { filter: holder.filter, topic: ticket.topic };
  }

  /** There is another engine, which knows of no delivery yet: nobody waits for what is not done. */
  restart(): void {
    this.#tickets.clear();
    this.#count = 0;
  }

  /** The client is at its end: what is not done stays so, for the session that takes it up again. */
  end(): void {
    this.#tell();
    this.#over = true;
    this.#tickets.clear();
  }

  readonly #emptied = (ticket: Ticket): void => {
    const { delivery } = ticket;
    if (delivery === this.#current || this.#tickets.get(delivery) !== ticket) return;
    this.#tickets.delete(delivery);
    this.#done(delivery);
  };

  #done(delivery: number): void {
    if (delivery !== this.#first + this.#count) {
      this.#tell();
      this.#first = delivery;
    }
    this.#count += 1;
    if (!this.#batching) this.#tell();
  }

  #tell(): void {
    const count = this.#count;
    this.#count = 0;
    if (count > 0 && !this.#over) this.#host.handled(this.#first, count);
  }
}
