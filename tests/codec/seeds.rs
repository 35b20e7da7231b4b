//! The packets of these tests as seeds of the fuzzer: with HAWSER_SEEDS, a folder, each is left there as an input of the target `decode`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

use hawser::codec::{Sender, Version};

/// Leaves a packet as a seed, if somebody asked for them.
pub fn leave(bytes: &[u8], version: Version, sender: Sender) {
    let Some(folder) = std::env::var_os("HAWSER_SEEDS") else {
        return;
    };
    // One byte of choices, one for the cuts, one for the limit: see tests/fuzz/src/decode.rs.
    let choices = u8::from(version == Version::V311) | u8::from(sender == Sender::Client) << 1;
    let mut input = vec![choices, 0, 0];
    input.extend_from_slice(bytes);
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let path = PathBuf::from(folder).join(format!("seed-{:016x}", hasher.finish()));
    std::fs::write(path, input).unwrap();
}
