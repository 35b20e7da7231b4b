// Loads the WebAssembly module, once per page: engines in workers are made of it too.
import type { WasmSource } from "./options.js";

let loading: Promise<WebAssembly.Module> | undefined;
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

/** The compiled module. All clients of a page share it; a failed load is tried again by the next client. */
export function loadModule(source: WasmSource | undefined): Promise<WebAssembly.Module> {
  loading ??= load(source).catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(source: WasmSource | undefined): Promise<WebAssembly.Module> {
  const given = source ?? usualPlace();
  const address = typeof given === "string" || given instanceof URL ? given : undefined;
  let module = address === undefined ? (given as Exclude<WasmSource, string | URL>) : (source === undefined && ahead) || fetch(address);
  ahead = undefined;
  for (let delay = 1_000; ; delay *= 2) {
    try {
      return await compile(await module);
    } catch (error) {
      // A TypeError is how a fetch or its body fails when the network drops: three times that costs a delay, not the client.
      if (address === undefined || !(error instanceof TypeError) || delay > 4_000) throw error;
      await new Promise((resolve) => setTimeout(resolve, delay));
      module = fetch(address);
    }
  }
}

/** Streams a response into the compiler where its MIME type allows that, and takes its bytes where it does not. */
async function compile(source: Response | BufferSource | WebAssembly.Module): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (!(source instanceof Response)) return WebAssembly.compile(source);
  if (!source.ok) throw new Error(`${source.url || "the engine"} answers ${source.status} ${source.statusText}`.trimEnd());
  const type = source.headers.get("Content-Type")?.split(";", 1)[0]?.trim().toLowerCase();
  return type === "application/wasm" ? WebAssembly.compileStreaming(source) : WebAssembly.compile(await source.arrayBuffer());
}
