// Loads the WebAssembly engine, once per page.
import type { RawEngineClass } from "./engine.js";
import type { WasmSource } from "./options.js";

let loading: Promise<RawEngineClass> | undefined;
/** The module from its usual place, on its way before it is known that it is wanted. */
let ahead: Promise<Response> | undefined;

const usualPlace = (): URL => new URL("./hawser.wasm", import.meta.url);

/** Begins to fetch the engine from its usual place: whatever is done meanwhile costs a start no time. */
export function fetchAhead(): void {
  if (loading === undefined && ahead === undefined) {
    ahead = fetch(usualPlace());
    ahead.catch(() => undefined); // whoever loads the engine hears of it
  }
}

/** The engine's class. All clients of a page share one module; a failed load is tried again by the next client. */
export function loadEngine(source: WasmSource | undefined): Promise<RawEngineClass> {
  loading ??= load(source).catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(source: WasmSource | undefined): Promise<RawEngineClass> {
  const given = source ?? usualPlace();
  const address = typeof given === "string" || given instanceof URL ? given : undefined;
  let module = address === undefined ? (given as Exclude<WasmSource, string | URL>) : (source === undefined && ahead) || fetch(address);
  ahead = undefined;
  // Imported late, because the glue makes its text coders as soon as it runs. The bundler keeps it in the same file.
  const { imports, begin, Engine } = await import("#engine");
  for (let delay = 1_000; ; delay *= 2) {
    try {
      const loaded = await module;
      begin(await instance(loaded, imports));
      return Engine;
    } catch (error) {
      // A TypeError is how a fetch or its body fails when the network drops: three times that costs a delay, not the client.
      if (address === undefined || !(error instanceof TypeError) || delay > 4_000) throw error;
      await new Promise((resolve) => setTimeout(resolve, delay));
      module = fetch(address);
    }
  }
}

/** Streams a response into the compiler where its MIME type allows that, and takes its bytes where it does not. */
async function instance(
  source: Response | BufferSource | WebAssembly.Module,
  imports: () => WebAssembly.Imports,
): Promise<WebAssembly.Instance> {
  let bytes = source as BufferSource;
  if (source instanceof Response) {
    if (!source.ok) throw new Error(`${source.url || "the engine"} answers ${source.status} ${source.statusText}`.trimEnd());
    const type = source.headers.get("Content-Type")?.split(";", 1)[0]?.trim().toLowerCase();
    if (type === "application/wasm") return (await WebAssembly.instantiateStreaming(source, imports())).instance;
    bytes = await source.arrayBuffer();
  }
  const made: WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource = await WebAssembly.instantiate(bytes, imports());
  return made instanceof WebAssembly.Instance ? made : made.instance;
}
