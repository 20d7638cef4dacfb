//! The classes of recipients under a plan: those who reach a step that only some reach, at its own price and after its own delay.
//!
//! A mean has a valid interval only if every class that could move it has been observed often enough. The plan determines the classes,
//! including those that were never observed: a sample that has missed a rare and expensive class looks best.

use super::unknown::Unknown;
use crate::dist::Sampler;
use crate::provider::{OutcomeSpec, ProviderSpec};
use crate::scenario::{Plan, Scenario};
use crate::sim::{Ending, PlanTally, StepTally};
use crate::status::{Segment, Status, SuccessFloor};
use crate::units::Span;
use std::sync::OnceLock;

/// This many recipients of a class are enough to show its effect on the mean.
const ENOUGH: u64 = 10;
/// A smaller class is harmless if one recipient more or less moves the mean by less than this fraction of half the interval.
const HARMLESS: f64 = 0.25;
/// Where intervals come from replications: a class is frequent enough if its recipients would fill at least this many replications.
const REPLICATIONS: f64 = 0.3;
/// The delay assumed for a step without a ttl.
const ENDLESS: Span = Span::from_micros(600_000_000);
/// The lengths of calls matter only if calls contribute at least this share of the spread of costs.
const OF_SPREAD: f64 = 0.1;
/// The number of calls needed for each unit of the squared skewness of their cost.
const CALLS: f64 = 0.4;

/// What sets the recipients of a class apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Apart {
    /// They came to the step.
    Came,
    /// Their delivery was charged, or that of the others was.
    Charged,
    /// They were rejected at submission, or the others were.
    Rejected,
}

/// A class of recipients, and by how much each of them moves a mean.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Class {
    apart: Apart,
    /// The step that they reached, from 1.
    step: usize,
    recipients: u64,
    /// The extra cost or delay of one recipient, in the unit of the mean.
    extra: f64,
}

/// Calls that were answered at a step, by recipients or by machines.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Calls {
    step: usize,
    answered: u64,
    /// The variance of the cost of one call (millionths²), and its skewness.
    variance: f64,
    skewness: f64,
}

/// The cost of answered calls by length, for each provider and segment: computed once, on first use.
pub(super) struct CallCosts(Vec<Vec<OnceLock<CallCost>>>);

/// The cost of an answered call that depends on its length.
struct CallCost {
    /// The mean (millionths), of the outcome with the longest calls; 0 without calls.
    mean: f64,
    /// For each status with priced calls: variance (millionths²) and skewness.
    spread: Vec<(Status, f64, f64)>,
}

impl CallCosts {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let of_provider = |_| scenario.segments().map(|_| OnceLock::new()).collect();
        Self(scenario.providers.iter().map(of_provider).collect())
    }

    fn of(&self, scenario: &Scenario, provider: usize, segment: Segment) -> &CallCost {
        self.0[provider][segment.index()].get_or_init(|| CallCost::new(scenario.providers[provider].of(segment)))
    }
}

impl CallCost {
    fn new(spec: &ProviderSpec) -> Self {
        let mean = spec.outcomes.iter().filter_map(|outcome| outcome.talk.as_ref()).map(|talk| {
            let prices = prices(spec, &Sampler::new(talk));
            prices.iter().sum::<f64>() / prices.len() as f64
        });
        Self { mean: mean.fold(0.0, f64::max), spread: talk_prices(spec) }
    }
}

impl Class {
    /// By how much one recipient of the class moves the sum behind the mean.
    pub(super) const fn extra(&self) -> f64 {
        self.extra
    }

    /// Why this class is too rare: it could move the mean of this many independent recipients too far for an interval of half-length
    /// `half`. `None` if it is not.
    pub(super) fn is_too_rare(&self, recipients: u64, half: f64) -> Option<Unknown> {
        let harmless = is_harmless(self.extra / recipients as f64, half);
        let too_rare = self.recipients < ENOUGH && !harmless;
        let Self { apart, step, recipients, .. } = *self;
        too_rare.then_some(match apart {
            Apart::Came => Unknown::RareStep { step, recipients },
            Apart::Charged => Unknown::RareCharge { step, recipients },
            Apart::Rejected => Unknown::RareRejection { step, recipients },
        })
    }

    /// Why this class is too rare for intervals from this many replications, with this many recipients in total: all recipients of one
    /// replication may belong to the class. `None` if it is not.
    pub(super) fn is_too_rare_in(&self, replications: u32, recipients: u64, half: f64) -> Option<Unknown> {
        let replications = f64::from(replications);
        let harmless = is_harmless(self.extra / replications, half);
        let share = self.recipients as f64 / recipients as f64;
        let too_rare = replications * share < REPLICATIONS && !harmless;
        let needed = (share > 0.0).then(|| (REPLICATIONS / share).ceil() as u64);
        too_rare.then_some(Unknown::RareStepInReplications { step: self.step, needed })
    }
}

/// The classes with those of several groups of recipients as one where each recipient moves the mean by as much at the same step.
pub(super) fn pooled(classes: Vec<Class>) -> Vec<Class> {
    let mut pooled: Vec<Class> = Vec::new();
    for class in classes {
        let is_alike =
            |other: &&mut Class| (other.apart, other.step, other.extra) == (class.apart, class.step, class.extra);
        match pooled.iter_mut().find(is_alike) {
            Some(other) => other.recipients += class.recipients,
            None => pooled.push(class),
        }
    }
    pooled
}

/// Whether moving a mean by `moved` is negligible for an interval of half-length `half`.
pub(super) fn is_harmless(moved: f64, half: f64) -> bool {
    moved <= HARMLESS * half
}

impl Calls {
    /// Why these calls are too few to know the spread of the costs, whose sum of squares about the mean is `spread`. `None` if they are
    /// enough.
    pub(super) fn are_too_few(&self, spread: f64) -> Option<Unknown> {
        let needed = (CALLS * self.skewness * self.skewness).ceil() as u64;
        let matter = self.answered as f64 * self.variance > OF_SPREAD * spread;
        let too_few = matter && self.answered < needed;
        too_few.then_some(Unknown::RareCalls { step: self.step, calls: self.answered, needed })
    }
}

/// The plan that recipients of one class follow.
#[derive(Clone, Copy)]
pub(super) struct Followed<'a> {
    pub(super) plan: &'a Plan,
    pub(super) segment: Segment,
    /// Whether each of them is alone: capacity makes no difference then.
    pub(super) is_alone: bool,
}

/// The classes that differ in cost (millionths).
pub(super) fn of_cost(
    scenario: &Scenario,
    followed: Followed<'_>,
    tally: &PlanTally,
    call_costs: &CallCosts,
) -> Vec<Class> {
    let (reached, Followed { plan, segment, is_alone }) = (reachable(scenario, followed), followed);
    let steps = tally.steps.iter().zip(plan.flow.steps()).enumerate().take(reached);
    let classes = steps.flat_map(|(index, (step, rules))| {
        let members = || rules.pool.members().iter().copied();
        let specs = || members().map(|provider| scenario.providers[provider].of(segment));
        let most_expensive =
            members().map(|provider| delivered(scenario, provider, segment, call_costs)).fold(0.0, f64::max);
        let come = Class {
            apart: Apart::Came,
            step: index + 1,
            recipients: entered(step),
            extra: specs().map(submitted).fold(0.0, f64::max),
        };
        let either = |some: u64| some.min(step.attempts - some.min(step.attempts));
        // Reports of delivery are charged whether or not they are true.
        let charged = step.delivered.max(reported_delivered(step));
        let delivered =
            Class { apart: Apart::Charged, step: index + 1, recipients: either(charged), extra: most_expensive };
        // Only an attempt that is not rejected at submission is charged at all.
        let rejected = members().map(|provider| tally.providers[provider].rejected).sum::<u64>().min(step.attempts);
        let accepted =
            Class { apart: Apart::Rejected, step: index + 1, recipients: either(rejected), extra: come.extra };
        [
            (index > 0).then_some(come),
            specs().any(|spec| !is_sure(scenario, spec, is_alone)).then_some(delivered),
            specs().any(|spec| is_between(spec, |outcome| outcome.at_submission)).then_some(accepted),
        ]
    });
    classes.flatten().filter(|class| class.extra > 0.0).collect()
}

/// The classes that differ in the time of their first delivery (µs).
pub(super) fn of_latency(scenario: &Scenario, followed: Followed<'_>, tally: &PlanTally) -> Vec<Class> {
    let mut delay = Span::ZERO;
    let mut classes = Vec::new();
    let reached = reachable(scenario, followed);
    for (index, (step, rules)) in tally.steps.iter().zip(followed.plan.flow.steps()).enumerate().take(reached) {
        if index > 0 {
            classes.push(Class {
                apart: Apart::Came,
                step: index + 1,
                recipients: step.first,
                extra: delay.as_micros() as f64,
            });
        }
        delay = delay.plus(if rules.ttl.is_unlimited() { ENDLESS } else { rules.ttl });
    }
    classes
}

/// The calls of each step that are charged by length.
pub(super) fn calls(
    scenario: &Scenario,
    Followed { plan, segment, .. }: Followed<'_>,
    tally: &PlanTally,
    call_costs: &CallCosts,
) -> Vec<Calls> {
    let steps = tally.steps.iter().zip(plan.flow.steps()).enumerate();
    let calls = steps.flat_map(|(index, (step, rules))| {
        let call_costs =
            rules.pool.members().iter().flat_map(|&provider| &call_costs.of(scenario, provider, segment).spread);
        call_costs.map(move |&(status, variance, skewness)| Calls {
            step: index + 1,
            answered: if status.is_delivery() { step.delivered } else { step.endings[Ending::Status(status).index()] },
            variance,
            skewness,
        })
    });
    calls.collect()
}

/// The number of flows that reached a step.
fn entered(step: &StepTally) -> u64 {
    step.endings.iter().sum()
}

/// The number of flows whose step ended with a report of delivery.
fn reported_delivered(step: &StepTally) -> u64 {
    Status::ALL
        .into_iter()
        .filter(|status| status.is_delivery())
        .map(|status| step.endings[Ending::Status(status).index()])
        .sum()
}

fn submitted(spec: &ProviderSpec) -> f64 {
    spec.price.submitted.as_micros() as f64 * f64::from(spec.price.parts)
}

fn delivered(scenario: &Scenario, provider: usize, segment: Segment, call_costs: &CallCosts) -> f64 {
    let spec = scenario.providers[provider].of(segment);
    let price = &spec.price;
    price.delivered.max(price.delivered_late).as_micros() as f64 + call_costs.of(scenario, provider, segment).mean
}

/// Whether a provider charges a delivery for everything that is submitted to it, or for nothing.
fn is_sure(scenario: &Scenario, spec: &ProviderSpec, is_alone: bool) -> bool {
    let is_delivery = |outcome: &OutcomeSpec| outcome.status.is_some_and(Status::is_delivery);
    is_undisturbed(scenario, spec, is_alone) && !is_between(spec, is_delivery)
}

/// Whether some attempts, but not all, have such an outcome.
fn is_between(spec: &ProviderSpec, is_such: impl Fn(&OutcomeSpec) -> bool) -> bool {
    (1e-9..=1.0 - 1e-9).contains(&share_of(spec, is_such))
}

/// Whether nothing but the outcome of an attempt decides what becomes of it.
fn is_undisturbed(scenario: &Scenario, spec: &ProviderSpec, is_alone: bool) -> bool {
    let phones_are_on = scenario.people.phone_off.is_none() || !spec.needs_phone;
    spec.outages.is_empty() && (is_alone || spec.capacity.is_none()) && phones_are_on
}

/// The share of the attempts that are reported, and charged, as delivered.
fn reports_delivered(spec: &ProviderSpec) -> f64 {
    share_of(spec, |outcome| outcome.status.is_some_and(Status::is_delivery))
}

/// The share of the attempts that have such an outcome.
fn share_of(spec: &ProviderSpec, is_such: impl Fn(&OutcomeSpec) -> bool) -> f64 {
    spec.outcomes.iter().filter(|outcome| is_such(outcome)).map(|outcome| outcome.share.get()).sum()
}

/// The number of leading steps that can be reached: a step only if some attempt of the step before may fail or take too long.
fn reachable(scenario: &Scenario, Followed { plan, segment, is_alone }: Followed<'_>) -> usize {
    let may_fail = |step: usize| {
        let rules = &plan.flow.steps()[step];
        let mut specs =
            rules.pool.members().iter().map(|&provider| (provider, scenario.providers[provider].of(segment)));
        specs.any(|(provider, spec)| {
            let in_time = || {
                let slowest = spec.outcomes.iter().map(|outcome| outcome.after.longest()).max().unwrap_or_default();
                slowest.plus(spec.report_delay.longest()) <= rules.ttl
            };
            let is_sure = reports_delivered(spec) > 1.0 - 1e-9 && is_undisturbed(scenario, spec, is_alone);
            !is_sure
                || !is_alone && scenario.breakers[provider].is_some()
                || rules.success == SuccessFloor::Seen
                || !in_time()
        })
    };
    let sure = (0..plan.flow.steps().len()).position(|step| !may_fail(step));
    sure.map_or(plan.flow.steps().len(), |step| step + 1)
}

/// For each status with priced calls, the variance (millionths²) and the skewness of the cost of such a call by its length.
fn talk_prices(spec: &ProviderSpec) -> Vec<(Status, f64, f64)> {
    if spec.price.per_minute.as_micros() == 0 {
        return Vec::new();
    }
    let calls = spec.outcomes.iter().filter_map(|outcome| Some((outcome.status?, outcome.talk.as_ref()?)));
    calls.map(|(status, talk)| talk_price(spec, status, &Sampler::new(talk))).collect()
}

fn talk_price(spec: &ProviderSpec, status: Status, talk: &Sampler) -> (Status, f64, f64) {
    let prices = prices(spec, talk);
    let n = prices.len() as f64;
    let mean = prices.iter().sum::<f64>() / n;
    let central = |power| prices.iter().map(|price| f64::powi(price - mean, power)).sum::<f64>() / n;
    let variance = central(2);
    (status, variance, if variance > 0.0 { central(3) / variance.powf(1.5) } else { 0.0 })
}

/// The costs of calls (millionths) whose lengths are evenly spaced quantiles of the distribution.
fn prices(spec: &ProviderSpec, talk: &Sampler) -> Vec<f64> {
    const PARTS: u32 = 1 << 14;
    let middle = |part: u32| (2 * part + 1) << 17;
    (0..PARTS).map(|part| spec.price.talk(talk.sample(middle(part))).as_micros() as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_too_rare_if_few_could_move_the_mean() {
        let class = |recipients, extra| Class { apart: Apart::Came, step: 2, recipients, extra };
        assert_eq!(class(10, 100.0).is_too_rare(1_000, 0.01), None);
        let rare = Some(Unknown::RareStep { step: 2, recipients: 9 });
        assert_eq!(class(9, 100.0).is_too_rare(1_000, 0.39), rare);
        assert_eq!(class(9, 100.0).is_too_rare(1_000, 0.41), None, "it moves the mean by a quarter of that");
        assert_eq!(class(0, 1.0).is_too_rare(1_000, 0.0), Some(Unknown::RareStep { step: 2, recipients: 0 }));
        assert_eq!(class(100, 1.0).is_too_rare_in(30, 10_000, 0.0), None);
        assert!(class(99, 1.0).is_too_rare_in(30, 10_000, 0.0).is_some());
        assert_eq!(class(0, 0.3).is_too_rare_in(30, 10_000, 0.04), None, "not if all of a replication came there");
    }

    #[test]
    fn calls_are_enough_by_how_skewed_their_lengths_are() {
        let calls = |answered| Calls { step: 1, answered, variance: 4.0, skewness: 6.0 };
        assert_eq!(calls(15).are_too_few(0.0), None);
        assert_eq!(calls(14).are_too_few(500.0), Some(Unknown::RareCalls { step: 1, calls: 14, needed: 15 }));
        assert_eq!(calls(14).are_too_few(600.0), None, "they carry less than a tenth of the spread");
    }
}
