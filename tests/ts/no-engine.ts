// Stands in for the glue of the wasm module, which unit tests do without: loading it fails.
export class Engine {}

export default function init(): Promise<never> {
  return Promise.reject(new Error("there is no engine in the unit tests"));
}
