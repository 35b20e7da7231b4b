// Text to UTF-8 and back. The coders are made on first use, so that importing touches no global.

let encoder: TextEncoder | undefined;
let decoder: TextDecoder | undefined;
let strict: TextDecoder | undefined;

/** UTF-8 of `text`; lone surrogates become U+FFFD, so check {@link isWellFormed} first where it matters. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  encoder ??= new TextEncoder();
  return encoder.encode(text);
}

/** Writes UTF-8 of `text` to the start of `bytes`, where there has to be room for it, and gives how many bytes that is. */
export function encodeTextInto(text: string, bytes: Uint8Array): number {
  encoder ??= new TextEncoder();
  return encoder.encodeInto(text, bytes).written;
}

/** Text of UTF-8 bytes; what is not UTF-8 becomes U+FFFD. A byte order mark is kept, as MQTT asks. */
export function decodeText(bytes: Uint8Array): string {
  decoder ??= new TextDecoder("utf-8", { ignoreBOM: true });
  return decoder.decode(bytes);
}

/** Like {@link decodeText}, but throws a `TypeError` for what is not UTF-8. */
export function decodeTextStrictly(bytes: Uint8Array): string {
  strict ??= new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
  return strict.decode(bytes);
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Whether every surrogate in `text` has its partner. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}
