//! Scenario files: what loads, and the diagnostics of files that do not.

mod exports;
mod mistakes;
mod schema_and_chance;
mod sharing;
mod snapshots;
mod warnings;
mod whole_files;

use failsim::dist::{Dist, Shape};
use failsim::engine::{LateDelivery, StepRules};
use failsim::provider::{Effect, When};
use failsim::scenario::{Bound, Diagnostics, Scenario, parse};
use failsim::status::{Status, SuccessFloor};
use failsim::traffic::{Arrivals, Traffic};
use failsim::units::{Money, Span, Time};
use std::path::Path;

/// The reference scenario: every table of the format, and most of its keys.
const REFERENCE: &str = include_str!("scenario/reference.toml");

fn checked(text: &str) -> Result<Scenario, Diagnostics> {
    parse(text, "pin.toml", &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/scenario"))
}

/// The reference scenario with `old` replaced by `new`.
fn with(old: &str, new: &str) -> String {
    assert!(REFERENCE.contains(old), "the reference scenario has no {old}");
    REFERENCE.replacen(old, new, 1)
}

/// The diagnostics of the reference scenario with `old` replaced by `new`.
fn errors_of(old: &str, new: &str) -> String {
    checked(&with(old, new)).expect_err("it is invalid").to_string()
}

/// Asserts that the reference scenario with `old` replaced by `new` is rejected at the line of `new`, with all of `parts` in the
/// diagnostics.
#[track_caller]
fn assert_rejected(old: &str, new: &str, parts: &[&str]) {
    let text = with(old, new);
    let diagnostics = checked(&text).expect_err(new);
    let errors = diagnostics.to_string();
    assert_eq!(diagnostics.items().len(), 1, "{errors}");
    let (line, _) = diagnostics.position(&diagnostics.items()[0]).expect("it has a position");
    let first = text.find(new).expect("it is there");
    let lines = text[..first].lines().count()..=text[..first + new.len()].lines().count();
    assert!(lines.contains(&line), "line {line} is not in {lines:?}:\n{errors}");
    for part in [&format!("pin.toml:{line}:"), "^", "hint: "].into_iter().chain(parts.iter().copied()) {
        assert!(errors.contains(part), "no {part:?} in\n{errors}");
    }
}

fn span(s: f64) -> Span {
    Span::from_secs_f64(s)
}

#[test]
fn the_reference_scenario_loads() {
    let scenario = checked(REFERENCE).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((scenario.title.as_str(), scenario.seed), ("Bank PIN: Viber first or SMS first?", 20_261_127));
    assert_eq!((scenario.currency.as_str(), scenario.deadline), ("EUR", span(60.0)));
    assert_eq!(scenario.streams[0].traffic.recipients, 1_000_000);
    assert_eq!(scenario.streams[0].traffic.arrivals, Arrivals::Uniform { over: span(3600.0) });
    let names: Vec<_> = scenario.providers.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["viber", "sms", "voice"], "they keep the order of the file");
    assert_eq!(scenario.checks[0].bound, Bound::AtLeast(0.5));
    assert_eq!(scenario.digest.len(), 64);
}

#[test]
fn providers_load_as_written() {
    let scenario = checked(REFERENCE).unwrap();
    let [viber, sms, voice] = scenario.providers.as_slice() else { panic!("three providers") };
    assert!(!viber.honours_ttl && sms.honours_ttl);
    assert_eq!(viber.price.delivered, Money::from_micros(15_000));
    assert_eq!(viber.price.delivered_late, viber.price.delivered);
    assert_eq!(sms.price.submitted, Money::from_micros(45_000));
    assert_eq!(viber.outcomes[0].after, Dist::new(Shape::Lognormal { median: span(2.5), sigma: 0.8 }));
    assert_eq!(viber.outages[0].effect, Effect::Silent);
    let when =
        When::Window { from: Time::from_secs_f64(1200.0), to: Time::from_secs_f64(1800.0), every: Span::UNLIMITED };
    assert_eq!(viber.outages[0].when, when);
    assert_eq!(voice.outcomes[0].status, Some(Status::Answered));
    let shifted = Dist { shift: span(3.0), ..Dist::new(Shape::Exponential { mean: span(8.0) }) };
    assert_eq!(voice.outcomes[0].after, shifted);
    assert_eq!(voice.report_delay, Dist::constant(Span::ZERO));
}

#[test]
fn plans_load_as_written_with_the_defaults_of_their_channels() {
    let scenario = checked(REFERENCE).unwrap();
    let plan = &scenario.plans[0];
    assert_eq!(plan.flow.steps().iter().map(|c| c.pool.members()[0]).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!((plan.flow.steps()[0].ttl, plan.flow.steps()[0].validity), (span(60.0), span(60.0)));
    assert_eq!(plan.flow.steps()[2].ttl, Span::UNLIMITED);
    assert_eq!(plan.flow.steps()[2].failover_on, StepRules::default_failover_on("voice"));
    assert_eq!(plan.flow.late_delivery(), LateDelivery::Finish);
    assert_eq!(scenario.plans[1].flow.late_delivery(), LateDelivery::Ignore);
}

#[test]
fn a_step_with_expire_on_delivery_succeeds_with_seen() {
    let text = with(
        "ttl = \"60s\", failover_on",
        "expire_on_delivery = true, attempts = 2, retry_after = \"5s\", failover_on",
    );
    let step = checked(&text).unwrap().plans[0].flow.steps()[0].clone();
    assert_eq!((step.success, step.ttl, step.attempts), (SuccessFloor::Seen, span(600.0), 2));
}

#[test]
fn retries_can_have_a_backoff() {
    let retries = |rest: &str| with("ttl = \"60s\", failover_on", &format!("ttl = \"60s\", {rest}, failover_on"));
    let step = checked(&retries("attempts = 4, retry_after = \"2s\", backoff = 1.5")).unwrap().plans[0].flow.steps()[0]
        .clone();
    assert_eq!((step.attempts, step.retry_after, step.backoff), (4, span(2.0), 1_500_000));
    let errors = checked(&retries("attempts = 4, backoff = 2")).expect_err("there is no wait to grow").to_string();
    assert!(errors.contains("`backoff` does not apply") && errors.contains("add retry_after"), "{errors}");
}

#[test]
fn every_pattern_of_arrivals_loads() {
    let recipients = |arrivals: &str| {
        let text = with("arrivals = { uniform = { over = \"1h\" } }", &format!("arrivals = {arrivals}"));
        checked(&text).unwrap_or_else(|e| panic!("{e}")).streams.remove(0).traffic
    };
    assert_eq!(recipients("{ blast = {} }").arrivals, Arrivals::Blast);
    assert_eq!(recipients("{ spread = { over = \"200s\" } }").arrivals, Arrivals::Spread { over: span(200.0) });
    assert_eq!(recipients("{ poisson = { rate = \"18_000/min\" } }").arrivals, Arrivals::Poisson { rate_per_s: 300.0 });
    let stages =
        recipients("{ stages = [{ over = \"10m\", rate = \"50/s\" }, { over = \"5m\", rate = \"50/s..800/s\" }] }");
    assert!(matches!(&stages.arrivals, Arrivals::Stages(s) if s.len() == 2 && s[1].to_per_s == 800.0));
    assert_eq!(stages.recipients, 1_000_000);
}

#[test]
fn stages_and_arrival_files_determine_the_number_of_recipients() {
    let counted = |arrivals: &str| {
        let text = with(
            "recipients = 1_000_000\narrivals = { uniform = { over = \"1h\" } }",
            &format!("arrivals = {arrivals}"),
        );
        checked(&text).unwrap_or_else(|e| panic!("{e}")).streams.remove(0).traffic
    };
    assert_eq!(counted("{ stages = [{ over = \"10m\", rate = \"50/s..100/s\" }] }").recipients, 45_000);
    let file = counted("{ file = \"arrivals.csv\", column = \"arrived_s\" }");
    let times: Vec<_> = [0.0, 1.5, 60.0].map(Time::from_secs_f64).into();
    assert_eq!((file.recipients, file.arrivals), (3, Arrivals::Times(times.into())));
    let first = counted("{ file = \"arrivals.csv\" }");
    assert_eq!(first.arrivals, Arrivals::Times([0.0, 2.5, 3600.0].map(Time::from_secs_f64).into()));
}

/// F15 of the cases from the field: a histogram by the hour has as many recipients as it counts, spread within each hour.
#[test]
fn a_histogram_of_arrivals_has_as_many_recipients_as_it_counts() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let traffic = |recipients: &str, rows: &str| {
        std::fs::write(folder.path().join("hours.csv"), rows).expect("a file can be written");
        let uniform = "recipients = 1_000_000\narrivals = { uniform = { over = \"1h\" } }";
        let text = with(uniform, &format!("{recipients}arrivals = {{ file = \"hours.csv\" }}"));
        parse(&text, "pin.toml", folder.path()).map(|scenario| scenario.streams[0].traffic.clone())
    };
    let times = |recipients: &str, rows: &str| match traffic(recipients, rows) {
        Ok(Traffic { recipients, arrivals: Arrivals::Times(times), .. }) => (recipients, times),
        other => panic!("{other:?}"),
    };
    let (recipients, all) = times("", "hour_h,count\n0,100\n1,250\n");
    assert_eq!((recipients, all.len()), (350, 350));
    let hour =
        |from: usize, count: usize| (0..count).map(move |k| 3600.0 * (from as f64 + (k as f64 + 0.5) / count as f64));
    for (at, expected) in all.iter().zip(hour(0, 100).chain(hour(1, 250))) {
        assert!((at.as_secs_f64() - expected).abs() < 1e-6, "{at:?}, not {expected}");
    }
    // The column of counts may come first, and a row that counts nobody ends the interval before it.
    let (recipients, uneven) = times("", "count,at_s\n2,0\n0,10\n1,30\n1,30\n");
    assert_eq!((recipients, &uneven[..]), (4, &[2.5, 7.5, 40.0, 40.0].map(Time::from_secs_f64)[..]));
    let (recipients, first) = times("recipients = 3\n", "count,at_s\n2,0\n0,10\n1,30\n1,30\n");
    assert_eq!((recipients, &first[..]), (3, &uneven[..3]));
    let errors = traffic("recipients = 5\n", "count,at_s\n2,0\n2,10\n").expect_err("there are four").to_string();
    assert!(errors.contains("has 4 recipients") && errors.contains("write recipients = 4"), "{errors}");
}

#[test]
fn every_distribution_loads() {
    for (dist, shape) in [
        ("{ constant = \"4s\" }", Shape::Constant(span(4.0))),
        ("{ uniform = { min = \"1s\", max = \"2s\" } }", Shape::Uniform { min: span(1.0), max: span(2.0) }),
        ("{ gamma = { mean = \"8s\", cv = 0.5, max = \"1m\" } }", Shape::Gamma { mean: span(8.0), cv: 0.5 }),
        ("{ weibull = { scale = \"8s\", shape = 2 } }", Shape::Weibull { scale: span(8.0), shape: 2.0 }),
        ("{ empirical = { file = \"arrivals.csv\" } }", Shape::Empirical([0.0, 2.5, 3600.0].map(span).into())),
    ] {
        let text = with("{ exponential = { mean = \"400ms\" } }", dist);
        let scenario = checked(&text).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(scenario.providers[0].outcomes[2].after.shape, shape);
    }
}

#[test]
fn p50_and_p95_determine_the_sigma_of_a_lognormal() {
    let text = with("{ exponential = { mean = \"400ms\" } }", "{ lognormal = { p50 = \"2s\", p95 = \"10s\" } }");
    let scenario = checked(&text).unwrap();
    let Shape::Lognormal { median, sigma } = scenario.providers[0].outcomes[2].after.shape else { panic!("lognormal") };
    assert_eq!(median, span(2.0));
    assert!((sigma - 0.978_469).abs() < 1e-6, "{sigma}");
}
