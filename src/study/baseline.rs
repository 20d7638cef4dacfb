//! Compares results with those of an earlier run: a measure fails when it is worse by more than its tolerance. Because random numbers are
//! keyed, unchanged behaviour differs by exactly zero.

use super::gate::{Kind, Outcome, Row};
use super::matching::matched;
use super::measure::{Measured, measure};
use super::results::{Difference, GroupKind, GroupResult, PlanResult, Results};
use crate::scenario::{Metric, Plan, Scenario};
use crate::stats::{self, Confidence};
use crate::units::Span;
use std::collections::BTreeSet;
use std::fmt;

/// Why a stored run cannot serve as a baseline.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Incomparable {
    /// It has none of these plans.
    NoCommonPlan,
    /// It was run with another seed, so with other random numbers.
    Seed(u64),
    /// It uses another currency.
    Currency,
    /// It has another number of recipients.
    Recipients(u64),
    /// One of its streams has another number of recipients.
    Stream {
        /// The stream's name.
        name: String,
        /// The number of its recipients in the baseline.
        recipients: u64,
    },
    /// It has another number of replications.
    Replications(u32),
}

impl fmt::Display for Incomparable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCommonPlan => f.write_str("the baseline has none of these plans"),
            Self::Seed(seed) => write!(f, "the baseline was run with seed {seed}"),
            Self::Currency => f.write_str("the baseline counts in another currency"),
            Self::Recipients(recipients) => write!(f, "the baseline has {recipients} recipients"),
            Self::Stream { name, recipients } => write!(f, "stream {name} of the baseline has {recipients} recipients"),
            Self::Replications(replications) => write!(f, "the baseline has {replications} replications"),
        }
    }
}

impl std::error::Error for Incomparable {}

/// Compares `now`, the results of `scenario`, with `baseline`: for all streams together, and for each stream by name.
///
/// A plan that only the baseline has fails, unless some plans are left out on purpose; so does such a stream. Where the recipients had
/// other random numbers, because a plan uses other providers or the traffic has other streams, measures are judged by their intervals.
///
/// # Errors
/// [`Incomparable`] when the two runs do not have the same recipients, or have no plan in common.
pub fn against_baseline(scenario: &Scenario, now: &Results, baseline: &Results) -> Result<Vec<Row>, Incomparable> {
    comparable(scenario, now.scenario.replications, baseline)?;
    let matching = matched(scenario, &names(baseline));
    let groups = 1 + now.groups.len();
    let count = matching.plans.iter().flatten().count() * groups * scenario.baseline.compared().len();
    let widening = Confidence::USUAL.shared_by(count).normal() / Confidence::USUAL.normal();
    let mut rows = Vec::new();
    let of_both = scenario.plans.iter().zip(matching.plans).enumerate();
    for (is, plan, was) in of_both.filter_map(|(is, (plan, was))| Some((is, plan, was?))) {
        let of_plan = Rows { scenario, plan, widening };
        let plans = [&now.plans[is], &baseline.plans[was]];
        let same_segments = have_the_same_segments(now, baseline);
        let have_equal_draws = have_equal_draws(plans) && have_the_same_streams(now, baseline) && same_segments;
        rows.extend(of_plan.measures((None, have_equal_draws), plans, deadlines([now, baseline])));
        let of_group = |group| of_plan.group((now, group), [is, was], same_segments);
        rows.extend(baseline.groups.iter().flat_map(of_group));
    }
    let others: Vec<_> = matching.others.iter().map(|&index| baseline.plans[index].name.as_str()).collect();
    rows.extend(lost(scenario, Kind::Baseline, &others));
    Ok(rows)
}

/// The deadlines of both runs (s): those of the groups that both have, else the single deadline of each run.
fn deadlines(results: [&Results; 2]) -> [Vec<f64>; 2] {
    let [now, baseline] = results;
    let streams = now.groups.iter().filter(|group| group.kind == GroupKind::Stream);
    let common = streams.filter_map(|group| Some((group.deadline_s?, same_group(baseline, group)?.deadline_s?)));
    let (ours, theirs): (Vec<_>, Vec<_>) = common.unzip();
    if ours.is_empty() { results.map(|results| vec![results.scenario.deadline_s]) } else { [ours, theirs] }
}

/// The group of the same kind and name as `group` in other results.
fn same_group<'a>(results: &'a Results, group: &GroupResult) -> Option<&'a GroupResult> {
    results.groups.iter().find(|other| other.is(group.kind, &group.name))
}

fn names(results: &Results) -> Vec<&str> {
    results.plans.iter().map(|plan| plan.name.as_str()).collect()
}

/// The plans that only the baseline has, by name.
#[must_use]
pub fn others(scenario: &Scenario, baseline: &Results) -> Vec<String> {
    matched(scenario, &names(baseline)).others.iter().map(|&index| baseline.plans[index].name.clone()).collect()
}

/// The plans that the baseline lacks, by name.
#[must_use]
pub fn new_plans(scenario: &Scenario, baseline: &Results) -> Vec<String> {
    let indices = matched(scenario, &names(baseline)).plans;
    let new = scenario.plans.iter().zip(indices).filter(|(_, index)| index.is_none());
    new.map(|(plan, _)| plan.name.clone()).collect()
}

/// The plans whose recipients had other random numbers in the baseline, by name: plans that use other providers, or all plans where the
/// streams differ.
#[must_use]
pub fn other_draws(scenario: &Scenario, now: &Results, baseline: &Results) -> Vec<String> {
    let indices = matched(scenario, &names(baseline)).plans;
    let pairs = now.plans.iter().zip(indices).filter_map(|(is, index)| Some((is, &baseline.plans[index?])));
    let same_streams = have_the_same_streams(now, baseline) && have_the_same_segments(now, baseline);
    let have_other = |&(is, was): &(&PlanResult, &PlanResult)| !same_streams || !have_equal_draws([is, was]);
    pairs.filter(have_other).map(|(is, _)| is.name.clone()).collect()
}

/// Whether both plans use the same providers: random numbers are keyed by the names of providers.
fn have_equal_draws(plans: [&PlanResult; 2]) -> bool {
    let [is, was] =
        plans.map(|of| of.providers.iter().map(|provider| provider.provider.as_str()).collect::<BTreeSet<_>>());
    is == was
}

/// Whether both runs have the same streams: random numbers are keyed by the names of streams as well.
fn have_the_same_streams(now: &Results, baseline: &Results) -> bool {
    let streams = |of: &Results| of.scenario.streams.iter().cloned().collect::<BTreeSet<_>>();
    streams(now) == streams(baseline)
}

/// Whether the same recipients are in the same segments, as far as the results tell: a recipient's segment depends on the shares of the
/// segments and on their order. Where only one run has segments, nobody has moved from one to another.
fn have_the_same_segments(now: &Results, baseline: &Results) -> bool {
    let segments = |of: &Results| {
        let all = of.groups_of(GroupKind::Segment).map(|group| (group.name.clone(), group.recipients.0));
        (of.scenario.segments.clone(), all.collect::<Vec<_>>())
    };
    let [is, was] = [segments(now), segments(baseline)];
    is.0.is_empty() || was.0.is_empty() || is == was
}

/// The rows of plans that only the other run has: they fail as missing, unless some plans are left out on purpose.
pub(super) fn lost(scenario: &Scenario, kind: Kind, others: &[&str]) -> Vec<Row> {
    let lost = others.iter().filter(|_| scenario.left_out.is_empty());
    lost.map(|name| Row::new(kind, name, Outcome::Fail)).collect()
}

/// Why shares in time cannot be compared, if the deadlines differ.
pub(super) fn other_deadlines([is, was]: [&[f64]; 2]) -> Option<String> {
    let span = |&deadline: &f64| Span::from_secs_f64(deadline);
    (is != was).then(|| match (is, was) {
        ([is], [was]) => format!("the deadline is {} here, and {} in the other run", span(is), span(was)),
        _ => "deadlines are not those of the other run".to_owned(),
    })
}

/// Checks whether the results of `scenario` in this many replications can be compared with `baseline`, before anything is simulated.
///
/// # Errors
/// [`Incomparable`], the same error that [`against_baseline`] would return afterwards.
pub fn comparable(scenario: &Scenario, replications: u32, baseline: &Results) -> Result<(), Incomparable> {
    let theirs = &baseline.scenario;
    if scenario.currency != theirs.currency {
        return Err(Incomparable::Currency);
    }
    if scenario.seed != theirs.seed() {
        return Err(Incomparable::Seed(theirs.seed()));
    }
    if scenario.recipients() != theirs.recipients {
        return Err(Incomparable::Recipients(theirs.recipients));
    }
    if replications != theirs.replications {
        return Err(Incomparable::Replications(theirs.replications));
    }
    let known = matched(scenario, &names(baseline)).plans;
    if known.iter().any(Option::is_some) { same_streams(scenario, baseline) } else { Err(Incomparable::NoCommonPlan) }
}

/// Checks that streams of the same name have the same number of recipients.
fn same_streams(scenario: &Scenario, baseline: &Results) -> Result<(), Incomparable> {
    let differs = |was: &&GroupResult| {
        let now = scenario.streams.iter().find(|stream| was.is(GroupKind::Stream, &stream.name));
        now.is_some_and(|stream| stream.traffic.recipients as f64 != was.recipients.0)
    };
    match baseline.groups.iter().find(differs) {
        Some(was) => Err(Incomparable::Stream { name: was.name.clone(), recipients: was.recipients.0 as u64 }),
        None => Ok(()),
    }
}

/// The stream or the segment that a group is, by name.
fn named(group: Option<&GroupResult>) -> (Option<String>, Option<String>) {
    let name = |kind: GroupKind| group.filter(|group| group.kind == kind).map(|group| group.name.clone());
    (name(GroupKind::Stream), name(GroupKind::Segment))
}

/// Makes the rows of a plan.
struct Rows<'a> {
    scenario: &'a Scenario,
    plan: &'a Plan,
    /// The factor by which intervals that hold for all rows together are wider than intervals that hold for each row.
    widening: f64,
}

impl Rows<'_> {
    /// The rows of a group of the baseline, where the plan has these indices in both runs.
    fn group(&self, (now, was): (&Results, &GroupResult), indices: [usize; 2], same_segments: bool) -> Vec<Row> {
        let Some(is) = same_group(now, was) else {
            let (stream, segment) = named(Some(was));
            return vec![Row { stream, segment, ..self.row(Outcome::Fail) }];
        };
        let plans = [&is.plans[indices[0]], &was.plans[indices[1]]];
        let deadlines = [is, was].map(|group| group.deadline_s.into_iter().collect());
        self.measures((Some(was), have_equal_draws(plans) && same_segments), plans, deadlines)
    }

    fn measures(
        &self,
        (group, have_equal_draws): (Option<&GroupResult>, bool),
        plans: [&PlanResult; 2],
        deadlines: [Vec<f64>; 2],
    ) -> Vec<Row> {
        let other_deadlines = other_deadlines(deadlines.each_ref().map(Vec::as_slice));
        let row = |&metric: &Metric| {
            let both = plans.map(|plan| measure(plan, metric));
            let [value, other] = both.map(|measured| measured.map(|measured| measured.value));
            let tolerance = self.scenario.baseline.tolerance(metric).of(other.unwrap_or(0.0));
            let (stream, segment) = named(group);
            let row = Row {
                stream,
                segment,
                measure: Some(metric),
                tolerance: Some(tolerance),
                value,
                other,
                ..self.row(Outcome::Pass)
            };
            let row = match both {
                [Some(is), Some(was)] if have_equal_draws => {
                    let fails = worse_by(metric, is.value, was.value) > tolerance + rounding(tolerance, was.value);
                    Row { outcome: if fails { Outcome::Fail } else { Outcome::Pass }, ..row }
                }
                [Some(is), Some(was)] => self.of_other_draws(metric, [is, was], row),
                // A measure that had a value and no longer has one, such as a latency when no recipient is reached, is worse.
                [None, Some(_)] if have_equal_draws => Row { outcome: Outcome::Fail, ..row },
                [None, Some(_)] => Row { because: may_be_chance(), outcome: Outcome::Inconclusive, ..row },
                [_, None] => row,
            };
            of_other_deadlines(row, other_deadlines.as_ref().filter(|_| metric == Metric::InTime))
        };
        self.scenario.baseline.compared().iter().map(row).collect()
    }

    /// Judges a measure whose random numbers differ from the baseline's: a difference within both intervals is inconclusive.
    fn of_other_draws(&self, metric: Metric, [is, was]: [Measured; 2], row: Row) -> Row {
        let ends = |measured: &Measured| {
            let (low, high) = measured.interval?;
            let wide = |end: f64| self.widening.mul_add(end - measured.value, measured.value);
            Some((wide(low), wide(high)))
        };
        let difference = is.value - was.value;
        let Some((ours, theirs)) = ends(&is).zip(ends(&was)) else {
            let difference = Some(Difference { difference, low: None, high: None, is_exact: false });
            return Row { difference, because: may_be_chance(), outcome: Outcome::Inconclusive, ..row };
        };
        let (low, high) = stats::difference((is.value, ours), (was.value, theirs), 0.0);
        let tolerance = row.tolerance.unwrap_or(0.0);
        let outcome = judged(metric, (low, high), tolerance + rounding(tolerance, was.value));
        let because = if outcome == Outcome::Inconclusive { may_be_chance() } else { None };
        Row {
            difference: Some(Difference { difference, low: Some(low), high: Some(high), is_exact: false }),
            because,
            outcome,
            ..row
        }
    }

    fn row(&self, outcome: Outcome) -> Row {
        let line = Some(self.plan.line).filter(|line| *line > 0);
        Row { line, ..Row::new(Kind::Baseline, &self.plan.name, outcome) }
    }
}

/// The row of a share in time where the deadlines differ for this `reason`: a pass becomes inconclusive.
pub(super) fn of_other_deadlines(row: Row, reason: Option<&String>) -> Row {
    let Some(reason) = reason.filter(|_| row.outcome == Outcome::Pass) else { return row };
    Row { because: Some(reason.clone()), outcome: Outcome::Inconclusive, ..row }
}

fn may_be_chance() -> Option<String> {
    Some("the difference may be due to chance: the random numbers are not those of the baseline".to_owned())
}

/// The ends of a change, oriented so that larger is worse.
pub(super) fn worse_ends(metric: Metric, (low, high): (f64, f64)) -> (f64, f64) {
    if metric.more_is_better() { (-high, -low) } else { (low, high) }
}

/// Judges whether a change between these ends is worse than `allowed`.
pub(super) fn judged(metric: Metric, (low, high): (f64, f64), allowed: f64) -> Outcome {
    let (least, most) = worse_ends(metric, (low, high));
    match (least > allowed, most <= allowed) {
        (true, _) => Outcome::Fail,
        (_, true) => Outcome::Pass,
        _ => Outcome::Inconclusive,
    }
}

/// The rounding error allowed where a difference of decimal numbers should just meet a tolerance; 0 without a tolerance.
pub(super) fn rounding(tolerance: f64, was: f64) -> f64 {
    if tolerance > 0.0 { 1e-9 * was.abs().max(tolerance) } else { 0.0 }
}

/// By how much `is` is worse than `was`; negative when it is better.
pub(super) fn worse_by(metric: Metric, is: f64, was: f64) -> f64 {
    if metric.more_is_better() { was - is } else { is - was }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worse_depends_on_the_measure() {
        assert!(worse_by(Metric::InTime, 0.9, 0.95) > 0.0);
        assert!(worse_by(Metric::Duplicates, 0.9, 0.95) < 0.0);
        assert!(worse_by(Metric::LatencyP95, 9.0, 8.0) > 0.0);
    }
}
