//! Commands without a simulation: help, version, schema, completions, validate.

use super::{Home, has};

const VERBS: [&str; 8] = ["run", "check", "capacity", "sweep", "validate", "trace", "schema", "completions"];

#[test]
fn help_names_every_verb_and_the_exit_codes() {
    let home = Home::new();
    let said = home.says("--help").ends(0);
    has(&said.out, &VERBS);
    has(&said.out, &["Exit codes: 0 done", "130 interrupted"]);
    assert_eq!(said.err, "");
    for verb in VERBS {
        let said = home.says(&format!("{verb} --help")).ends(0);
        has(&said.out, &["Usage: failsim", verb]);
        let widest = said.out.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(100), "{}", said.out);
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    assert_eq!(Home::new().says("--version").ends(0).out, concat!("failsim ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn without_a_verb_the_help_is_shown_as_an_error() {
    Home::new().says("").refuses(2, &["Usage: failsim <COMMAND>"]);
}

#[test]
fn completions_know_the_verbs_and_flags() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = home.says(&format!("completions {shell}")).ends(0);
        has(&said.out, &VERBS);
        has(&said.out, &["recipients", "baseline", "no-report"]);
        assert_eq!(said.err, "");
    }
    home.says("completions tcsh").refuses(2, &["possible values: bash"]);
}

#[test]
fn the_schema_accepts_the_scenario_and_rejects_an_invalid_one() {
    let home = Home::new();
    let schema = serde_json::from_str(&home.says("schema").ends(0).out).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let as_json = |text: &str| toml::from_str::<serde_json::Value>(text).expect("TOML");
    assert!(validator.is_valid(&as_json(&super::scenario())));
    assert!(!validator.is_valid(&as_json(&super::scenario().replace("deadline", "deadlin"))));
}

#[test]
fn valid_files_are_counted_up() {
    let home = Home::new();
    home.write("one.toml", home.read("pin.toml").replace("2_000", "1"));
    let said = home.says("validate pin.toml one.toml").ends(0);
    let expected = "pin.toml: valid; 2 plans, 3 providers, 2 000 recipients, 1 check\n\
                    one.toml: valid; 2 plans, 3 providers, 1 recipient, 1 check\n";
    assert_eq!((said.out.as_str(), said.err.as_str()), (expected, ""));
}

#[test]
fn one_bad_file_does_not_hide_the_others() {
    let home = Home::new();
    home.write("bad.toml", home.read("pin.toml").replace("deadline", "deadlin"));
    home.write("worse.toml", "[");
    let said = home.says("validate bad.toml pin.toml worse.toml").ends(2);
    has(&said.err, &["bad.toml:", "did you mean `deadline`?", "worse.toml:1:"]);
    has(&said.out, &["pin.toml: valid"]);
}

#[test]
fn the_worst_of_all_files_gives_the_exit_code_wherever_it_stands() {
    let home = Home::with("deadline", "deadlin");
    home.says("validate missing.toml pin.toml").refuses(1, &["cannot read missing.toml"]);
    home.says("validate pin.toml missing.toml").refuses(1, &["cannot read missing.toml"]);
}
