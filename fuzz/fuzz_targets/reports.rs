//! See `reports` in `tests/it/fuzz_targets.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| failsim_fuzz::reports(input));
