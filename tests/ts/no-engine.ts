// Stands in for the glue of the wasm module, which unit tests do without: loading it fails, unless a test has put a class in its place.
import type { RawEngine, RawEngineClass } from "../../src/ts/engine.js";

/** What stands in for the module's class, or nothing. */
export const stand: { in?: RawEngineClass | undefined } = {};

export class Engine {
  constructor(...args: ConstructorParameters<RawEngineClass>) {
    const Class = stand.in as RawEngineClass;
    return new Class(...args) as RawEngine & Engine;
  }
}

export function imports(): WebAssembly.Imports {
  if (stand.in === undefined) throw new Error("there is no engine in the unit tests");
  return {};
}

export function begin(): void {}
