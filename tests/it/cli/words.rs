//! Commands without a simulation: help, version, schema, completions, validate.

use super::{Home, has};

const VERBS: [&str; 8] = ["run", "check", "capacity", "sweep", "validate", "trace", "schema", "completions"];

#[test]
fn help_names_every_verb_and_the_exit_codes() {
    let home = Home::new();
    let output = home.run("--help").exits_with(0);
    has(&output.stdout, &VERBS);
    has(&output.stdout, &["Exit codes: 0 done", "130 interrupted"]);
    assert_eq!(output.stderr, "");
    for verb in VERBS {
        let output = home.run(&format!("{verb} --help")).exits_with(0);
        has(&output.stdout, &["Usage: failsim", verb]);
        let widest = output.stdout.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(100), "{}", output.stdout);
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    assert_eq!(Home::new().run("--version").exits_with(0).stdout, concat!("failsim ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn without_a_verb_the_help_is_shown_as_an_error() {
    Home::new().run("").rejects(2, &["Usage: failsim <COMMAND>"]);
}

#[test]
fn completions_know_the_verbs_and_flags() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = home.run(&format!("completions {shell}")).exits_with(0);
        has(&output.stdout, &VERBS);
        has(&output.stdout, &["recipients", "baseline", "no-report"]);
        assert_eq!(output.stderr, "");
    }
    home.run("completions tcsh").rejects(2, &["possible values: bash"]);
}

#[test]
fn the_schema_accepts_the_scenario_and_rejects_an_invalid_one() {
    let home = Home::new();
    let schema = serde_json::from_str(&home.run("schema").exits_with(0).stdout).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let as_json = |text: &str| toml::from_str::<serde_json::Value>(text).expect("TOML");
    assert!(validator.is_valid(&as_json(&super::scenario())));
    assert!(!validator.is_valid(&as_json(&super::scenario().replace("deadline", "deadlin"))));
}

#[test]
fn valid_files_are_counted_up() {
    let home = Home::new();
    home.write("one.toml", home.read("pin.toml").replace("2_000", "1"));
    let output = home.run("validate pin.toml one.toml").exits_with(0);
    let expected = "pin.toml: valid; 2 plans, 3 providers, 2 000 recipients, 1 check\n\
                    one.toml: valid; 2 plans, 3 providers, 1 recipient, 1 check\n";
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), (expected, ""));
}

#[test]
fn one_bad_file_does_not_hide_the_others() {
    let home = Home::new();
    home.write("bad.toml", home.read("pin.toml").replace("deadline", "deadlin"));
    home.write("worse.toml", "[");
    let output = home.run("validate bad.toml pin.toml worse.toml").exits_with(2);
    has(&output.stderr, &["bad.toml:", "did you mean `deadline`?", "worse.toml:1:"]);
    has(&output.stdout, &["pin.toml: valid"]);
}

#[test]
fn the_worst_of_all_files_gives_the_exit_code_wherever_it_stands() {
    let home = Home::with("deadline", "deadlin");
    home.run("validate missing.toml pin.toml").rejects(1, &["cannot read missing.toml"]);
    home.run("validate pin.toml missing.toml").rejects(1, &["cannot read missing.toml"]);
}
