//! libFuzzer's program for the target `session`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| hawser_fuzz::session(input));
