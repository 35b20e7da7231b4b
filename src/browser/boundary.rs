//! The JavaScript half of the hot way in.

use js_sys::{Function, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

use super::options::EngineOptions;

#[wasm_bindgen(module = "/src/browser/boundary.js")]
extern "C" {
    /// Tells the JavaScript half where the module's memory is; to be called before anything else.
    #[wasm_bindgen(js_name = useMemory)]
    pub fn use_memory(memory: &JsValue);

    /// Calls `received(frame, length)` for each binary frame of a socket and `received_text()` for each other; `onopen` too, if it is open already.
    pub fn listen(
        socket: &WebSocket,
        received: &Closure<dyn Fn(Uint8Array, u32)>,
        received_text: &Closure<dyn Fn(JsValue)>,
    );

    /// A task that can be asked for.
    #[derive(Debug)]
    pub type Channel;

    /// Prepares the task `run`, in a turn of its own behind those that wait.
    pub fn channel(run: &Closure<dyn Fn()>) -> Channel;

    /// Asks for the task.
    #[wasm_bindgen(method)]
    pub fn ask(this: &Channel);

    /// It does not run any more.
    #[wasm_bindgen(method)]
    pub fn close(this: &Channel);

    /// The options as bytes, for `options::read`.
    #[wasm_bindgen(js_name = optionBytes)]
    pub fn option_bytes(options: &EngineOptions) -> Vec<u8>;

    /// Copies a frame to an address, where there has to be room for it.
    #[wasm_bindgen(js_name = copyIn)]
    pub fn copy_in(frame: &Uint8Array, at: *mut u8);

    /// Calls `deliver(frame, records, length)` with a copy of `length` words; what it throws is reported and goes no further.
    pub fn tell(deliver: &Function, frame: Option<Uint8Array>, words: *const u32, length: u32);
}
