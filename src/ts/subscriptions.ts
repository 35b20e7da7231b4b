// All subscriptions of a client: who gets which message, and what the broker has to know.

import { Claims } from "./claims.js";
import { Deliveries } from "./deliveries.js";
import type { EngineHost } from "./engine.js";
import { SubscribeError, type SubscribeFailure } from "./errors/subscribe-error.js";
import type { Tell } from "./events.js";
import { failureOf } from "./failures.js";
import { Keeper } from "./keeper.js";
import { Message, TopicView } from "./message.js";
import type { Qos } from "./options.js";
import type { PropertyValues } from "./properties.js";
import { type FilterRecord, INTERRUPTED, KIND, lengthOf, MESSAGE, readFilter } from "./records.js";
import { Router } from "./router.js";
import type { WireSubscription } from "./subscribe-options.js";
import type { Subscription, SubscriptionEnd, SubscriptionGrant, SubscriptionOwner } from "./subscription.js";
import type { Tokens } from "./tokens.js";
import { parseFilter } from "./topics.js";

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

type Recipient = Pick<Subscription, "filter" | "pattern" | "accept">;

/** What the router keeps for one recipient and one topic. */
interface Target {
  readonly recipient: Recipient;
  /** Who knows the identifier of its filter. */
  readonly shared: { readonly identifier: number } | undefined;
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
  readonly #router = new Router<Recipient, Target>((recipient, topic) => ({
    recipient,
    shared: recipient instanceof Keeper ? recipient : this.#filters.get(recipient.filter),
    view: new TopicView(topic, recipient.pattern.named),
  }));
  readonly #filters = new Map<string, SharedFilter>();
  readonly #byToken = new Map<number, SharedFilter>();
  readonly #leaving = new Map<number, Leaving>();
  /** Filters of an earlier page that this page has not asked for. */
  readonly #keepers = new Map<string, Keeper>();
  /** The highest identifier that was given. */
  #identifiers = 0;
  readonly deliveries: Deliveries;
  readonly #claims: Claims;

  /** What each of them needs. */
  readonly owner: SubscriptionOwner;

  constructor(host: EngineHost, tokens: Tokens, report: (error: unknown) => void, warn: Tell) {
    this.#host = host;
    this.#tokens = tokens;
    this.deliveries = new Deliveries(host);
    this.#claims = new Claims(host, tokens);
    this.owner = {
      leave: (subscription) => this.leave(subscription),
      report,
      warn,
      hold: (holder, delivery, topic, ready) => this.deliveries.hold(holder, delivery, topic, ready),
      claim: (holder, arrival, dedupe) => this.#claims.ask(holder, arrival, dedupe),
    };
  }

  /** Names a topic id for the messages that follow. */
  nameTopic({ id, name }: { readonly id: number; readonly name: string }): void {
    this.#router.name(id, name);
  }

  /** Hands the MESSAGE record at `words[at]` to all subscriptions that it is for. The hot way: one object for each of them. */
  deliver(frame: Uint8Array<ArrayBuffer> | undefined, words: Uint32Array, at: number): void {
    const delivery = words[at + MESSAGE.delivery] as number;
    if (((words[at] as number) & INTERRUPTED) !== 0) {
      const topic = this.#router.topic(words[at + MESSAGE.topic] as number);
      this.deliveries.begin(delivery);
      this.owner.warn("interrupted", { message: new Message(new TopicView(topic, []), frame, words, at) });
      this.deliveries.handedOut(); // until then the next page is told of it too
      return;
    }
    this.#claims.next();
    this.deliveries.begin(delivery);
    this.#handOut(frame, words, at);
    if (delivery !== 0) this.deliveries.handedOut();
  }

  /** READY, CLAIMED, STALLED and FILTER. */
  record(kind: number, words: Uint32Array, at: number): void {
    const first = words[at + 1] ?? 0;
    if (kind === KIND.ready) this.deliveries.ready(first);
    else if (kind === KIND.claimed) this.#claims.answered(first, words[at + 2] ?? 0, words[at + 3] ?? 0);
    else if (kind === KIND.filter) this.#restore(readFilter(words, at));
    else {
      const waiting = this.deliveries.waiting(first);
      if (waiting !== undefined) this.owner.warn("stalled", { ...waiting, waited: words[at + 2] ?? 0 });
    }
  }

  #handOut(frame: Uint8Array<ArrayBuffer> | undefined, words: Uint32Array, at: number): void {
    const targets = this.#router.targets(words[at + MESSAGE.topic] ?? 0);
    const end = at + lengthOf(words[at] ?? 0);
    const from = this.#knows(words, at + MESSAGE.identifiers, end) ? at + MESSAGE.identifiers : end;
    for (let index = 0; index < targets.length; index++) {
      const target = targets[index] as Target;
      if (from < end && !has(words, from, end, target.shared?.identifier)) continue;
      target.recipient.accept(target.view, frame, words, at);
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
      const identifier = this.#keepers.get(filter)?.identifier ?? 0;
      shared = { filter, subscribers: new Set(), wire, token: 0, identifier, grant: undefined };
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
    const keeper = this.#keepers.get(filter);
    // Later, so that no handler runs before subscribe() has returned, and all that the page subscribes to now get what was kept.
    if (keeper?.handTo(subscription)) queueMicrotask(() => this.#release(keeper));
  }

  /** The session has a filter from an earlier page. */
  #restore({ identifier, filter }: FilterRecord): void {
    this.#identifiers = Math.max(this.#identifiers, identifier);
    const shared = this.#filters.get(filter);
    if (shared !== undefined) {
      shared.identifier = identifier;
      return;
    }
    // This page has left it already: what comes until the broker knows is nobody's.
    for (const leaving of this.#leaving.values()) if (leaving.filter === filter) return;
    const keeper = new Keeper(parseFilter(filter), identifier, this.owner);
    this.#keepers.set(filter, keeper);
    this.#router.add(keeper.pattern.levels, keeper);
  }

  #release(keeper: Keeper): void {
    this.#keepers.delete(keeper.filter);
    this.#router.remove(keeper.pattern.levels, keeper);
    keeper.release();
  }

  /** Takes a local subscription out; with the last one of a filter the broker is told. */
  leave(subscription: Subscription): Promise<void> {
    const shared = this.#filters.get(subscription.filter);
    if (shared === undefined || !shared.subscribers.has(subscription)) return Promise.resolve();
    this.#takeOut(shared, subscription);
    if (shared.subscribers.size > 0) return Promise.resolve();
    this.#forget(shared);
    return this.#unsubscribe(shared.filter);
  }

  /** Takes all local subscriptions to a filter out, and what an earlier page has left of it, known yet or not. */
  async unsubscribe(filter: string): Promise<void> {
    const subscribers = [...(this.#filters.get(filter)?.subscribers ?? [])];
    const left = subscribers.map((subscription) => subscription.unsubscribe());
    const keeper = this.#keepers.get(filter);
    if (keeper !== undefined) this.#release(keeper);
    await Promise.all(left.length > 0 ? left : [this.#unsubscribe(filter)]);
  }

  #unsubscribe(filter: string): Promise<void> {
    const token = this.#tokens.next();
    return new Promise((resolve, reject) => {
      this.#leaving.set(token, { filter, resolve, reject });
      this.#host.unsubscribe(token, filter);
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

  /** There is another engine: it is asked for all filters, and once more to leave what is left. `stored`: the broker sends again what was not acknowledged. */
  restart(stored: boolean): void {
    this.deliveries.restart();
    this.#claims.restart();
    this.#identifiers = 0;
    for (const keeper of this.#keepers.values()) this.#router.remove(keeper.pattern.levels, keeper);
    this.#keepers.clear();
    for (const [token, { filter }] of this.#leaving) this.#host.unsubscribe(token, filter);
    for (const shared of this.#filters.values()) {
      for (const subscription of shared.subscribers) subscription.restart(stored);
      shared.identifier = 0;
      this.#ask(shared);
    }
  }

  /** The client is at its end. Who was leaving has left: nothing is delivered any more. */
  end(how: SubscriptionEnd, error: unknown): void {
    this.deliveries.end();
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
