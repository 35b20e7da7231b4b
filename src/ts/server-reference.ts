// Where a broker sends its clients (4.11 of MQTT 5.0): from what it says to a URL.

/** A host name or an address (of version 6 in brackets), perhaps with a port. */
const HOST = /^(\[[^\]]+\]|[^/?#@\\:[\]]+)(:\d+)?$/;

/**
 * The URL that a Server Reference means when it comes from `present`: the first of its list that can be followed. A host keeps scheme, path, query
 * and (if it names none) port of the present URL. A whole URL must not lead from `wss:` to `ws:`.
 */
export function followed(reference: string, present: string): string | undefined {
  const { protocol, port, pathname, search } = new URL(present);
  for (const one of reference.split(" ")) {
    const [, host, ownPort = port && `:${port}`] = HOST.exec(one) ?? [];
    try {
      const url = new URL(host === undefined ? one : `${protocol}//${host}${ownPort}${pathname}${search}`);
      const safe = url.protocol === "wss:" || (url.protocol === "ws:" && protocol === "ws:");
      if (safe && !url.username && !url.password && !url.hash) return url.href;
    } catch {
      // No URL: the next one may be.
    }
  }
  return undefined;
}
