// Why a client is not online: a discriminated union, and the English for each kind.
import { reasonHint, reasonName, refusal } from "./reasons.js";

interface CauseBase {
  /** What happened and what to do, in English, ready to be shown to a developer. */
  readonly message: string;
}

/**
 * `close()` was called, or the `signal` of the options aborted.
 *
 * @example
 * const isMine = (cause: Cause): cause is ClosedCause => cause.kind === "closed";
 */
export interface ClosedCause extends CauseBase {
  readonly kind: "closed";
}

/**
 * The WebSocket closed, before (`socket-failed`) or after (`socket-closed`) it was open.
 *
 * @example
 * const describe = (cause: SocketCause) => `${cause.closeCode} ${cause.closeReason}`;
 */
export interface SocketCause extends CauseBase {
  readonly kind: "socket-failed" | "socket-closed";
  /** WebSocket close code; 1006 means that the browser does not tell more. */
  readonly closeCode: number;
  /** The reason that the peer gave in its close frame, often empty. */
  readonly closeReason: string;
}

/**
 * The broker said no (`refused`, in CONNACK) or goodbye (`disconnected`, in DISCONNECT).
 *
 * @example
 * const mustLogIn = (cause: BrokerCause) => cause.kind === "refused" && cause.reasonCode === 0x86;
 */
export interface BrokerCause extends CauseBase {
  readonly kind: "refused" | "disconnected";
  /** MQTT 5.0 reason code; in 3.1.1 the return code of CONNACK (1 to 5). */
  readonly reasonCode: number;
  /** Its name in the standard, for example `"Not authorized"`. */
  readonly reasonName: string;
  /** The broker's own words, if it sent some. */
  readonly reasonString: string | undefined;
  /** Another broker to use, if it named one. */
  readonly serverReference: string | undefined;
}

/**
 * The broker broke the rules of MQTT, and was told so with `reasonCode`.
 *
 * @example
 * const describe = (cause: ProtocolErrorCause) => `${cause.reasonName}: ${cause.detail}`;
 */
export interface ProtocolErrorCause extends CauseBase {
  readonly kind: "protocol-error";
  /** The reason code that was sent to the broker. */
  readonly reasonCode: number;
  /** Its name in the standard, for example `"Malformed packet"`. */
  readonly reasonName: string;
  /** What was wrong. */
  readonly detail: string;
}

/**
 * Nothing came of an attempt within `connectTimeout`.
 *
 * @example
 * const isFirewall = (cause: ConnectTimeoutCause) => cause.phase === "socket";
 */
export interface ConnectTimeoutCause extends CauseBase {
  readonly kind: "connect-timeout";
  /** How far the attempt came. */
  readonly phase: ConnectPhase;
}

/**
 * The broker fell silent for one and a half keep-alive intervals, or did not answer a probe within `probeTimeout`.
 *
 * @example
 * const isSilent = (cause: Cause): cause is KeepAliveTimeoutCause => cause.kind === "keep-alive-timeout";
 */
export interface KeepAliveTimeoutCause extends CauseBase {
  readonly kind: "keep-alive-timeout";
}

/**
 * What answered is a WebSocket, but not MQTT.
 *
 * @example
 * const isWrongUrl = (cause: Cause): cause is NotMqttCause => cause.kind === "wrong-subprotocol" || cause.kind === "text-frame";
 */
export interface NotMqttCause extends CauseBase {
  readonly kind: "wrong-subprotocol" | "text-frame";
}

/**
 * The function `url` or `credentials` threw, rejected, gave no answer in time, or returned something that it must not.
 *
 * @example
 * const describe = (cause: AddressCause) => `not asked the broker: ${cause.detail}`;
 */
export interface AddressCause extends CauseBase {
  readonly kind: "address";
  readonly detail: string;
}

/**
 * `authentication.respond` threw, rejected, gave no answer in time, or returned something that it must not. After five of these after CONNECT the
 * client stops.
 *
 * @example
 * const describe = (cause: AuthenticationCause) => `not authenticated: ${cause.detail}`;
 */
export interface AuthenticationCause extends CauseBase {
  readonly kind: "authentication";
  readonly detail: string;
}

/**
 * The page went away, for good or into the browser's back/forward cache. The link comes back when the page does.
 *
 * @example
 * const wasAway = (cause: Cause): cause is LeftCause => cause.kind === "left";
 */
export interface LeftCause extends CauseBase {
  readonly kind: "left";
}

/**
 * The link was in good order and gave way to the next one: for fresh credentials, or for an address that is preferred. Nothing is lost by it.
 *
 * @example
 * const isPlanned = (cause: Cause): cause is RenewedCause => cause.kind === "renewed";
 */
export interface RenewedCause extends CauseBase {
  readonly kind: "renewed";
}

/**
 * The WebAssembly engine could not be loaded, or failed.
 *
 * @example
 * const describe = (cause: EngineCause) => `no engine: ${cause.detail}`;
 */
export interface EngineCause extends CauseBase {
  readonly kind: "engine";
  readonly detail: string;
}

/**
 * All slots of the stored session are in use by other pages. With a `clientId` there is one only.
 *
 * @example
 * const openElsewhere = (cause: Cause): cause is SessionInUseCause => cause.kind === "session-in-use";
 */
export interface SessionInUseCause extends CauseBase {
  readonly kind: "session-in-use";
  /** The `session.name`. */
  readonly session: string;
}

/**
 * Why the client is not online. Tell the kinds apart by `kind`; `message` says it in English, with what to do.
 *
 * @example
 * if (status.state === "waiting" && status.cause.kind === "refused") console.log(status.cause.reasonName);
 */
export type Cause =
  | ClosedCause
  | SocketCause
  | BrokerCause
  | ProtocolErrorCause
  | ConnectTimeoutCause
  | KeepAliveTimeoutCause
  | NotMqttCause
  | AddressCause
  | AuthenticationCause
  | LeftCause
  | RenewedCause
  | EngineCause
  | SessionInUseCause;

/**
 * Phases of an attempt: asking for address and credentials, opening the WebSocket, waiting for the broker's CONNACK.
 *
 * @example
 * const labels: Record<ConnectPhase, string> = { address: "asking for credentials", socket: "opening", handshake: "greeting" };
 */
export type ConnectPhase = "address" | "socket" | "handshake";

/** Phases by their number in the record table. */
export const PHASES: readonly ConnectPhase[] = ["address", "socket", "handshake"];

/** Causes by their number in the record table; 0 is "none". */
export const CAUSE_KINDS = [
  "none",
  "closed",
  "socket-failed",
  "socket-closed",
  "refused",
  "disconnected",
  "protocol-error",
  "connect-timeout",
  "keep-alive-timeout",
  "wrong-subprotocol",
  "text-frame",
  "address",
  "authentication",
  "left",
  "renewed",
] as const;

/** What a STATUS record says about the cause. */
export interface RawCause {
  readonly kind: (typeof CAUSE_KINDS)[number];
  readonly code: number;
  readonly detail: string;
  readonly serverReference: string;
}

/** The cause that a STATUS record describes, or nothing. */
export function causeOf(raw: RawCause): Cause | undefined {
  const { kind, code, detail } = raw;
  switch (kind) {
    case "none":
      return undefined;
    case "closed":
      return closedCause();
    case "socket-failed":
    case "socket-closed":
      return { kind, closeCode: code, closeReason: detail, message: socketMessage(kind, code, detail) };
    case "refused":
    case "disconnected":
      return brokerCause(kind, raw);
    case "protocol-error":
      return protocolErrorCause(code, detail);
    case "connect-timeout":
      return connectTimeoutCause(PHASES[code] ?? "socket");
    case "keep-alive-timeout":
      return {
        kind,
        message: "The broker was silent for one and a half keep-alive intervals, or did not answer a probe in time. Check the network.",
      };
    case "wrong-subprotocol":
      return {
        kind,
        message: 'The server did not choose the subprotocol "mqtt". Check the URL, and that proxies pass Sec-WebSocket-Protocol on.',
      };
    case "text-frame":
      return { kind, message: "The server sent a text frame, which MQTT forbids. Check that the URL leads to an MQTT broker." };
    case "address":
      return {
        kind,
        detail,
        message: `There is no address or there are no credentials: ${detail}. Check the functions \`url\` and \`credentials\`.`,
      };
    case "authentication":
      return { kind, detail, message: `The client could not authenticate itself: ${detail}. Check \`authentication.respond\`.` };
    case "left":
      return { kind, message: "The page went away. The link comes back when the page does." };
    case "renewed":
      return { kind, message: "The link gives way to another one, as planned. Nothing is lost." };
  }
}

/** The cause of a client that the user closed. */
export function closedCause(): ClosedCause {
  return { kind: "closed", message: "The client was closed by the page. Call connect() for a new one." };
}

const WHERE =
  "Serve hawser.wasm beside hawser.js (or set the option `wasm`), and allow 'wasm-unsafe-eval' in the page's Content-Security-Policy";

/** The cause of a client whose engine could not be loaded, or failed. */
export function engineCause(detail: string, hint = WHERE): EngineCause {
  return { kind: "engine", detail, message: `The WebAssembly engine does not run: ${detail}. ${hint}.` };
}

/** The cause of a client that found no slot for its session. */
export function sessionInUseCause(session: string, slots: number): SessionInUseCause {
  const message = `All ${slots} slots of the session "${session}" are in use. Use a page that is open, or set more \`session.slots\` and no \`clientId\`.`;
  return { kind: "session-in-use", session, message };
}

function socketMessage(kind: "socket-failed" | "socket-closed", code: number, reason: string): string {
  const closed = reason ? `${code}, "${reason}"` : `${code}`;
  return kind === "socket-failed"
    ? `The WebSocket could not be opened (close code ${closed}). Check that the broker runs, the URL, and that a page on https uses wss.`
    : `The WebSocket was closed (close code ${closed}). The network or the broker went away.`;
}

function brokerCause(kind: "refused" | "disconnected", raw: RawCause): BrokerCause {
  const { name, hint } = kind === "refused" ? refusal(raw.code) : { name: reasonName(raw.code), hint: reasonHint(raw.code) };
  const words = raw.detail ? ` ("${raw.detail}")` : "";
  const what = kind === "refused" ? "The broker refused the connection" : "The broker ended the connection";
  return {
    kind,
    reasonCode: raw.code,
    reasonName: name,
    reasonString: raw.detail || undefined,
    serverReference: raw.serverReference || undefined,
    message: `${what}: ${name}${words}. ${hint}.`,
  };
}

function protocolErrorCause(code: number, detail: string): ProtocolErrorCause {
  const name = reasonName(code);
  return {
    kind: "protocol-error",
    reasonCode: code,
    reasonName: name,
    detail,
    message: `The broker broke the rules of MQTT: ${name}${detail ? ` (${detail})` : ""}. Check that the URL leads to an MQTT broker; the option \`trace\` shows the packets.`,
  };
}

function connectTimeoutCause(phase: ConnectPhase): ConnectTimeoutCause {
  const what = {
    address: "`url` or `credentials` gave no answer in time. Check where they come from.",
    socket: "The WebSocket did not open in time. Check the network, the URL and any firewall.",
    handshake: "The server did not answer CONNECT in time. Check that the URL leads to an MQTT broker.",
  }[phase];
  return { kind: "connect-timeout", phase, message: what };
}
