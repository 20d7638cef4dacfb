//! The JSON Schema, and random files.

use super::{REFERENCE, checked, with};
use crate::snapshot::is_that_of;
use failsim::scenario::{format_reference, schema};
use proptest::prelude::*;
use std::sync::LazyLock;

/// The schema, ready to validate.
static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| jsonschema::validator_for(&schema()).unwrap());

/// Converts a TOML text to JSON.
fn as_json(text: &str) -> serde_json::Value {
    toml::from_str(text).unwrap()
}

#[test]
fn the_schema_accepts_valid_scenarios_and_rejects_the_mistakes_it_can_express() {
    let schema = &*SCHEMA;
    if let Err(error) = schema.validate(&as_json(REFERENCE)) {
        panic!("{error} at {}", error.instance_path());
    }
    for (old, new) in [
        ("deadline = \"60s\"", "deadline = 60"),
        ("deadline = \"60s\"", "deadline = \"0s\""),
        ("deadline = \"60s\"", "deadlin = \"60s\""),
        ("share = 0.62", "share = 62"),
        ("sigma = 0.8", "sigma = 0"),
        ("sigma = 0.8", "p95 = \"5s\""),
        ("status = \"delivered\"", "status = \"delivred\""),
        ("effect = \"silent\"", "effect = \"silent\"\nfactor = 5"),
        ("at_least = 0.5", "at_least = 0.5\nat_most = 0.7"),
        ("{ uniform = { over = \"1h\" } }", "{ blast = {}, uniform = { over = \"1h\" } }"),
        ("{ uniform = { over = \"1h\" } }", "{ poisson = { rate = \"300\" } }"),
    ] {
        assert!(!schema.is_valid(&as_json(&with(old, new))), "{new}");
    }
}

#[test]
fn the_schema_is_a_valid_json_schema() {
    jsonschema::draft202012::meta::validate(&schema()).unwrap_or_else(|e| panic!("{e}"));
}

/// docs/FORMAT.md is generated from the grammar.
#[test]
fn the_page_about_the_format_is_up_to_date() {
    is_that_of("docs/FORMAT.md", &format_reference());
}

/// Replaces `length` characters of `text` by `new`, from character `at` on, modulo its length.
fn mutated(text: &str, at: usize, length: usize, new: &str) -> String {
    let start = at % text.chars().count().max(1);
    let rest = text.chars().skip(start + length);
    text.chars().take(start).chain(new.chars()).chain(rest).collect()
}

proptest! {
    #[test]
    fn random_text_never_panics(text in "(?s).{0,300}") {
        if let Err(diagnostics) = checked(&text) {
            prop_assert!(!diagnostics.render(true).is_empty());
        }
    }

    #[test]
    fn random_toml_never_panics(text in r#"(\[{1,2}(goal|traffic|plans|providers\.[a-z"]{0,3}|checks)\]{1,2}\n|(name|steps|arrivals|seed|goal\.deadline|channel|é) = ("[0-9smhd./ -]{0,8}"|[0-9._e+-]{1,6}|nan|\{[a-z =]{0,9}\}|\[[0-9, ]{0,9}\])\n){0,12}"#) {
        if let Err(diagnostics) = checked(&text) {
            prop_assert!(!diagnostics.render(true).is_empty());
        }
    }

    #[test]
    fn a_scenario_with_random_mistakes_never_panics(
        edits in prop::collection::vec((any::<usize>(), 0_usize..30, r#"[\[\]{}"=.,#a-z0-9\n é-]{0,6}"#), 1..6),
    ) {
        let text = edits.iter().fold(REFERENCE.to_owned(), |t, (at, length, new)| mutated(&t, *at, *length, new));
        match checked(&text) {
            Ok(_) => prop_assert!(SCHEMA.is_valid(&as_json(&text)), "it loads, but the schema rejects it:\n{text}"),
            Err(diagnostics) => prop_assert!(diagnostics.to_string().contains("pin.toml")),
        }
    }
}
