//! The browser layer in a dedicated worker.
#![cfg(target_arch = "wasm32")]

#[path = "browser/cases.rs"]
mod cases;
#[path = "browser/commands.rs"]
mod commands;
#[path = "browser/database.rs"]
mod database;
#[path = "browser/page.rs"]
mod page;
#[path = "browser/sockets.rs"]
mod sockets;
#[path = "browser/store_failures.rs"]
mod store_failures;
#[path = "browser/stores.rs"]
mod stores;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);
