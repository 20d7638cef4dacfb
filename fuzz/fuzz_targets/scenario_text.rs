//! See `scenario_text` in `tests/it/fuzz_targets.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &str| failsim_fuzz::scenario_text(input));
