// The contract with the engine: the class that src/lib.rs describes, and the seam behind which it runs.
import type { Cause } from "./cause.js";
import type { Commands } from "./commands.js";
import type { Hear } from "./place.js";
import type { Stats } from "./stats.js";
import type { Limits } from "./status.js";

/** What the engine is made with: every field checked and made whole by settings.ts. Times in s or ms as src/lib.rs says. */
export interface EngineOptions {
  readonly protocol: 4 | 5;
  readonly fallBack: boolean;
  readonly followReferences: boolean;
  readonly authenticationMethod?: string;
  readonly clientId?: string;
  readonly cleanStart: boolean;
  readonly sessionExpiry: number;
  readonly keepAlive: number;
  readonly receiveMaximum: number;
  readonly maximumPacketSize: number;
  readonly topicAliasMaximum: number;
  readonly outboundTopicAliases: boolean;
  readonly requestResponseInformation: boolean;
  readonly requestProblemInformation: boolean;
  readonly checkPayloadFormat: boolean;
  readonly will?: {
    readonly topic: string;
    readonly payload: Uint8Array;
    readonly qos: 0 | 1 | 2;
    readonly retain: boolean;
    readonly properties?: Uint8Array;
  };
  readonly properties?: Uint8Array;
  readonly connectTimeout: number;
  readonly reconnect: BackoffOptions;
  readonly maxAttempts?: number;
  readonly stableAfter: number;
  readonly maxQueued: number;
  readonly maxQueuedBytes: number;
  readonly joinPackets: boolean;
  readonly trace: boolean;
  /** The first URL without query, or nothing: a stored session of another broker is not resumed. */
  readonly broker: string;
  /** Name of the database of a stored session, once it has a slot. */
  readonly store?: string;
  readonly resendQos2: boolean;
  readonly stallAfter: number;
  /** 0 reject, 1 drop-oldest, 2 drop-newest, 3 latest-per-topic. */
  readonly overflow: number;
  /** QoS 0 while there is no link: 0 queue, 1 drop, 2 refuse. */
  readonly offlineQos0: number;
  readonly strict: boolean;
  /** Whether the session is stored. */
  readonly durable: boolean;
  /** Keys of `dedupe` that are remembered at most. */
  readonly maxKeys: number;
  /** Whether what authenticates the client is asked for anew with each attempt. */
  readonly freshCredentials: boolean;
  /** Milliseconds. */
  readonly probeTimeout: number;
  /** Whether the broker is to publish the will at once when the page goes away. */
  readonly willOnLeave: boolean;
  /** How many addresses the attempts go to in turn; 0: a function says where to. */
  readonly addresses: number;
  /** What follows a cause, where it is not the usual: `policy.ts`. */
  readonly policy?: Uint8Array;
}

/** Milliseconds; `jitter` -1: full, -2: equal. */
export type BackoffOptions =
  | { readonly kind: "never" }
  | { readonly kind: "fixed"; readonly delay: number; readonly jitter: number }
  | { readonly kind: "exponential"; readonly min: number; readonly max: number; readonly jitter: number };

/**
 * Takes what the engine says: `length` words of records (the record table of src/lib.rs) over a frame. The frame belongs to the
 * callee; the records are good until the call returns.
 */
export type Deliver = (frame: Uint8Array<ArrayBuffer> | undefined, records: Uint32Array, length: number) => void;

/** The `Engine` class of the WebAssembly module. Its generated types are not used, so that they stay out of the package. */
export interface RawEngine {
  use_socket(url: string, socket: WebSocket): void;
  /** Before the command START, with the option `store`: takes up what is stored. Never rejects: a STORAGE record tells what is wrong. */
  open(): Promise<void>;
  /** A block of commands.ts. */
  commands(block: Uint8Array): void;
  publish(token: number, topic: string, payload: Uint8Array, flags: number, properties?: Uint8Array): number;
  /** Resolves when nothing is left to commit. */
  flush(): Promise<void>;
  stats(): Stats;
  /** A RESTORED record for each message that is not finished, of this page and of earlier ones. */
  outbox(): Uint32Array;
  quit_if_stuck(): boolean;
  free(): void;
}

/** What `publish` returns when it is not settled yet. */
export const PENDING = 0xffff_ffff;

/** The constructor of {@link RawEngine}. */
export type RawEngineClass = new (options: EngineOptions, deliver: Deliver) => RawEngine;

/**
 * What a client asks of its engine, wherever that runs. Calls never throw; but for `publish`, which may be settled when it returns, all answers are
 * deliveries.
 */
export interface EngineHost extends Omit<Commands, "page"> {
  /**
   * The bytes of `payload` are the host's only until this returns: the caller may change them afterwards. Returns the code that settles
   * it at once (0: QoS 0, handed over for sending), or {@link PENDING}: a DONE record follows.
   */
  publish(token: number, topic: string, payload: Uint8Array, flags: number, properties?: Uint8Array): number;
  /** What the link takes, from the moment that there is one until it is gone: what it takes at QoS 0 is as good as sent. */
  linked(limits: Limits | undefined): void;
  /** A promise, because an engine in a worker cannot answer at once. */
  stats(): Promise<Stats>;
  /** A RESTORED record for each message that is not finished; none after the end. */
  outbox(): Promise<Uint32Array>;
  /** Frees the engine; the last call. With a stored session the promise settles when another page, or client, can have it. */
  dispose(): Promise<void>;
}

/**
 * Where the engine runs: in a worker of its own, whose timers run on time and whose socket is read also while the page is busy or hidden, or in the page.
 *
 * @example
 * const { host } = client.status;
 * if (host.reason !== undefined) console.warn(`no worker: ${host.reason}`);
 */
export interface HostState {
  readonly kind: "worker" | "page";
  /** Why it runs in the page, where the option `host` leaves it the worker. */
  readonly reason: string | undefined;
}

/** What a host reports. */
export interface HostEvents {
  readonly deliver: Hear;
  /** Where the engine runs, now that it does. */
  readonly placed: (host: HostState) => void;
  /** The slot that a stored session has got. */
  readonly claimed: (slot: number) => void;
  /** What befell the page, by the name of its event. */
  readonly paged: (name: string) => void;
  /**
   * The worker with the engine is gone, and another one is on its way: what was asked of the first has to be asked again, and what was published
   * may have left. Returns the client identifier to go on with.
   */
  readonly replaced: (cause: Cause, error: Error) => string | undefined;
  /** There is no engine any more: it was closed before it ran, could not be loaded, or has failed. The last report. */
  readonly stopped: (cause: Cause, error?: Error) => void;
}

/** Starts an engine somewhere. Returns at once. */
export type StartHost = (options: EngineOptions, events: HostEvents) => EngineHost;
