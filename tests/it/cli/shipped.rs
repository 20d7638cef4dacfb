//! The scenarios that come with the program: they are valid, their checks never fail, and threads make no difference.

use super::{Home, has, shipped_scenarios};

#[test]
fn every_shipped_scenario_is_valid_and_fits_the_schema() {
    let home = Home::new();
    let scenarios = shipped_scenarios();
    let words: Vec<_> =
        ["validate".into()].into_iter().chain(scenarios.iter().map(|path| path.as_os_str().to_owned())).collect();
    let output = home.failsim(&words).exits_with(0);
    assert_eq!(output.stdout.matches(": valid; ").count(), scenarios.len());
    let schema = serde_json::from_str(&home.run("schema").exits_with(0).stdout).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for path in scenarios {
        let text = std::fs::read_to_string(&path).expect("it can be read");
        let json: serde_json::Value = toml::from_str(&text).expect("TOML");
        if let Err(error) = validator.validate(&json) {
            panic!("{}: {error} at {}", path.display(), error.instance_path());
        }
    }
}

/// Flags for fewer recipients; none for contended recipients, where fewer of them would change the question.
fn fewer(scenario: &str) -> &'static [&'static str] {
    let scenario = failsim::scenario::load(std::path::Path::new(scenario)).expect("a scenario");
    if scenario.is_shared() { &[] } else { &["--recipients", "5000"] }
}

#[test]
fn no_check_of_a_shipped_scenario_fails() {
    let home = Home::new();
    for path in shipped_scenarios() {
        let path = path.display().to_string();
        let words = [&["check", path.as_str()], fewer(&path)].concat();
        let output = home.failsim(&words).exits_with(0);
        has(&output.stdout, &[" passed, 0 failed, "]);
    }
}

#[test]
fn shipped_scenarios_give_the_same_bytes_for_any_number_of_threads() {
    let home = Home::new();
    for path in shipped_scenarios() {
        let path = path.display().to_string();
        let simulated = |threads| {
            let words = [&["run", path.as_str(), "--threads", threads, "--out", threads], fewer(&path)].concat();
            let output = home.failsim(&words).exits_with(0);
            (output.stdout, ["results.json", "timeline.csv"].map(|file| home.read(&format!("{threads}/{file}"))))
        };
        assert!(simulated("1") == simulated("2"), "{path}");
    }
}
