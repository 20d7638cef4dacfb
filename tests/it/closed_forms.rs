//! Results against closed forms: whole runs of scenarios simple enough to be solved on paper.
//!
//! Every bound is 4.5 standard errors of the estimate, computed from the true distribution, never from the sample: a correct
//! program fails one such comparison in 150 000 seeds, and the seed is fixed. A quantile is tested by its probability: the true
//! distribution function at the measured quantile must be `p`, with standard error `sqrt(p (1 - p) / n)`, plus half a bucket
//! of the histogram, 1/2048 of the value.

use crate::build::{
    UNLIMITED, change_steps, constant, exponential, lognormal, money, outage, outcome, plan, provider, recurring,
    scenario, seen_by, span, step,
};
use failsim::engine::{LateDelivery, StepRules};
use failsim::provider::{Effect, Outage, OutcomeSpec, Price, ProviderSpec};
use failsim::rng::RngKey;
use failsim::scenario::{Plan, Scenario};
use failsim::sim::Progress;
use failsim::status::Status::{Answered, Busy, Delivered, Failed, Machine, Undelivered};
use failsim::status::SuccessFloor;
use failsim::study::{Latency, PlanResult, Results, compare};
use failsim::traffic::{Arrivals, Timetable, Traffic};
use failsim::units::Time;
use statrs::distribution::{ContinuousCDF, LogNormal};

const N: u64 = 1_000_000;
const STANDARD_ERRORS: f64 = 4.5;

// ---------------------------------------------------------------- comparisons

fn simulate(scenario: &Scenario) -> Results {
    compare(scenario, 1, &Progress::default()).expect("nobody stops it").results
}

/// Simulates one plan over these providers; all recipients arrive at once.
fn simulate_one(providers: Vec<ProviderSpec>, plan: Plan) -> PlanResult {
    simulate(&scenario(N, providers, vec![plan])).plans.remove(0)
}

/// Simulates one plan; recipients arrive uniformly over an hour.
fn simulate_one_over_an_hour(providers: Vec<ProviderSpec>, plan: Plan) -> PlanResult {
    let mut scenario = scenario(N, providers, vec![plan]);
    scenario.streams[0].traffic.arrivals = Arrivals::Uniform { over: span(3600.0) };
    simulate(&scenario).plans.remove(0)
}

/// Asserts the mean over all recipients of a quantity with this true mean and variance.
fn is_mean(what: &str, measured: f64, mean: f64, variance: f64) {
    let bound = STANDARD_ERRORS * (variance / N as f64).sqrt() + 1e-8;
    assert!((measured - mean).abs() <= bound, "{what}: {measured}, not {mean} ± {bound}");
}

fn is_share(what: &str, measured: f64, probability: f64) {
    is_mean(what, measured, probability, probability * (1.0 - probability));
}

/// As `is_mean`, for a discrete quantity: `values[i].0` has probability `values[i].1`, and the rest is zero.
fn is_mean_of(what: &str, measured: f64, values: &[(f64, f64)]) {
    let mean = values.iter().map(|(x, p)| x * p).sum::<f64>();
    let square = values.iter().map(|(x, p)| x * x * p).sum::<f64>();
    is_mean(what, measured, mean, square - mean * mean);
}

/// Asserts the latency quantiles of `reached` recipients against the distribution function of a reached recipient.
fn are_quantiles(latency: &Latency, reached: f64, cdf: impl Fn(f64) -> f64) {
    let measured =
        [(0.5, latency.p50), (0.9, latency.p90), (0.95, latency.p95), (0.99, latency.p99), (0.999, latency.p999)];
    for (p, quantile) in measured {
        let quantile = quantile.expect("somebody was reached");
        let bucket = cdf(quantile * (1.0 + 1.0 / 2048.0)) - cdf(quantile * (1.0 - 1.0 / 2048.0));
        let bound = STANDARD_ERRORS * (p * (1.0 - p) / reached).sqrt() + bucket;
        let probability = cdf(quantile);
        assert!((probability - p).abs() <= bound, "quantile {p}: {quantile} s is that of {probability} ± {bound}");
    }
}

fn lognormal_cdf(median: f64, sigma: f64) -> impl Fn(f64) -> f64 {
    let truth = LogNormal::new(median.ln(), sigma).expect("sigma is above zero");
    move |t| if t > 0.0 { truth.cdf(t) } else { 0.0 }
}

fn exponential_cdf(mean: f64) -> impl Fn(f64) -> f64 {
    move |t| if t > 0.0 { -(-t / mean).exp_m1() } else { 0.0 }
}

/// Simpson's rule over 2 000 intervals.
fn integral(from: f64, to: f64, f: impl Fn(f64) -> f64) -> f64 {
    const PIECES: u32 = 2_000;
    let h = (to - from) / f64::from(PIECES);
    let weight = |i| {
        if i == 0 || i == PIECES {
            1.0
        } else if i % 2 == 1 {
            4.0
        } else {
            2.0
        }
    };
    (0..=PIECES).map(|i| weight(i) * f(from + h * f64::from(i))).sum::<f64>() * h / 3.0
}

/// Delivers this share of the messages `after_s` seconds after submission; the rest is silent.
fn delivering(name: &str, share: f64, after_s: f64) -> ProviderSpec {
    provider(name, vec![outcome(Delivered, share, constant(after_s))])
}

fn priced(price: Price, provider: ProviderSpec) -> ProviderSpec {
    ProviderSpec { price, ..provider }
}

fn broken(outage: Outage, provider: ProviderSpec) -> ProviderSpec {
    ProviderSpec { outages: vec![outage], ..provider }
}

// ---------------------------------------------------------------- delivery

/// Each step misses with its own probability, by a bad report or silently: `1 - (1 - p1)(1 - p2)(1 - p3)`.
#[test]
fn a_plan_reaches_all_but_those_that_every_step_misses() {
    let p = [0.6, 0.5, 0.35];
    let carrier = |i: usize| {
        let outcomes = vec![
            outcome(Undelivered, 0.1, constant(3.0)),
            outcome(Delivered, p[i], lognormal(2.0, 0.4)),
            outcome(Failed, 0.05, constant(0.5)),
        ];
        provider(["a", "b", "c"][i], outcomes)
    };
    let steps = (0..3).map(|i| (i, step(span(60.0)))).collect();
    let result = simulate_one((0..3).map(carrier).collect(), plan("three steps", steps));
    let missed = [1.0, 0.4, 0.4 * 0.5, 0.4 * 0.5 * 0.65];
    is_share("delivered", result.delivered.share, 1.0 - missed[3]);
    is_share("succeeded", result.succeeded.share, 1.0 - missed[3]);
    for i in 0..3 {
        is_share("attempts", result.steps[i].attempts.0 / N as f64, missed[i]);
        is_share("deliveries", result.steps[i].delivered.0 / N as f64, missed[i] * p[i]);
        is_share("failed", result.steps[i].outcomes["failed"].0 / N as f64, missed[i] * 0.05);
    }
    is_mean("failovers", result.failovers.0 / N as f64, 0.4 + 0.2, 0.4 * 1.0 + 0.2 * 3.0 - 0.36);
}

/// The recipients reached by plans over the same providers do not depend on the order of the steps: the same recipients, not just
/// the same number.
#[test]
fn swapped_steps_reach_exactly_the_same_people() {
    let providers = vec![delivering("a", 0.6, 2.0), delivering("b", 0.8, 4.0)];
    let order = |name, order: [usize; 2]| plan(name, order.map(|i| (i, step(span(30.0)))).to_vec());
    let results = simulate(&scenario(N, providers, vec![order("ab", [0, 1]), order("ba", [1, 0])]));
    assert_eq!(results.plans[0].delivered, results.plans[1].delivered);
    assert_eq!(results.comparisons[0].delivered.difference, 0.0);
    is_share("delivered", results.plans[0].delivered.share, 1.0 - 0.4 * 0.2);
}

/// If a share `f` fails, the k-th attempt is made with probability `f^(k-1)`; the expected number is `(1 - f^4) / (1 - f)`.
#[test]
fn retries_are_made_until_one_does_not_fail() {
    let f: f64 = 0.3;
    let flaky = vec![outcome(Failed, f, constant(1.0)), outcome(Delivered, 1.0 - f, constant(2.0))];
    let rules = StepRules { attempts: 4, retry_after: span(2.0), ..step(span(60.0)) };
    let result = simulate_one(vec![provider("flaky", flaky)], plan("four tries", vec![(0, rules)]));
    let tries = [(1.0, 1.0 - f), (2.0, f * (1.0 - f)), (3.0, f * f * (1.0 - f)), (4.0, f * f * f)];
    is_mean_of("attempts", result.steps[0].attempts.0 / N as f64, &tries);
    is_share("delivered", result.delivered.share, 1.0 - f.powi(4));
    assert_eq!(result.latency_s.max, Some(3.0 * 3.0 + 2.0), "three failures, three waits, and the delivery");
}

// ---------------------------------------------------------------- cost

/// The first step is always charged, for three parts; the second with the probability that the first misses.
#[test]
fn a_price_per_part_is_paid_for_every_submission() {
    let first = Price { submitted: money(0.045), parts: 3, ..Price::default() };
    let second = Price { submitted: money(0.1), ..Price::default() };
    let providers = vec![priced(first, delivering("a", 0.7, 2.0)), priced(second, delivering("b", 0.7, 2.0))];
    let result = simulate_one(providers, plan("two steps", vec![(0, step(span(30.0))), (1, step(span(30.0)))]));
    is_mean_of("cost", result.cost.per_recipient, &[(0.135, 0.7), (0.235, 0.3)]);
    assert_eq!(result.steps[0].cost, 0.135 * N as f64);
}

/// Deliveries after the validity, which defaults to the ttl, have their own price. With an exponential latency their share is
/// `exp(-ttl / mean)`. A step with a shorter or longer ttl does not change what the vendor counts.
#[test]
fn deliveries_are_paid_by_whether_they_come_after_their_validity() {
    let price = Price { delivered: money(0.02), delivered_late: money(0.005), ..Price::default() };
    let slow = provider("slow", vec![outcome(Delivered, 0.9, exponential(40.0))]);
    let slow = ProviderSpec { honours_ttl: false, price, ..slow };
    let result = simulate_one(vec![slow.clone()], plan("one step", vec![(0, step(span(60.0)))]));
    let late = 0.9 * (-60.0 / 40.0_f64).exp();
    is_share("late", result.steps[0].late.0 / N as f64, late);
    is_share("delivered", result.delivered.share, 0.9);
    is_share("succeeded", result.succeeded.share, 0.9 - late);
    is_share("expired", result.steps[0].outcomes["expired"].0 / N as f64, 0.1 + late);
    is_mean_of("cost", result.cost.per_recipient, &[(0.02, 0.9 - late), (0.005, late)]);
    for (ttl, validity) in [(60.0, 90.0), (60.0, 20.0)] {
        let mut one_step = plan("one step", vec![(0, step(span(ttl)))]);
        change_steps(&mut one_step, |steps| steps[0].validity = span(validity));
        let result = simulate_one(vec![slow.clone()], one_step);
        let late = 0.9 * (-validity / 40.0).exp();
        is_mean_of("cost", result.cost.per_recipient, &[(0.02, 0.9 - late), (0.005, late)]);
        is_share("late for the step", result.steps[0].late.0 / N as f64, 0.9 * (-ttl / 40.0).exp());
    }
}

/// The number of started increments of an exponential talk time is geometric, with mean `1 / s` and variance `(1 - s) / s²`,
/// where `s = 1 - exp(-increment / mean)`.
#[test]
fn talk_is_paid_by_started_increments() {
    let price = Price { per_minute: money(0.12), increment: span(30.0), delivered: money(0.01), ..Price::default() };
    let answered = OutcomeSpec { talk: Some(exponential(50.0)), ..outcome(Answered, 0.68, constant(5.0)) };
    let voice = priced(price, provider("voice", vec![answered]));
    let result = simulate_one(vec![voice], plan("a call", vec![(0, step(span(60.0)))]));
    let s = -(-30.0 / 50.0_f64).exp_m1();
    let (mean, variance) = (0.01 + 0.06 / s, 0.06_f64.powi(2) * (1.0 - s) / (s * s));
    let square = variance + mean * mean;
    is_mean("cost", result.cost.per_recipient, 0.68 * mean, 0.68 * square - (0.68 * mean).powi(2));
}

/// An answering machine takes 30 % of the calls: they are charged by their length and reach nobody, so SMS follows. The cost is that of a
/// recipient's way: an answered call of one started minute, a machine's of two and an SMS, or an SMS alone.
#[test]
fn calls_that_a_machine_takes_are_charged_and_move_on() {
    let price = Price { per_minute: money(0.10), delivered: money(0.01), ..Price::default() };
    let talk =
        |status, share, length| OutcomeSpec { talk: Some(constant(length)), ..outcome(status, share, constant(5.0)) };
    let outcomes = vec![talk(Answered, 0.5, 20.0), talk(Machine, 0.3, 90.0), outcome(Busy, 0.1, constant(1.0))];
    let voice = priced(price, provider("voice", outcomes));
    let sms = priced(Price { submitted: money(0.04), ..Price::default() }, delivering("sms", 0.9, 2.0));
    let result = simulate_one(vec![voice, sms], plan("call", vec![(0, step(span(60.0))), (1, step(span(60.0)))]));
    is_share("delivered", result.delivered.share, 0.5 + 0.5 * 0.9);
    is_share("machine", result.steps[0].outcomes["machine"].0 / N as f64, 0.3);
    is_share("calls that reached someone", result.steps[0].delivered.0 / N as f64, 0.5);
    is_mean_of("cost", result.cost.per_recipient, &[(0.11, 0.5), (0.24, 0.3), (0.04, 0.2)]);
}

/// A rejected message is free; a message lost in an outage is charged.
#[test]
fn rejected_messages_are_free_and_silent_ones_are_not() {
    let price = Price { submitted: money(0.05), delivered: money(0.01), ..Price::default() };
    let play_under = |effect| {
        let sms = priced(price, delivering("sms", 1.0, 2.0));
        simulate_one(vec![broken(outage(0.0, 10.0, effect, 0.4), sms)], plan("sms", vec![(0, step(span(30.0)))]))
    };
    is_mean_of("cost under fail", play_under(Effect::Fail).cost.per_recipient, &[(0.06, 0.6)]);
    is_mean_of("cost under silent", play_under(Effect::Silent).cost.per_recipient, &[(0.05, 0.4), (0.06, 0.6)]);
}

// ---------------------------------------------------------------- latency

#[test]
fn one_step_takes_as_long_as_its_latency() {
    let (median, sigma) = (4.0, 1.0);
    let sms = provider("sms", vec![outcome(Delivered, 1.0, lognormal(median, sigma))]);
    let result = simulate_one(vec![sms], plan("sms", vec![(0, step(UNLIMITED))]));
    let cdf = lognormal_cdf(median, sigma);
    are_quantiles(&result.latency_s, N as f64, &cdf);
    is_share("in time", result.in_time.share, cdf(60.0));
    let mean = median * (0.5 * sigma * sigma).exp();
    is_mean("mean", result.latency_s.mean.expect("reached"), mean, mean * mean * (sigma * sigma).exp_m1());
}

/// A share fails after an exponential time, and the next step takes a lognormal time from then on: a convolution.
#[test]
fn a_second_step_starts_where_the_first_failed() {
    let outcomes = vec![outcome(Delivered, 0.7, lognormal(3.0, 0.8)), outcome(Failed, 0.3, exponential(8.0))];
    let providers =
        vec![provider("viber", outcomes), provider("sms", vec![outcome(Delivered, 1.0, lognormal(5.0, 1.0))])];
    let result = simulate_one(providers, plan("viber, sms", vec![(0, step(UNLIMITED)), (1, step(UNLIMITED))]));
    let (first, second) = (lognormal_cdf(3.0, 0.8), lognormal_cdf(5.0, 1.0));
    let both = |t: f64| integral(0.0, t, |s| (-s / 8.0).exp() / 8.0 * second(t - s));
    let cdf = |t| 0.7 * first(t) + 0.3 * both(t);
    are_quantiles(&result.latency_s, N as f64, cdf);
    is_share("in time", result.in_time.share, cdf(60.0));
}

/// Recipients not reached by the first step wait for its ttl, then for the second step.
#[test]
fn a_second_step_starts_when_the_ttl_of_a_silent_first_has_passed() {
    let ttl = 30.0;
    let viber = provider("viber", vec![outcome(Delivered, 0.6, lognormal(6.0, 1.2))]);
    let sms = provider("sms", vec![outcome(Delivered, 1.0, lognormal(4.0, 1.0))]);
    let result = simulate_one(vec![viber, sms], plan("viber, sms", vec![(0, step(span(ttl))), (1, step(UNLIMITED))]));
    let (first, second) = (lognormal_cdf(6.0, 1.2), lognormal_cdf(4.0, 1.0));
    let in_first = |t: f64| 0.6 * first(t.min(ttl));
    let cdf = |t: f64| in_first(t) + (1.0 - in_first(ttl)) * second(t - ttl);
    are_quantiles(&result.latency_s, N as f64, cdf);
    is_share("in time", result.in_time.share, cdf(60.0));
    is_share("second attempts", result.steps[1].attempts.0 / N as f64, 1.0 - in_first(ttl));
}

/// Half of the messages take three times as long plus five seconds.
#[test]
fn a_slow_provider_stretches_and_delays() {
    let sms = provider("sms", vec![outcome(Delivered, 1.0, lognormal(4.0, 0.7))]);
    let slow = outage(0.0, 1.0, Effect::Slow { factor: 3.0, delay: span(5.0) }, 0.5);
    let result = simulate_one(vec![broken(slow, sms)], plan("sms", vec![(0, step(UNLIMITED))]));
    let cdf = lognormal_cdf(4.0, 0.7);
    are_quantiles(&result.latency_s, N as f64, |t| 0.5 * cdf(t) + 0.5 * cdf((t - 5.0) / 3.0));
}

/// A flow that gives up counts as failed for the engine; its message is delivered all the same.
#[test]
fn giving_up_ends_the_flow_and_not_the_message() {
    let sms = provider("sms", vec![outcome(Delivered, 1.0, exponential(20.0))]);
    let mut patient = plan("sms", vec![(0, step(UNLIMITED))]);
    patient.flow = patient.flow.with_give_up_after(span(30.0)).expect("a span");
    let result = simulate_one(vec![sms], patient);
    is_share("succeeded", result.succeeded.share, exponential_cdf(20.0)(30.0));
    assert_eq!(result.delivered.count.0, N as f64);
    assert_eq!(result.last_end_s, Some(30.0));
}

// ---------------------------------------------------------------- outages and late reports

/// An outage of a quarter of the hour for four fifths of the traffic.
#[test]
fn an_outage_hits_its_share_of_those_who_come_in_its_window() {
    let dark = outage(600.0, 1500.0, Effect::Silent, 0.8);
    let sms = broken(dark, delivering("sms", 0.9, 2.0));
    let result = simulate_one_over_an_hour(vec![sms], plan("sms", vec![(0, step(span(30.0)))]));
    is_share("delivered", result.delivered.share, 0.9 * (1.0 - 0.25 * 0.8));
    is_share("expired", result.steps[0].outcomes["expired"].0 / N as f64, 1.0 - 0.9 * 0.8);
}

/// An outage of ten minutes in each half hour, from the fifth minute on.
#[test]
fn a_recurring_outage_hits_in_each_of_its_windows() {
    let dark = recurring(300.0, 900.0, span(1800.0), Effect::Fail, 0.6);
    let sms = broken(dark, delivering("sms", 1.0, 2.0));
    let result = simulate_one_over_an_hour(vec![sms], plan("sms", vec![(0, step(span(30.0)))]));
    is_share("failed", result.steps[0].outcomes["failed"].0 / N as f64, 0.6 / 3.0);
    is_share("delivered", result.delivered.share, 1.0 - 0.6 / 3.0);
}

/// Two overlapping outages hit independently.
#[test]
fn two_outages_hit_independently() {
    let outages = vec![outage(0.0, 1.0, Effect::Silent, 0.3), outage(0.0, 1.0, Effect::Fail, 0.5)];
    let sms = ProviderSpec { outages, ..delivering("sms", 1.0, 2.0) };
    let result = simulate_one(vec![sms], plan("sms", vec![(0, step(span(30.0)))]));
    is_share("failed", result.steps[0].outcomes["failed"].0 / N as f64, 0.5);
    is_share("delivered", result.delivered.share, 0.5 * 0.7);
}

/// A provider that stops at validity delivers nothing after it.
#[test]
fn what_takes_longer_than_its_validity_expires() {
    let sms = provider("sms", vec![outcome(Delivered, 0.95, lognormal(20.0, 1.0))]);
    let mut late = plan("sms", vec![(0, step(span(120.0)))]);
    change_steps(&mut late, |steps| steps[0].validity = span(45.0));
    let result = simulate_one(vec![sms], late);
    let kept = lognormal_cdf(20.0, 1.0)(45.0);
    is_share("delivered", result.delivered.share, 0.95 * kept);
    is_share("expired", result.steps[0].outcomes["expired"].0 / N as f64, 1.0 - 0.95 * kept);
    assert_eq!(result.latency_s.max.map(|max| max <= 45.0), Some(true));
}

/// Delivered, but the report is lost: failover by timer sends everything twice.
#[test]
fn lost_reports_make_duplicates() {
    let lost = outage(0.0, 1800.0, Effect::ReportsLost, 1.0);
    let providers = vec![broken(lost, delivering("viber", 0.9, 2.0)), delivering("sms", 0.95, 3.0)];
    let steps = vec![(0, step(span(30.0))), (1, step(span(30.0)))];
    let result = simulate_one_over_an_hour(providers, plan("viber, sms", steps));
    is_share("duplicates", result.duplicates.share, 0.5 * 0.9 * 0.95);
    is_share("delivered", result.delivered.share, 1.0 - 0.1 * 0.05);
    is_share("succeeded", result.succeeded.share, 0.5 * 0.95 + 0.5 * (1.0 - 0.1 * 0.05));
}

/// A report after the ttl comes too late to prevent the second step, but it ends the flow, unless late deliveries are ignored.
#[test]
fn late_reports_make_duplicates_too() {
    let slow_to_report = ProviderSpec { report_delay: exponential(10.0), ..delivering("viber", 1.0, 2.0) };
    let providers = vec![slow_to_report, delivering("sms", 0.8, 3.0)];
    let late = (-18.0 / 10.0_f64).exp();
    for (late_delivery, succeeded) in [(LateDelivery::Finish, 1.0), (LateDelivery::Ignore, 1.0 - 0.2 * late)] {
        let mut two = plan("viber, sms", vec![(0, step(span(20.0))), (1, step(UNLIMITED))]);
        two.flow = two.flow.with_late_delivery(late_delivery);
        let result = simulate_one(providers.clone(), two);
        is_share("duplicates", result.duplicates.share, 0.8 * late);
        is_share("succeeded", result.succeeded.share, succeeded);
        is_share("unresolved", result.unresolved.0 / N as f64, 1.0 - succeeded);
        assert_eq!(result.delivered.share, 1.0);
    }
}

/// A late delivery to the handset itself: the second step is under way by then.
#[test]
fn a_provider_that_ignores_validity_delivers_after_the_flow_has_moved_on() {
    let viber = provider("viber", vec![outcome(Delivered, 0.9, lognormal(20.0, 1.0))]);
    let providers = vec![ProviderSpec { honours_ttl: false, ..viber }, delivering("sms", 0.8, 3.0)];
    let result = simulate_one(providers, plan("viber, sms", vec![(0, step(span(60.0))), (1, step(span(60.0)))]));
    let late = 0.9 * (1.0 - lognormal_cdf(20.0, 1.0)(60.0));
    is_share("late", result.steps[0].late.0 / N as f64, late);
    is_share("duplicates", result.duplicates.share, late * 0.8);
    is_share("delivered", result.delivered.share, 0.9 + 0.1 * 0.8);
}

/// Delivery and opening are exponential with different means; their sum has the distribution function
/// `1 - (b e^(-a t) - a e^(-b t)) / (b - a)`.
#[test]
fn a_message_must_be_opened_before_its_ttl_under_expire_on_delivery() {
    let opened = seen_by(0.7, exponential(30.0), outcome(Delivered, 0.8, exponential(10.0)));
    let rules = StepRules { success: SuccessFloor::Seen, expire_on_delivery: true, ..step(span(60.0)) };
    let result = simulate_one(vec![provider("viber", vec![opened])], plan("seen", vec![(0, rules)]));
    let (a, b) = (1.0 / 10.0, 1.0 / 30.0);
    let both = 1.0 - (b * (-a * 60.0_f64).exp() - a * (-b * 60.0_f64).exp()) / (b - a);
    let delivered = 0.8 * exponential_cdf(10.0)(60.0);
    is_share("delivered", result.delivered.share, delivered);
    is_share("seen", result.seen.expect("modelled").share, 0.7 * delivered);
    is_share("succeeded", result.succeeded.share, 0.8 * 0.7 * both);
    is_share("expired", result.steps[0].outcomes["expired"].0 / N as f64, 1.0 - 0.8 * 0.7 * both);
}

// ---------------------------------------------------------------- arrivals

/// Given n arrivals, they are uniform over n mean gaps: their mean has standard deviation `n gaps / sqrt(12 n)`. Of the gaps
/// between them in order, the share `(1 - 1/n)^n`, about 1/e, is longer than the mean. Also at a rate below one an hour.
#[test]
fn poisson_arrivals_come_at_their_rate() {
    for rate in [300.0, 0.0001] {
        let n = N as f64;
        let traffic = Traffic {
            recipients: N,
            arrivals: Arrivals::Poisson { rate_per_s: rate },
            segments: failsim::traffic::SegmentMix::Whole,
        };
        let mut times = vec![Time::ZERO; N as usize];
        Timetable::new(&traffic, RngKey::new(1, 0)).fill(0, &mut times);
        let mean = times.iter().map(|at| at.as_secs_f64()).sum::<f64>() / n;
        let deviation = n / rate / (12.0 * n).sqrt();
        assert!((mean - 0.5 * n / rate).abs() < STANDARD_ERRORS * deviation, "mean {mean} at rate {rate}");
        times.sort_unstable();
        let gaps = times.windows(2).map(|pair| pair[1].since(pair[0]).as_secs_f64());
        is_share("gaps above the mean", gaps.filter(|gap| *gap > 1.0 / rate).count() as f64 / n, (-1.0_f64).exp());
    }
}
