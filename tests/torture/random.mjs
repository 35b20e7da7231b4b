// Chance from a seed: the same seed gives the same kills, in the same order, after the same delays.

/**
 * A mulberry32 generator.
 * @typedef {object} Random
 * @property {() => number} next in [0, 1)
 * @property {(from: number, to: number) => number} between a whole number, both ends included
 * @property {<T>(list: T[]) => T} pick
 *
 * @param {number} seed
 * @returns {Random}
 */
export function randomFrom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (from, to) => from + Math.floor(next() * (to - from + 1));
  return { next, between, pick: (list) => list[between(0, list.length - 1)] };
}

/** A seed of its own for a part of a run, so that leaving out other parts changes nothing in it. */
export function seedFor(seed, name) {
  let hash = seed >>> 0;
  for (const char of name) hash = Math.imul(hash ^ char.codePointAt(0), 0x01000193) >>> 0;
  return hash;
}
