//! Warnings: scenarios that can be simulated but are probably not what was meant.

use super::{checked, with};
use failsim::scenario::Severity;

/// The warnings about `text`, which is a valid scenario; empty when there are none.
fn warnings_of(text: &str) -> String {
    let scenario = checked(text).expect("it is valid");
    scenario.warnings.map_or_else(String::new, |warnings| {
        assert_eq!(warnings.severity(), Severity::Warning);
        warnings.to_string()
    })
}

/// At one recipient a second, a window of 30 s does not hold 50 results: the breaker would not open even if the provider were
/// silent for an hour.
#[test]
fn a_breaker_whose_window_is_unlikely_to_hold_enough_results_gets_a_warning() {
    let breaker = |rules: &str| {
        let text = with("channel = \"sms\"", &format!("channel = \"sms\"\nbreaker = {{ {rules} }}"));
        let text = text.replace("recipients = 1_000_000", "recipients = 3_600");
        let arrivals = text.lines().find(|line| line.starts_with("arrivals")).expect("there are arrivals").to_owned();
        warnings_of(&text.replace(&arrivals, "arrivals = { poisson = { rate = \"1/s\" } }"))
    };
    let warnings = breaker("window = \"30s\", at_least = 50");
    for part in [
        "warning: this breaker is unlikely to open: no window is likely to hold 50 results",
        "about 30 results are expected within 30s",
        "hint: write at_least = 15, or a longer window",
    ] {
        assert!(warnings.contains(part), "no {part:?} in\n{warnings}");
    }
    assert_eq!(breaker("window = \"30s\", at_least = 40"), "", "a window holds 40 results now and then");
    let warnings = breaker("window = \"30s\"");
    assert!(warnings.contains("`at_least` defaults to 100: write at_least = 15"), "{warnings}");
}

#[test]
fn success_sent_gets_a_warning_on_voice() {
    let warnings = warnings_of(&with("{ provider = \"voice\" }", "{ provider = \"voice\", success = \"sent\" }"));
    for part in
        ["warning: a call is never `sent`", "voice providers never report this status", "hint: remove `success`"]
    {
        assert!(warnings.contains(part), "no {part:?} in\n{warnings}");
    }
    assert_eq!(warnings_of(&with("{ provider = \"voice\" }", "{ provider = \"voice\", success = \"accepted\" }")), "");
}
