//! libFuzzer's program for the target `decode`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| hawser_fuzz::decode(input));
