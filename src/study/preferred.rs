//! Results as they are shown: with exact values in place of simulated ones.

use super::results::{
    Comparison, Cost, Count, Difference, Exact, GroupResult, Interval, Latency, PlanResult, Results, RunOutput, Share,
};
use crate::scenario::Metric;
use std::borrow::Cow;
use std::collections::BTreeMap;

impl Results {
    /// The results with exact values, where plans were solved, in place of simulated ones, and numeric errors in place of intervals.
    ///
    /// Quantiles of the latency, the results of steps and providers, and whatever else is not solved stay as they were simulated.
    #[must_use]
    pub fn preferring_exact(&self) -> Cow<'_, Self> {
        let all = [&self.plans].into_iter().chain(self.groups.iter().map(|group| &group.plans)).flatten();
        if all.clone().all(|plan| plan.exact.is_none()) {
            return Cow::Borrowed(self);
        }
        let group = |group: &GroupResult| GroupResult {
            plans: group.plans.iter().map(preferred).collect(),
            comparisons: compared(&group.comparisons, &group.plans),
            ..group.clone()
        };
        Cow::Owned(Self {
            schema: self.schema.clone(),
            scenario: self.scenario.clone(),
            plans: self.plans.iter().map(preferred).collect(),
            comparisons: compared(&self.comparisons, &self.plans),
            groups: self.groups.iter().map(group).collect(),
        })
    }
}

impl RunOutput {
    /// The output with the results of [`Results::preferring_exact`].
    #[must_use]
    pub fn preferring_exact(&self) -> Cow<'_, Self> {
        match self.results.preferring_exact() {
            Cow::Borrowed(_) => Cow::Borrowed(self),
            Cow::Owned(results) => Cow::Owned(Self {
                results,
                drawn: self.drawn.clone(),
                figure_data: self.figure_data.clone(),
                over_time: self.over_time.clone(),
                imprecise: self.imprecise,
            }),
        }
    }
}

/// A numeric error that does not matter.
const LITTLE: f64 = 1e-6;

/// Whether a numeric error is less than half of the distance to the ends of a simulated interval, or does not matter: otherwise the simulation says
/// as much.
fn is_sure(error: f64, interval: Option<(f64, f64)>) -> bool {
    interval.is_none_or(|(low, high)| error <= LITTLE.max((high - low) / 4.0))
}

fn preferred(plan: &PlanResult) -> PlanResult {
    let Some(exact) = &plan.exact else { return plan.clone() };
    let of = |metric: Metric| exact.get(metric.name()).copied();
    let sure = |metric: Metric, ends: Option<(f64, f64)>| of(metric).filter(|exact| is_sure(exact.error, ends));
    let share = |metric: Metric, simulated: &Share| {
        sure(metric, simulated.low.zip(simulated.high)).map_or(*simulated, |Exact { value, error }| Share {
            count: Count(value * plan.recipients.0),
            share: value,
            low: Some((value - error).max(0.0)),
            high: Some((value + error).min(1.0)),
            narrow: None,
            is_exact: true,
        })
    };
    let mut callbacks = plan.callbacks;
    callbacks.on_completion = count(of(Metric::CallbacksOnCompletion), callbacks.on_completion);
    PlanResult {
        delivered: share(Metric::Delivered, &plan.delivered),
        in_time: share(Metric::InTime, &plan.in_time),
        succeeded: share(Metric::Succeeded, &plan.succeeded),
        duplicates: share(Metric::Duplicates, &plan.duplicates),
        seen: plan.seen.as_ref().map(|seen| share(Metric::Seen, seen)),
        cost: sure(Metric::CostPerRecipient, plan.cost.low.zip(plan.cost.high)).map_or(
            plan.cost,
            |Exact { value, error }| Cost {
                total: of(Metric::CostTotal).map_or(plan.cost.total, |total| total.value),
                per_recipient: value,
                low: Some((value - error).max(0.0)),
                high: Some(value + error),
                per_delivered: of(Metric::CostPerDelivered).map_or(plan.cost.per_delivered, |cost| Some(cost.value)),
                is_exact: true,
            },
        ),
        latency_s: latency(
            &plan.latency_s,
            sure(Metric::LatencyMean, plan.latency_s.intervals.get("mean").map(|ends| (ends.low, ends.high))),
        ),
        no_interval: unknown(&plan.no_interval, exact),
        failovers: count(of(Metric::Failovers), plan.failovers),
        callbacks,
        ..plan.clone()
    }
}

fn count(exact: Option<Exact>, simulated: Count) -> Count {
    exact.map_or(simulated, |exact| Count(exact.value))
}

/// The latency with this mean.
fn latency(simulated: &Latency, mean: Option<Exact>) -> Latency {
    let mut latency = simulated.clone();
    if let Some(Exact { value, error }) = mean {
        latency.mean = Some(value);
        latency.intervals.insert("mean".to_owned(), Interval { low: (value - error).max(0.0), high: value + error });
    }
    latency
}

/// The measures that are not solved and have no interval.
fn unknown(all: &BTreeMap<String, String>, exact: &BTreeMap<String, Exact>) -> BTreeMap<String, String> {
    all.iter().filter(|(name, _)| !exact.contains_key(*name)).map(|(name, why)| (name.clone(), why.clone())).collect()
}

/// The comparisons of these plans, with exact differences where both are solved.
fn compared(pairs: &[Comparison], plans: &[PlanResult]) -> Vec<Comparison> {
    let exact: BTreeMap<&str, &BTreeMap<String, Exact>> =
        plans.iter().filter_map(|plan| Some((plan.name.as_str(), plan.exact.as_ref()?))).collect();
    let comparison = |pair: &Comparison| {
        let (Some(ours), Some(theirs)) = (exact.get(pair.plan.as_str()), exact.get(pair.against.as_str())) else {
            return pair.clone();
        };
        let exact = |metric: Metric| Some((ours.get(metric.name())?, theirs.get(metric.name())?));
        let difference = |metric: Metric, simulated: Difference| {
            let Some((ours, theirs)) = exact(metric) else { return simulated };
            let (difference, error) = (ours.value - theirs.value, ours.error + theirs.error);
            if !is_sure(error, simulated.low.zip(simulated.high)) {
                return simulated;
            }
            Difference { difference, low: Some(difference - error), high: Some(difference + error), is_exact: true }
        };
        Comparison {
            delivered: difference(Metric::Delivered, pair.delivered),
            in_time: difference(Metric::InTime, pair.in_time),
            succeeded: difference(Metric::Succeeded, pair.succeeded),
            duplicates: difference(Metric::Duplicates, pair.duplicates),
            cost_per_recipient: difference(Metric::CostPerRecipient, pair.cost_per_recipient),
            ..pair.clone()
        }
    };
    pairs.iter().map(comparison).collect()
}
