// Stands in for the glue of the wasm module, which unit tests do without: loading it fails, unless a test has put a class in its place.
import type { RawEngineClass } from "../../src/ts/engine.js";

/** What stands in for the module's class, or nothing. */
export const stand: { in?: RawEngineClass | undefined } = {};

export const Engine = new Proxy(class {}, {
  construct(_, [options, deliver]: ConstructorParameters<RawEngineClass>) {
    const Class = stand.in as RawEngineClass;
    return new Class(options, deliver);
  },
}) as unknown as RawEngineClass;

export function imports(): WebAssembly.Imports {
  if (stand.in === undefined) throw new Error("there is no engine in the unit tests");
  return {};
}

export function begin(): void {}
