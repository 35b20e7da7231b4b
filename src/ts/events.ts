// The events of a client: plain events that carry one thing more.
import type { Gap } from "./gap.js";
import type { Message } from "./message.js";
import type { Outcome } from "./outcome.js";
import type { PacketTrace } from "./packet.js";
import type { Status } from "./status.js";
import type { StorageState } from "./storage.js";

/**
 * The client's status has changed.
 *
 * @example
 * const onStatus = (event: StatusEvent) => badge(event.status.state);
 * client.addEventListener("status", onStatus);
 */
export interface StatusEvent extends Event {
  readonly type: "status";
  readonly status: Status;
}

/**
 * Something went wrong that no promise reports: a handler threw, an iterator fell behind, a filter was refused that nobody waits for.
 * Without a listener for `"error"` it goes to the page's global error handler, so that it is never lost.
 *
 * @example
 * const onError = (event: ClientErrorEvent) => report(event.error);
 * client.addEventListener("error", onError);
 */
export interface ClientErrorEvent extends Event {
  readonly type: "error";
  /** What was thrown: an `Error` of this package, or anything that a handler threw. */
  readonly error: unknown;
}

/**
 * A packet was sent or received (only with the option `trace`).
 *
 * @example
 * const onPacket = (event: PacketEvent) => show(event.packet.direction, event.packet.type);
 * client.addEventListener("packet", onPacket);
 */
export interface PacketEvent extends Event {
  readonly type: "packet";
  readonly packet: PacketTrace;
}

/**
 * Messages wait behind one that is not done: its handler takes long, or never ends, or nobody has subscribed to the filter of an earlier page yet.
 * Told once for each that waits longer than the option `stallAfter`.
 *
 * @example
 * client.addEventListener("stalled", ({ filter, topic, waited }) => log(filter, topic, waited));
 */
export interface StalledEvent extends Event {
  readonly type: "stalled";
  /** The filter of the subscription that is not done. */
  readonly filter: string;
  /** The topic of the message. */
  readonly topic: string;
  /** How long it has been waited for, in ms. */
  readonly waited: number;
}

/**
 * An earlier page was killed between the start and the end of the handling of this message (QoS 2, or with `dedupe`). It is not handled again: whether that is
 * right only the application can tell. Told once, unless this page is killed in that moment too.
 *
 * @example
 * client.addEventListener("interrupted", ({ message }) => show(message.topic, message.json()));
 */
export interface InterruptedEvent extends Event {
  readonly type: "interrupted";
  /** As it was received; `params` are empty where no subscription of this page has led to it. */
  readonly message: Message;
}

/**
 * A message has ended whose promise is gone: an earlier page has published it, or it was published with `until: "stored"`. One that failed is told by the
 * `"error"` event where nobody listens to this one.
 *
 * @example
 * const onOutcome = (event: OutcomeEvent) => show(event.outcome.message.id, event.outcome.kind);
 * client.addEventListener("outcome", onOutcome);
 */
export interface OutcomeEvent extends Event {
  readonly type: "outcome";
  readonly outcome: Outcome;
}

/**
 * Messages may have been missed.
 *
 * @example
 * const onGap = (event: GapEvent) => show(event.gap.kind);
 * client.addEventListener("gap", onGap);
 */
export interface GapEvent extends Event {
  readonly type: "gap";
  readonly gap: Gap;
}

/**
 * The session is kept somewhere else from now on: its store was opened, has failed, or is there again.
 *
 * @example
 * const onStorage = (event: ClientStorageEvent) => badge(event.storage.durability);
 * client.addEventListener("storage", onStorage);
 */
export interface ClientStorageEvent extends Event {
  readonly type: "storage";
  readonly storage: StorageState;
}

/**
 * The events of a client by name, for `addEventListener`.
 *
 * @example
 * client.addEventListener("error", ({ error }) => report(error));
 */
export interface ClientEvents {
  readonly status: StatusEvent;
  readonly error: ClientErrorEvent;
  readonly packet: PacketEvent;
  readonly outcome: OutcomeEvent;
  readonly gap: GapEvent;
  readonly storage: ClientStorageEvent;
  readonly stalled: StalledEvent;
  readonly interrupted: InterruptedEvent;
}

/** What `addEventListener` takes for an event `E`. */
export type Listener<E> = ((event: E) => void) | { handleEvent(event: E): void } | null;

/** Dispatches an event of `type`, with `detail`. */
export type Tell = <K extends keyof ClientEvents>(type: K, detail: Omit<ClientEvents[K], keyof Event>) => void;

/** An event of `type` that carries `detail` as its own property. */
export function clientEvent<K extends keyof ClientEvents>(type: K, detail: Omit<ClientEvents[K], keyof Event>): Event {
  return Object.assign(new Event(type), detail);
}
