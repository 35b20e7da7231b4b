//! What is fuzzed: functions from bytes to nothing, which panic when something that must hold does not.
//!
//! | target | what the bytes are | what must hold |
//! |---|---|---|
//! | [`decode`] | a stream of packets, and how it is cut | it is read or refused, alike however it is cut; what is read is written and read again as the same |
//! | [`differential`] | as for `decode` | two other codecs read the same, or the disagreement is listed with its reason |
//! | [`encode`] | the choices of a packet generator | what is valid is written and reads back, what is not is refused and leaves nothing behind |
//! | [`restore`] | a log of segments, sound or spoilt | it is taken up or given up; what is taken up is sent as packets that a broker takes, and survives a snapshot |
//! | [`session`] | operations on an engine in virtual time | what a broker, a user and the protocol may count on: see `session/mod.rs` |
//!
//! The functions know nothing of the fuzzer: `cargo test -p hawser-fuzz` runs them over the corpus, and `npm run fuzz` lets libFuzzer look for more.
#![cfg(not(target_arch = "wasm32"))]

mod decode;
pub mod differential;
mod encode;
mod memory;
mod packets;
mod restore;
mod session;
mod source;

pub use decode::decode;
pub use differential::differential;
pub use encode::encode;
pub use restore::restore;
pub use session::session;

/// A target: it panics when something that must hold does not.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: [(&str, Target); 5] = [
    ("decode", decode),
    ("differential", differential),
    ("encode", encode),
    ("restore", restore),
    ("session", session),
];
