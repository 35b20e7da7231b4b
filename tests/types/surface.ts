// Type tests of the public surface, compiled by tsc and never run: what must compile, and what must not.
import {
  type Cause,
  type Client,
  connect,
  type Duration,
  type IterableSubscription,
  type Message,
  OptionError,
  type Params,
  PublishError,
  type PublishResult,
  type Status,
  StoppedError,
  type Subscription,
} from "../../src/ts/index.js";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only for `true`. */
function holds<T extends true>(): T | undefined {
  return undefined;
}

// Named wildcards are typed from the literal.
holds<Equal<Params<"device/+id/state">, { readonly id: string }>>();
holds<Equal<Params<"+area/+room/#rest">, { readonly area: string; readonly room: string; readonly rest: string }>>();
holds<Equal<keyof Params<"device/+/state/#">, never>>();
holds<Equal<keyof Params<"plain/topic">, never>>();
holds<Equal<Params<"$share/group/device/+id">, { readonly id: string }>>();
holds<Equal<Params<string>, { readonly [name: string]: string }>>();

const client: Client = connect("wss://broker.example:8084/mqtt", {
  clientId: "wall-display",
  protocol: "5.0",
  keepAlive: "30s",
  session: { expiry: 3_600, cleanStart: false },
  network: "unstable",
  reconnect: { kind: "exponential", min: 1_000, max: "60s", jitter: 500 },
  policy: { refused: { 135: "retry", 5: "stop" }, disconnected: "refresh", "socket-closed": { 1008: "fall-back" }, address: "stop" },
  credentials: async ({ attempt, signal }) => ({
    username: `u${attempt}`,
    password: await Promise.resolve(signal.aborted ? "" : "secret"),
  }),
  will: { topic: "display/online", payload: false, qos: 1, retain: true, delay: "10s", userProperties: { site: "north" } },
});

// Handlers and loops know the parameters.
const handled: Subscription<"device/+id/state"> = client.subscribe("device/+id/state", (message) => {
  holds<Equal<typeof message.params, { readonly id: string }>>();
  // @ts-expect-error there is no such wildcard
  message.params.name;
  // @ts-expect-error messages are read-only
  message.topic = "other";
});
client.subscribe("door/#path", { qos: 1, retainHandling: "never" }, async (message) => message.params.path.length);
const iterable: IterableSubscription<"a/+b"> = client.subscribe("a/+b", { qos: 2, buffer: 10 });

async function loop(): Promise<void> {
  for await (const message of iterable) {
    const b: string = message.params.b;
    const value: unknown = message.json();
    const typed: { on: boolean } = message.json<{ on: boolean }>();
    const part: Uint8Array = message.payload;
    void [b, value, typed, part];
  }
  // @ts-expect-error with a handler there is nothing to iterate
  for await (const message of handled) void message;
  await using scoped = client.subscribe("scoped");
  await using scopedClient = connect(new URL("wss://broker.example/mqtt"));
  void [scoped, scopedClient];
}

// A filter that is not a literal gives a record of any names.
function dynamic(filter: string): void {
  client.subscribe(filter, (message: Message) => message.params["anything"]?.length);
}

const unwanted: Promise<void> = client.unsubscribe("door/#path");

// Publishing takes text, bytes and JSON values, and tells how it ended.
interface Command {
  on: boolean;
}
const command: Command = { on: true };
const published: Promise<PublishResult>[] = [
  client.publish("a", "text"),
  client.publish("a", new Uint8Array(3)),
  client.publish("a", new ArrayBuffer(3)),
  client.publish("a", command, { qos: 2, expiry: "5m", signal: AbortSignal.timeout(1_000) }),
  client.publish("a", [1, null, { deep: true }], { userProperties: [["k", "v"]], correlationData: "id" }),
];

// @ts-expect-error QoS 3 does not exist
client.publish("a", "b", { qos: 3 });
// @ts-expect-error a topic is text
client.publish(7, "b");
// @ts-expect-error a bigint is no payload
client.publish("a", 7n);
// @ts-expect-error no such option
client.publish("a", "b", { retained: true });
// @ts-expect-error no such option
connect("wss://broker.example", { keepalive: 30 });
// @ts-expect-error no such protocol
connect("wss://broker.example", { protocol: "3.1" });
// @ts-expect-error no such kind of backoff
connect("wss://broker.example", { reconnect: { kind: "linear" } });
// @ts-expect-error no such share
connect("wss://broker.example", { reconnect: { kind: "fixed", jitter: "half" } });
// @ts-expect-error a fixed delay has no maximum
connect("wss://broker.example", { reconnect: { kind: "fixed", max: 7 } });
// @ts-expect-error only a broker names another server
connect("wss://broker.example", { policy: { "socket-closed": "follow" } });
// @ts-expect-error the end that the user wants is nobody's to decide
connect("wss://broker.example", { policy: { closed: "retry" } });
// @ts-expect-error a will needs a topic
connect("wss://broker.example", { will: { payload: "gone" } });
// @ts-expect-error an address is required
connect();
connect(["wss://one.example", new URL("wss://two.example")] as const);
connect(({ attempt, signal, cause }) => (attempt > 1 && !signal.aborted ? new URL("wss://two.example") : (cause?.message ?? "")));
connect("wss://broker.example", { authentication: { method: "X", respond: async ({ step }) => ({ data: step, expiresIn: "1h" }) } });
connect(async () => "wss://broker.example", { credentialsTimeout: "5s" });
connect(["wss://one.example", "wss://two.example"], {
  returnAfter: "10m",
  credentials: async () => ({ password: "token", expiresIn: 3_600 }),
});
// @ts-expect-error what never changes cannot be renewed
connect("wss://broker.example", { credentials: { password: "token", expiresIn: 3_600 } });
// @ts-expect-error a function gives one address
connect(() => ["wss://broker.example"]);
// @ts-expect-error no such unit
const wrongUnit: Duration = "5 minutes";
const rightUnits: Duration[] = [5, "250ms", "1.5s", "5m", "1h", "7d"];
// @ts-expect-error a client is made by connect()
const made = new connect();
// @ts-expect-error a status cannot be set
client.status = { state: "idle", durability: "memory" };

// The status is a union: each state has its own data.
function describe(status: Status): string {
  switch (status.state) {
    case "idle":
      return "loading";
    case "connecting":
      return `${status.attempt} ${status.phase} ${status.cause?.message ?? ""}`;
    case "online":
      // @ts-expect-error nothing is being retried while online
      status.retryAt;
      return `${status.clientId} ${status.limits.maximumQos} ${status.sessionPresent}`;
    case "waiting":
      return `${new Date(status.retryAt).toISOString()} ${why(status.cause)}`;
    case "stopped":
      return why(status.cause);
    default: {
      const nothingElse: never = status;
      return nothingElse;
    }
  }
}

function why(cause: Cause): string {
  switch (cause.kind) {
    case "closed":
    case "keep-alive-timeout":
    case "wrong-subprotocol":
    case "text-frame":
    case "left":
    case "renewed":
      return cause.message;
    case "socket-failed":
    case "socket-closed":
      return `${cause.closeCode} ${cause.closeReason}`;
    case "refused":
    case "disconnected":
      return `${cause.reasonCode} ${cause.reasonName} ${cause.reasonString ?? ""} ${cause.serverReference ?? ""}`;
    case "protocol-error":
      return `${cause.reasonCode} ${cause.detail}`;
    case "connect-timeout":
      return cause.phase;
    case "address":
    case "authentication":
    case "engine":
      return cause.detail;
    case "session-in-use":
      return cause.session;
    default: {
      const nothingElse: never = cause;
      return nothingElse;
    }
  }
}

// Events are typed by name.
client.addEventListener("status", (event) => describe(event.status));
client.addEventListener("error", ({ error }) => holds<Equal<typeof error, unknown>>());
client.addEventListener("packet", ({ packet }) => packet.type === "PUBLISH" && packet.topic, { once: true });
client.addEventListener("storage", ({ storage }) => storage.durability === "memory" && storage.reason === "quota");
client.addEventListener("gap", ({ gap }) => gap.kind === "session-lost");
client.addEventListener("outcome", ({ outcome }) => {
  if (outcome.kind === "completed") holds<Equal<typeof outcome.result, PublishResult>>();
  else holds<Equal<typeof outcome.error, PublishError>>();
  return `${outcome.message.id} ${outcome.message.topic}`;
});
// What is stored, and what is pending.
const stored: Client = connect("wss://broker.example/mqtt", {
  session: { name: "wall", durability: "strict", slots: 4, qos2AfterLoss: "resend", expiry: "1d" },
});
stored.publish("a", "b", { qos: 2, until: "stored" }).then(({ id }) => holds<Equal<typeof id, number | undefined>>());
stored.outbox().then((pending) => pending.map(({ id, topic, earlier }) => (earlier ? `${id}` : topic)));
holds<Equal<Status["durability"], "memory" | "relaxed" | "strict">>();
// @ts-expect-error no such store
connect("wss://broker.example/mqtt", { session: { name: "wall", store: "localstorage" } });
// @ts-expect-error no such event
client.addEventListener("message", () => undefined);

// Errors are told apart by class, and by literal codes.
function react(error: unknown): string {
  if (error instanceof OptionError) return `${error.option}: ${error.expected}`;
  if (error instanceof StoppedError) return error.cause.kind;
  if (error instanceof PublishError) {
    holds<Equal<Extract<typeof error.code, "queue-full">, "queue-full">>();
    // @ts-expect-error no such code
    return error.code === "lost" ? "" : error.hint;
  }
  return "";
}

void [loop, dynamic, unwanted, published, wrongUnit, rightUnits, made, react];

// Acknowledgement and de-duplication: each way has its own shape.
client.subscribe("a", { qos: 1, ack: "received", dedupe: { key: "message-id", ttl: "1d", scope: "orders", qos0: true } });
client.subscribe("a", { dedupe: { timestamp: (message) => message.json<number>() } });
client.subscribe("a", { dedupe: { key: "correlationData", sequence: (message) => Number(message.text()) } });
// @ts-expect-error an id needs a key
client.subscribe("a", { dedupe: { ttl: 5 } });
// @ts-expect-error either the one or the other
client.subscribe("a", { dedupe: { timestamp: () => 1, sequence: () => 1 } });
// @ts-expect-error there is no such acknowledgement
client.subscribe("a", { ack: "later" });
client.addEventListener("stalled", ({ filter, topic, waited }) => `${filter}${topic}${waited.toFixed()}`);
client.addEventListener("interrupted", ({ message }) => message.text());
client.addEventListener("gap", ({ gap }) => (gap.kind === "sequence" ? gap.missing : gap.kind));

// What happened: what ended is told by phase, and what is told cannot be changed.
client.addEventListener("status", ({ status }) => {
  if (status.state === "online") return status.took.socket + status.took.handshake;
  // @ts-expect-error only a link that stands has taken its time
  if (status.state === "waiting") return status.took;
  return status.state === "stopped" && status.ended?.phase === "online" ? status.ended.lasted : 0;
});
// @ts-expect-error the history is read-only
client.history.push();
const report: Promise<string> = client.diagnostics();
void report;
