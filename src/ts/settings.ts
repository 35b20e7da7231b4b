// The options of connect(), checked and made whole.
import { type Addresses, addressesOf, withoutQuery } from "./address.js";
import { type Authentication, checkAuthentication } from "./authentication.js";
import { abortSignal, boolean, fields, integer, oneOf, optionalFields, text } from "./check.js";
import { checkCredentials } from "./credentials.js";
import { type DurationRule, durationOf, MS } from "./duration.js";
import type { EngineOptions } from "./engine.js";
import { OptionError } from "./errors/option-error.js";
import { presetOf } from "./network.js";
import type { ConnectOptions, Credentials, CredentialsProvider, QueueOptions, WasmSource } from "./options.js";
import { payloadBytes } from "./payload.js";
import { policyBytes } from "./policy.js";
import { encodeProperties } from "./properties.js";
import { MESSAGE_PROPERTY_NAMES, messageProperties } from "./publish-options.js";
import { reconnectOptions } from "./reconnect.js";
import { type NamedSession, sessionOptions } from "./session-options.js";
import { checkTopic } from "./topics.js";
import { pairs } from "./user-properties.js";

/** Everything that a client needs to know of what the user asked for. */
export interface Settings {
  readonly addresses: Addresses;
  readonly engine: EngineOptions;
  /** The stored session that is asked for. */
  readonly session: NamedSession | undefined;
  readonly credentials: Credentials | CredentialsProvider | undefined;
  /** How long each function that is asked for an attempt may take, in ms. */
  readonly credentialsTimeout: number;
  /** How long a link to another server than the preferred one lasts before the client looks for that one, in ms; 0: as long as it holds. */
  readonly returnAfter: number;
  readonly authentication: Authentication | undefined;
  readonly wasm: WasmSource | undefined;
  readonly host: "worker" | "page";
  readonly signal: AbortSignal | undefined;
}

const NAMES = [
  "clientId",
  "protocol",
  "redirect",
  "returnAfter",
  "authentication",
  "network",
  "keepAlive",
  "session",
  "connectTimeout",
  "probeTimeout",
  "reconnect",
  "policy",
  "credentials",
  "credentialsTimeout",
  "will",
  "leave",
  "receiveMaximum",
  "stallAfter",
  "maximumPacketSize",
  "topicAliasMaximum",
  "outboundTopicAliases",
  "requestResponseInformation",
  "requestProblemInformation",
  "checkPayloadFormat",
  "userProperties",
  "queue",
  "joinPackets",
  "trace",
  "wasm",
  "host",
  "signal",
] as const satisfies readonly (keyof ConnectOptions)[];

/** In the order of `EngineOptions`. */
const OVERFLOW: readonly NonNullable<QueueOptions["overflow"]>[] = ["reject", "drop-oldest", "drop-newest", "latest-per-topic"];
const OFFLINE_QOS0: readonly NonNullable<QueueOptions["qos0"]>[] = ["queue", "drop", "refuse"];
const U32 = 0xffff_ffff;
const SECONDS: DurationRule = { unit: "s", min: 0, max: U32 };

/** Checks address and options; throws an OptionError (or a TopicError for the will's topic) that says what is wrong. */
export function settingsOf(url: unknown, options: unknown): Settings {
  const given = optionalFields("", options, NAMES) as ConnectOptions;
  const protocol = optional(given.protocol, "5.0", (value) => oneOf("protocol", value, ["5.0", "3.1.1"])) === "5.0" ? 5 : 4;
  const authentication = checkAuthentication(given.authentication, protocol);
  const session = sessionOptions(given, protocol);
  const engine = engineOptions(given, protocol);
  const addresses = addressesOf(url);
  return {
    addresses,
    engine: {
      ...engine,
      ...session.engine,
      broker: withoutQuery((typeof addresses !== "function" && addresses[0]) || ""),
      addresses: typeof addresses === "function" ? 0 : addresses.length,
      freshCredentials: [given.credentials, addresses].some((one) => typeof one === "function") || authentication !== undefined,
      ...(authentication !== undefined && { authenticationMethod: authentication.method }),
    },
    session: session.named,
    credentials: credentialsOption(given.credentials),
    credentialsTimeout: optional(given.credentialsTimeout, Math.min(10_000, Math.ceil(engine.connectTimeout / 1.5)), (value) =>
      durationOf("credentialsTimeout", value, { ...MS, min: 1 }),
    ),
    returnAfter: optional(given.returnAfter, 0, (value) => durationOf("returnAfter", value, MS)),
    authentication,
    wasm: wasmOption(given.wasm),
    host: optional(given.host, "worker", (value) => oneOf("host", value, ["worker", "page"])),
    signal: given.signal === undefined ? undefined : abortSignal("signal", given.signal),
  };
}

/** Only what can never work is refused: whether there is an engine in it shows when it is loaded. */
function wasmOption(given: ConnectOptions["wasm"]): WasmSource | undefined {
  if (given === undefined || typeof given === "string" || (typeof given === "object" && given !== null)) return given;
  throw new OptionError("wasm", "an address, a Response, bytes or a WebAssembly.Module", given);
}

function credentialsOption(given: unknown): Credentials | CredentialsProvider | undefined {
  if (given === undefined || typeof given === "function") return given as CredentialsProvider | undefined;
  return checkCredentials("credentials", given);
}

function engineOptions(
  given: ConnectOptions,
  protocol: 4 | 5,
): Omit<EngineOptions, "broker" | "addresses" | "freshCredentials" | keyof ReturnType<typeof sessionOptions>["engine"]> {
  const preset = presetOf(given.network);
  const queue = optionalFields("queue", given.queue, ["messages", "bytes", "overflow", "qos0"]);
  return {
    protocol,
    fallBack: given.protocol === undefined,
    followReferences: optional(given.redirect, "follow", (value) => oneOf("redirect", value, ["follow", "report"])) === "follow",
    ...(given.clientId !== undefined && { clientId: text("clientId", given.clientId, 1) }),
    keepAlive: optional(given.keepAlive, preset.keepAlive, (value) => durationOf("keepAlive", value, { unit: "s", min: 0, max: 65_535 })),
    receiveMaximum: optional(given.receiveMaximum, 65_535, (value) => integer("receiveMaximum", value, 1, 65_535)),
    maximumPacketSize: optional(given.maximumPacketSize, 16 * 2 ** 20, (value) => integer("maximumPacketSize", value, 1, U32)),
    topicAliasMaximum: optional(given.topicAliasMaximum, 64, (value) => integer("topicAliasMaximum", value, 0, 65_535)),
    outboundTopicAliases: flag(given, "outboundTopicAliases", true),
    requestResponseInformation: flag(given, "requestResponseInformation", false),
    requestProblemInformation: flag(given, "requestProblemInformation", true),
    checkPayloadFormat: flag(given, "checkPayloadFormat", false),
    ...(given.will !== undefined && { will: willOptions(given.will) }),
    ...propertiesOf(given),
    connectTimeout: optional(given.connectTimeout, preset.connectTimeout, (value) =>
      durationOf("connectTimeout", value, { ...MS, min: 1 }),
    ),
    probeTimeout: optional(given.probeTimeout, preset.probeTimeout, (value) => durationOf("probeTimeout", value, { ...MS, min: 1 })),
    willOnLeave: optional(given.leave, "will", (value) => oneOf("leave", value, ["will", "disconnect"])) === "will",
    ...reconnectOptions(given.reconnect, preset),
    ...(given.policy !== undefined && { policy: policyBytes(given.policy) }),
    maxQueued: optional(queue["messages"], 100_000, (value) => integer("queue.messages", value, 0, U32)),
    maxQueuedBytes: optional(queue["bytes"], 64 * 2 ** 20, (value) => integer("queue.bytes", value, 0, U32)),
    joinPackets: flag(given, "joinPackets", true),
    trace: flag(given, "trace", false),
    stallAfter: optional(given.stallAfter, 30_000, (value) => durationOf("stallAfter", value, MS)),
    overflow: choice("queue.overflow", queue["overflow"], OVERFLOW),
    offlineQos0: choice("queue.qos0", queue["qos0"], OFFLINE_QOS0),
  };
}

/** The place of a word in its list; the first is the default. */
function choice(name: string, value: unknown, words: readonly string[]): number {
  return value === undefined ? 0 : words.indexOf(oneOf(name, value, words));
}

function flag(given: ConnectOptions, name: keyof ConnectOptions, fallback: boolean): boolean {
  return optional(given[name], fallback, (value) => boolean(name, value));
}

function optional<T>(value: unknown, fallback: T, check: (value: unknown) => T): T {
  return value === undefined ? fallback : check(value);
}

function willOptions(value: unknown): NonNullable<EngineOptions["will"]> {
  const given = fields("will", value, ["topic", "payload", "qos", "retain", "delay", ...MESSAGE_PROPERTY_NAMES]);
  checkTopic(given["topic"]);
  const delay = given["delay"];
  const properties = encodeProperties({
    ...messageProperties("will.", given),
    ...(delay !== undefined && { willDelay: durationOf("will.delay", delay, SECONDS) }),
  });
  const payload = payloadBytes(given["payload"] ?? "", given["payloadFormat"]);
  if (payload.length > 65_535) throw new OptionError("will.payload", "at most 65535 bytes", `${payload.length} bytes`);
  return {
    topic: given["topic"],
    payload: payload.slice(), // the engine reads it when it is loaded
    qos: optional(given["qos"], 0, (qos) => oneOf("will.qos", qos, [0, 1, 2])),
    retain: optional(given["retain"], false, (retain) => boolean("will.retain", retain)),
    ...(properties !== undefined && { properties }),
  };
}

function propertiesOf(given: ConnectOptions): Pick<EngineOptions, "properties"> {
  if (given.userProperties === undefined) return {};
  const properties = encodeProperties({ userProperties: pairs("userProperties", given.userProperties) });
  return properties === undefined ? {} : { properties };
}
