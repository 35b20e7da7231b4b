// What subscribe() gives back without a handler: a subscription to be iterated.
import type { Ticket } from "./deliveries.js";
import { OverflowError } from "./errors/overflow-error.js";
import { Inbox } from "./inbox.js";
import type { Message } from "./message.js";
import { type MessageHandler, type Reception, Subscription, type SubscriptionEnd, type SubscriptionOwner } from "./subscription.js";
import type { Pattern } from "./topics.js";

/**
 * A subscription whose messages are taken by a loop. They are kept from the moment it is made; leaving the loop unsubscribes. The loop ends
 * when the client is closed, and throws when the filter is refused or the client stops.
 *
 * A message of QoS 1 or 2 is acknowledged when the loop asks for the next one, or the subscription ends. Until then it is never dropped: a loop that is behind stops
 * the broker (option `receiveMaximum`). QoS 0, and everything with `ack: "received"`, is kept up to the option `buffer`.
 *
 * @example
 * for await (const message of client.subscribe("device/+id/state")) show(message.params.id, message.json());
 */
export class IterableSubscription<F extends string = string> extends Subscription<F> implements AsyncIterable<Message<F>> {
  readonly #inbox: Inbox<Message<F>>;
  /** What each iterator has taken and is not done with. */
  readonly #taken: Ticket[][] = [];

  /** @internal */
  constructor(pattern: Pattern, owner: SubscriptionOwner, reception: Reception, buffer: number) {
    super(pattern, owner, reception, () => undefined);
    this.#inbox = new Inbox<Message<F>>(buffer, () => owner.report(new OverflowError(pattern.filter, buffer)));
  }

  /** All iterators of one subscription take from the same messages. */
  [Symbol.asyncIterator](): AsyncIterator<Message<F>, undefined> {
    const taken: Ticket[] = [];
    this.#taken.push(taken);
    const done = (): void => {
      for (const ticket of taken.splice(0)) ticket.done(this);
    };
    return {
      next: () => {
        done();
        return this.#inbox.next(taken);
      },
      return: () => {
        done();
        // Not awaited: while there is no link, that would hold up the code after the loop.
        this.unsubscribe().catch(() => undefined);
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  /** @internal */
  protected override hand(_handler: MessageHandler<F>, message: Message<F>, delivery: number, ticket: Ticket | undefined): void {
    if (this.received) ticket?.done(this);
    this.#inbox.push(message, this.received ? undefined : (ticket ?? this.owner.hold(this, delivery, message.topic, true)));
  }

  /** @internal What comes again is not kept here too. */
  override restart(stored: boolean): void {
    super.restart(stored);
    if (stored) this.#inbox.forget();
  }

  /** @internal */
  protected override ended(how: SubscriptionEnd, error: unknown): boolean {
    for (const ticket of [...this.#taken.flat(), ...this.#inbox.tickets()]) ticket.done(this);
    if (how === "left") this.#inbox.abandon();
    else if (how === "closed") this.#inbox.finish();
    else this.#inbox.fail(error);
    return this.#taken.length > 0;
  }
}
