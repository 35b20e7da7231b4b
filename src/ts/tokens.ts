// Tokens: the numbers by which the engine's answers find what asked.

/** Tokens of publishes are below, all others from here on: the two need different tables. */
export const OTHER_TOKENS = 0x8000_0000;

/** Gives tokens for everything but publishes. They do not come again within two billion calls. */
export class Tokens {
  #last = 0;

  next(): number {
    this.#last = (this.#last + 1) % OTHER_TOKENS;
    return OTHER_TOKENS + this.#last;
  }
}
