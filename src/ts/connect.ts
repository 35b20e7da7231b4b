// The way in.
import type { Address, AddressProvider } from "./address.js";
import { Client } from "./client.js";
import { Host } from "./host.js";
import { fetchAhead, loadModule } from "./load.js";
import type { ConnectOptions } from "./options.js";
import { type Settings, settingsOf } from "./settings.js";
import { claimSlot } from "./slots.js";
import { openWorker } from "./worker-place.js";

/**
 * Makes a client and starts to connect. Returns at once: the engine is loaded in the background, and all calls may be made
 * before there is a link.
 *
 * Throws an `OptionError` (or `TopicError`, for the topic of a will) at once for a wrong address or option, and the reason of
 * `options.signal` if that has already aborted.
 *
 * @param url Address of the broker's WebSocket, `ws:` or `wss:`; or several, the preferred one first; or a function that gives one for each attempt.
 * The next of several has its turn when an attempt fails, or brings a link that does not hold (`reconnect.stableAfter`); after one that held the first
 * is tried again. They should be of one cluster, which shares its sessions.
 *
 * @example
 * const client = connect("wss://broker.example:8084/mqtt", { keepAlive: "20s" });
 * for await (const message of client.subscribe("device/+id/state")) show(message.params.id, message.json());
 */
export function connect(url: Address | readonly Address[] | AddressProvider, options?: ConnectOptions): Client {
  // What has a way to go is sent for before anything is looked at: that costs a start no time then.
  if (options?.wasm === undefined) fetchAhead();
  const worker = startAhead(options?.host);
  let settings: Settings;
  try {
    settings = settingsOf(url, options);
    settings.signal?.throwIfAborted();
  } catch (error) {
    worker?.terminate();
    throw error;
  }
  return new Client(settings, (engine, events) => {
    const { session, host, addresses, credentials, authentication } = settings;
    // Brokers do not wait long for CONNECT: no socket is opened early while somebody else is asked for the address or the credentials.
    const asks = typeof addresses === "function" || typeof credentials === "function" || authentication !== undefined;
    const launch = {
      module: loadModule(settings.wasm),
      options: engine,
      host,
      worker,
      url: asks ? undefined : addresses[0],
      claim: session && { session, slot: claimSlot(session) },
    };
    return new Host(launch, events);
  });
}

/** A worker for the engine, or, on its way, the module that runs it in the page. Where there can be no worker the host finds out why. */
function startAhead(host: ConnectOptions["host"]): Worker | undefined {
  try {
    if (host !== "page") return openWorker();
    import("./worker.js").catch(() => undefined);
  } catch {
    // The page it is.
  }
  return undefined;
}
