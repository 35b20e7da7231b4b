// The address of a broker, as users give it: one, several, or a function that gives one.
import type { Cause } from "./cause.js";
import { OptionError } from "./errors/option-error.js";

/**
 * The address of a broker's WebSocket, absolute, `ws:` or `wss:`.
 *
 * @example
 * const address: Address = "wss://broker.example:8084/mqtt";
 */
export type Address = string | URL;

/**
 * What an address function is told about the attempt that it is asked for.
 *
 * @example
 * const url = async ({ attempt, signal }: AddressRequest) => (attempt > 3 ? FALLBACK : (await fetch("/broker", { signal })).text());
 */
export interface AddressRequest {
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  /** Why the attempt or the link before it has ended. */
  readonly cause: Cause | undefined;
  /** Aborts when the answer is not wanted any more: the attempt is over. */
  readonly signal: AbortSignal;
}

/**
 * Gives the address for one attempt; it is asked again for each, so a signed address is always fresh.
 *
 * @example
 * const url: AddressProvider = async ({ signal }) => (await fetch("/signed-broker-url", { signal })).text();
 * connect(url);
 */
export type AddressProvider = (request: AddressRequest) => Address | Promise<Address>;

/** Where the attempts go: each in its turn, the preferred one first, or as a function says. */
export type Addresses = readonly string[] | AddressProvider;

const EXPECTED = 'an absolute address such as "wss://broker.example:8084/mqtt"';
/** Hosts that a page on https may reach without TLS: it is this machine (Secure Contexts, 3.1). */
const LOOPBACK = /^((.*\.)?localhost|127(\.\d+){3}|\[::1\])$/;

/** Checks the first argument of connect(). */
export function addressesOf(given: unknown): Addresses {
  if (typeof given === "function") return given as AddressProvider;
  if (!Array.isArray(given)) return [checkAddress("url", given)];
  if (given.length === 0) throw new OptionError("url", `at least one address, ${EXPECTED}`, given);
  return given.map((one, at) => checkAddress(`url[${at}]`, one));
}

/** A WebSocket address. What the browser would refuse only later is refused here. */
export function checkAddress(option: string, given: unknown): string {
  if (typeof given !== "string" && !(given instanceof URL)) throw new OptionError(option, EXPECTED, given);
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw new OptionError(option, EXPECTED, String(given));
  }
  const { protocol, hostname, hash } = url;
  if (protocol !== "ws:" && protocol !== "wss:") throw new OptionError(option, `${EXPECTED}: ws or wss`, protocol);
  if (url.username || url.password)
    throw new OptionError(
      option,
      `${EXPECTED}, without user name and password: they belong into \`credentials\``,
      "an address with credentials",
    );
  if (hash) throw new OptionError(option, `${EXPECTED}, without a fragment`, hash);
  if (protocol === "ws:" && globalThis.location?.origin.startsWith("https:") && !LOOPBACK.test(hostname))
    throw new OptionError(
      option,
      "wss on a page that came by https: browsers refuse ws there as mixed content, but to this machine",
      protocol,
    );
  return url.href;
}

/** A URL for people to see, and to tell brokers apart by: what follows the path may hold a token. */
export function withoutQuery(url: string): string {
  return url.split("?", 1)[0] ?? url;
}
