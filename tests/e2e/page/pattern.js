// Payloads that can be checked byte by byte on the other side, in the page and in Node.

/**
 * Bytes without a short period, so that a lost, doubled or moved block shows.
 * @param {number} size
 * @returns {Uint8Array}
 */
export function pattern(size) {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = Math.imul(i ^ (i >>> 9), 0x9e3779b1) >>> 24;
  return bytes;
}

/** @param {Uint8Array} bytes */
export function isPattern(bytes) {
  const expected = pattern(bytes.length);
  return bytes.every((byte, i) => byte === expected[i]);
}
