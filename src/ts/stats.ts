// What the engine has counted.

/**
 * Counters of a client since it was made, over all its connections; those of an engine whose worker had to be replaced are gone with it.
 *
 * @example
 * const { bytesReceived, roundTrip, unsettled } = await client.stats();
 * console.log(`${bytesReceived} bytes in, the broker answers after ${roundTrip} ms, ${unsettled} messages on their way`);
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
  /** MQTT packets sent. */
  readonly packetsSent: number;
  /** MQTT packets received. */
  readonly packetsReceived: number;
  /** When something was sent last, milliseconds since the epoch. */
  readonly lastSentAt: number | undefined;
  /** When something was received last, milliseconds since the epoch. */
  readonly lastReceivedAt: number | undefined;
  /** How long the broker took for its latest answer to CONNECT or PINGREQ, in ms. A busy link sends no PINGREQ. */
  readonly roundTrip: number | undefined;
  /** Attempts to get a link. */
  readonly attempts: number;
  /** Links that were lost: not those that `close()`, a renewal of the credentials or a page that goes away has ended. */
  readonly linksLost: number;
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
  packetsSent: 0,
  packetsReceived: 0,
  lastSentAt: undefined,
  lastReceivedAt: undefined,
  roundTrip: undefined,
  attempts: 0,
  linksLost: 0,
  unsettled: 0,
  wasmMemory: 0,
};
