//! Scenarios in a few words: what the tests build them from.

use failsim::dist::{Dist, Shape};
use failsim::engine::{FlowPlan, LateDelivery, Pool, StepRules};
use failsim::provider::{Capacity, Effect, Order, Outage, Outcome, Price, ProviderSpec, Seen, When};
use failsim::scenario::{BaselineRules, Carrier, Plan, Scenario, Stream};
use failsim::traffic::{Arrivals, Traffic};
use failsim::units::{Money, Probability, Rate, SimTime};
use failsim::vocabulary::{Status, StatusSet, SuccessFloor};

pub(crate) const NEVER: SimTime = SimTime::NEVER;

pub(crate) fn secs(seconds: f64) -> SimTime {
    SimTime::from_secs_f64(seconds)
}

pub(crate) fn share(value: f64) -> Probability {
    Probability::new(value).expect("tests write shares from 0 to 1")
}

pub(crate) fn money(units: f64) -> Money {
    Money::from_units(units)
}

pub(crate) fn constant(seconds: f64) -> Dist {
    Dist::constant(secs(seconds))
}

pub(crate) fn exponential(mean_s: f64) -> Dist {
    Dist::new(Shape::Exponential { mean: secs(mean_s) })
}

pub(crate) fn lognormal(median_s: f64, sigma: f64) -> Dist {
    Dist::new(Shape::Lognormal { median: secs(median_s), sigma })
}

/// A free provider that keeps validity, reports at once and never breaks; what the outcomes leave over is silence.
pub(crate) fn provider(name: &str, outcomes: Vec<Outcome>) -> ProviderSpec {
    ProviderSpec {
        name: name.to_owned(),
        channel: name.to_owned(),
        price: Price::default(),
        honours_ttl: true,
        report_delay: Dist::constant(SimTime::ZERO),
        outcomes,
        outages: Vec::new(),
        capacity: None,
    }
}

pub(crate) fn outcome(status: Status, of_all: f64, after: Dist) -> Outcome {
    Outcome { status, share: share(of_all), after, seen: None, talk: None }
}

/// A delivery, opened by this share of the people.
pub(crate) fn seen_by(of_delivered: f64, after: Dist, outcome: Outcome) -> Outcome {
    Outcome { seen: Some(Seen { share: share(of_delivered), after }), ..outcome }
}

/// So many leave a second, in the order in which they come.
pub(crate) fn paced(per_s: u64) -> Capacity {
    let rate = Rate::new(per_s, 0, SimTime::from_micros(1_000_000));
    Capacity { rate, concurrent: None, queue: u64::MAX, order: Order::Fifo }
}

/// An outage that happens once.
pub(crate) fn outage(from_s: f64, to_s: f64, effect: Effect, of_traffic: f64) -> Outage {
    recurring(from_s, to_s, NEVER, effect, of_traffic)
}

/// An outage that recurs with this period.
pub(crate) fn recurring(from_s: f64, to_s: f64, every: SimTime, effect: Effect, of_traffic: f64) -> Outage {
    let when = When::Window { from: secs(from_s), to: secs(to_s), every };
    Outage { when, effect, share: share(of_traffic) }
}

/// A step with the usual rules: it waits for a delivery and moves on whatever else happens.
pub(crate) fn step(ttl: SimTime) -> StepRules {
    StepRules {
        ttl,
        failover_on: Status::ALL.into_iter().filter(|status| status.is_bad()).collect::<StatusSet>(),
        success: SuccessFloor::Delivered,
        expire_on_delivery: false,
        attempts: 1,
        retry_after: SimTime::ZERO,
        backoff: StepRules::STEADY,
    }
}

/// A plan of steps, each with its provider's index; providers keep trying for as long as the step waits.
pub(crate) fn plan(name: &str, steps: Vec<(usize, StepRules)>) -> Plan {
    let carrier =
        |(provider, rules): &(usize, StepRules)| Carrier { pool: Pool::single(*provider), validity: rules.ttl };
    let carriers = steps.iter().map(carrier).collect();
    let steps = steps.into_iter().map(|(_, rules)| rules).collect();
    let flow = FlowPlan { steps, late_delivery: LateDelivery::Finish, give_up_after: NEVER };
    Plan { name: name.to_owned(), flow, carriers, is_reference: false, renamed_from: None, line: 0 }
}

/// The same terms with another provider.
pub(crate) fn carried_by(provider: usize, carrier: Carrier) -> Carrier {
    Carrier { pool: Pool::single(provider), ..carrier }
}

/// These plans with a deadline of 60 s, everybody arriving at once.
pub(crate) fn scenario(recipients: u64, providers: Vec<ProviderSpec>, plans: Vec<Plan>) -> Scenario {
    Scenario {
        title: "a test".to_owned(),
        seed: 20_261_127,
        currency: "EUR".to_owned(),
        deadline: secs(60.0),
        replications: 1,
        streams: vec![stream("", recipients, Arrivals::Blast)],
        breakers: vec![None; providers.len()],
        providers,
        plans,
        checks: Vec::new(),
        baseline: BaselineRules::default(),
        left_out: Vec::new(),
        digest: String::new(),
        warnings: None,
    }
}

/// A stream of traffic that follows the plan that is compared, with a deadline of 60 s.
pub(crate) fn stream(name: &str, recipients: u64, arrivals: Arrivals) -> Stream {
    let traffic = Traffic { recipients, arrivals };
    Stream { name: name.to_owned(), traffic, deadline: secs(60.0), priority: 0, plan: None }
}
