// Stands in for the glue of the wasm module, which unit tests do without: loading it fails.
export class Engine {}

export function imports(): never {
  throw new Error("there is no engine in the unit tests");
}

export function begin(): void {}
