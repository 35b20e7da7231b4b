//! What is fuzzed: functions from bytes to nothing, which panic when something that must hold does not.
//!
//! | target | what the bytes are | what must hold |
//! |---|---|---|
//! | [`decode`] | a stream of packets, and how it is cut | it is read or refused, alike however it is cut; what is read is written and read again as the same |
//! | [`encode`] | the choices of a packet generator | what is valid is written and reads back, what is not is refused and leaves nothing behind |
//!
//! The functions know nothing of the fuzzer: `cargo test -p hawser-fuzz` runs them over the corpus, and `npm run fuzz` lets libFuzzer look for more.
#![cfg(not(target_arch = "wasm32"))]

mod decode;
mod encode;
mod memory;
mod packets;
mod source;

pub use decode::decode;
pub use encode::encode;

/// A target: it panics when something that must hold does not.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: [(&str, Target); 2] = [("decode", decode), ("encode", encode)];
