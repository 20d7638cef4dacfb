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

/// A provider that queues without limit takes every attempt: nothing is left for the next one.
#[test]
fn a_provider_that_no_attempt_can_reach_gets_a_warning() {
    let warned = |of_first: &str| {
        let text = with("{ provider = \"voice\" }", "{ provider = { first_of = [\"voice\", \"other\"] } }");
        let other = "[providers.other]\nchannel = \"voice\"\n\n[providers.voice]";
        let text = text.replacen("[providers.voice]", other, 1);
        let busy = "{ status = \"busy\", share = 0.10, after = { constant = \"4s\" } }";
        let limited = match of_first {
            "at_submission" => text.replace(busy, "{ status = \"failed\", share = 0.10, at_submission = true }"),
            _ => text.replacen("[providers.voice]\n", &format!("[providers.voice]\n{of_first}\n"), 1),
        };
        warnings_of(&limited)
    };
    let expected = "no attempt can reach `other`: `voice`, which is before it, never rejects any";
    for takes_all in ["", "capacity = { rate = \"5/s\" }", "capacity = { concurrent = 5 }"] {
        let warnings = warned(takes_all);
        assert!(warnings.contains(expected) && warnings.contains("such as queue = 100"), "{takes_all}: {warnings}");
    }
    for rejects in [
        "capacity = { rate = \"5/s\", queue = 10 }",
        "capacity = { rate = \"5/s\", over_limit = \"reject\" }",
        "breaker = { at_least = 10 }",
        "at_submission",
        "outages = [{ from = \"1m\", to = \"2m\", effect = \"fail\" }]",
    ] {
        assert_eq!(warned(rejects), "", "{rejects}");
    }
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

/// An outage by the clock of another day, or in other units than meant.
#[test]
fn an_outage_after_the_end_gets_a_warning() {
    let warned = |starts: &str, outage: &str, steps: &str| {
        let text = format!(
            "{starts}goal = {{ deadline = \"60s\" }}
            traffic = {{ recipients = 1000, arrivals = {{ uniform = {{ over = \"2h\" }} }} }}
            [providers.sms]
            channel = \"sms\"
            outages = [{{ effect = \"fail\", {outage} }}]
            outcomes = [{{ status = \"delivered\", share = 1, after = {{ constant = \"1s\" }} }}]
            [[plans]]
            name = \"p\"
            steps = [{steps}]"
        );
        warnings_of(&text)
    };
    let clock = "starts_at = \"2026-11-27T08:00\"\n";
    let step = "{ provider = \"sms\", ttl = \"30m\" }";
    let warnings = warned(clock, "from = \"2026-11-27T10:31\", lasting = \"1h\"", step);
    for part in [
        "warning: no attempt is likely to meet this outage: it begins at 2026-11-27 10:31, after the last step",
        "the last step ends by 2026-11-27 10:30",
        "hint: write an earlier time",
    ] {
        assert!(warnings.contains(part), "no {part:?} in\n{warnings}");
    }
    assert!(warned("", "from = \"151m\", to = \"3h\"", step).contains("the last step ends by 2h30m"));
    assert_eq!(warned("", "from = \"149m\", to = \"3h\"", step), "");
    assert_eq!(warned(clock, "from = \"10:29\", to = \"11:00\"", step), "");
    assert_eq!(
        warned("", "from = \"151m\", to = \"3h\"", "{ provider = \"sms\", ttl = \"none\" }"),
        "",
        "a step may last"
    );
}
