/// <reference lib="esnext.disposable" preserve="true" />
// The client: everything a user calls after connect().
import { whenAborted } from "./abort.js";
import { withoutQuery } from "./address.js";
import { Authenticator } from "./authenticator.js";
import type { Cause } from "./cause.js";
import { type CloseOptions, closeSettings } from "./close-options.js";
import { AddressBook } from "./credentials.js";
import { diagnosticsOf } from "./diagnostics.js";
import { asyncDispose } from "./dispose.js";
import { Emitter } from "./emitter.js";
import type { EngineHost, StartHost } from "./engine.js";
import { ClosedError } from "./errors/closed-error.js";
import { StoppedError } from "./errors/stopped-error.js";
import type { Tell } from "./events.js";
import { CLOSED, STOPPED } from "./failures.js";
import { IterableSubscription } from "./iterable-subscription.js";
import { LinkStatus } from "./link-status.js";
import { Outbox } from "./outbox.js";
import { type PendingMessage, pendingMessages } from "./outcome.js";
import { packetTrace } from "./packet.js";
import { type Payload, payloadBytes } from "./payload.js";
import { propertiesIn } from "./properties.js";
import { type PublishOptions, type PublishResult, publishSettings } from "./publish-options.js";
import * as records from "./records.js";
import type { SessionInfo } from "./session-options.js";
import type { Settings } from "./settings.js";
import type { Stats } from "./stats.js";
import type { Status } from "./status.js";
import { storageOf } from "./storage.js";
import { type SubscribeOptions, subscribeSettings } from "./subscribe-options.js";
import { type MessageHandler, Subscription } from "./subscription.js";
import { Subscriptions } from "./subscriptions.js";
import { OTHER_TOKENS, RESTORED_TOKENS, Tokens } from "./tokens.js";
import { checkTopic, parseFilter } from "./topics.js";

/**
 * A client, made by `connect()`. All calls work at once: what cannot be sent yet waits for the link. All promises settle, at the
 * latest when the client is closed or stops.
 *
 * @example
 * const client = connect("wss://broker.example:8084/mqtt");
 * client.addEventListener("status", ({ status }) => badge(status.state));
 * client.subscribe("device/+id/state", (message) => show(message.params.id, message.json()));
 * await client.publish("light/cmd", { on: true }, { qos: 1 });
 * await client.close();
 */
export class Client extends Emitter implements AsyncDisposable {
  readonly #settings: Settings;
  readonly #host: EngineHost;
  readonly #outbox: Outbox;
  readonly #subscriptions: Subscriptions;
  readonly #addresses: AddressBook;
  readonly #authenticator: Authenticator;
  readonly #link: LinkStatus;
  #slot: number | undefined;
  /** Why nothing more can be asked of this client. */
  #over: ClosedError | StoppedError | undefined;
  /** What was counted until then. */
  #last: Promise<Stats | undefined> | undefined;
  #closing: Promise<void> | undefined;
  #closed: (() => void) | undefined;
  #detach: (() => void) | undefined;
  /** The last topic that passed the check: most publishers use few. */
  #lastTopic: string | undefined;

  /** @internal */
  constructor(settings: Settings, startHost: StartHost) {
    super();
    this.#settings = settings;
    this.#link = new LinkStatus(settings.host);
    this.#host = startHost(settings.engine, {
      deliver: (frame, words, at, end) => this.#deliver(frame, words, at, end),
      placed: (host) => this.#link.placed(host),
      paged: (name) => {
        this.note("page", name);
        if (name === "online") this.#addresses.home();
      },
      replaced: (cause, error) => this.#restart(cause, error),
      claimed: (slot) => {
        this.#slot = slot;
      },
      stopped: (cause, fault) => this.#stop(cause, fault),
    });
    this.#outbox = new Outbox(this.#host, (outcome) => {
      if (!this.tell("outcome", { outcome }) && outcome.kind !== "completed") this.report(outcome.error);
    });
    const tokens = new Tokens();
    const [report, warn]: [(error: unknown) => void, Tell] = [(error) => this.report(error), (type, detail) => this.warn(type, detail)];
    this.#subscriptions = new Subscriptions(this.#host, tokens, report, warn);
    this.#authenticator = new Authenticator(this.#host, tokens, settings.authentication, report);
    this.#addresses = new AddressBook(this.#host, settings, this.#authenticator, report);
    if (settings.signal !== undefined) this.#detach = whenAborted(settings.signal, () => void this.close());
  }

  /** What the client is doing now. Changes are told by the `"status"` event. */
  get status(): Status {
    return this.#link.current;
  }

  /** The client identifier in use; `undefined` before one is known. */
  get clientId(): string | undefined {
    return this.#link.clientId ?? this.#settings.engine.clientId;
  }

  /** The stored session that the option `session.name` asks for. */
  get session(): SessionInfo | undefined {
    const { session } = this.#settings;
    return session && { name: session.name, slot: this.#slot };
  }

  /**
   * Publishes a message. At QoS 0 the promise settles when it is handed over for sending, at QoS 1 and 2 when the broker has
   * acknowledged it (with `until: "stored"` when it is stored). Bytes may be changed by the caller as soon as this returns.
   *
   * Rejects with a `TopicError`, `OptionError` or `PayloadError` for bad input, a `PublishError` when it is refused, a
   * `ClosedError` or `StoppedError` at the client's end, and with the reason of `options.signal` when that aborts.
   *
   * @example
   * await client.publish("light/cmd", { on: true }, { qos: 1, expiry: "30s" });
   */
  publish(topic: string, payload: Payload, options?: PublishOptions): Promise<PublishResult> {
    try {
      if (this.#over !== undefined) throw this.#over;
      if (topic !== this.#lastTopic) {
        checkTopic(topic);
        this.#lastTopic = topic;
      }
      const settings = options === undefined ? undefined : publishSettings(options);
      settings?.signal?.throwIfAborted();
      return this.#outbox.publish(topic, payloadBytes(payload, options?.payloadFormat), settings);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Subscribes to a filter. `+` stands for one level, `#` for all that follow; `+name` and `#name` also give what they stand for
   * in `message.params`. With a handler it is called for each message; without one the result is to be iterated.
   *
   * A second subscription to the same filter shares the first one's at the broker, so the broker does not send retained messages again.
   * Where filters overlap, each handler gets each message once for its filter: subscription identifiers say whom a copy is for. With a
   * broker that has none (3.1.1 above all) each handler gets every copy that fits its filter: one or more, as the broker sends.
   * Throws a `TopicError` or `OptionError` at once for bad input, and a `ClosedError` or `StoppedError` at the client's end.
   *
   * @example
   * client.subscribe("door/+id", { qos: 1 }, (message) => ring(message.params.id));
   * for await (const message of client.subscribe("device/+id/#path")) show(message.params.id, message.params.path);
   */
  subscribe<F extends string>(filter: F, handler: MessageHandler<F>): Subscription<F>;
  subscribe<F extends string>(filter: F, options: SubscribeOptions | undefined, handler: MessageHandler<F>): Subscription<F>;
  subscribe<F extends string>(filter: F, options?: SubscribeOptions): IterableSubscription<F>;
  subscribe<F extends string>(filter: F, second?: SubscribeOptions | MessageHandler<F>, third?: MessageHandler<F>): Subscription<F> {
    if (this.#over !== undefined) throw this.#over;
    const [options, handler] = typeof second === "function" ? [undefined, second] : [second, third];
    const pattern = parseFilter(filter);
    const settings = subscribeSettings(options, handler, pattern.filter);
    settings.signal?.throwIfAborted();
    const subscription =
      handler === undefined
        ? new IterableSubscription<F>(pattern, this.#subscriptions.owner, settings, settings.buffer)
        : new Subscription<F>(pattern, this.#subscriptions.owner, settings, handler);
    if (settings.signal !== undefined) subscription.endWith(settings.signal);
    this.#subscriptions.add(subscription as unknown as Subscription, settings);
    return subscription;
  }

  /**
   * Ends all subscriptions to a filter, also one that an earlier page of a stored session has left and this one does not want: what was kept for it is let
   * go. Settles when the broker has confirmed, or at the client's end. Rejects with a `TopicError`, a `SubscribeError` when it is refused, and a `ClosedError` or
   * `StoppedError` when the client was at its end already.
   *
   * @example
   * await client.unsubscribe("door/#"); // last week's version of this page had subscribed to it
   */
  async unsubscribe(filter: string): Promise<void> {
    if (this.#over !== undefined) throw this.#over;
    return this.#subscriptions.unsubscribe(parseFilter(filter).filter);
  }

  /** Ends the wait for the next attempt. No effect while there is a link or an attempt, and after the end. */
  reconnectNow(): void {
    this.note("call", "reconnectNow()");
    if (this.#over === undefined) this.#host.reconnectNow();
  }

  /**
   * Authenticates anew on the live link, for example before a token expires; messages go on meanwhile. Wants the option `authentication`, whose
   * `respond` is asked again. One at a time. If it fails, the link ends, and the client comes back like after any loss.
   *
   * Rejects with an `AuthenticationError`, and a `ClosedError` or `StoppedError` at the client's end.
   *
   * @example
   * setInterval(() => client.reauthenticate().catch(console.warn), 600_000);
   */
  async reauthenticate(): Promise<void> {
    if (this.#over !== undefined) throw this.#over;
    return this.#authenticator.reauthenticate();
  }

  /**
   * What the client has counted so far; after its end, what it had counted. Rejects with a `ClosedError` or `StoppedError` while it is being closed, and
   * when there is no engine any more that could tell.
   *
   * @example
   * const { framesReceived, bytesReceived } = await client.stats();
   */
  async stats(): Promise<Stats> {
    const stats = await (this.#over === undefined ? this.#host.stats() : this.#last);
    if (stats === undefined) throw this.#over;
    return stats;
  }

  /**
   * All that is known of this client as text for a bug report: version, browser, options, status, counters, and the {@link history}. Payloads,
   * credentials, user properties and the queries of addresses are not in it. Never rejects, also after the client's end.
   *
   * @example
   * button.onclick = async () => navigator.clipboard.writeText(await client.diagnostics());
   */
  async diagnostics(): Promise<string> {
    const stats = await this.stats().catch(() => undefined);
    return diagnosticsOf(this.#settings, this.status, stats, this.history);
  }

  /**
   * What is published and not finished, in that order: by this page, and by earlier pages of a stored session. The `"outcome"` event tells how those
   * end whose promise is gone. Rejects with a `ClosedError` or `StoppedError` at the client's end.
   *
   * @example
   * for (const { id, topic, size } of await client.outbox()) console.log(id, topic, size);
   */
  async outbox(): Promise<readonly PendingMessage[]> {
    if (this.#over !== undefined) throw this.#over;
    const pending = pendingMessages(await this.#host.outbox());
    if (this.#over !== undefined) throw this.#over;
    return pending;
  }

  /**
   * Says goodbye to the broker and ends everything: what is open settles with a `ClosedError`, loops end. The promise settles when
   * the socket has been told; a stored session stays stored, and is free for the next client then. Calling it again gives the same promise.
   */
  close(options?: CloseOptions): Promise<void> {
    if (this.#closing !== undefined) return this.#closing;
    if (this.#over !== undefined) return Promise.resolve();
    try {
      const durable = this.#link.durability !== "memory";
      const { reason, properties } = closeSettings(options, { ...this.#settings.engine, durable });
      this.#over = new ClosedError();
      this.#closing = new Promise((resolve) => {
        this.#closed = resolve;
      });
      this.#host.close(reason, properties);
      return this.#closing;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The same as {@link close}, for `await using`. */
  [asyncDispose](): Promise<void> {
    return this.close();
  }

  /** All that the engine says comes through here. Nothing in it may throw: it would throw into the engine. */
  #deliver(frame: Uint8Array<ArrayBuffer> | undefined, words: Uint32Array, from: number, end: number): void {
    this.#subscriptions.deliveries.batch();
    for (let at = from; at < end; ) {
      const head = words[at] ?? 0;
      if (records.kindOf(head) === records.KIND.message) this.#subscriptions.deliver(frame, words, at);
      else if (records.kindOf(head) === records.KIND.done) this.#done(frame, words, at);
      else this.#record(records.kindOf(head), frame, words, at);
      at += records.lengthOf(head);
    }
    this.#subscriptions.deliveries.flush();
  }

  #done(frame: Uint8Array | undefined, words: Uint32Array, at: number): void {
    const token = words[at + 1] ?? 0;
    const code = words[at + 2] ?? 0;
    // The STATUS that belongs to it settles everything, with its cause. (What an earlier page left may be closed without an end: see "abandoned".)
    if (code === STOPPED || (code === CLOSED && (token < RESTORED_TOKENS || this.#over !== undefined))) return;
    if (token < OTHER_TOKENS || token >= RESTORED_TOKENS) {
      this.#outbox.done(token, code, frame, words, at);
    } else {
      this.#authenticator.done(token, code);
      const said = propertiesIn(frame, records.readOutcome(words, at).properties);
      this.#subscriptions.answered(token, code, said);
      this.#subscriptions.left(token, code, said);
    }
  }

  #record(kind: number, frame: Uint8Array<ArrayBuffer> | undefined, words: Uint32Array, at: number): void {
    switch (kind) {
      case records.KIND.topic:
        this.#subscriptions.nameTopic(records.readTopic(words, at));
        break;
      case records.KIND.subscribed:
      case records.KIND.unsubscribed:
        this.#done(frame, words, at);
        break;
      case records.KIND.ready:
      case records.KIND.claimed:
      case records.KIND.stalled:
      case records.KIND.filter:
        this.#subscriptions.record(kind, words, at);
        break;
      case records.KIND.identifier:
        this.#subscriptions.identify(words[at + 1] ?? 0, words[at + 2] ?? 0);
        break;
      case records.KIND.connected:
        this.#link.connected(frame, words, at);
        break;
      case records.KIND.status:
        this.#change(this.#link.read(words, at, this.#addresses.shown));
        break;
      case records.KIND.prepare: {
        const record = records.readPrepare(words, at);
        const { serverReference, permanent } = record;
        if (serverReference) this.note("redirect", `to ${withoutQuery(serverReference)}, ${permanent ? "for good" : "for one link"}`);
        this.#addresses.prepare(record, "cause" in this.status ? this.status.cause : undefined);
        break;
      }
      case records.KIND.authenticate: {
        const record = records.readAuthenticate(words, at);
        this.note("authentication", `step ${record.step}`);
        this.#authenticator.asked(record, propertiesIn(frame, record.properties), this.#addresses.url);
        break;
      }
      case records.KIND.restored:
        this.#outbox.restored(records.readRestored(words, at));
        break;
      case records.KIND.stored: {
        const { token, id } = records.readStored(words, at);
        // In memory it is stored nowhere: then the broker's answer settles it.
        if (this.#link.durability !== "memory") this.#outbox.stored(token, id);
        break;
      }
      case records.KIND.gap:
        this.tell("gap", { gap: { kind: records.readGap(words, at) } });
        break;
      case records.KIND.storage:
        this.#stored(words, at);
        break;
      case records.KIND.packet:
        this.tell("packet", { packet: packetTrace(records.readPacket(words, at)) });
        break;
    }
  }

  #stored(words: Uint32Array, at: number): void {
    if (this.status.state === "stopped") return;
    const storage = storageOf(records.readStorage(words, at));
    if (storage.durability !== this.#link.durability) this.#show(this.#link.kept(storage.durability));
    this.tell("storage", { storage });
  }

  #change(status: Status): void {
    if (status.state === "stopped") this.#stop(status.cause);
    if (this.status.state === "stopped") return;
    this.#addresses.changed(status);
    this.#show(status);
  }

  /** The end, whoever brought it about. */
  #stop(cause: Cause, fault?: Error): void {
    if (fault !== undefined) this.report(fault);
    if (this.status.state === "stopped") return;
    const closed = cause.kind === "closed";
    const error = closed ? new ClosedError() : new StoppedError(cause);
    this.#over = error;
    this.#detach?.();
    this.#addresses.end(error);
    this.#outbox.end(error);
    this.#subscriptions.end(closed ? "closed" : "stopped", error);
    // An engine that has failed would only say that nothing was counted.
    if (cause.kind !== "engine") this.#last = this.#host.stats().catch(() => undefined);
    this.#host.dispose().then(this.#closed);
    this.#show(this.#link.stopped(cause));
  }

  /** There is another engine, which knows nothing of what this client had asked of the first. */
  #restart(cause: Cause, error: Error): string | undefined {
    const { clientId } = this;
    // Before anybody is told: who hears of it may publish and subscribe.
    this.#outbox.restart();
    this.#subscriptions.restart(this.#link.durability !== "memory");
    this.#change(this.#link.lost(cause));
    this.report(error);
    // The store tells by itself what has become of a session.
    if (this.#link.durability === "memory") this.tell("gap", { gap: { kind: "session-lost" } });
    return clientId;
  }

  #show(status: Status): void {
    this.#link.current = status;
    this.tell("status", { status });
  }
}
