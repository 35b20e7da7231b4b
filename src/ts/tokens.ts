// Tokens: the numbers by which the engine's answers find what asked.

/** Tokens of publishes are below, all others from here on: the two need different tables. */
export const OTHER_TOKENS = 0x8000_0000;
/** The engine gives these to messages of earlier pages, from here on. */
export const RESTORED_TOKENS = 0xc000_0000;
const COUNT = RESTORED_TOKENS - OTHER_TOKENS;

/** Gives tokens for everything but publishes. They do not come again within a billion calls. */
export class Tokens {
  #last = 0;

  next(): number {
    this.#last = (this.#last + 1) % COUNT;
    return OTHER_TOKENS + this.#last;
  }
}
