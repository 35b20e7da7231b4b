//! What comes from the store: the session of an earlier page, commits, failures.

use js_sys::Promise;
use wasm_bindgen::JsValue;

use super::Driver;
use crate::browser::store::{self, Store};
use crate::session::StorageFault;

impl Driver {
    /// Opens the store and takes up the session that is in it, if there is any. To be done before the start.
    pub fn open_store(&self) -> Promise {
        self.ask_store(Store::open)
    }

    /// A promise that resolves when nothing is left to commit.
    pub fn flush(&self) -> Promise {
        self.ask_store(Store::flush)
    }

    /// What has been done to the store, or has become of it.
    pub fn store_told(&self, what: u32, detail: &str) {
        let Some(store) = &self.store else { return };
        let batch = store.settled();
        self.step(|session, now| match what {
            store::COMMITTED => session.handle_stored(now, batch),
            store::BACK => session.handle_store_back(now),
            store::OPENED => {
                let (last, segments) = store.read();
                session.restore(now, last, segments.iter().map(Vec::as_slice));
            }
            fault => session.handle_store_failed(now, StorageFault::from_code(fault), detail),
        });
    }

    fn ask_store(&self, ask: fn(&Store) -> Promise) -> Promise {
        match &self.store {
            Some(store) => ask(store),
            None => Promise::resolve(&JsValue::UNDEFINED),
        }
    }
}
