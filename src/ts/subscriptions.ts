// All subscriptions of a client: who gets which message, and what the broker has to know.

import type { EngineHost } from "./engine.js";
import { SubscribeError, type SubscribeFailure } from "./errors/subscribe-error.js";
import { failureOf } from "./failures.js";
import { Message, TopicView } from "./message.js";
import type { Qos } from "./options.js";
import type { PropertyValues } from "./properties.js";
import { lengthOf, MESSAGE } from "./records.js";
import { Router } from "./router.js";
import type { WireSubscription } from "./subscribe-options.js";
import type { Subscription, SubscriptionEnd, SubscriptionGrant } from "./subscription.js";
import type { Tokens } from "./tokens.js";

/** One filter at the broker, and the local subscriptions that share it. */
interface SharedFilter {
  readonly filter: string;
  readonly subscribers: Set<Subscription>;
  wire: WireSubscription;
  token: number;
  /** What the broker puts into messages for this filter, where it does. */
  identifier: number;
  grant: SubscriptionGrant | undefined;
}

/** What the router keeps for one subscription and one topic. */
interface Target {
  readonly subscription: Subscription;
  readonly shared: SharedFilter | undefined;
  readonly view: TopicView;
}

interface Leaving {
  readonly filter: string;
  readonly resolve: () => void;
  readonly reject: (error: SubscribeError) => void;
}

export class Subscriptions {
  readonly #host: EngineHost;
  readonly #tokens: Tokens;
  readonly #router = new Router<Subscription, Target>((subscription, topic) => ({
    subscription,
    shared: this.#filters.get(subscription.filter),
    view: new TopicView(topic, subscription.pattern.named),
  }));
  readonly #filters = new Map<string, SharedFilter>();
  readonly #byToken = new Map<number, SharedFilter>();
  readonly #leaving = new Map<number, Leaving>();
  /** The highest identifier that was given. */
  #identifiers = 0;

  constructor(host: EngineHost, tokens: Tokens) {
    this.#host = host;
    this.#tokens = tokens;
  }

  /** Names a topic id for the messages that follow. */
  nameTopic(id: number, topic: string): void {
    this.#router.name(id, topic);
  }

  /** Hands the MESSAGE record at `words[at]` to all subscriptions that it is for. The hot way: one object for each of them. */
  deliver(frame: Uint8Array<ArrayBuffer> | undefined, words: Uint32Array, at: number): void {
    const targets = this.#router.targets(words[at + MESSAGE.topic] ?? 0);
    const end = at + lengthOf(words[at] ?? 0);
    const from = this.#knows(words, at + MESSAGE.identifiers, end) ? at + MESSAGE.identifiers : end;
    for (let index = 0; index < targets.length; index++) {
      const target = targets[index] as Target;
      if (from < end && !has(words, from, end, target.shared?.identifier)) continue;
      target.subscription.accept(new Message(target.view, frame, words, at));
    }
  }

  /** Whether one of these identifiers was given in this life of the session. None says the same as one that was not: the filters decide. */
  #knows(words: Uint32Array, from: number, end: number): boolean {
    for (let at = from; at < end; at++) if ((words[at] as number) <= this.#identifiers) return true;
    return false;
  }

  /** Adds a local subscription; the broker is asked only if it does not know the filter yet, or not like this. */
  add(subscription: Subscription, wire: WireSubscription): void {
    const { filter, levels } = subscription.pattern;
    this.#router.add(levels, subscription);
    let shared = this.#filters.get(filter);
    if (shared === undefined) {
      shared = { filter, subscribers: new Set(), wire, token: 0, identifier: 0, grant: undefined };
      this.#filters.set(filter, shared);
    }
    shared.subscribers.add(subscription); // before it is asked for: the host may fail in that very call, which ends all subscribers
    if (shared.token === 0) {
      this.#ask(shared);
    } else if (!covers(shared.wire, wire)) {
      shared.wire = { ...wire, bits: merged(shared.wire.bits, wire.bits) };
      this.#ask(shared);
    }
    if (shared.grant !== undefined) subscription.granted(shared.grant);
  }

  /** Takes a local subscription out; with the last one of a filter the broker is told. */
  leave(subscription: Subscription): Promise<void> {
    const shared = this.#filters.get(subscription.filter);
    if (shared === undefined || !shared.subscribers.has(subscription)) return Promise.resolve();
    this.#takeOut(shared, subscription);
    if (shared.subscribers.size > 0) return Promise.resolve();
    this.#forget(shared);
    const token = this.#tokens.next();
    return new Promise((resolve, reject) => {
      this.#leaving.set(token, { filter: shared.filter, resolve, reject });
      this.#host.unsubscribe(token, shared.filter);
    });
  }

  /** An IDENTIFIER record. */
  identify(token: number, identifier: number): void {
    const shared = this.#byToken.get(token);
    if (shared !== undefined) shared.identifier = identifier;
    this.#identifiers = Math.max(this.#identifiers, identifier);
  }

  /** A SUBSCRIBED record, or a DONE for a filter that the engine refused. It may come again after a reconnect. */
  answered(token: number, code: number, said: PropertyValues): void {
    const shared = this.#byToken.get(token);
    if (shared === undefined) return;
    if (code < 0x80) {
      const { reasonString, userProperties = [] } = said;
      const grant: SubscriptionGrant = { qos: (code & 3) as Qos, reasonCode: code, reasonString, userProperties };
      shared.grant = grant;
      for (const subscription of shared.subscribers) subscription.granted(grant);
      return;
    }
    this.#forget(shared);
    const error = subscribeError(shared.filter, code, said);
    for (const subscription of [...shared.subscribers]) {
      this.#takeOut(shared, subscription);
      subscription.end("refused", error);
    }
  }

  /** An UNSUBSCRIBED record, or a DONE for one that the engine refused. */
  left(token: number, code: number, said: PropertyValues): void {
    const leaving = this.#leaving.get(token);
    if (leaving === undefined) return;
    this.#leaving.delete(token);
    if (code < 0x80) leaving.resolve();
    else leaving.reject(subscribeError(leaving.filter, code, said));
  }

  /** The client is at its end. Who was leaving has left: nothing is delivered any more. */
  end(how: SubscriptionEnd, error: unknown): void {
    const shared = [...this.#filters.values()];
    for (const { subscribers } of shared) for (const subscription of subscribers) subscription.end(how, error);
    for (const { resolve } of this.#leaving.values()) resolve();
    this.#filters.clear();
    this.#byToken.clear();
    this.#leaving.clear();
  }

  #ask(shared: SharedFilter): void {
    this.#byToken.delete(shared.token);
    shared.token = this.#tokens.next();
    shared.grant = undefined;
    this.#byToken.set(shared.token, shared);
    this.#host.subscribe(shared.token, shared.filter, shared.wire.bits, shared.wire.properties);
  }

  #takeOut(shared: SharedFilter, subscription: Subscription): void {
    shared.subscribers.delete(subscription);
    this.#router.remove(subscription.pattern.levels, subscription);
  }

  #forget(shared: SharedFilter): void {
    this.#byToken.delete(shared.token);
    if (this.#filters.get(shared.filter) === shared) this.#filters.delete(shared.filter);
  }
}

function has(words: Uint32Array, from: number, end: number, identifier: number | undefined): boolean {
  for (let at = from; at < end; at++) if (words[at] === identifier) return true;
  return false;
}

/** The options byte for both: the higher QoS, our own messages (bit 2 is No Local) if one of them wants them, and else what was wanted last. */
function merged(asked: number, wanted: number): number {
  return (wanted & ~7) | (asked & wanted & 4) | Math.max(asked & 3, wanted & 3);
}

/** Whether what the broker was asked for already gives all that `wanted` asks for. */
function covers(asked: WireSubscription, wanted: WireSubscription): boolean {
  return merged(asked.bits, wanted.bits) === asked.bits && `${asked.properties ?? ""}` === `${wanted.properties ?? ""}`;
}

function subscribeError(filter: string, code: number, said: PropertyValues): SubscribeError {
  const { code: literal, failure } = failureOf(code, said);
  return new SubscribeError(filter, literal as SubscribeFailure, failure);
}
