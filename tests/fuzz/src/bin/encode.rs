//! libFuzzer's program for the target `encode`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| hawser_fuzz::encode(input));
