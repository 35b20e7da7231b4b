// Stands in for the glue that wasm-bindgen generates (target/pkg/hawser.js); the bundler puts the real one in its place.
import type { RawEngineClass } from "./engine.js";

export const Engine: RawEngineClass;
export default function init(input: { module_or_path: Response | BufferSource | WebAssembly.Module }): Promise<unknown>;
