//! libFuzzer's program for the target `restore`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| hawser_fuzz::restore(input));
