//! The class that JavaScript sees: plain arguments in, records out. No method calls back: what it has to say comes in a later microtask.

use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

use super::boundary;
use super::driver::Driver;
use super::env::{self, Clock};
use super::options::{self, EngineOptions, Options};
use super::stats;
use crate::session::{PublishRequest, Published, Session};

/// No code yet.
const PENDING: u32 = u32::MAX;

/// One session on its page; see the record table for what it delivers. Tokens are the caller's own numbers, given back in the records that settle them.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Engine {
    driver: Rc<Driver>,
}

#[wasm_bindgen]
impl Engine {
    /// Makes an idle session.
    #[wasm_bindgen(constructor)]
    pub fn new(
        options: &EngineOptions,
        #[wasm_bindgen(unchecked_param_type = "(frame: Uint8Array | undefined, records: Uint32Array) => void")]
        deliver: Function,
    ) -> Engine {
        boundary::use_memory(&wasm_bindgen::memory());
        let clock = Clock::new();
        let Options {
            config,
            join_packets,
            store,
        } = options::read(&boundary::option_bytes(options));
        let store = store.map(|name| (name, config.strict));
        let session = Session::new(config, env::seed(&clock));
        Engine {
            driver: Driver::new(session, deliver, join_packets, clock, store),
        }
    }

    /// Gives a socket that was opened to `url` while the module was loading; the first attempt takes it if that is where it goes. To be called
    /// before `start`.
    pub fn use_socket(&self, url: String, socket: WebSocket) {
        self.driver.use_socket(url, socket);
    }

    /// Opens the store of a stored session and takes up what is in it; to be awaited before `start`. Never rejects: when there is no store after
    /// all, STORAGE tells.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn open(&self) -> Promise {
        self.driver.open_store()
    }

    /// Resolves when all that was done so far is committed, or never will be, which STORAGE tells.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn flush(&self) -> Promise {
        self.driver.flush()
    }

    /// Performs a block of commands, in order: the command table.
    pub fn commands(&self, block: &[u8]) {
        self.driver.commands(block);
    }

    /// Publishes, on the quick way of a page that has the engine in it. Returns the code that settles it at once (0: handed over for sending), or 0xFFFFFFFF: DONE follows. `flags`: bit 0 retain,
    /// bits 1-2 QoS, bit 3 STORED is wanted (QoS 1 and 2). `properties`: a property block of MQTT 5.0.
    pub fn publish(&self, token: u32, topic: &str, payload: &[u8], flags: u32, properties: Option<Vec<u8>>) -> u32 {
        let published = self.driver.command(|session, now| {
            session.publish(
                now,
                PublishRequest {
                    token,
                    topic,
                    payload,
                    qos: options::qos(flags >> 1),
                    retain: flags & 1 != 0,
                    properties: properties.as_deref().unwrap_or_default(),
                    tell_stored: flags & 8 != 0,
                },
            )
        });
        match published {
            Published::Settled(code) => code,
            Published::Pending => PENDING,
        }
    }

    /// A RESTORED record for each message that is not finished, in no particular order.
    pub fn outbox(&self) -> Vec<u32> {
        self.driver.outbox()
    }

    /// What the engine has counted: an object of its own each time.
    #[wasm_bindgen(unchecked_return_type = "EngineStats")]
    pub fn stats(&self) -> JsValue {
        stats::to_object(&self.driver.stats())
    }

    /// Whether a trap has left the engine in the middle of a step. It cannot be used any more, and lets go of its socket and timer, so that nothing
    /// enters it again. To be asked while the engine is not on the stack.
    pub fn quit_if_stuck(&self) -> bool {
        self.driver.quit_if_stuck()
    }
}
