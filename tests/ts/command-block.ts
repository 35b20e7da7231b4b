// Reads blocks of commands, in the words of the tests.

/** What each command takes behind its number: n a number, f a float, t text, b bytes. */
const COMMANDS: readonly (readonly [name: string, takes: string])[] = [
  ["handled", "nn"],
  ["start", ""],
  ["address", "nttbb"],
  ["addressFailed", "nt"],
  ["authenticate", "nb"],
  ["authenticationFailed", "nt"],
  ["reauthenticate", "n"],
  ["publish", "nntbb"],
  ["subscribe", "nntb"],
  ["unsubscribe", "nt"],
  ["claim", "nnnfft"],
  ["cancel", "n"],
  ["close", "nb"],
  ["reconnectNow", ""],
  ["page", "n"],
  ["renew", ""],
];

/** The commands of a block: name and arguments, bytes as arrays, what is not given as undefined. */
export function readCommands(block: Uint8Array): unknown[][] {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const calls: unknown[][] = [];
  let at = 0;
  const number = (): number => {
    at += 4;
    return view.getUint32(at - 4, true);
  };
  const float = (): number => {
    at += 8;
    return view.getFloat64(at - 8, true);
  };
  const bytes = (): Uint8Array | undefined => {
    const length = number();
    if (length === 0) return undefined;
    at += length - 1;
    return block.slice(at - length + 1, at);
  };
  const text = (): string | undefined => {
    const field = bytes();
    return field && new TextDecoder("utf-8", { fatal: true }).decode(field);
  };
  const list = (): number[] | undefined => {
    const field = bytes();
    return field && [...field];
  };
  const readers: Record<string, () => unknown> = { n: number, f: float, t: text, b: list };
  while (at < block.length) {
    const [name, takes] = COMMANDS[number()] ?? ["no command", ""];
    calls.push([name, ...Array.from(takes, (kind) => readers[kind]?.())]);
  }
  return calls;
}
