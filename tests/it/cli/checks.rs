//! `failsim check`: what passes, what fails, and what is inconclusive because there are too few recipients.

use super::{Home, has};
use failsim::scenario::Metric;
use failsim::study::Results;

/// The last line names what is inconclusive.
const UNSURE: &str = "\n0 passed, 0 failed, 1 inconclusive: viber-first in_time\n";

/// The share delivered in time by `viber-first`.
fn in_time(home: &Home) -> f64 {
    let json = home.run("run pin.toml --no-report --format json").exits_with(0).stdout;
    serde_json::from_str::<Results>(&json).expect("results").plans[0].in_time.share
}

#[test]
fn a_check_that_passes_ends_with_zero() {
    let home = Home::new();
    let output = home.run("check pin.toml").exits_with(0);
    has(
        &output.stdout,
        &["pass          viber-first in_time  ", ", bound: at least 50 %\n", "\n1 passed, 0 failed, 0 inconclusive\n"],
    );
    assert_eq!((output.stderr.as_str(), home.names()), ("", vec!["pin.toml".to_owned()]));
}

#[test]
fn a_check_that_fails_ends_with_three() {
    let home = Home::with("at_least = 0.5", "at_least = 0.9999");
    let output = home.run("check pin.toml").exits_with(3);
    has(
        &output.stdout,
        &[
            "FAIL          viber-first in_time  ",
            ", bound: at least 99.99 %\n",
            "\n0 passed, 1 failed, 0 inconclusive\n",
        ],
    );
    assert_eq!(output.stderr, "");
    let home = Home::with("at_least = 0.5", "at_most = 0.5");
    has(&home.run("check pin.toml").exits_with(3).stdout, &["bound: at most 50 %"]);
}

#[test]
fn a_bound_within_the_interval_is_inconclusive_and_says_how_many_recipients_would_decide() {
    let home = Home::new();
    let bound = in_time(&home) + 0.001;
    home.change("at_least = 0.5", &format!("at_least = {bound}"));
    let output = home.run("check pin.toml --method simulate").exits_with(0);
    has(&output.stdout, &["inconclusive  viber-first in_time\n", "; needs about ", " recipients\n", UNSURE]);
    let number = output.stdout.split_once("needs about ").and_then(|(_, rest)| rest.split_once(" recipients"));
    let number: u64 = number.map(|(number, _)| number.replace(' ', "")).expect("a number").parse().expect("a number");
    assert!(number > 2_000, "more than were simulated: {number}");
    home.change(&format!("at_least = {bound}"), &format!("at_most = {}", bound - 0.001));
    has(&home.run("check pin.toml --method simulate").exits_with(0).stdout, &["too close for any number of"]);
}

#[test]
fn every_measure_can_be_checked() {
    let home = Home::new();
    let mut text = home.read("pin.toml").split("[[checks]]").next().expect("the rest").to_owned();
    text += "[webhook]\nstrategy = \"on_change\"\n";
    for metric in Metric::all().filter(|metric| *metric != Metric::Seen) {
        text += &format!("[[checks]]\nplan = \"sms-first\"\nmetric = \"{metric}\"\nat_least = 0.0\n");
    }
    home.write("pin.toml", text);
    let output = home.run("check pin.toml").exits_with(0);
    // Two thousand recipients cannot bound the 99.9 % quantile.
    let all = Metric::all().count() - 2;
    let last = format!("\n{all} passed, 0 failed, 1 inconclusive: sms-first latency_p999_s\n");
    has(&output.stdout, &[&last, "bound: at least 0 s; no interval: "]);
}

#[test]
fn only_the_checks_of_the_simulated_plans_count() {
    let home = Home::with("at_least = 0.5", "at_least = 0.9999");
    let output = home.run("check pin.toml --plan sms-first");
    output.rejects(2, &["there is nothing to check", "hint: add [[checks]]", "--baseline results.json"]);
    home.run("check pin.toml --plan viber-first").exits_with(3);
}

#[test]
fn threads_make_no_difference() {
    let home = Home::with("2_000", "20_000");
    let output = |threads: u32| home.run(&format!("check pin.toml --threads {threads}")).exits_with(0).stdout;
    assert_eq!(output(1), output(2));
}

#[test]
fn large_numbers_can_be_read() {
    let home = Home::with("metric = \"in_time\"\nat_least = 0.5", "metric = \"cost.total\"\nat_most = 1e308");
    let output = home.run("check pin.toml").exits_with(0);
    has(&output.stdout, &[", bound: at most 1e308\n"]);
    home.change("at_most = 1e308", "at_least = -1.5e300");
    has(&home.run("check pin.toml").exits_with(0).stdout, &[", bound: at least −1.5e300\n"]);
    // A baseline may contain any numbers.
    let results = home.run("run pin.toml --no-report --format json").exits_with(0).stdout;
    let mut earlier: serde_json::Value = serde_json::from_str(&results).expect("JSON");
    earlier["scenario"]["deadline_s"] = 1e308.into();
    earlier["plans"][0]["latency_s"]["p99"] = 1e308.into();
    home.write("before.json", earlier.to_string());
    let output = home.run("check pin.toml --baseline before.json --tolerance cost=1e300,in_time=1e300pp").exits_with(0);
    has(&output.stdout, &["latency_p99_s  was 1e308 s, is "]);
    has(&output.stdout, &["the deadline is 60 s, in the baseline it was 1e308 s"]);
    assert!(output.stdout.lines().all(|line| line.len() < 200), "{}", output.stdout);
}

/// Recipients who are not reached have no latency, so a plan that reaches few may have good latencies.
#[test]
fn a_latency_says_how_many_recipients_were_reached_when_that_matters() {
    let home = Home::with("metric = \"in_time\"\nat_least = 0.5", "metric = \"latency_p95_s\"\nat_most = 3600");
    let output = home.run("check pin.toml").exits_with(0);
    assert!(!output.stdout.contains("were reached"), "99 in 100 are reached:\n{}", output.stdout);
    home.change("share = 0.62", "share = 0.30");
    home.change("{ provider = \"sms\", ttl = \"5m\" },\n  { provider = \"voice\" },", "");
    let output = home.run("check pin.toml").exits_with(0);
    has(&output.stdout, &["pass          viber-first latency_p95_s", " of the recipients"]);
    let output = home.run("check pin.toml --format json").exits_with(0);
    has(&output.stdout, &["\"reached\": 0.2"]);
}

/// Viber reaches half of the recipients after 2 s. It is silent for the others, and SMS reaches them after 34 s, not 33.99.
#[test]
fn a_quantile_on_a_single_value_is_that_value() {
    let home = Home::of(
        r#"
[goal]
deadline = "60s"

[traffic]
recipients = 7_200
arrivals = { poisson = { rate = "1/s" } }

[providers.viber]
channel = "viber"
outcomes = [{ status = "delivered", share = 1.0, after = { constant = "2s" } }]
outages = [{ from = "1h", to = "3h", effect = "silent" }]

[providers.sms]
channel = "sms"
outcomes = [{ status = "delivered", share = 1.0, after = { constant = "4s" } }]

[[plans]]
name = "both"
steps = [{ provider = "viber", ttl = "30s" }, { provider = "sms", ttl = "1m" }]

[[plans]]
name = "late"
steps = [{ provider = "viber", ttl = "90s" }, { provider = "sms", ttl = "1m" }]

[[checks]]
plan = "both"
metric = "latency_s.p95"
at_most = 33.995
"#,
    );
    let json = home.run("run pin.toml --no-report --format json").exits_with(0).stdout;
    let results: Results = serde_json::from_str(&json).expect("results");
    let latency = &results.plans[0].latency_s;
    assert_eq!((latency.p95, latency.max), (Some(34.0), Some(34.0)));
    let interval = &latency.intervals["p95"];
    assert_eq!((interval.low, interval.high), (34.0, 34.0));
    let difference = results.comparisons[0].latency_p95_s.as_ref().expect("both deliver");
    assert_eq!((difference.difference, difference.low, difference.high), (60.0, Some(60.0), Some(60.0)));
    let output = home.run("check pin.toml").exits_with(3);
    has(&output.stdout, &["FAIL          both latency_p95_s  34.000 s (34.000 to 34.000), bound: at most 33.995 s"]);
    home.change("at_most = 33.995", "at_most = 34.0");
    has(&home.run("check pin.toml").exits_with(0).stdout, &["pass          both latency_p95_s"]);
}
