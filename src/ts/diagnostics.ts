// All that is known of a client, as text for a bug report.
import { withoutQuery } from "./address.js";
import { type HistoryEntry, withoutSecrets } from "./history.js";
import type { Settings } from "./settings.js";
import type { Stats } from "./stats.js";
import type { Status } from "./status.js";
import { VERSION } from "./version.js";
import { statusWords } from "./words.js";

/** Texts among the engine's options that are told. An option that is not known here is not. */
const TOLD = ["kind", "clientId", "authenticationMethod", "store", "topic", "host"];

/** The text. Without `stats` there is no engine any more. */
export function diagnosticsOf(settings: Settings, status: Status, stats: Stats | undefined, history: readonly HistoryEntry[]): string {
  const { addresses, credentials, engine, credentialsTimeout, returnAfter, host } = settings;
  const urls = typeof addresses === "function" ? "a function" : addresses.map(withoutQuery).join(" ");
  const lines = [
    `hawser ${VERSION}, ${iso(Date.now())}`,
    `browser: ${globalThis.navigator?.userAgent}`,
    `network: ${globalThis.navigator?.onLine ? "online" : "offline"}`,
    `host: ${JSON.stringify(status.host)}`,
    `url: ${urls}`,
    `credentials: ${typeof credentials}`,
    `options: ${JSON.stringify({ ...engine, credentialsTimeout, returnAfter, host }, told)}`,
    `status: ${statusWords(status)}`,
    `limits: ${JSON.stringify(status.state === "online" ? status.limits : undefined)}`,
    `stats: ${JSON.stringify(stats)}`,
    ...history.map(({ at, kind, text, times }) => `${iso(at)} ${kind}${times > 1 ? ` x ${times}` : ""}: ${text}`),
  ];
  return withoutSecrets(lines.join("\n"));
}

/** Numbers and switches are told, bytes (payload, properties) by their length, those of `policy` one by one, texts if they are known to be harmless. */
function told(name: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return name === "policy" ? `${value}` : `${value.length} bytes`;
  return typeof value === "string" && !TOLD.includes(name) ? "..." : value;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
