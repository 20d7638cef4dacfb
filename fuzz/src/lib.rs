//! The fuzz targets, as the tests of failsim know them: they run the same functions on random cases.

#[allow(dead_code, unreachable_pub)]
#[path = "../../tests/it/engine_checker.rs"]
mod engine_checker;
#[allow(dead_code)]
#[path = "../../tests/it/fuzz_targets.rs"]
mod fuzz_targets;

/// The text of a scenario.
pub fn scenario_text(text: &str) {
    fuzz_targets::scenario_text(text);
}

/// What `--vary` takes: a path and its values.
pub fn vary_path(text: &str) {
    fuzz_targets::vary_path(text);
}

/// A CSV file of arrival times or latencies, after a byte that says which.
pub fn csv(bytes: &[u8]) {
    fuzz_targets::csv(bytes);
}

/// A plan, and what happens to deliveries that follow it and share circuits.
pub fn deliveries(bytes: &[u8]) {
    fuzz_targets::deliveries(bytes);
}

/// A plan, and what is reported to a flow that follows it.
pub fn reports(bytes: &[u8]) {
    fuzz_targets::reports(bytes);
}
