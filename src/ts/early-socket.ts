// Opens the socket while the engine is still being loaded: two journeys at the same time instead of one after the other.

/** A socket that has begun to open. The engine takes it over with its first attempt. */
export interface EarlySocket {
  readonly url: string;
  readonly socket: WebSocket;
}

/** Begins to open a socket; `undefined` where that cannot be done, for the engine to find out why. */
export function openEarly(url: string): EarlySocket | undefined {
  try {
    return { url, socket: new WebSocket(url, ["mqtt"]) };
  } catch {
    return undefined;
  }
}
