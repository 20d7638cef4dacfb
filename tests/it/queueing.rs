//! Queues against queueing theory: D/D/1, M/D/1, M/M/c (Erlang C), no waiting room (Erlang B), patience (M/M/c+D) and priorities
//! (Cobham).
//!
//! Waits within one run are correlated, so the error of their mean is estimated from independent runs, each with its own seed:
//! with `RUNS` means, half of 4.5 standard errors of Student's t with 23 degrees of freedom has a probability of 1 in 13 000. Runs
//! start with an empty system; in runs of this length the bias of the mean is far below `START`, the allowance relative to the
//! value. A bound that a wrong formula could meet would be useless: each is at most `SHARP` of the value.

use crate::build::{change_steps, constant, exponential, outcome, paced, plan, provider, scenario, span, step, stream};
use failsim::dist::{Dist, Shape};
use failsim::provider::{Capacity, Counts, Discipline, OutcomeSpec, ProviderSpec};
use failsim::scenario::Scenario;
use failsim::sim::Progress;
use failsim::status::Status::{Answered, Delivered};
use failsim::study::{ProviderResult, QueueOverTime, RunOutput, compare};
use failsim::traffic::Arrivals;
use failsim::units::Span;
use rayon::prelude::*;

const RUNS: u64 = 24;
const STANDARD_ERRORS: f64 = 4.5;
const START: f64 = 0.002;
const SHARP: f64 = 0.06;

// ---------------------------------------------------------------- comparisons

/// Measures a provider in each run.
fn measured<const N: usize>(
    scenario: &Scenario,
    measure: impl Fn(&ProviderResult, &QueueOverTime) -> [f64; N] + Sync,
) -> [Vec<f64>; N] {
    let one = |seed| {
        let found = simulate(&Scenario { seed, ..scenario.clone() });
        let queue = found.over_time.plans[0].providers[0].queue.as_ref().expect("a queue");
        measure(&found.results.plans[0].providers[0], queue)
    };
    let runs: Vec<[f64; N]> = (0..RUNS).into_par_iter().map(one).collect();
    std::array::from_fn(|i| runs.iter().map(|run| run[i]).collect())
}

fn simulate(scenario: &Scenario) -> RunOutput {
    compare(scenario, 1, &Progress::default()).expect("nobody stops it")
}

#[track_caller]
fn is(what: &str, runs: &[f64], truth: f64) {
    let n = runs.len() as f64;
    let mean = runs.iter().sum::<f64>() / n;
    let variance = runs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let bound = STANDARD_ERRORS * (variance / n).sqrt() + START * truth;
    assert!(bound <= SHARP * truth, "{what}: ±{bound} of {truth} tells nothing");
    assert!((mean - truth).abs() <= bound, "{what}: {mean}, not {truth} ± {bound}");
}

/// One provider with this capacity and Poisson arrivals.
fn met_by(arrivals_per_s: f64, recipients: u64, outcome: OutcomeSpec, capacity: Capacity) -> Scenario {
    let provider = ProviderSpec { capacity: Some(capacity), ..provider("line", vec![outcome]) };
    let mut scenario = scenario(recipients, vec![provider], vec![plan("p", vec![(0, step(Span::UNLIMITED))])]);
    scenario.streams[0].traffic.arrivals = Arrivals::Poisson { rate_per_s: arrivals_per_s };
    scenario
}

fn lines(concurrent: u32, queue: u64) -> Capacity {
    Capacity { concurrent: Some(concurrent), queue, ..Capacity::UNLIMITED }
}

fn reported_after(after: Dist) -> OutcomeSpec {
    outcome(Delivered, 1.0, after)
}

// ---------------------------------------------------------------- closed forms

/// Erlang B: the probability that all `c` lines are in use, at an offered load of `a` erlangs, by the usual recursion.
fn erlang_b(c: u32, a: f64) -> f64 {
    (1..=c).fold(1.0, |b, k| a * b / (f64::from(k) + a * b))
}

/// Erlang C: the probability of waiting.
fn erlang_c(c: u32, a: f64) -> f64 {
    let b = erlang_b(c, a);
    let utilisation = a / f64::from(c);
    b / (1.0 - utilisation * (1.0 - b))
}

/// The distribution function of the wait in M/D/1 (Erlang 1909); `service` is the service time.
fn md1_cdf(rho: f64, service: f64, t: f64) -> f64 {
    let lambda = rho / service;
    let term = |k: i32| {
        let x = lambda * (f64::from(k) * service - t);
        let power_over_factorial = (1..=k).fold(1.0, |product, i| product * x / f64::from(i));
        power_over_factorial * (-x).exp()
    };
    (1.0 - rho) * (0..=(t / service).floor() as i32).map(term).sum::<f64>()
}

#[test]
fn the_closed_forms_are_those_of_the_tables() {
    // Two lines at one erlang: B = 1/5, C = 1/3; ten at eight: B = 0.1217 (Erlang's own table).
    assert!((erlang_b(2, 1.0) - 0.2).abs() < 1e-12 && (erlang_c(2, 1.0) - 1.0 / 3.0).abs() < 1e-12);
    assert!((erlang_b(10, 8.0) - 0.121_66).abs() < 5e-6);
    assert!((md1_cdf(0.5, 1.0, 0.0) - 0.5).abs() < 1e-12);
    // P(W <= D) = (1 - rho) e^rho.
    assert!((md1_cdf(0.5, 1.0, 1.0 - 1e-9) - 0.5 * 0.5_f64.exp()).abs() < 1e-6);
}

// ---------------------------------------------------------------- throughput

/// D/D/1: one arrival every `gap`, one departure every `service`. The n-th, from 0, waits n (service - gap) if that is positive.
#[test]
fn evenly_spaced_arrivals_wait_as_arithmetic_says() {
    let n = 10_001_u64;
    for (over_s, per_s) in [(1_000.1, 5_u64), (1_000.1, 10), (1_000.1, 40)] {
        let mut scenario = met_by(1.0, n, reported_after(constant(1.0)), paced(per_s));
        scenario.streams[0].traffic.arrivals = Arrivals::Spread { over: span(over_s) };
        let found = simulate(&scenario);
        let (gap, service) = (over_s / n as f64, 1.0 / per_s as f64);
        let late = (service - gap).max(0.0);
        let provider = &found.results.plans[0].providers[0];
        let mean = late * (n - 1) as f64 / 2.0;
        // Arrivals and departures are whole microseconds.
        assert!((provider.wait_mean_s - mean).abs() <= 2e-6, "{} is not {mean}", provider.wait_mean_s);
        // When the last one arrives, this many have departed: one at 0 and one every `service` since.
        let last = gap * (n - 1) as f64;
        let left = (last / service + 1e-9).floor() + 1.0;
        let waiting = if late > 0.0 { n as f64 - left } else { 0.0 };
        assert!((provider.queue_max as f64 - waiting).abs() <= 1.0, "{} is not {waiting}", provider.queue_max);
        let end = found.results.plans[0].last_end_s.expect("all end");
        let last_leaves = if late > 0.0 { service * (n - 1) as f64 } else { last };
        // The first arrives half a gap after the start, and is reported after a second.
        let truth = gap / 2.0 + last_leaves + 1.0;
        assert!((end - truth).abs() <= 2e-6, "{end} is not {truth}");
    }
}

/// The fluid limit of a full bucket of `B` messages that fills with `r` a second and meets more, `l` a second for `T`: it is empty after
/// B / (l - r); from then on (l - r) more a second wait, so that who comes at t waits (l - r) (t - t0) / r, and the queue is empty
/// again at (l T - B) / r. With room for Q, those after t0 + Q / (l - r) find a place at the rate r. Messages that come one by one differ from
/// a fluid by at most one, and by 1/r in time.
#[test]
fn a_full_bucket_is_emptied_like_a_fluid() {
    for (b, r, l, t, parts) in
        [(1_000_u32, 100.0, 150.0, 60.0, 1), (1_000, 100.0, 150.0, 60.0, 3), (200, 10.0, 80.0, 30.0, 2)]
    {
        let n = (l * t) as u64;
        let mut capacity = paced((r * f64::from(parts)) as u64);
        (capacity.burst, capacity.counts) = (Some(b * parts), Counts::Parts);
        let simulated = |capacity: Capacity| {
            let mut scenario = met_by(1.0, n, reported_after(constant(1.0)), capacity);
            scenario.providers[0].price.parts = parts;
            scenario.streams[0].traffic.arrivals = Arrivals::Spread { over: span(t) };
            simulate(&scenario).results.plans.remove(0)
        };
        let (burst, surplus) = (f64::from(b), l - r);
        let empty = burst / surplus;
        assert!(empty < t, "it is emptied");
        let close = |what: &str, value: f64, truth: f64, by: f64| {
            assert!((value - truth).abs() <= by, "{what}: {value}, not {truth} ± {by}");
        };
        let plan = simulated(capacity);
        let waits = &plan.providers[0];
        let longest = surplus * (t - empty) / r;
        close("mean wait", waits.wait_mean_s, longest * (t - empty) / 2.0 / t, 1.0 / r);
        // The 99th percentile is known to half a bucket of 1/1024.
        close("wait p99", waits.wait_p99_s, longest * (0.99 * t - empty) / (t - empty), 1.0 / r + longest / 1_024.0);
        close("longest queue", waits.queue_max as f64, surplus * (t - empty), 1.0);
        close("cleared", waits.backlog_cleared_s.expect("a backlog"), (l * t - burst) / r, 1.0 / r + 1.0 / l);
        // Over the limit everything is rejected, or what finds no place.
        for queue in [0, 50] {
            let plan = simulated(Capacity { queue, ..capacity });
            let rejected = l * t - burst - r * t - queue as f64;
            close("rejected", plan.providers[0].rejected.0, rejected, 2.0);
            close("longest queue", plan.providers[0].queue_max as f64, queue as f64, 0.0);
        }
    }
}

/// M/D/1: the mean wait is rho / (2 mu (1 - rho)) (Pollaczek and Khinchine), 1 - rho do not wait, and the whole distribution is known.
#[test]
fn poisson_arrivals_at_a_throughput_wait_as_in_m_d_1() {
    for rho in [0.3, 0.6, 0.8] {
        let mu = 10.0;
        let scenario = met_by(rho * mu, 150_000, reported_after(constant(1.0)), paced(10));
        let [waits, at_once, p99] = measured(&scenario, |provider, queue| {
            [provider.wait_mean_s, queue.at_once.expect("some come"), md1_cdf(rho, 1.0 / mu, provider.wait_p99_s)]
        });
        is("mean wait", &waits, rho / (2.0 * mu * (1.0 - rho)));
        is("departed at once", &at_once, 1.0 - rho);
        is("probability of the 99 % quantile", &p99, 0.99);
    }
}

// ---------------------------------------------------------------- lines

/// M/M/c: the probability of waiting is Erlang C, and the mean wait is C / (c mu - lambda).
#[test]
fn lines_that_all_wait_for_are_erlang_c() {
    for (c, a) in [(1_u32, 0.7), (5, 4.0), (30, 27.0)] {
        let hold = 10.0;
        let scenario = met_by(a / hold, 150_000, reported_after(exponential(hold)), lines(c, u64::MAX));
        let [waits, at_once, used] = measured(&scenario, |provider, queue| {
            [provider.wait_mean_s, queue.at_once.expect("some come"), queue.utilisation.expect("there are lines")]
        });
        let waiting = erlang_c(c, a);
        is("mean wait", &waits, waiting * hold / (f64::from(c) - a));
        is("departed at once", &at_once, 1.0 - waiting);
        is("utilisation", &used, a / f64::from(c));
    }
}

/// Without waiting room the rejected share is Erlang B, whatever the distribution of the holding time.
#[test]
fn lines_without_a_queue_are_erlang_b() {
    let (c, a, hold) = (10, 8.0, 20.0);
    let talk = Dist::new(Shape::Uniform { min: span(0.0), max: span(30.0) });
    let answered = OutcomeSpec { talk: Some(talk), ..outcome(Answered, 1.0, constant(5.0)) };
    for (what, outcome) in [
        ("exponential", reported_after(exponential(hold))),
        ("constant", reported_after(constant(hold))),
        ("5 s of ringing and a talk of 15 s on average", answered),
    ] {
        let scenario = met_by(a / hold, 150_000, outcome, lines(c, 0));
        let [rejected] = measured(&scenario, |provider, _| [provider.rejected.0 / provider.attempts.0]);
        is(what, &rejected, erlang_b(c, a));
    }
}

/// Erlang A with the ttl as constant patience, M/M/c+D. The wait of a customer with infinite patience has the density
/// lambda p(c-1) exp((lambda - c mu) x) up to the ttl and lambda p(c-1) exp(lambda ttl - c mu x) beyond it (Baccelli and
/// Hebuterne 1981); p(j) = a^j / j! p(0) for fewer than c in the system, and everything sums to 1. Beyond the ttl they abandon.
#[test]
fn attempts_that_wait_for_their_ttl_are_cancelled_as_in_m_m_c_with_patience() {
    for (c, a, ttl) in [(5_u32, 6.0, 15.0), (5, 4.5, 8.0), (1, 0.9, 20.0)] {
        let (hold, lambda) = (10.0, a / 10.0);
        let drift = lambda - f64::from(c) / hold;
        let busy = (1..c).fold(1.0, |p, j| p * a / f64::from(j));
        let fewer: f64 = (0..c)
            .scan(1.0, |p, j| {
                *p *= if j == 0 { 1.0 } else { a / f64::from(j) };
                Some(*p)
            })
            .sum();
        let abandoned = lambda * busy * (drift * ttl).exp() * hold / f64::from(c);
        let served_late = lambda * busy * ((drift * ttl).exp() - 1.0) / drift;
        let all = fewer + served_late + abandoned;
        // The integral of x times the density up to the ttl.
        let waited = lambda * busy * ((ttl / drift - 1.0 / drift.powi(2)) * (drift * ttl).exp() + 1.0 / drift.powi(2));
        let mut scenario = met_by(lambda, 150_000, reported_after(exponential(hold)), lines(c, u64::MAX));
        // An attempt keeps its line for as long as it needs it.
        change_steps(&mut scenario.plans[0], |steps| {
            (steps[0].ttl, steps[0].validity) = (span(ttl), Span::UNLIMITED);
        });
        let [cancelled, waits, at_once] = measured(&scenario, |provider, queue| {
            let cancelled = provider.cancelled.0 / provider.attempts.0;
            [cancelled, provider.wait_mean_s, queue.at_once.expect("some come")]
        });
        is("cancelled", &cancelled, abandoned / all);
        is("mean wait of those who depart", &waits, waited / (fewer + served_late));
        is("departed at once", &at_once, fewer / all);
    }
}

// ---------------------------------------------------------------- priorities

/// One line, two classes, non-preemptive priority (Cobham 1954): with R = lambda E[S^2] / 2, the first class waits R / (1 - rho_1)
/// and the second R / ((1 - rho_1) (1 - rho_1 - rho_2)). Without classes all wait R / (1 - rho).
#[test]
fn priorities_wait_as_cobham_says() {
    let hold = 10.0;
    let rho = [0.3, 0.5];
    let both = rho[0] + rho[1];
    let r = both / hold * 2.0 * hold * hold / 2.0;
    let in_priority = [r / (1.0 - rho[0]), r / ((1.0 - rho[0]) * (1.0 - both))];
    let in_turn = [r / (1.0 - both); 2];
    for (order, truth) in [(Discipline::Priority, in_priority), (Discipline::Fifo, in_turn)] {
        let capacity = Capacity { order, ..lines(1, u64::MAX) };
        let mut scenario = met_by(1.0, 1, reported_after(exponential(hold)), capacity);
        let poisson = |rho: f64| Arrivals::Poisson { rate_per_s: rho / hold };
        scenario.streams = vec![stream("first", 90_000, poisson(rho[0])), stream("second", 150_000, poisson(rho[1]))];
        scenario.streams[0].priority = 1;
        let one = |seed| {
            let groups = simulate(&Scenario { seed, ..scenario.clone() }).results.groups;
            [0, 1].map(|i| groups[i].plans[0].providers[0].wait_mean_s)
        };
        let runs: Vec<[f64; 2]> = (0..RUNS).into_par_iter().map(one).collect();
        for (class, truth) in truth.into_iter().enumerate() {
            let waits: Vec<_> = runs.iter().map(|run| run[class]).collect();
            is(&format!("class {} of {order:?}", class + 1), &waits, truth);
        }
    }
}
