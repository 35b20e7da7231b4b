//! The store of a session that outlives its page: encodes batches into segments, hands them to IndexedDB one at a time, and passes on what
//! becomes of them. There is none without a stored session.

use std::cell::{Cell, RefCell};
use std::rc::Weak;

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::driver::Driver;
use crate::session::StoreBatch;

/// What the JavaScript half tells besides the reasons of the record STORAGE: the batch is committed.
pub const COMMITTED: u32 = 0;
/// A batch with everything in it is wanted: the store has just come back, or has refused a lesser one.
pub const BACK: u32 = 8;
/// It is open, and [`Store::read`] says what was in it.
pub const OPENED: u32 = 9;

/// A buffer that a large batch has made larger than this is given back.
const LARGE: usize = 1 << 20;

#[wasm_bindgen(module = "/src/browser/store.js")]
extern "C" {
    #[derive(Debug)]
    type Log;
    #[wasm_bindgen(constructor)]
    fn new(name: &str, strict: bool, told: &Closure<dyn Fn(u32, String)>) -> Log;
    #[wasm_bindgen(method)]
    fn open(this: &Log) -> Promise;
    #[wasm_bindgen(method)]
    fn last(this: &Log) -> f64;
    #[wasm_bindgen(method)]
    fn next(this: &Log) -> Option<Vec<u8>>;
    #[wasm_bindgen(method)]
    fn commit(this: &Log, number: f64, segment: &[u8], snapshot: bool);
    #[wasm_bindgen(method)]
    fn flush(this: &Log) -> Promise;
    #[wasm_bindgen(method)]
    fn close(this: &Log);
}

/// The database of one session.
#[derive(Debug)]
pub struct Store {
    log: Log,
    /// The batch that is under way.
    under_way: Cell<Option<u64>>,
    /// Used for one segment after the other.
    segment: RefCell<Vec<u8>>,
    _told: Closure<dyn Fn(u32, String)>,
}

impl Store {
    /// A store that is not open yet.
    pub fn new(name: &str, strict: bool, driver: &Weak<Driver>) -> Self {
        let driver = driver.clone();
        let told = Closure::<dyn Fn(u32, String)>::new(move |what, detail: String| {
            if let Some(driver) = driver.upgrade() {
                driver.store_told(what, &detail);
            }
        });
        Self {
            log: Log::new(name, strict, &told),
            under_way: Cell::default(),
            segment: RefCell::default(),
            _told: told,
        }
    }

    /// Opens the database; the promise resolves when [`Driver::store_told`] has heard what came of it.
    pub fn open(&self) -> Promise {
        self.log.open()
    }

    /// What the database held when it was opened: the number of the last segment and all of them in order. They are given once.
    pub fn read(&self) -> (u64, Vec<Vec<u8>>) {
        let mut segments = Vec::new();
        while let Some(segment) = self.log.next() {
            segments.push(segment);
        }
        (self.log.last() as u64, segments)
    }

    /// Commits a batch; [`Driver::store_told`] hears what comes of it.
    pub fn commit(&self, batch: &StoreBatch) {
        self.under_way.set(Some(batch.number));
        let mut segment = self.segment.take();
        segment.clear();
        batch.encode(&mut segment);
        self.log.commit(batch.number as f64, &segment, batch.is_snapshot());
        if segment.capacity() <= LARGE {
            self.segment.replace(segment);
        }
    }

    /// The batch that was under way, and is no longer.
    pub fn settled(&self) -> u64 {
        self.under_way.take().unwrap_or_default()
    }

    /// A promise that resolves when nothing is left to commit, nor will be until something else happens.
    pub fn flush(&self) -> Promise {
        self.log.flush()
    }

    /// Lets go of the database; what is under way is finished.
    pub fn close(&self) {
        self.log.close();
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}
