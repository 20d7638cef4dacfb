//! The largest things that a scenario file may say: nothing overflows, which the tests' profile would turn into a panic. And
//! Poisson arrivals with an outage, where intervals once were too narrow.

use failsim::scenario::{Scenario, parse};
use failsim::sim::Progress;
use failsim::study::{Results, compare};
use std::path::Path;

fn scenario(text: &str) -> Scenario {
    parse(text, "extreme.toml", Path::new(".")).unwrap_or_else(|errors| panic!("{errors}"))
}

fn results(scenario: &Scenario) -> Results {
    compare(scenario, 1, &Progress::default()).expect("nobody stops it").results
}

const LARGEST: &str = r#"
[goal]
deadline = "366d"
[traffic]
recipients = 3000
arrivals = { uniform = { over = "366d" } }
[providers.a]
channel = "sms"
price = { submitted = 100000, parts = 255, delivered = 100000, per_minute = 100000, increment = "366d" }
honours_ttl = false
report_delay = { lognormal = { median = "366d", sigma = 4 } }
outcomes = [
  { status = "answered", share = 0.3, after = { weibull = { scale = "366d", shape = 0.2, shift = "366d" } }, talk = { constant = "366d" } },
  { status = "delivered", share = 0.2, after = { gamma = { mean = "366d", cv = 3 } }, seen = { share = 1, after = { constant = "366d" } } },
  { status = "failed", share = 0.5, after = { exponential = { mean = "366d" } } },
]
outages = [
  { from = "0s", to = "366d", effect = "slow", factor = 1e6, delay = "366d", every = "366d" },
  { from = "0s", to = "366d", effect = "slow", factor = 1e6, delay = "366d", every = "366d" },
  { from = "0s", to = "366d", effect = "slow", factor = 0, delay = "366d", share = 0.5 },
]
[[plans]]
name = "retries"
steps = [
  { provider = "a", ttl = "366d", attempts = 8, retry_after = "100d" },
  { provider = "a", ttl = "none", attempts = 8, retry_after = "366d" },
]
[[plans]]
name = "short-way"
steps = [{ provider = "a", ttl = "366d" }, { provider = "a", ttl = "none" }, { provider = "a", ttl = "none" }]
"#;

#[test]
fn the_largest_numbers_of_a_file_do_not_overflow() {
    let results = results(&scenario(LARGEST));
    for plan in &results.plans {
        assert!(plan.cost.total > 0.0 && plan.cost.low.is_some_and(f64::is_finite), "{plan:?}");
        assert!(plan.latency_s.max.is_some_and(|longest| longest > 0.0 && longest < 1e10), "{plan:?}");
        assert!((0.0..=1.0).contains(&plan.delivered.share));
    }
}

#[test]
fn the_smallest_numbers_of_a_file_are_fine() {
    let tiny = LARGEST.replace("366d", "1us").replace("100d", "0s").replace("recipients = 3000", "recipients = 1");
    assert_eq!(results(&scenario(&tiny)).plans.len(), 2);
}

/// 400 seeds: the share of intervals that hold the truth has a standard error of 1.1 points; four of them are allowed.
#[test]
fn intervals_hold_under_poisson_arrivals_with_an_outage() {
    let mut poisson = scenario(
        r#"
[goal]
deadline = "60s"
[traffic]
recipients = 1000
arrivals = { poisson = { rate = "1/s" } }
[providers.a]
channel = "sms"
outcomes = [{ status = "delivered", share = 0.9 }]
outages = [{ from = "0s", to = "400s", effect = "fail" }]
[[plans]]
name = "p"
steps = [{ provider = "a" }]
"#,
    );
    let truth = 0.6 * 0.9;
    let held = (0..400).filter(|seed| {
        poisson.seed = *seed;
        let delivered = results(&poisson).plans[0].delivered;
        delivered.low.is_some_and(|low| low <= truth) && delivered.high.is_some_and(|high| truth <= high)
    });
    let share = held.count() as f64 / 400.0;
    assert!((share - 0.95).abs() < 4.0 * (0.95 * 0.05 / 400.0_f64).sqrt(), "{share}");
}
