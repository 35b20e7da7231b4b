// Stands in for the handlers of a filter that an earlier page has subscribed to, until this page does.
import type { Holder, Ticket } from "./deliveries.js";
import { TopicView } from "./message.js";
import { HELD, lengthOf, MESSAGE } from "./records.js";
import type { Subscription, SubscriptionOwner } from "./subscription.js";
import type { Pattern } from "./topics.js";

/** A MESSAGE record of its own. */
interface Kept {
  readonly topic: string;
  readonly frame: Uint8Array<ArrayBuffer> | undefined;
  readonly words: Uint32Array;
  readonly ticket: Ticket | undefined;
}

/** Keeps messages of QoS 1 and 2 unacknowledged, so that Receive Maximum bounds them. QoS 0 is for those who listen. */
export class Keeper implements Holder {
  readonly pattern: Pattern;
  readonly identifier: number;
  readonly #owner: SubscriptionOwner;
  readonly #kept: Kept[] = [];
  readonly #takers: Subscription[] = [];

  constructor(pattern: Pattern, identifier: number, owner: SubscriptionOwner) {
    this.pattern = pattern;
    this.identifier = identifier;
    this.#owner = owner;
  }

  get filter(): string {
    return this.pattern.filter;
  }

  accept(view: TopicView, frame: Uint8Array<ArrayBuffer> | undefined, words: Uint32Array, at: number): void {
    const delivery = words[at + MESSAGE.delivery] as number;
    if (delivery === 0 || this.#takers.length > 0) return;
    const head = words[at] as number;
    const ticket = this.#owner.hold(this, delivery, view.topic, (head & HELD) === 0);
    this.#kept.push({ topic: view.topic, frame, words: words.slice(at, at + lengthOf(head)), ticket });
  }

  /** What is kept is handed over when the subscription asks for it itself, with `release`. */
  advance(): void {}

  /** Puts what is kept before everything else that comes to `subscription`, which has to wait for `release`. Gives whether it is the first. */
  handTo(subscription: Subscription): boolean {
    subscription.pause();
    for (const { topic, frame, words } of this.#kept)
      subscription.accept(new TopicView(topic, subscription.pattern.named), frame, words, 0);
    return this.#takers.push(subscription) === 1;
  }

  /** All who have subscribed get what was kept. */
  release(): void {
    for (const { ticket } of this.#kept.splice(0)) ticket?.done(this);
    for (const subscription of this.#takers) subscription.resume();
  }
}
