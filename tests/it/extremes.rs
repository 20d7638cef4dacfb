//! The extreme values that a scenario file may contain: nothing overflows, which the test profile would turn into a panic. Also
//! Poisson arrivals with an outage, where intervals were once too narrow.

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

/// Everybody talks for a second, billed as 366 days at the highest price; the cost of a batch of 1024 exceeds 64 bits.
#[test]
fn the_highest_price_is_added_up_exactly() {
    let text = r#"
[goal]
deadline = "60s"
[traffic]
recipients = 5000
arrivals = { blast = {} }
[providers.a]
channel = "voice"
price = { submitted = 100000, parts = 255, delivered = 100000, per_minute = 100000, increment = "366d" }
outcomes = [{ status = "answered", share = 1, talk = { constant = "1s" } }]
[[plans]]
name = "a"
steps = [{ provider = "a", ttl = "1m" }]
"#;
    let each = 100_000.0 * (255.0 + 1.0 + 366.0 * 1_440.0);
    let found = compare(&scenario(text), 1, &Progress::default()).expect("nobody stops it");
    let plan = &found.results.plans[0];
    assert_eq!((plan.cost.per_recipient, plan.cost.total), (each, 5_000.0 * each));
    assert_eq!((plan.steps[0].cost, plan.providers[0].cost), (5_000.0 * each, 5_000.0 * each));
    assert_eq!((plan.cost.low, plan.cost.high), (Some(each), Some(each)), "all are alike");
    let over_time: f64 = found.over_time.plans[0].providers[0].cost.iter().sum();
    assert_eq!(over_time, 5_000.0 * each);
}

#[test]
fn the_smallest_numbers_of_a_file_are_fine() {
    let tiny = LARGEST.replace("366d", "1us").replace("100d", "0s").replace("recipients = 3000", "recipients = 1");
    assert_eq!(results(&scenario(&tiny)).plans.len(), 2);
}

/// 400 seeds: the share of intervals that contain the true value has a standard error of 1.1 points; four of them are allowed.
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

/// Contended recipients with the smallest capacities and the longest durations that a file may contain.
const SCARCEST: &str = r#"
replications = 10
[goal]
deadline = "366d"
[[traffic]]
name = "a"
recipients = 300
arrivals = { uniform = { over = "366d" } }
priority = 9
[[traffic]]
name = "b"
recipients = 300
arrivals = { blast = {} }
plan = "own"
[providers.a]
channel = "sms"
honours_ttl = false
price = { submitted = 100000 }
capacity = { rate = "0.001/d", concurrent = 1, order = "priority" }
breaker = { window = "366d", at_least = 1, open_at = 0.000001, open_for = "366d", probes = 1, missing_after = "366d" }
outcomes = [
  { status = "answered", share = 0.5, after = { constant = "366d" }, talk = { constant = "366d" } },
  { status = "failed", share = 0.4, after = { constant = "1us" } },
]
outages = [
  { random = { between = "1m", lasting = "366d" }, effect = "throttle", factor = 0.000001 },
  { random = { between = "200d", lasting = "366d" }, effect = "slow", factor = 1e6, delay = "366d" },
]
[providers.b]
channel = "sms"
capacity = { rate = "1000000/s", concurrent = 1000000, queue = 1, over_limit = "queue" }
outages = [{ from = "0s", to = "366d", every = "366d", effect = "throttle", factor = 0 }]
outcomes = [{ status = "delivered", share = 1, after = { lognormal = { median = "366d", sigma = 4 } } }]
[[plans]]
name = "pool"
steps = [{ provider = { weighted = { a = 1e-9, b = 1e9 } }, ttl = "366d", attempts = 8, retry_after = "366d" }, { provider = "a" }]
[[plans]]
name = "own"
steps = [{ provider = "a", ttl = "366d" }, { provider = "b", ttl = "none" }]
[[plans]]
name = "one-way"
steps = [{ provider = "b", ttl = "none" }]
"#;

#[test]
fn the_scarcest_capacities_do_not_overflow() {
    let others = [
        ("order = \"priority\"", "order = \"fifo\""),
        ("366d", "1us"),
        ("rate = \"0.001/d\", ", ""),
        ("recipients = 300", "recipients = 1"),
    ];
    let texts = others.map(|(old, new)| SCARCEST.replace(old, new));
    for text in [SCARCEST.to_owned()].iter().chain(&texts) {
        let results = results(&scenario(text));
        assert_eq!(results.groups.len(), 2);
        for plan in &results.plans {
            assert!((0.0..=1.0).contains(&plan.delivered.share), "{plan:?}");
            assert!(plan.cost.total.is_finite(), "{plan:?}");
        }
    }
}
