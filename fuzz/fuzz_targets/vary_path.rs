//! See `vary_path` in `tests/it/fuzz_targets.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &str| failsim_fuzz::vary_path(input));
