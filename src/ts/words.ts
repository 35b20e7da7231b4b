// What the events of a client say in the history: never a payload, nor what a function of the application has said in its own words.
import type { Cause } from "./cause.js";
import { HawserError } from "./errors/hawser-error.js";
import type { ClientEvents } from "./events.js";
import type { Status } from "./status.js";

/** Errors that say nothing in words which are not Hawser's or the broker's. A handler may throw what quotes its message. */
const SAFE = /^(Engine|Overflow|Publish|Subscribe)Error$/;

/** What each event says; the empty text is not worth an entry. */
const WORDS: { readonly [K in keyof ClientEvents]: (about: Omit<ClientEvents[K], keyof Event>) => string } = {
  status: ({ status }) => statusWords(status),
  error: ({ error }) => errorWords(error),
  packet: () => "",
  outcome: ({ outcome }) => (outcome.kind === "completed" ? "" : `${outcome.kind}: ${outcome.message.id} on ${outcome.message.topic}`),
  gap: ({ gap }) => (gap.kind === "sequence" ? `${gap.missing} missing before ${gap.topic}` : gap.kind),
  storage: ({ storage }) => `${storage.durability}: ${storage.message}`,
  stalled: ({ filter, topic, waited }) => `${topic} at ${filter} for ${waited} ms`,
  interrupted: ({ message }) => message.topic,
};

export function eventWords<K extends keyof ClientEvents>(type: K, about: Omit<ClientEvents[K], keyof Event>): string {
  return WORDS[type](about);
}

export function statusWords(status: Status): string {
  switch (status.state) {
    case "idle":
      return "idle";
    case "connecting": {
      const where = status.phase === "address" ? endWords(status) : ` ${status.url}`;
      return `attempt ${status.attempt}, MQTT ${status.protocol}: ${status.phase}${where}`;
    }
    case "online": {
      const { url, protocol, clientId, sessionPresent, took } = status;
      return `online at ${url} as ${clientId}, MQTT ${protocol}, session ${sessionPresent ? "resumed" : "new"}, took ${JSON.stringify(took)}`;
    }
    case "waiting":
      return `attempt ${status.attempt} in ${Math.round(status.retryAt - Date.now())} ms${endWords(status)}`;
    case "stopped":
      return `stopped${endWords(status)}`;
  }
}

function endWords({ cause, ended }: Extract<Status, { readonly ended: unknown }>): string {
  if (cause === undefined) return "";
  return `, after ${ended === undefined ? "" : `${ended.lasted} ms ${ended.phase}, `}${cause.kind}: ${causeWords(cause)}`;
}

function causeWords(cause: Cause): string {
  // What a function of the application throws may quote what it was given.
  if (cause.kind === "address" || cause.kind === "authentication") return cause.message.replace(`: ${cause.detail}`, ": ...");
  return cause.message;
}

function errorWords(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  if (!(error instanceof HawserError)) return error.name;
  return `${error.name} ${error.code}${SAFE.test(error.name) ? `: ${error.message}` : ""}`;
}
