// From measurements to medians, ratios and verdicts.

/** @typedef {import("./lab.mjs").Measurement} Measurement */

const GROWTH = "-growth";

export function median(numbers) {
  const sorted = numbers.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** All measurements of a run: one or more for each row, contestant and round. */
export class Results {
  #all = new Map();

  /** @param {string} row @param {string} contestant @param {number} round @param {Measurement} measurement */
  add(row, contestant, round, measurement) {
    const key = `${row} ${contestant}`;
    this.#all.set(key, [...this.of(row, contestant), { round, ...measurement }]);
  }

  /** @returns {(Measurement & { round: number })[]} */
  of(row, contestant) {
    return this.#all.get(`${row} ${contestant}`) ?? [];
  }

  median(row, contestant, key = "value") {
    return median(this.of(row, contestant).map((measurement) => measurement[key]));
  }

  /** Median over the rounds of one figure to another of the same round: what disturbs a round disturbs both. */
  ratio(one, other) {
    const rounds = [...new Set(this.of(...one).map(({ round }) => round))];
    return median(rounds.map((round) => this.#inRound(one, round) / this.#inRound(other, round)));
  }

  #inRound([row, contestant], wanted) {
    const measurements = this.of(row, contestant).filter(({ round }) => round === wanted);
    return median(measurements.map(({ value }) => value)) ?? Number.NaN;
  }

  /** Everything lost, repeated or damaged, in words. */
  faults() {
    return [...this.#all].flatMap(([key, measurements]) => measurements.flatMap(({ faults }) => faults.map((fault) => `${key}: ${fault}`)));
  }

  toJSON() {
    return Object.fromEntries(this.#all);
  }
}

/** What stands before a row whose floor is one of the worker host. */
const WORKER = "worker:";

/** The row that a floor is about. @param {string} id of the floor */
export const rowOf = (id) => id.replace(WORKER, "").replace(GROWTH, "");

/**
 * Holds Hawser's figure, or its ratio to another, against a floor.
 * @param {Results} results
 * @param {string} id of the row; with `-growth` of what a memory row gained later, with `worker:` of the worker host, whose rates are held against those of the
 *   page host where nothing else is named
 * @param {{ against?: string, row?: string, atLeast?: number, atMost?: number, goal: number }} floor
 * @returns {{ measured: number | undefined, holds: boolean, reached: boolean }} `reached`: the goal too
 */
export function judge(results, id, floor) {
  const measured = measuredFor(results, id, floor);
  const within = (limit) => measured !== undefined && (floor.atMost === undefined ? measured >= limit : measured <= limit);
  return { measured, holds: within(floor.atMost ?? floor.atLeast), reached: within(floor.goal) };
}

function measuredFor(results, id, { against, row }) {
  const wanted = rowOf(id);
  if (id.startsWith(WORKER)) return results.ratio([wanted, "worker"], [wanted, against ?? "hawser"]);
  if (id.endsWith(GROWTH)) return results.median(wanted, "hawser", "growth");
  if (against) return results.ratio([id, "hawser"], [id, against]);
  if (row) return results.ratio([id, "hawser"], [row, "hawser"]);
  return results.median(id, "hawser");
}
