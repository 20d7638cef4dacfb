//! Short builders for the scenarios of the tests.

use failsim::dist::{Dist, Shape};
use failsim::engine::{FlowPlan, LateDelivery, Pool, StepRules, Strategy};
use failsim::provider::{Capacity, Effect, Outage, OutcomeSpec, Price, ProviderSpec, Reports, Seen, When, WhenOff};
use failsim::scenario::{BaselineRules, People, Plan, Scenario, Stream};
use failsim::status::{SegmentSet, Status, StatusSet};
use failsim::traffic::{Arrivals, SegmentMix, Traffic};
use failsim::units::{Money, Probability, Rate, Span, Time};
use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngSeed;

pub(crate) const UNLIMITED: Span = Span::UNLIMITED;

pub(crate) fn secs(seconds: f64) -> Time {
    Time::from_secs_f64(seconds)
}

pub(crate) fn span(seconds: f64) -> Span {
    Span::from_secs_f64(seconds)
}

/// This many random cases, the same in every run, unless the environment says otherwise.
pub(crate) fn random_cases(cases: u32) -> ProptestConfig {
    let given = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { given.cases } else { cases };
    let rng_seed = if given.rng_seed == RngSeed::Random { RngSeed::Fixed(20_261_127) } else { given.rng_seed };
    ProptestConfig { cases, rng_seed, failure_persistence: None, max_shrink_iters: 2_000, ..given }
}

pub(crate) fn share(value: f64) -> Probability {
    Probability::new(value).expect("tests write shares from 0 to 1")
}

pub(crate) fn money(units: f64) -> Money {
    Money::from_units(units)
}

pub(crate) fn constant(seconds: f64) -> Dist {
    Dist::constant(span(seconds))
}

pub(crate) fn exponential(mean_s: f64) -> Dist {
    Dist::new(Shape::Exponential { mean: span(mean_s) })
}

pub(crate) fn lognormal(median_s: f64, sigma: f64) -> Dist {
    Dist::new(Shape::Lognormal { median: span(median_s), sigma })
}

/// A free provider that stops at validity, reports at once and has no outages; the share that the outcomes leave over is silent.
pub(crate) fn provider(name: &str, outcomes: Vec<OutcomeSpec>) -> ProviderSpec {
    ProviderSpec {
        name: name.to_owned(),
        channel: name.to_owned(),
        price: Price::default(),
        honours_ttl: true,
        needs_phone: true,
        when_off: WhenOff::Wait,
        report_delay: Dist::constant(Span::ZERO),
        retry_after_hint: Span::ZERO,
        fees: None,
        reports: Reports::RELIABLE,
        outcomes,
        outages: Vec::new(),
        capacity: None,
        segments: Vec::new(),
    }
}

pub(crate) fn outcome(status: Status, of_all: f64, after: Dist) -> OutcomeSpec {
    let (seen, talk) = (None, None);
    let (persistent, at_submission, reached) = (false, false, true);
    OutcomeSpec { status: Some(status), share: share(of_all), persistent, at_submission, reached, after, seen, talk }
}

/// The outcome as the person's: whoever has it once has it in every attempt over the channel.
pub(crate) fn persistent(outcome: OutcomeSpec) -> OutcomeSpec {
    OutcomeSpec { persistent: true, ..outcome }
}

/// A delivery that this share of recipients opens.
pub(crate) fn seen_by(of_delivered: f64, after: Dist, outcome: OutcomeSpec) -> OutcomeSpec {
    OutcomeSpec { seen: Some(Seen { share: share(of_delivered), after }), ..outcome }
}

/// First in, first out, with this rate [1/s].
pub(crate) fn paced(per_s: u64) -> Capacity {
    let rate = Rate::new(per_s, 0, Span::from_micros(1_000_000));
    Capacity { rate, ..Capacity::UNLIMITED }
}

/// A single outage.
pub(crate) fn outage(from_s: f64, to_s: f64, effect: Effect, of_traffic: f64) -> Outage {
    recurring(from_s, to_s, UNLIMITED, effect, of_traffic)
}

/// A periodic outage.
pub(crate) fn recurring(from_s: f64, to_s: f64, every: Span, effect: Effect, of_traffic: f64) -> Outage {
    let when = When::Window { from: secs(from_s), to: secs(to_s), every };
    Outage { when, effect, share: share(of_traffic), segments: SegmentSet::ALL }
}

/// A step with the usual rules: it waits for a delivery, and any bad status triggers failover.
pub(crate) fn step(ttl: Span) -> StepRules {
    let failover_on = Status::ALL.into_iter().filter(|status| status.is_bad()).collect::<StatusSet>();
    StepRules { failover_on, ..StepRules::via(Pool::single(0), "").with_ttl(ttl) }
}

/// A plan from steps and the index of each one's provider; providers keep trying for as long as the step waits.
pub(crate) fn plan(name: &str, steps: Vec<(usize, StepRules)>) -> Plan {
    let carried =
        |(provider, rules): (usize, StepRules)| carried_by(provider, StepRules { validity: rules.ttl, ..rules });
    named(name, steps.into_iter().map(carried).collect(), LateDelivery::Finish, UNLIMITED)
}

/// A plan from steps.
pub(crate) fn named(name: &str, steps: Vec<StepRules>, late: LateDelivery, give_up_after: Span) -> Plan {
    let flow = FlowPlan::new(steps, late, give_up_after).expect("rules that make sense");
    Plan { name: name.to_owned(), flow, by_segment: None, is_reference: false, renamed_from: None, line: 0 }
}

/// Changes the steps of a plan.
pub(crate) fn change_steps(plan: &mut Plan, change: impl FnOnce(&mut Vec<StepRules>)) {
    let mut steps = plan.flow.steps().to_vec();
    change(&mut steps);
    plan.flow = plan.flow.clone().with_steps(steps).expect("rules that make sense");
}

/// The same rules with another provider.
pub(crate) fn carried_by(provider: usize, rules: StepRules) -> StepRules {
    StepRules { pool: Pool::single(provider), ..rules }
}

/// A scenario of these plans with a deadline of 60 s, in which all recipients arrive at once.
pub(crate) fn scenario(recipients: u64, providers: Vec<ProviderSpec>, plans: Vec<Plan>) -> Scenario {
    Scenario {
        title: "a test".to_owned(),
        seed: 20_261_127,
        starts_at: None,
        notes: Vec::new(),
        currency: "EUR".to_owned(),
        deadline: span(60.0),
        replications: 1,
        streams: vec![stream("", recipients, Arrivals::Blast)],
        breakers: vec![None; providers.len()],
        providers,
        people: People::default(),
        plans,
        webhook: Strategy::OnCompletion,
        checks: Vec::new(),
        baseline: BaselineRules::default(),
        left_out: Vec::new(),
        digest: String::new(),
        warnings: None,
    }
}

/// A stream of traffic that follows the plan under comparison, with a deadline of 60 s.
pub(crate) fn stream(name: &str, recipients: u64, arrivals: Arrivals) -> Stream {
    let traffic = Traffic { recipients, arrivals, segments: SegmentMix::Whole };
    Stream { name: name.to_owned(), traffic, deadline: span(60.0), priority: 0, plan: None }
}
