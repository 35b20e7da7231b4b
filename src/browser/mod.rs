//! The browser layer: performs what the session asks for. No policy here. Records and options are plain data, so they build and are tested natively
//! too; everything that touches a web type is for wasm32 only.

pub mod records;

#[cfg(any(target_arch = "wasm32", test))]
mod block;
#[cfg(target_arch = "wasm32")]
mod boundary;
#[cfg(target_arch = "wasm32")]
mod client;
#[cfg(any(target_arch = "wasm32", test))]
mod commands;
#[cfg(target_arch = "wasm32")]
mod driver;
#[cfg(target_arch = "wasm32")]
mod env;
#[cfg(target_arch = "wasm32")]
mod later;
#[cfg(target_arch = "wasm32")]
mod memory;
#[cfg(any(target_arch = "wasm32", test))]
mod options;
#[cfg(target_arch = "wasm32")]
mod socket;
#[cfg(target_arch = "wasm32")]
mod stats;
#[cfg(target_arch = "wasm32")]
mod store;
#[cfg(target_arch = "wasm32")]
mod timer;
#[cfg(any(target_arch = "wasm32", test))]
mod transmit;

#[cfg(target_arch = "wasm32")]
pub use client::Engine;
#[cfg(target_arch = "wasm32")]
pub use options::EngineOptions;
