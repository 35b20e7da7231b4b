//! The browser layer in the page's own thread.
#![cfg(target_arch = "wasm32")]

#[path = "browser/cases.rs"]
mod cases;
#[path = "browser/page.rs"]
mod page;
#[path = "browser/sockets.rs"]
mod sockets;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
