// What was thrown, in words.

/** In its own words: anything can be thrown, and a message may be anything too. */
export function wordsOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return typeof thrown;
  }
}
