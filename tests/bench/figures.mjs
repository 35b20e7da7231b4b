// From measurements to medians, ratios and verdicts.

/** @typedef {import("./lab.mjs").Measurement} Measurement */

export function median(numbers) {
  const sorted = numbers.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return undefined;
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** All measurements of a run: one for each row, contestant and round. */
export class Results {
  #all = new Map();

  /** @param {string} row @param {string} contestant @param {Measurement} measurement */
  add(row, contestant, measurement) {
    const key = `${row} ${contestant}`;
    this.#all.set(key, [...this.of(row, contestant), measurement]);
  }

  /** @returns {Measurement[]} one a round */
  of(row, contestant) {
    return this.#all.get(`${row} ${contestant}`) ?? [];
  }

  median(row, contestant, key = "value") {
    return median(this.of(row, contestant).map((measurement) => measurement[key]));
  }

  /** Median over the rounds of one figure to another of the same round: what disturbs a round disturbs both. */
  ratio([row, contestant], [otherRow, other]) {
    const theirs = this.of(otherRow, other);
    return median(this.of(row, contestant).map(({ value }, round) => value / theirs[round]?.value));
  }

  /** Everything lost, repeated or damaged, in words. */
  faults() {
    return [...this.#all].flatMap(([key, measurements]) => measurements.flatMap(({ faults }) => faults.map((fault) => `${key}: ${fault}`)));
  }

  toJSON() {
    return Object.fromEntries(this.#all);
  }
}

/**
 * Holds Hawser's figure, or its ratio to another, against a floor.
 * @param {Results} results
 * @param {string} id of the row, or `memory-growth`
 * @param {{ against?: string, row?: string, atLeast?: number, atMost?: number, goal: number }} floor
 * @returns {{ measured: number | undefined, holds: boolean, reached: boolean }} `reached`: the goal too
 */
export function judge(results, id, floor) {
  const measured = measuredFor(results, id, floor);
  const within = (limit) => measured !== undefined && (floor.atMost === undefined ? measured >= limit : measured <= limit);
  return { measured, holds: within(floor.atMost ?? floor.atLeast), reached: within(floor.goal) };
}

function measuredFor(results, id, { against, row }) {
  if (id === "memory-growth") return results.median("memory", "hawser", "growth");
  if (against) return results.ratio([id, "hawser"], [id, against]);
  if (row) return results.ratio([id, "hawser"], [row, "hawser"]);
  return results.median(id, "hawser");
}
