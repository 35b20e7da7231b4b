//! What is in the databases of the tests, and how a session is stored in one.

use hawser::browser::records::kind;
use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::commands::Commands;
use crate::page::{ONLINE, Page, Record, at, broker};

pub const MEMORY: u32 = 0;
pub const RELAXED: u32 = 1;
pub const STRICT: u32 = 2;

/// The token of the first message that is restored.
pub const RESTORED: u32 = 0xC000_0000;

pub const FINE: u32 = 0;
pub const UNAVAILABLE: u32 = 1;
pub const BLOCKED: u32 = 2;
pub const QUOTA: u32 = 3;
pub const ABORTED: u32 = 4;
pub const DAMAGED: u32 = 5;
pub const DELETED: u32 = 6;
pub const OTHER: u32 = 7;

#[wasm_bindgen(module = "/tests/browser/database.js")]
extern "C" {
    pub fn look(name: &str) -> Promise;
    pub fn make(name: &str, version: u32, values: &Array) -> Promise;
    pub fn remove(name: &str) -> Promise;
    pub fn upgrade(name: &str) -> Promise;
    pub fn block(name: &str) -> Promise;
    pub fn hurry() -> Function;
    #[wasm_bindgen(js_name = abortCommits)]
    pub fn abort_commits(count: u32);
    #[wasm_bindgen(js_name = refuseSegments)]
    pub fn refuse_segments(count: u32);
    #[wasm_bindgen(js_name = hangCommits)]
    pub fn hang_commits(count: u32) -> Function;
    #[wasm_bindgen(js_name = spoilReads)]
    pub fn spoil_reads() -> Function;
    #[wasm_bindgen(js_name = keepDatabases)]
    pub fn keep_databases() -> Function;
    #[wasm_bindgen(js_name = withoutIndexedDb)]
    pub fn without_indexed_db() -> Function;
}

/// What is in a database.
pub struct Stored {
    pub version: f64,
    pub stores: String,
    pub numbers: Vec<f64>,
    pub segments: Vec<Vec<u8>>,
}

pub async fn stored(name: &str) -> Stored {
    let stored = JsFuture::from(look(name)).await.expect("a database");
    let get = |key: &str| Reflect::get(&stored, &key.into()).expect("a field");
    let list = |key: &str| get(key).unchecked_into::<Array>();
    Stored {
        version: get("version").as_f64().expect("a number"),
        stores: get("stores").as_string().expect("text"),
        numbers: list("numbers").iter().filter_map(|number| number.as_f64()).collect(),
        segments: list("segments")
            .iter()
            .map(|bytes| Uint8Array::from(bytes).to_vec())
            .collect(),
    }
}

/// Options of a stored session that lasts an hour.
pub fn lasting(name: &str, more: &str) -> String {
    format!(
        r#"{{"store": "{name}", "durable": true, "broker": "ws://broker", "cleanStart": false, "sessionExpiry": 3600{more}}}"#
    )
}

/// A page with a stored session, opened and not started.
pub async fn opened(url: Option<String>, name: &str) -> Page {
    let page = Page::new(url, &lasting(name, ""));
    JsFuture::from(page.engine().open())
        .await
        .expect("open() never rejects");
    page
}

/// The same, online at the broker.
pub async fn online(name: &str) -> Page {
    let page = opened(Some(broker()), name).await;
    page.engine().start();
    page.state(ONLINE).await;
    page
}

pub async fn flushed(page: &Page) {
    JsFuture::from(page.engine().flush())
        .await
        .expect("flush() never rejects");
}

pub async fn over(page: Page) {
    flushed(&page).await;
    page.free();
}

/// Waits for a STORAGE with this durability and reason.
pub async fn storage(page: &Page, wanted_durability: u32, wanted_reason: u32) {
    let wanted = |record: &Record| matches!(record, Record::Storage { durability, reason, .. } if (*durability, *reason) == (wanted_durability, wanted_reason));
    page.next(|record| wanted(record).then_some(())).await;
}

/// Durability, reason and detail of each STORAGE so far.
pub fn told_of_storage(page: &Page) -> Vec<(u32, u32, String)> {
    let told = |record| match record {
        Record::Storage {
            durability,
            reason,
            detail,
        } => Some((durability, reason, detail)),
        _ => None,
    };
    page.seen().into_iter().filter_map(told).collect()
}

pub fn contains(stored: &Stored, wanted: &[u8]) -> bool {
    let found = |segment: &Vec<u8>| segment.windows(wanted.len()).any(|window| window == wanted);
    stored.segments.iter().any(found)
}

/// Publishes, and waits until the broker has it.
pub async fn delivered(page: &Page, token: u32, qos: u32) {
    page.engine().publish(token, "topic", b"x", at(qos), None);
    assert!(accepted(page.settled(kind::DONE, token).await));
}

/// Whether the broker took it, with subscribers or without (0x10).
pub fn accepted(code: u32) -> bool {
    code == 0 || code == 0x10
}
