// The options of connect(), as users write them. What they become is in settings.ts.
import type { Authentication } from "./authentication.js";
import type { Cause } from "./cause.js";
import type { Duration } from "./duration.js";
import type { Network } from "./network.js";
import type { MessageProperties, Payload } from "./payload.js";
import type { Policy } from "./policy.js";
import type { UserPropertiesInit } from "./properties.js";
import type { Reconnect } from "./reconnect.js";
import type { SessionOptions } from "./session-options.js";

/**
 * Quality of service: 0 at most once, 1 at least once, 2 exactly once.
 *
 * @example
 * const qos: Qos = 1;
 * await client.publish("door/1", "open", { qos });
 */
export type Qos = 0 | 1 | 2;

/**
 * User name and password for one attempt. They go into CONNECT and are never stored.
 *
 * @example
 * connect(url, { credentials: { username: "wall", password: "secret" } });
 */
export interface Credentials {
  readonly username?: string | undefined;
  readonly password?: string | Uint8Array | undefined;
}

/**
 * Credentials that are good for a while.
 *
 * @example
 * const provider: CredentialsProvider = async ({ signal }): Promise<FreshCredentials> => {
 *   const { access_token, expires_in } = await askForToken(signal);
 *   return { username: "jwt", password: access_token, expiresIn: expires_in };
 * };
 */
export interface FreshCredentials extends Credentials {
  /**
   * How long they are good, in seconds. A sixth of that before their end (at most two minutes) the function is asked again, and when it has answered, the
   * link is renewed: what is under way is finished, DISCONNECT, CONNECT; nothing is lost in a session that outlives its link. Default: for ever.
   */
  readonly expiresIn?: Duration | undefined;
}

/**
 * What a `credentials` function is told about the attempt that it is asked for.
 *
 * @example
 * const provider = async ({ attempt, signal }: CredentialsRequest) => ({ username: "u", password: await token(signal, attempt) });
 */
export interface CredentialsRequest {
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  /** Why the attempt or the link before it has ended: what was given then may have been refused. `undefined` also when they are renewed on a live link. */
  readonly cause: Cause | undefined;
  /** Where the credentials will go: the address whose turn it is, or where a broker has sent the client. */
  readonly url: string;
  /** Aborts when the attempt is over, so that a request for a token can be given up. */
  readonly signal: AbortSignal;
}

/**
 * Gives the credentials for one attempt; it is asked again for each, so a token is always fresh.
 *
 * @example
 * const credentials: CredentialsProvider = async ({ signal }) => {
 *   const response = await fetch("/mqtt-token", { signal });
 *   return { username: "jwt", password: await response.text() };
 * };
 */
export type CredentialsProvider = (request: CredentialsRequest) => FreshCredentials | Promise<FreshCredentials>;

/**
 * The message that the broker publishes when this client goes away without `close()`.
 *
 * @example
 * connect(url, { will: { topic: "display/7/online", payload: "false", qos: 1, retain: true, delay: "10s" } });
 */
export interface Will extends MessageProperties {
  readonly topic: string;
  /** Default: empty. */
  readonly payload?: Payload | undefined;
  /** Default: 0. */
  readonly qos?: Qos | undefined;
  /** Default: false. */
  readonly retain?: boolean | undefined;
  /** How long the broker waits before it publishes, in seconds: a client that comes back in time is not reported. Default: 0. */
  readonly delay?: Duration | undefined;
}

/**
 * What waits to be sent: its bounds, and what gives way when one of them is met. Nothing that has left is ever given up, and each promise
 * says what became of its message.
 *
 * @example
 * connect(url, { queue: { messages: 1_000, bytes: 1_048_576, overflow: "drop-oldest", qos0: "drop" } });
 */
export interface QueueOptions {
  /** Messages that wait to be sent. Default: 100,000. */
  readonly messages?: number | undefined;
  /** Bytes of all messages that are not finished, sent or not; one message is always taken. Default: 67,108,864 (64 MiB). */
  readonly bytes?: number | undefined;
  /**
   * What to do when there is no room. `"reject"` (default): the new message fails with `"queue-full"`. `"drop-oldest"`: the oldest that never left
   * fail with `"dropped"`, as many as make room. `"drop-newest"`: the new message fails with `"dropped"`. `"latest-per-topic"`: of the messages that
   * wait only the latest of each topic is kept, full or not, and earlier ones fail with `"superseded"` (retained messages only by retained ones, and the
   * other way round); what finds no room then fails with `"queue-full"`.
   */
  readonly overflow?: "reject" | "drop-oldest" | "drop-newest" | "latest-per-topic" | undefined;
  /**
   * Messages at QoS 0 while there is no link. `"queue"` (default): they wait like all others. `"drop"`: they are given up and the promise
   * resolves, as at QoS 0 it never says that anything arrived. `"refuse"`: they fail with `"offline"`.
   */
  readonly qos0?: "queue" | "drop" | "refuse" | undefined;
}

/**
 * Where the WebAssembly engine is: an address, what `fetch` gives, its bytes, or a compiled module.
 *
 * @example
 * connect(url, { wasm: "/assets/hawser.wasm" });
 * connect(url, { wasm: fetch("/assets/hawser.wasm") });
 */
export type WasmSource = URL | string | Response | Promise<Response> | BufferSource | WebAssembly.Module;

/**
 * Options of {@link connect}. All are optional; a wrong name or value throws an `OptionError` at once.
 *
 * @example
 * connect("wss://broker.example:8084/mqtt", { clientId: "wall-display", keepAlive: "20s", session: { expiry: "1h", cleanStart: false } });
 */
export interface ConnectOptions {
  /** Default: the engine makes a random one, and keeps it with a stored session. 1 to 65,535 bytes. */
  readonly clientId?: string | undefined;
  /**
   * The protocol to speak, and no other. Default: 5.0, and 3.1.1 with a broker that refuses 5.0 or, as far as attempts are repeated,
   * hangs up on it and takes 3.1.1; that one is remembered. What 3.1.1 cannot
   * say is left out there: properties of messages, wills and subscriptions, subscription options but `qos`, and the time of `session.expiry`. A
   * session outlives the connection only if there is a `clientId` or a `session.name`, and then for ever.
   */
  readonly protocol?: "5.0" | "3.1.1" | undefined;
  /**
   * What to do when the broker names another server to use (`Server Reference`: `host`, `host:port`, or, an extension of ours, a whole `wss:` URL).
   * Default: `"follow"`, at once, five times in a row at most, with the path, query and (if none is named) port of the present URL, never from
   * `wss:` to `ws:`. "Use another server" holds for one link, "Server moved" for good once that server has answered. `"report"`: the cause in
   * the status tells, and the same server is tried again.
   */
  readonly redirect?: "follow" | "report" | undefined;
  /**
   * How long the client stays with another address than the first of several, in milliseconds (and up to a quarter more, by chance). Then it goes back as soon as the first
   * opens a WebSocket, by a planned reconnect as for `expiresIn`. Default: 0, as long as the link holds.
   */
  readonly returnAfter?: Duration | undefined;
  /** What the network is like: sets the defaults of the next options and of `reconnect` together. Default: those that stand with each. */
  readonly network?: Network | undefined;
  /** How often a silent link is probed, in seconds; 0 is off. The broker may override it. Default: 30. */
  readonly keepAlive?: Duration | undefined;
  /** What outlives the page or the link: see {@link SessionOptions}. Default: the session is kept in memory, and by the broker for two minutes. */
  readonly session?: SessionOptions | undefined;
  /** How long an attempt may take, in milliseconds; see `probeTimeout` for pages that come back to one. Default: 15,000. */
  readonly connectTimeout?: Duration | undefined;
  /**
   * How long a link may be silent when there is a reason to doubt it, in milliseconds: the page is back, the network has changed, a timer was late. Then it
   * is probed at once, and given up when nothing comes. An attempt whose socket does not open has no longer either, once the page or the network is back.
   * Default: 5,000.
   */
  readonly probeTimeout?: Duration | undefined;
  /** How a lost link is brought back. Default: `{ kind: "exponential" }`; `false` is never. */
  readonly reconnect?: false | Reconnect | undefined;
  /** What follows the end of a link or an attempt, where it is not to be the usual: the table in the README. */
  readonly policy?: Policy | undefined;
  /** Who the client is to the broker: user name and password, or a function that is asked for them for each attempt. Default: nobody. */
  readonly credentials?: Credentials | CredentialsProvider | undefined;
  /** How long the functions `url` and `credentials` may take, each, in milliseconds: within `connectTimeout`. Default: 10,000, and no more than two thirds of `connectTimeout`. */
  readonly credentialsTimeout?: Duration | undefined;
  /** Enhanced authentication (5.0 only), beside or instead of `credentials`. */
  readonly authentication?: Authentication | undefined;
  /** What the broker publishes when this client is gone without a goodbye. Default: nothing. */
  readonly will?: Will | undefined;
  /**
   * How the broker hears that the page goes away, for good or into the browser's back/forward cache. `"will"` (default): it publishes the will at once, if
   * there is one. `"disconnect"`: it does not. The session lives on either way, as long as `session.expiry` says.
   */
  readonly leave?: "will" | "disconnect" | undefined;
  /** How many QoS 1 and 2 messages the broker may have unanswered at once (5.0), 1 to 65,535: the back-pressure of slow handlers. Default: 65,535. */
  readonly receiveMaximum?: number | undefined;
  /** When the event `"stalled"` tells of a handler that is not done, in milliseconds; 0 is never. Default: 30,000. */
  readonly stallAfter?: Duration | undefined;
  /** Largest packet taken from the broker, in bytes. Default: 16,777,216 (16 MiB). */
  readonly maximumPacketSize?: number | undefined;
  /** How many topic aliases the broker may use, 0 to 65,535. Default: 64. */
  readonly topicAliasMaximum?: number | undefined;
  /** Whether topics are sent as short aliases where the broker takes them. Default: true. */
  readonly outboundTopicAliases?: boolean | undefined;
  /** Whether to ask the broker where answers may be sent: `status.server.responseInformation`, if it says so (5.0). Default: false. */
  readonly requestResponseInformation?: boolean | undefined;
  /** Whether the broker may explain itself with reason strings and user properties (5.0). Default: true. */
  readonly requestProblemInformation?: boolean | undefined;
  /**
   * Whether to refuse messages that are marked as text and are not UTF-8 (5.0): they are answered with 0x99 "Payload format invalid" and reach no handler; at
   * QoS 0, which has no answer, the link is ended with that code. Default: false, they are delivered and `text()` replaces what is not UTF-8.
   */
  readonly checkPayloadFormat?: boolean | undefined;
  /** User properties of CONNECT (5.0 only). */
  readonly userProperties?: UserPropertiesInit | undefined;
  /** How much may wait to be sent, and what happens to what is too much. */
  readonly queue?: QueueOptions | undefined;
  /** Whether packets of one burst share a WebSocket frame. Default: true; set false for a broker that cannot take two packets in a frame. */
  readonly joinPackets?: boolean | undefined;
  /** Whether `"packet"` events report every packet. Default: false. */
  readonly trace?: boolean | undefined;
  /** Where the engine is. Default: `hawser.wasm` beside the module. The first client of a page decides for all. */
  readonly wasm?: WasmSource | undefined;
  /**
   * Where the engine runs with its socket, timers and store. `"worker"` (default): in a dedicated worker, `worker.js` beside the module, whose timers run on time also
   * while the page is hidden, and which reads the socket while the page is busy; where there can be none, in the page, and `status.host.reason` says why. `"page"`: in the page.
   */
  readonly host?: "worker" | "page" | undefined;
  /** Closes the client when it aborts. */
  readonly signal?: AbortSignal | undefined;
}
