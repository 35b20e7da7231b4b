// What the engine has counted.

/**
 * Counters of a client since it was made, over all its connections.
 *
 * @example
 * const { bytesReceived, unsettled } = await client.stats();
 * console.log(`${bytesReceived} bytes in, ${unsettled} messages on their way`);
 */
export interface Stats {
  /** WebSockets that were opened: attempts that got as far as having an address. */
  readonly sockets: number;
  /** WebSocket messages sent; one may carry many packets. */
  readonly framesSent: number;
  /** Bytes in them. */
  readonly bytesSent: number;
  /** Binary WebSocket messages received. */
  readonly framesReceived: number;
  /** Bytes in them. */
  readonly bytesReceived: number;
  /** Publishes that are not settled yet, waiting ones included. */
  readonly unsettled: number;
  /** Bytes of WebAssembly memory, which all clients of a page share. */
  readonly wasmMemory: number;
}

/** Before there is an engine. */
export const NO_STATS: Stats = {
  sockets: 0,
  framesSent: 0,
  bytesSent: 0,
  framesReceived: 0,
  bytesReceived: 0,
  unsettled: 0,
  wasmMemory: 0,
};
