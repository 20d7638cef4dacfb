//! Pools against closed forms. The naive twin tries a pool in the same order as the product, so it cannot tell whether the order,
//! and the draws that a rejection uses up, are right: this test has an independent source of truth.
//!
//! Bounds are 4.5 standard errors of the share, computed from the true probability.

use crate::build::{change_steps, constant, outage, outcome, plan, provider, scenario, span, step};
use failsim::engine::{Pool, StepRules};
use failsim::provider::{Effect, ProviderSpec};
use failsim::scenario::Plan;
use failsim::sim::Progress;
use failsim::status::Status::{Delivered, Failed};
use failsim::study::compare;

const N: u64 = 400_000;

/// Rejects this share of the attempts at submission, each by a separate draw; of the others it delivers this share, and the
/// rest fails a second later.
fn rejecting(name: &str, rejects: f64, delivers: f64) -> ProviderSpec {
    let outcomes = vec![outcome(Delivered, delivers, constant(2.0)), outcome(Failed, 1.0 - delivers, constant(1.0))];
    ProviderSpec {
        channel: "sms".to_owned(),
        outages: vec![outage(0.0, 1e6, Effect::Fail, rejects)],
        ..provider(name, outcomes)
    }
}

/// A provider that never reports.
fn silent(name: &str) -> ProviderSpec {
    ProviderSpec { channel: "sms".to_owned(), ..provider(name, Vec::new()) }
}

fn with_pools(pools: Vec<Pool>, rules: &StepRules) -> Plan {
    let mut plan = plan("pools", pools.iter().map(|_| (0, rules.clone())).collect());
    change_steps(&mut plan, |steps| steps.iter_mut().zip(pools).for_each(|(rules, pool)| rules.pool = pool));
    plan
}

#[track_caller]
fn delivers(providers: Vec<ProviderSpec>, plan: Plan, expected: f64) {
    let scenario = scenario(N, providers, vec![plan]);
    let found = compare(&scenario, 1, &Progress::default()).expect("nobody stops it").results;
    let share = found.plans[0].delivered.share;
    let bound = 4.5 * (expected * (1.0 - expected) / N as f64).sqrt();
    assert!((share - expected).abs() < bound, "{share}, not {expected} ± {bound}");
}

/// Half is delivered by b at once. The others go to a, which is silent, and then to b again: it rejects half of them, not all.
#[test]
fn a_provider_that_rejects_an_attempt_may_accept_a_later_one() {
    let providers = || vec![silent("a"), rejecting("b", 0.5, 1.0)];
    let pools = vec![Pool::first_of(vec![1, 0]), Pool::single(1)];
    delivers(providers(), with_pools(pools, &step(span(10.0))), 0.75);
    let thrice = vec![Pool::first_of(vec![1, 0]), Pool::first_of(vec![1, 0]), Pool::single(1)];
    delivers(providers(), with_pools(thrice, &step(span(10.0))), 0.875);
}

/// Each attempt tries a, then b, then c: it is delivered with probability p, whatever happened to earlier attempts, and up to
/// three are made.
#[test]
fn retries_over_a_pool_draw_anew() {
    let providers = vec![rejecting("a", 0.6, 0.3), rejecting("b", 0.7, 0.5), rejecting("c", 0.2, 0.4)];
    let rules = StepRules { attempts: 3, ..step(span(600.0)) };
    let p: f64 = 0.4 * 0.3 + 0.6 * (0.3 * 0.5 + 0.7 * (0.8 * 0.4));
    let plan = with_pools(vec![Pool::first_of(vec![0, 1, 2])], &rules);
    delivers(providers, plan, 1.0 - (1.0 - p).powi(3));
}

/// With weights 3 and 1: a is tried first by three quarters of the attempts, and after a rejection the other one is tried.
#[test]
fn retries_over_a_weighted_pool_draw_anew() {
    let (a, b) = ((0.5, 0.2), (0.8, 0.6));
    let providers = vec![rejecting("a", a.0, a.1), rejecting("b", b.0, b.1)];
    let takes = |(rejects, delivers): (f64, f64)| (1.0 - rejects) * delivers;
    let p: f64 = 0.75 * (takes(a) + a.0 * takes(b)) + 0.25 * (takes(b) + b.0 * takes(a));
    for attempts in [1, 2, 5] {
        let rules = StepRules { attempts, ..step(span(600.0)) };
        let plan = with_pools(vec![Pool::weighted(vec![(0, 3.0), (1, 1.0)])], &rules);
        delivers(providers.clone(), plan, 1.0 - (1.0 - p).powi(i32::from(attempts)));
    }
}

/// Two steps with weighted pools that share a provider, then that provider alone.
#[test]
fn steps_that_share_a_provider_draw_anew() {
    let providers = vec![rejecting("a", 0.5, 0.3), silent("b"), rejecting("c", 0.4, 0.0)];
    let pools =
        vec![Pool::weighted(vec![(0, 1.0), (1, 1.0)]), Pool::weighted(vec![(0, 1.0), (2, 3.0)]), Pool::single(0)];
    // First a half of the time; what it rejects goes to b, which is silent.
    let first = 0.5 * 0.5 * 0.3;
    // First a a quarter of the time; else c, which delivers nothing, and what it rejects goes to a.
    let second = 0.25 * (0.5 * 0.3) + 0.75 * (0.4 * 0.5 * 0.3);
    let third = 0.5 * 0.3;
    delivers(providers, with_pools(pools, &step(span(10.0))), 1.0 - (1.0 - first) * (1.0 - second) * (1.0 - third));
}
