/// <reference lib="esnext.disposable" preserve="true" />
// What subscribe() gives back for a handler: one local subscription.
import { whenAborted } from "./abort.js";
import { asyncDispose } from "./dispose.js";
import { SubscribeError } from "./errors/subscribe-error.js";
import type { Message } from "./message.js";
import type { Qos } from "./options.js";
import type { UserProperties } from "./properties.js";
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
 * Handles one message. It may be async; what it throws or rejects with goes to the `"error"` event of the client.
 *
 * @example
 * const onDoor: MessageHandler<"door/+id"> = (message) => ring(message.params.id);
 */
export type MessageHandler<F extends string = string> = (message: Message<F>) => unknown;

/** What a subscription needs from the client that it belongs to. */
export interface SubscriptionOwner {
  leave(subscription: Subscription): Promise<void>;
  report(error: unknown): void;
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
  readonly #owner: SubscriptionOwner;
  readonly #ready = new Ready();
  /** Let go at the end: the router may know the subscription a little longer. */
  #handler: MessageHandler<F> | undefined;
  #detach: (() => void) | undefined;

  /** @internal */
  constructor(pattern: Pattern, owner: SubscriptionOwner, handler: MessageHandler<F>) {
    this.filter = pattern.filter;
    this.pattern = pattern;
    this.#owner = owner;
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
    return this.#owner.leave(this as unknown as Subscription);
  }

  /** The same as {@link unsubscribe}, for `await using`. */
  [asyncDispose](): Promise<void> {
    return this.unsubscribe();
  }

  /** @internal Ends it when `signal` aborts. */
  endWith(signal: AbortSignal): void {
    this.#detach = whenAborted(signal, () => {
      this.end("aborted", signal.reason);
      this.#owner.leave(this as unknown as Subscription).catch((error: unknown) => this.#owner.report(error));
    });
  }

  /** @internal Hands one message to the user. Never throws. */
  accept(message: Message<F>): void {
    try {
      const result = this.#handler?.(message);
      if (isThenable(result)) result.then(undefined, (error: unknown) => this.#owner.report(error));
    } catch (error) {
      this.#owner.report(error);
    }
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
    const heard = this.ended(how, error) || waitedFor;
    if (how === "refused" && !heard) this.#owner.report(error);
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
