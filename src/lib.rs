//! Hawser: an MQTT 5.0 and 3.1.1 client for browsers.
//!
//! Dependencies point one way: `ts -> browser -> session -> codec`. `codec` turns bytes into packets and back,
//! `session` holds all policy and does no input or output of its own, `browser` connects it to the WebSocket, the timer and the clock of the page.

pub mod codec;
pub mod session;

#[cfg(target_arch = "wasm32")]
pub mod browser;
