// How long each phase of an attempt takes, and how long what has ended had lasted: from the status records alone.
import type { ConnectPhase } from "./cause.js";
import type { StatusRecord } from "./records.js";

/**
 * How long the phases of the attempt took that brought this link, in ms: asking for address and credentials, opening the WebSocket, waiting for CONNACK.
 *
 * @example
 * const isSlowNetwork = ({ socket, handshake }: ConnectTimes) => socket > 1_000 && handshake < 1_000;
 */
export type ConnectTimes = Readonly<Record<ConnectPhase, number>>;

/**
 * What has ended: an attempt, and how far it had come, or a link (`"online"`).
 *
 * @example
 * const words = ({ phase, lasted }: Ending) => (phase === "online" ? `was online for ${lasted} ms` : `failed in the phase ${phase}`);
 */
export interface Ending {
  readonly phase: ConnectPhase | "online";
  /** When this phase began, milliseconds since the epoch. */
  readonly since: number;
  /** How long it lasted, in ms. */
  readonly lasted: number;
}

const NONE: ConnectTimes = { address: 0, socket: 0, handshake: 0 };

/** Follows the status records of a client. */
export class LinkTimes {
  #phase: Ending["phase"] | undefined;
  #since = 0;
  took = NONE;
  /** What ended last. */
  ended: Ending | undefined;

  change({ state, phase, at }: Pick<StatusRecord, "state" | "phase" | "at">): void {
    const next = state === "connecting" ? phase : state === "online" ? state : undefined;
    const goesOn = next !== undefined && next !== "address";
    if (this.#phase !== undefined) {
      // When an attempt is to be made is not when the one before has ended.
      const lasted = Math.max(0, (next === undefined ? Date.now() : at) - this.#since);
      if (goesOn) this.took = { ...this.took, [this.#phase]: lasted };
      else this.ended = { phase: this.#phase, since: this.#since, lasted };
    }
    if (!goesOn) this.took = NONE;
    this.#phase = next;
    this.#since = at;
  }
}
