//! libFuzzer's program for the target `differential`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| hawser_fuzz::differential(input));
