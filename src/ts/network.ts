// How good the network is: one word that sets the defaults of all that has to do with time and the link.
import { oneOf } from "./check.js";

/**
 * What the network is like: sets the defaults of `keepAlive`, `connectTimeout`, `probeTimeout` and `reconnect` together (the table is in the README);
 * whatever is given itself wins. `"stable"`: a wall display on a cable. `"unstable"`: a phone on the road, where links are lost often and time matters.
 * `"datacenter"`: a server next door, where silence means an end, and many clients come back at once.
 *
 * @example
 * const network: Network = "unstable";
 * connect(url, { network, keepAlive: "20s" });
 */
export type Network = "stable" | "unstable" | "datacenter";

/** Defaults: `keepAlive` in seconds, all others in milliseconds. */
export interface Preset {
  readonly keepAlive: number;
  readonly connectTimeout: number;
  readonly probeTimeout: number;
  readonly min: number;
  readonly max: number;
  readonly jitter: "equal" | "full";
  readonly stableAfter: number;
}

const USUAL: Preset = {
  keepAlive: 30,
  connectTimeout: 15_000,
  probeTimeout: 5_000,
  min: 1_000,
  max: 60_000,
  jitter: "equal",
  stableAfter: 10_000,
};

const PRESETS: Readonly<Record<Network, Preset>> = {
  stable: { ...USUAL, keepAlive: 60, connectTimeout: 10_000 },
  unstable: { ...USUAL, keepAlive: 15, connectTimeout: 20_000, min: 500, max: 30_000, stableAfter: 5_000 },
  datacenter: { ...USUAL, keepAlive: 60, connectTimeout: 5_000, probeTimeout: 2_000, min: 200, max: 10_000, jitter: "full" },
};

/** The defaults that the option `network` stands for. */
export function presetOf(value: unknown): Preset {
  return value === undefined ? USUAL : PRESETS[oneOf("network", value, Object.keys(PRESETS) as Network[])];
}
