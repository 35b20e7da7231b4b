// The base of every error that Hawser makes itself.

/**
 * Base class of all errors of this package. `code` is a literal that tells them apart, `hint` says what to do.
 *
 * @example
 * try {
 *   await client.publish("light/cmd", "off", { qos: 1 });
 * } catch (error) {
 *   if (error instanceof HawserError) console.warn(error.code, error.hint);
 * }
 */
export abstract class HawserError extends Error {
  /** Name of the class; written out, because a minifier renames classes, and on the prototype, so that it stands in `stack` too. */
  abstract override get name(): string;
  /** What kind of error this is, for `switch`. */
  abstract readonly code: string;
  /** What to do about it, in English. */
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(`${message}. ${hint}`, options);
    this.hint = hint;
  }
}
