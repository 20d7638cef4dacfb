//! Two plans on the same recipients: a scenario from text, ten replications, what each plan came to and how they differ.
//!
//! ```sh
//! cargo run --release --example compare_plans
//! ```

use failsim::scenario;
use failsim::sim::Progress;
use failsim::study::Experiment;
use std::error::Error;
use std::path::Path;

/// Viber for 30 s and then SMS, against SMS alone.
const SCENARIO: &str = r#"
title = "Is Viber worth trying first?"
goal = { deadline = "60s" }
seed = 1

[traffic]
recipients = 20000
arrivals = { poisson = { rate = "50/s" } }

[providers.viber]
channel = "viber"
price = { delivered = 0.006 }
outcomes = [
    { status = "delivered", share = 0.62, after = { lognormal = { p50 = "3s", p95 = "25s" } } },
    { status = "undelivered", share = 0.28, after = { constant = "1s" } },
]

[providers.sms]
channel = "sms"
price = { submitted = 0.045 }
outcomes = [
    { status = "delivered", share = 0.95, after = { lognormal = { p50 = "6s", p95 = "40s" } } },
    { status = "undelivered", share = 0.03, after = { constant = "30s" } },
]

[[plans]]
name = "viber-sms"
steps = [{ provider = "viber", ttl = "30s" }, { provider = "sms", ttl = "5m" }]

[[plans]]
name = "sms"
steps = [{ provider = "sms", ttl = "5m" }]
"#;

/// The example.
///
/// # Errors
/// Whatever goes wrong.
pub fn run() -> Result<(), Box<dyn Error>> {
    let scenario = scenario::parse(SCENARIO, "example.toml", Path::new("."))?;
    let progress = Progress::default();
    let mut experiment = Experiment::new(&scenario, 10, &progress)?;
    experiment.run(&progress)?;
    let results = experiment.results(&progress)?;
    for plan in &results.plans {
        let share = &plan.in_time;
        println!(
            "{:<10} {:.2} % in time ({:.2} to {:.2}), {:.4} {} per recipient",
            plan.name,
            100.0 * share.share,
            100.0 * share.low.unwrap_or(0.0),
            100.0 * share.high.unwrap_or(1.0),
            plan.cost.per_recipient,
            results.scenario.currency,
        );
    }
    for pair in &results.comparisons {
        println!("{} against {}: {:+.2} points in time", pair.plan, pair.against, 100.0 * pair.in_time.difference);
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    run()
}
