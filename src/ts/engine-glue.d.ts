// Stands in for the glue that wasm-bindgen generates (target/pkg/hawser.js, as build.mjs leaves it); the bundler puts the real one in its place.
import type { RawEngineClass } from "./engine.js";

export const Engine: RawEngineClass;
/** What the module imports. */
export function imports(): WebAssembly.Imports;
/** Makes `Engine` use this instance. */
export function begin(instance: WebAssembly.Instance): void;
