// What subscribe() gives back without a handler: a subscription to be iterated.
import { OverflowError } from "./errors/overflow-error.js";
import { Inbox } from "./inbox.js";
import type { Message } from "./message.js";
import { Subscription, type SubscriptionEnd, type SubscriptionOwner } from "./subscription.js";
import type { Pattern } from "./topics.js";

/**
 * A subscription whose messages are taken by a loop. They are kept from the moment it is made, up to the option `buffer`; leaving
 * the loop unsubscribes. The loop ends when the client is closed, and throws when the filter is refused or the client stops.
 *
 * @example
 * for await (const message of client.subscribe("device/+id/state")) show(message.params.id, message.json());
 */
export class IterableSubscription<F extends string = string> extends Subscription<F> implements AsyncIterable<Message<F>> {
  readonly #inbox: Inbox<Message<F>>;
  #iterated = false;

  /** @internal */
  constructor(pattern: Pattern, owner: SubscriptionOwner, buffer: number) {
    const inbox = new Inbox<Message<F>>(buffer, () => owner.report(new OverflowError(pattern.filter, buffer)));
    super(pattern, owner, (message) => inbox.push(message));
    this.#inbox = inbox;
  }

  /** All iterators of one subscription take from the same messages. */
  [Symbol.asyncIterator](): AsyncIterator<Message<F>, undefined> {
    this.#iterated = true;
    return {
      next: () => this.#inbox.next(),
      return: () => {
        // Not awaited: while there is no link, that would hold up the code after the loop.
        this.unsubscribe().catch(() => undefined);
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  /** @internal */
  protected override ended(how: SubscriptionEnd, error: unknown): boolean {
    if (how === "left") this.#inbox.abandon();
    else if (how === "closed") this.#inbox.finish();
    else this.#inbox.fail(error);
    return this.#iterated;
  }
}
