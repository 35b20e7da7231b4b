/// <reference lib="esnext.disposable" preserve="true" />
// What subscribe() gives back for a handler: one local subscription.
import { whenAborted } from "./abort.js";
import type { DedupeSettings } from "./dedupe.js";
import type { Holder, Ticket } from "./deliveries.js";
import { asyncDispose } from "./dispose.js";
import { SubscribeError } from "./errors/subscribe-error.js";
import type { Tell } from "./events.js";
import { type Arrival, Line, VERDICT } from "./line.js";
import { Message, type TopicView } from "./message.js";
import type { Qos } from "./options.js";
import type { UserProperties } from "./properties.js";
import { HELD, MESSAGE } from "./records.js";
import type { Pattern } from "./topics.js";

/**
 * What the broker granted.
 *
 * @example
 * const grant: SubscriptionGrant = await client.subscribe("a", { qos: 2 }).ready;
 * if (grant.qos < 2) console.warn("the broker grants less");
 */
export interface SubscriptionGrant {
  /** May be lower than what was asked for. */
  readonly qos: Qos;
  /** The MQTT reason code of SUBACK: 0, 1 or 2. */
  readonly reasonCode: number;
  /** The broker's own words, if it sent some. */
  readonly reasonString: string | undefined;
  /** What else it said, in order. */
  readonly userProperties: UserProperties;
}

/**
 * Handles one message. It may be async; what it throws or rejects with goes to the `"error"` event of the client. A message of QoS 1 or 2 is
 * acknowledged when its handler is done: when it has returned, and its promise, if it gives one, has settled (see the option `ack`).
 *
 * @example
 * const onDoor: MessageHandler<"door/+id"> = (message) => ring(message.params.id);
 */
export type MessageHandler<F extends string = string> = (message: Message<F>) => unknown;

/** What a subscription needs from the client that it belongs to. */
export interface SubscriptionOwner {
  leave(subscription: Subscription): Promise<void>;
  report(error: unknown): void;
  /** The ticket of a delivery that `holder` is not done with; none at QoS 0. */
  hold(holder: Holder, delivery: number, topic: string, ready: boolean): Ticket | undefined;
  /** Asks the ledger; the answer is put into `arrival`. Throws a DedupeError. */
  claim(holder: Holder, arrival: Arrival, dedupe: DedupeSettings): void;
  readonly warn: Tell;
}

/** How messages come to a subscription. */
export interface Reception {
  /** Acknowledged before they are handled. */
  readonly received: boolean;
  readonly dedupe: DedupeSettings | undefined;
}

/** Why a subscription ends: the user left, a signal aborted, the broker refused, the client was closed or has stopped. */
export type SubscriptionEnd = "left" | "aborted" | "refused" | "closed" | "stopped";

type Answer = { readonly grant: SubscriptionGrant } | { readonly error: unknown };

/**
 * A subscription. Subscriptions to the same filter share one subscription at the broker; the last one to go ends it.
 *
 * @example
 * const subscription = client.subscribe("door/+id", (message) => ring(message.params.id));
 * await subscription.ready; // the broker has granted it
 * await subscription.unsubscribe();
 */
export class Subscription<F extends string = string> implements AsyncDisposable {
  /** The filter as the broker sees it, without the names of wildcards. */
  readonly filter: string;
  /** @internal */
  readonly pattern: Pattern;
  /** @internal */
  protected readonly owner: SubscriptionOwner;
  readonly #reception: Reception;
  readonly #ready = new Ready();
  /** What cannot be handed over yet; made when it is first needed. */
  #line: Line<F> | undefined;
  #paused = false;
  /** Let go at the end: the router may know the subscription a little longer. */
  #handler: MessageHandler<F> | undefined;
  #detach: (() => void) | undefined;

  /** @internal */
  constructor(pattern: Pattern, owner: SubscriptionOwner, reception: Reception, handler: MessageHandler<F>) {
    this.filter = pattern.filter;
    this.pattern = pattern;
    this.owner = owner;
    this.#reception = reception;
    this.#handler = handler;
  }

  /** Settles when the broker has answered: with what it granted, or with a `SubscribeError`. */
  get ready(): Promise<SubscriptionGrant> {
    return this.#ready.promise;
  }

  /**
   * Ends it: no message is delivered from now on. The promise settles when the broker has confirmed, or at once if another
   * subscription still needs the filter.
   */
  unsubscribe(): Promise<void> {
    this.end("left", SubscribeError.left(this.filter));
    return this.owner.leave(this as unknown as Subscription);
  }

  /** The same as {@link unsubscribe}, for `await using`. */
  [asyncDispose](): Promise<void> {
    return this.unsubscribe();
  }

  /** @internal Ends it when `signal` aborts. */
  endWith(signal: AbortSignal): void {
    this.#detach = whenAborted(signal, () => {
      this.end("aborted", signal.reason);
      this.owner.leave(this as unknown as Subscription).catch((error: unknown) => this.owner.report(error));
    });
  }

  /** @internal The MESSAGE record at `words[at]` is for this subscription. Never throws. */
  accept(view: TopicView, frame: Uint8Array<ArrayBuffer> | undefined, words: Uint32Array, at: number): void {
    const handler = this.#handler;
    if (handler === undefined) return;
    const message = new Message<F>(view, frame, words, at);
    const delivery = words[at + MESSAGE.delivery] as number;
    const held = ((words[at] as number) & HELD) !== 0;
    if (held || this.#paused || this.#reception.dedupe !== undefined || this.#line?.empty === false) this.#enqueue(message, delivery, held);
    else this.hand(handler, message, delivery, undefined);
  }

  /** @internal What waits is handed over, as far as it can be. Never throws. */
  advance(): void {
    if (this.#paused) return;
    for (const arrival of this.#line?.ready() ?? []) this.#arrive(arrival);
  }

  /** @internal Hands nothing over until `resume`. */
  pause(): void {
    this.#paused = true;
  }

  /** @internal */
  resume(): void {
    this.#paused = false;
    this.advance();
  }

  /** @internal What waits for the ledger or the store came from an engine that is gone: the broker of a stored session sends it again. */
  restart(_stored: boolean): void {
    this.#line?.clear();
    this.#paused = false;
  }

  #enqueue(message: Message<F>, delivery: number, held: boolean): void {
    const { dedupe } = this.#reception;
    const ticket = this.owner.hold(this, delivery, message.topic, !held);
    const arrival: Arrival<F> = { message, ticket, verdict: VERDICT.fresh, key: "", missing: 0 };
    this.#line ??= new Line();
    this.#line.push(arrival);
    if (dedupe !== undefined && (delivery !== 0 || dedupe.qos0)) {
      try {
        this.owner.claim(this, arrival as unknown as Arrival, dedupe);
      } catch (error) {
        this.owner.report(error);
      }
    }
    this.advance();
  }

  #arrive({ message, ticket, verdict, key, missing }: Arrival<F>): void {
    const handler = this.#handler;
    if (missing > 0) this.owner.warn("gap", { gap: { kind: "sequence", filter: this.filter, topic: message.topic, key, missing } });
    if (verdict === VERDICT.fresh && handler !== undefined) {
      this.hand(handler, message, ticket?.delivery ?? 0, ticket);
    } else {
      if (verdict === VERDICT.interrupted) this.owner.warn("interrupted", { message: message as unknown as Message });
      ticket?.done(this);
    }
  }

  /** @internal Hands one message to the user, at once or (then it has a ticket) after a wait. Never throws. */
  protected hand(handler: MessageHandler<F>, message: Message<F>, delivery: number, ticket: Ticket | undefined): void {
    if (this.received) ticket?.done(this);
    let kept = ticket;
    try {
      const result = handler(message);
      if (!isThenable(result)) {
        ticket?.done(this);
        return;
      }
      if (!this.received) kept ??= this.owner.hold(this, delivery, message.topic, true);
      result.then(
        () => kept?.done(this),
        (error: unknown) => {
          kept?.done(this);
          this.owner.report(error);
        },
      );
    } catch (error) {
      kept?.done(this); // also what a `then` throws that is no promise's
      this.owner.report(error);
    }
  }

  /** @internal Whether messages are acknowledged before they are handled. */
  protected get received(): boolean {
    return this.#reception.received;
  }

  /** @internal The broker has granted it. */
  granted(grant: SubscriptionGrant): void {
    this.#ready.settle({ grant });
  }

  /** @internal The first end counts. A refusal that nobody waits for is reported by the client. */
  end(how: SubscriptionEnd, error: unknown): void {
    if (this.#handler === undefined) return;
    this.#handler = undefined;
    this.#detach?.();
    const waitedFor = this.#ready.settle({ error });
    const kept = this.#line?.clear() ?? [];
    const heard = this.ended(how, error) || waitedFor;
    if (how === "refused" && !heard) this.owner.report(error);
    for (const { ticket } of kept) ticket?.done(this);
  }

  /** @internal For subclasses: tells their user of the end. Gives whether anybody heard. */
  protected ended(_how: SubscriptionEnd, _error: unknown): boolean {
    return false;
  }
}

/** A promise that is made when it is first asked for, so that one that nobody wants is never an unhandled rejection. */
class Ready {
  #answer: Answer | undefined;
  #promise: Promise<SubscriptionGrant> | undefined;
  #waiting: ((answer: Answer) => void) | undefined;

  get promise(): Promise<SubscriptionGrant> {
    this.#promise ??= new Promise<SubscriptionGrant>((resolve, reject) => {
      const settle = (answer: Answer): void => ("grant" in answer ? resolve(answer.grant) : reject(answer.error));
      if (this.#answer === undefined) this.#waiting = settle;
      else settle(this.#answer);
    });
    return this.#promise;
  }

  /** The first answer counts, unless nobody has seen it yet. Gives whether somebody was waiting. */
  settle(answer: Answer): boolean {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#answer = answer;
    waiting?.(answer);
    return waiting !== undefined;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
