//! What the session is not allowed to ask for itself: the time, a random seed, a microtask. Only globals that pages and workers share.

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::Performance;

use crate::session::Millis;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = performance)]
    static PERFORMANCE: Performance;

    /// Runs `task` when the running script is done.
    #[wasm_bindgen(js_name = queueMicrotask)]
    pub fn queue_microtask(task: &Function);

    /// Hands an error to the page's `error` event, as if nobody had caught it.
    #[wasm_bindgen(js_name = reportError)]
    pub fn report_error(error: &JsValue);
}

/// The clock: milliseconds since the epoch that never go back while the page lives.
#[derive(Debug)]
pub struct Clock {
    performance: Performance,
    origin: f64,
}

impl Clock {
    /// Reads `performance.timeOrigin` once.
    pub fn new() -> Self {
        let performance = PERFORMANCE.with(Performance::clone);
        let origin = performance.time_origin();
        Self { performance, origin }
    }

    /// Now.
    pub fn now(&self) -> Millis {
        Millis((self.origin + self.performance.now()) as u64)
    }
}

/// Bytes of the module's memory.
pub fn wasm_memory() -> f64 {
    const PAGE: f64 = 65_536.0;
    core::arch::wasm32::memory_size::<0>() as f64 * PAGE
}

/// A seed for jitter and for the default client identifier. Without a random source (no browser lacks one) the clock has to do.
pub fn seed(clock: &Clock) -> u64 {
    getrandom::u64().unwrap_or_else(|_| clock.now().0)
}
