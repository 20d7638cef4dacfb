//! What can be played and is likely not meant.

use super::{checked, with};
use failsim::scenario::Severity;

/// What is said of `text`, which can be played.
fn doubted(text: &str) -> String {
    let scenario = checked(text).expect("it can be played");
    scenario.warnings.map_or_else(String::new, |warnings| {
        assert_eq!(warnings.severity(), Severity::Warning);
        warnings.to_string()
    })
}

/// One recipient a second, a window of 30 s, and 50 results that are waited for: the breaker never speaks, though the provider were silent
/// for an hour.
#[test]
fn a_breaker_whose_window_never_holds_enough_results_is_doubted() {
    let breaker = |rules: &str| {
        let text = with("channel = \"sms\"", &format!("channel = \"sms\"\nbreaker = {{ {rules} }}"));
        let text = text.replace("recipients = 1_000_000", "recipients = 3_600");
        let arrivals = text.lines().find(|line| line.starts_with("arrivals")).expect("there are arrivals").to_owned();
        doubted(&text.replace(&arrivals, "arrivals = { poisson = { rate = \"1/s\" } }"))
    };
    let said = breaker("window = \"30s\", at_least = 50");
    for part in [
        "warning: this breaker hardly ever opens: no window is likely to hold 50 results",
        "about 30 come within 30s",
        "hint: write at_least = 15, or a longer window",
    ] {
        assert!(said.contains(part), "no {part:?} in\n{said}");
    }
    assert_eq!(breaker("window = \"30s\", at_least = 40"), "", "40 come now and then");
    let said = breaker("window = \"30s\"");
    assert!(said.contains("`at_least` is 100 where nothing is said: write at_least = 15"), "{said}");
}

#[test]
fn a_call_that_is_to_be_sent_is_doubted() {
    let said = doubted(&with("{ provider = \"voice\" }", "{ provider = \"voice\", success = \"sent\" }"));
    for part in ["warning: a call is never `sent`", "no report of voice says that", "hint: remove `success`"] {
        assert!(said.contains(part), "no {part:?} in\n{said}");
    }
    assert_eq!(doubted(&with("{ provider = \"voice\" }", "{ provider = \"voice\", success = \"accepted\" }")), "");
}
