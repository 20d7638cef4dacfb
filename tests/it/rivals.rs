//! Comparisons of two scenarios on the same recipients: how often a false alarm is raised, and which changes are detected.
//!
//! A comparison of a scenario with itself under other provider names, and so with other random numbers, has nothing to find; it
//! may fail once in twenty times. Over 1 000 seeds the share that fails has a standard error of 0.7 %.

use crate::build::{constant, exponential, lognormal, money, outcome, paced, plan, provider, scenario, span, step};
use failsim::provider::{Price, ProviderSpec};
use failsim::scenario::{Metric, Scenario};
use failsim::sim::Progress;
use failsim::status::Status::{Delivered, Failed, Undelivered};
use failsim::study::{Outcome, Row, ScenarioPair};
use failsim::traffic::Arrivals;
use rayon::prelude::*;

/// Viber before sms, and sms only; sms delivers this share.
fn two_plans(recipients: u64, sms_delivers: f64) -> Scenario {
    let viber = vec![
        outcome(Delivered, 0.62, lognormal(2.5, 0.8)),
        outcome(Undelivered, 0.15, exponential(6.0)),
        outcome(Failed, 0.08, constant(0.5)),
    ];
    let sms = vec![outcome(Delivered, sms_delivers, lognormal(4.0, 1.0)), outcome(Undelivered, 0.05, constant(5.0))];
    let price = |delivered: f64| Price { delivered: money(delivered), ..Price::default() };
    let viber = ProviderSpec { price: price(0.015), honours_ttl: false, ..provider("viber", viber) };
    let sms = ProviderSpec { price: price(0.045), ..provider("sms", sms) };
    let plans = vec![
        plan("sms-only", vec![(1, step(span(60.0)))]),
        plan("viber-first", vec![(0, step(span(20.0))), (1, step(span(60.0)))]),
    ];
    let mut scenario = scenario(recipients, vec![viber, sms], plans);
    scenario.streams[0].deadline = span(15.0);
    scenario.streams[0].traffic.arrivals = Arrivals::Uniform { over: span(600.0) };
    scenario
}

/// The same scenario with other provider names, and so with other random numbers.
fn renamed(scenario: &Scenario) -> Scenario {
    let mut renamed = scenario.clone();
    renamed.providers.iter_mut().for_each(|provider| provider.name = format!("other-{}", provider.name));
    renamed
}

fn rows(now: &Scenario, then: &Scenario, replications: u32) -> Vec<Row> {
    let rivals = ScenarioPair::new(now, then).expect("they have the same plans");
    rivals.run(replications, &Progress::default()).expect("nobody stops it").rows
}

/// The number of self-comparisons, one for each seed, in which anything fails, and the number of measures compared.
fn false_alarms(scenario: &Scenario, replications: u32, seeds: u64) -> (usize, usize) {
    let alarm = |seed: u64| {
        let now = Scenario { seed, ..scenario.clone() };
        let rows = rows(&now, &renamed(&now), replications);
        let known = rows.iter().filter(|row| row.difference.is_some() && row.no_interval.is_none()).count();
        (rows.iter().any(|row| row.outcome == Outcome::Fail), known)
    };
    let all: Vec<_> = (0..seeds).into_par_iter().map(alarm).collect();
    (all.iter().filter(|(fails, _)| *fails).count(), all.iter().map(|(_, known)| known).sum())
}

/// The maximum of `seeds` that may fail at 5 %, plus three standard errors.
fn most(seeds: u64) -> usize {
    let n = seeds as f64;
    (0.05 * n + 3.0 * (0.05 * 0.95 * n).sqrt()) as usize
}

#[test]
fn self_comparisons_with_other_random_numbers_fail_no_more_often_than_stated() {
    for (recipients, seeds) in [(1_000, 1_000), (10_000, 300)] {
        let (fails, known) = false_alarms(&two_plans(recipients, 0.9), 1, seeds);
        println!("{recipients} recipients: {fails} of {seeds} fail");
        assert!(fails <= most(seeds), "{fails} of {seeds} fail with {recipients} recipients");
        assert!(known as u64 > 13 * seeds, "most of 16 measures are judged: {known}");
    }
}

/// With few deliveries it is chance whether there is one: a missing latency is not worse than an existing one.
#[test]
fn hardly_anybody_is_reached_and_nothing_fails() {
    for (recipients, delivers) in [(2_000, 0.001), (4, 0.3)] {
        let sms = vec![outcome(Delivered, delivers, constant(1.0))];
        let alone = plan("p", vec![(0, step(span(60.0)))]);
        let seeds = 200;
        let (fails, _) = false_alarms(&scenario(recipients, vec![provider("sms", sms)], vec![alone]), 1, seeds);
        assert!(fails <= most(seeds), "{fails} of {seeds} fail");
    }
}

#[test]
fn shared_scenarios_fail_no_more_often_either() {
    let mut scenario = two_plans(300, 0.9);
    scenario.providers[1].capacity = Some(paced(1));
    let seeds = 200;
    let (fails, known) = false_alarms(&scenario, 30, seeds);
    println!("{fails} of {seeds} fail");
    assert!(fails <= most(seeds), "{fails} of {seeds} fail");
    assert!(known as u64 > 8 * seeds, "{known}");
}

/// 2 000 fewer deliveries among a million recipients are detected, with common and with independent random numbers.
#[test]
fn a_regression_of_a_fifth_of_a_point_is_caught() {
    let (before, after) = (two_plans(1_000_000, 0.93), two_plans(1_000_000, 0.928));
    for then in [before.clone(), renamed(&before)] {
        let rows = rows(&after, &then, 1);
        let outcome = |plan: &str, measure: &str| {
            let is_it = |row: &&Row| row.plan == plan && row.measure.map(Metric::name) == Some(measure);
            rows.iter().find(is_it).expect("a row").outcome
        };
        assert_eq!(outcome("sms-only", "delivered"), Outcome::Fail);
        // An improvement is not a failure.
        let rows = self::rows(&then, &after, 1);
        let delivered =
            rows.iter().find(|row| row.plan == "sms-only" && row.measure.map(Metric::name) == Some("delivered"));
        assert_eq!(delivered.expect("a row").outcome, Outcome::Pass);
    }
}
