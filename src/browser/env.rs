//! What the session is not allowed to ask for itself: the time, a random seed, a microtask. Only globals that pages and workers share.

use std::cell::Cell;

use js_sys::{Date, Function};
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
}

/// Milliseconds by which the wall clock has to run ahead to say that the machine has slept: less is somebody setting it right.
const SLEPT: f64 = 2_000.0;

/// The clock: milliseconds since the epoch that never go back while the page lives. `performance.now()` may stand still while the machine sleeps; what
/// the wall clock has gained on it then is added.
#[derive(Debug)]
pub struct Clock {
    performance: Performance,
    origin: f64,
    /// The wall clock at the latest reading.
    tick: Cell<f64>,
    latest: Cell<Millis>,
    /// How far ahead of `performance` the wall clock has run: by sleep, or because somebody has set it.
    slept: Cell<f64>,
}

impl Clock {
    /// Reads `performance.timeOrigin` once.
    pub fn new() -> Self {
        let performance = PERFORMANCE.with(Performance::clone);
        let origin = performance.time_origin();
        Self {
            performance,
            origin,
            tick: Cell::new(f64::NAN),
            latest: Cell::default(),
            slept: Cell::default(),
        }
    }

    /// Now. `performance.now()` costs half as much as a packet, `Date.now()` a quarter of that: while the wall clock shows the same
    /// millisecond, so does this one.
    pub fn now(&self) -> Millis {
        let tick = Date::now();
        if tick != self.tick.replace(tick) {
            let steady = self.origin + self.performance.now();
            let gained = tick - steady - self.slept.get();
            // One that was set back and forward again has gained nothing: the furthest that it has shown counts.
            if gained > SLEPT {
                self.slept.set(self.slept.get() + gained);
            }
            self.latest.set(Millis((steady + self.slept.get()) as u64));
        }
        self.latest.get()
    }

    /// Milliseconds that the machine has slept: timers that were set before it do not know of them.
    pub fn slept(&self) -> f64 {
        self.slept.get()
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
