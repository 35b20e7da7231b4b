// What a client is doing: one union, each state with its own data.
import { type Cause, type ConnectPhase, causeOf, closedCause } from "./cause.js";
import type { HostState } from "./engine.js";
import type { ConnectTimes, Ending, LinkTimes } from "./link-times.js";
import type { Qos } from "./options.js";
import { propertiesIn, type UserProperties } from "./properties.js";
import type { ConnectedRecord, StatusRecord } from "./records.js";
import type { Durability } from "./storage.js";

/** What every status says. */
export interface StatusBase {
  /** Where the engine runs, as far as that is known: the option `host`, and after the first status that is not `"idle"` what came of it. */
  readonly host: HostState;
  /** Where the session is kept: `"memory"` unless it has a name and the browser can store it. Changes are told by the `"storage"` event too. */
  readonly durability: Durability;
}

/**
 * The engine is being loaded, and a stored session restored; calls are kept until it is there.
 *
 * @example
 * if (client.status.state === "idle") badge("loading");
 */
export interface IdleStatus extends StatusBase {
  readonly state: "idle";
}

/**
 * An attempt is under way.
 *
 * @example
 * if (client.status.state === "connecting") badge(`attempt ${client.status.attempt}: ${client.status.phase}`);
 */
export interface ConnectingStatus extends StatusBase {
  readonly state: "connecting";
  /** Number of the attempt, from 1: it begins anew after a link that has held for `reconnect.stableAfter`. */
  readonly attempt: number;
  readonly phase: ConnectPhase;
  /** What this attempt offers the broker. */
  readonly protocol: "5.0" | "3.1.1";
  /** When the attempt reached this phase, milliseconds since the epoch. */
  readonly since: number;
  /** Where to, without the query, which may hold a token; `undefined` before it is known (phase `"address"`). */
  readonly url: string | undefined;
  /** Why the attempt before this one ended, if there was one. */
  readonly cause: Cause | undefined;
  /** What that was: how far the attempt had come, or how long the link had held. */
  readonly ended: Ending | undefined;
}

/**
 * The broker has accepted the client.
 *
 * @example
 * if (client.status.state === "online") badge(`${client.status.clientId}, MQTT ${client.status.protocol}`);
 */
export interface OnlineStatus extends StatusBase {
  readonly state: "online";
  /** Number of the attempt that succeeded, from 1. */
  readonly attempt: number;
  /** Since when, milliseconds since the epoch. */
  readonly since: number;
  /** Where to, without the query, which may hold a token. */
  readonly url: string;
  /** How long the attempt took, phase by phase. */
  readonly took: ConnectTimes;
  /** Whether the broker still had the session: if not, messages may have been missed. */
  readonly sessionPresent: boolean;
  /** What is spoken: 3.1.1 also when the broker does not speak 5.0 and the option `protocol` leaves the choice. */
  readonly protocol: "5.0" | "3.1.1";
  /** The client identifier in use, also when the broker assigned it. */
  readonly clientId: string;
  readonly limits: Limits;
  /** What else the broker said in CONNACK. */
  readonly server: ServerInfo;
}

/**
 * No link: the next attempt is at `retryAt`, or now by `client.reconnectNow()`.
 *
 * @example
 * if (client.status.state === "waiting") badge(`${client.status.retryAt - Date.now()} ms to go: ${client.status.cause.message}`);
 */
export interface WaitingStatus extends StatusBase {
  readonly state: "waiting";
  /** Number of the next attempt. */
  readonly attempt: number;
  /** When it will be made, milliseconds since the epoch. */
  readonly retryAt: number;
  readonly cause: Cause;
  /** What ended by it: how far the attempt had come, or how long the link had held. */
  readonly ended: Ending | undefined;
}

/**
 * The end: closed, or stopped for a reason that reconnecting cannot mend.
 *
 * @example
 * if (client.status.state === "stopped") badge(client.status.cause.message);
 */
export interface StoppedStatus extends StatusBase {
  readonly state: "stopped";
  readonly cause: Cause;
  /** What ended last, if anything had begun: how far the attempt had come, or how long the link had held. */
  readonly ended: Ending | undefined;
}

/**
 * What the client is doing. A new object for each change, never changed afterwards.
 *
 * @example
 * client.addEventListener("status", ({ status }) => {
 *   if (status.state === "waiting") badge(`offline, next attempt at ${new Date(status.retryAt).toLocaleTimeString()}`);
 *   else badge(status.state);
 * });
 */
export type Status = IdleStatus | ConnectingStatus | OnlineStatus | WaitingStatus | StoppedStatus;

/**
 * What the broker allows, from CONNACK; where it says nothing, the standard's default. All of it is obeyed by the engine.
 *
 * @example
 * if (client.status.state === "online" && !client.status.limits.retainAvailable) console.warn("nothing is retained here");
 */
export interface Limits {
  /** Effective keep-alive in seconds; 0 is off. */
  readonly keepAlive: number;
  /** How long the broker keeps the session without a link, in seconds; 4,294,967,295 is for ever. */
  readonly sessionExpiry: number;
  /** How many QoS 1 and 2 messages may be unanswered at once; 20 in 3.1.1, where brokers have a limit but cannot announce it. */
  readonly receiveMaximum: number;
  readonly maximumQos: Qos;
  /** Largest packet in bytes; 4,294,967,295 is no limit. */
  readonly maximumPacketSize: number;
  readonly topicAliasMaximum: number;
  readonly retainAvailable: boolean;
  readonly wildcardsAvailable: boolean;
  readonly subscriptionIdentifiersAvailable: boolean;
  readonly sharedSubscriptionsAvailable: boolean;
}

/**
 * Texts in CONNACK that are for people or applications.
 *
 * @example
 * if (client.status.state === "online") show(client.status.server.reasonString, client.status.server.userProperties);
 */
export interface ServerInfo {
  readonly reasonString: string | undefined;
  readonly responseInformation: string | undefined;
  readonly userProperties: UserProperties;
}

/** Names of the protocols by their level in CONNECT. */
export const PROTOCOLS = { 4: "3.1.1", 5: "5.0" } as const;

/** What CONNECTED says for the status that follows it. */
export type Connection = Omit<OnlineStatus, "url" | "took" | "state" | "attempt" | "since" | keyof StatusBase>;

/** Reads a CONNECTED record; its properties are in `frame`. */
export function connectionOf(record: ConnectedRecord, frame: Uint8Array | undefined): Connection {
  const said = propertiesIn(frame, record.properties);
  return {
    sessionPresent: record.sessionPresent,
    protocol: PROTOCOLS[record.protocol],
    clientId: record.clientId,
    limits: {
      keepAlive: record.keepAlive,
      sessionExpiry: record.sessionExpiry,
      receiveMaximum: record.receiveMaximum,
      maximumQos: record.maximumQos as Qos,
      maximumPacketSize: record.maximumPacketSize,
      topicAliasMaximum: record.topicAliasMaximum,
      retainAvailable: record.available.retain,
      wildcardsAvailable: record.available.wildcards,
      subscriptionIdentifiersAvailable: record.available.subscriptionIdentifiers,
      sharedSubscriptionsAvailable: record.available.shared,
    },
    server: { reasonString: said.reasonString, responseInformation: said.responseInformation, userProperties: said.userProperties ?? [] },
  };
}

/** What a STATUS record says; `connection` is what the last CONNECTED said, `url` where the latest attempt goes. */
export function statusOf(
  record: StatusRecord,
  connection: Connection | undefined,
  base: StatusBase,
  url: string,
  { took, ended }: LinkTimes,
): Status {
  const { attempt, phase, at } = record;
  const cause = causeOf(record.cause);
  switch (record.state) {
    case "idle":
      return { state: "idle", ...base };
    case "connecting":
      return {
        state: "connecting",
        attempt,
        phase,
        protocol: PROTOCOLS[record.protocol],
        since: at,
        url: phase === "address" ? undefined : url,
        cause,
        ended,
        ...base,
      };
    case "online":
      return {
        state: "online",
        attempt,
        since: at,
        url,
        took,
        ...base,
        ...(connection as Connection), // CONNECTED comes before
      };
    case "waiting":
      return { state: "waiting", attempt, retryAt: at, cause: cause ?? closedCause(), ended, ...base };
    case "stopped":
      return { state: "stopped", cause: cause ?? closedCause(), ended, ...base };
  }
}
