//! Compares two scenarios on the same recipients: whether anything got worse, judged by paired intervals.
//!
//! Random numbers are keyed by names, so that a recipient has common random numbers in both scenarios wherever the names are the same.
//! Independent recipients are simulated in lock-step, and what each of them gains or loses is counted; contended recipients are simulated
//! in the same number of replications of both. All intervals together miss no more often than one of 95 %, because the error is shared
//! among the rows (Bonferroni): where nothing is worse than tolerated, at most one comparison in twenty reports that something is, and
//! usually one in forty, because the intervals are two-sided.

use super::baseline::{judged, lost, of_other_deadlines, other_deadlines, rounding, worse_by, worse_ends};
use super::check::needed;
use super::estimates::{Ends, Estimate, Paired};
use super::gate::{Counted, Differing, Kind, Outcome, Row};
use super::groups::{Group, Groups};
use super::matching::matched;
use super::precision::StoppingRule;
use super::ready::Ready;
use super::results::Difference;
use super::rounds::{self, First};
use super::samples::{QUANTILE_METRICS, QUANTILES, ShareMeasure};
use super::totals::{IntervalBasis, Totals};
use super::trace::TraceTarget;
use crate::scenario::{Metric, Plan, Scenario, Stream};
use crate::sim::{Interrupted, PairTally, Progress};
use crate::stats::Confidence;
use std::fmt;

/// Two scenarios, and how their plans and streams are paired.
#[derive(Clone, Debug)]
pub struct ScenarioPair<'a> {
    now: &'a Scenario,
    then: &'a Scenario,
    /// The pairs of plans: an index in this scenario, and one in the other.
    plans: Vec<(usize, usize)>,
    /// The pairs of streams of traffic: an index in this scenario, and one in the other.
    streams: Vec<(usize, usize)>,
    /// The streams that only the other scenario has, by name.
    lost: Vec<String>,
}

/// Why two scenarios cannot be compared.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Unmatched {
    /// They use different currencies.
    Currency(String),
    /// They have no plan in common.
    Plan,
    /// They have no stream of traffic in common; holds the streams of the other scenario.
    Stream(Vec<String>),
}

impl fmt::Display for Unmatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Currency(currency) => write!(f, "the other scenario counts in {currency}"),
            Self::Plan => f.write_str("the scenarios have no plan in common"),
            Self::Stream(_) => f.write_str("the scenarios have no stream of traffic in common"),
        }
    }
}

impl std::error::Error for Unmatched {}

/// The comparison of two scenarios.
#[derive(Clone, PartialEq, Debug)]
pub struct Versus {
    /// One row for each plan, group of recipients (all, each stream, each segment) and measure.
    pub rows: Vec<Row>,
    /// For each plan that differs, the first recipient who shows the difference.
    pub differing: Vec<Differing>,
}

impl<'a> ScenarioPair<'a> {
    /// Pairs this scenario with another of the same seed; plans and streams are matched by name.
    ///
    /// # Errors
    /// [`Unmatched`] when there is nothing to compare.
    pub fn new(now: &'a Scenario, then: &'a Scenario) -> Result<Self, Unmatched> {
        if now.currency != then.currency {
            return Err(Unmatched::Currency(then.currency.clone()));
        }
        let positions = matched(now, &names(then)).plans;
        let plans: Vec<_> =
            positions.into_iter().enumerate().filter_map(|(ours, theirs)| Some((ours, theirs?))).collect();
        let stream = |ours: usize| {
            let theirs = then.streams.iter().position(|theirs| theirs.name == now.streams[ours].name)?;
            Some((ours, theirs))
        };
        let streams: Vec<_> = (0..now.streams.len()).filter_map(stream).collect();
        match (plans.is_empty(), streams.is_empty()) {
            (true, _) => Err(Unmatched::Plan),
            (_, true) => Err(Unmatched::Stream(then.streams.iter().map(|stream| stream.name.clone()).collect())),
            _ => {
                let is_lost = |position: &usize| streams.iter().all(|(_, theirs)| theirs != position);
                let lost = (0..then.streams.len()).filter(is_lost).map(|position| then.streams[position].name.clone());
                Ok(Self { now, then, plans, lost: lost.collect(), streams })
            }
        }
    }

    /// The plans that only this scenario has, by name.
    #[must_use]
    pub fn new_plans(&self) -> Vec<String> {
        let is_new = |position: &usize| self.plans.iter().all(|(ours, _)| ours != position);
        (0..self.now.plans.len()).filter(is_new).map(|position| self.now.plans[position].name.clone()).collect()
    }

    /// The plans that only the other scenario has, by name.
    #[must_use]
    pub fn others(&self) -> Vec<String> {
        let others = matched(self.now, &names(self.then)).others;
        others.into_iter().map(|position| self.then.plans[position].name.clone()).collect()
    }

    /// The recipient who shows a difference, in this scenario and in the other, for tracing.
    #[must_use]
    pub fn traced_recipients(&self, first: &Differing) -> Option<[(&'a Scenario, TraceTarget); 2]> {
        let plan = self.plans.iter().find(|(ours, _)| self.now.plans[*ours].name == first.plan)?;
        let name = first.stream.as_deref().unwrap_or_default();
        let stream = self.streams.iter().find(|(ours, _)| self.now.streams[*ours].name == name)?;
        let Differing { recipient, replication, .. } = *first;
        let whose = |side: usize| TraceTarget {
            plan: of_side(*plan, side),
            stream: of_side(*stream, side),
            recipient,
            replication,
        };
        Some([(self.now, whose(0)), (self.then, whose(1))])
    }

    /// The recipients that only one of the scenarios has, as notes for the reader: one sentence for each stream.
    #[must_use]
    pub fn surplus(&self) -> Vec<String> {
        let shares = if self.is_shared() { ", but add to the load" } else { "" };
        let of_pair = |&(ours, theirs): &(usize, usize)| {
            let (stream, count) = (&self.now.streams[ours], self.now.streams[ours].traffic.recipients);
            let other = self.then.streams[theirs].traffic.recipients;
            let (whose, more) =
                if count > other { ("this scenario", count - other) } else { ("the other scenario", other - count) };
            (more > 0)
                .then(|| format!("{more} more recipients{} of {whose} have no counterpart{shares}", named(stream)))
        };
        let unpaired = |scenario: &Scenario, whose: &str, is_paired: &dyn Fn(usize) -> bool| {
            let streams = scenario.streams.iter().enumerate().filter(|(i, _)| !is_paired(*i));
            let tell = |(_, stream): (usize, &Stream)| {
                let count = stream.traffic.recipients;
                format!(
                    "only {whose} has the stream {}: its {count} recipients have no counterpart{shares}",
                    stream.name
                )
            };
            streams.map(tell).collect::<Vec<_>>()
        };
        let apart = self.both_have_segments() && !self.has_segments();
        let segments =
            apart.then(|| "the scenarios differ in their segments, so these are not compared one by one".to_owned());
        let ours = unpaired(self.now, "this scenario", &|i| self.streams.iter().any(|pair| pair.0 == i));
        let theirs = unpaired(self.then, "the other scenario", &|i| self.streams.iter().any(|pair| pair.1 == i));
        self.streams.iter().filter_map(of_pair).chain(ours).chain(theirs).chain(segments).collect()
    }

    /// Whether the recipients of either scenario depend on one another.
    fn is_shared(&self) -> bool {
        self.now.is_shared() || self.then.is_shared()
    }

    /// The number of recipients of a pair of streams that are compared where recipients are independent: the smaller of the two numbers.
    fn common(&self, &(ours, theirs): &(usize, usize)) -> u64 {
        self.now.streams[ours].traffic.recipients.min(self.then.streams[theirs].traffic.recipients)
    }

    /// Runs this many replications of both scenarios, and compares this scenario with the other.
    ///
    /// # Errors
    /// [`Interrupted`] when `progress` was asked to stop before the end.
    pub fn run(&self, replications: u32, progress: &Progress) -> Result<Versus, Interrupted> {
        let both = [self.now, self.then];
        let confidence = Confidence::USUAL.shared_by(self.count());
        let stopping_rule = StoppingRule { confidence, ..StoppingRule::from(replications) };
        if self.is_shared() {
            let ready = [Ready::new(both[0], progress)?, Ready::new(both[1], progress)?];
            let [now, then] = ready.each_ref().map(|ready| rounds::run_contended(ready, &stopping_rule, progress));
            let totals = [now?, then?];
            if totals.iter().any(|totals| totals.ledger.contended) {
                let rows = self.rows(both, &totals, None);
                let differs = |plan: usize| rows.iter().any(|row| self.is_of(row, plan) && !row.is_unchanged());
                let differing = self.differing(&ready, replications, &differs, progress)?;
                return Ok(Versus { differing: self.named(&differing), rows });
            }
        }
        let reduced = [0, 1].map(|side| Scenario {
            streams: self.streams.iter().map(|pair| both[side].streams[of_side(*pair, side)].clone()).collect(),
            ..both[side].clone()
        });
        let common = || self.streams.iter().map(|pair| self.common(pair)).collect::<Vec<_>>();
        let ready = [
            Ready::new(&reduced[0], progress)?.of_first(common()),
            Ready::new(&reduced[1], progress)?.of_first(common()),
        ];
        let lockstep = rounds::lockstep(&ready, &self.plans, &stopping_rule, replications, progress)?;
        let common_only = ScenarioPair {
            now: &reduced[0],
            then: &reduced[1],
            plans: self.plans.clone(),
            streams: (0..self.streams.len()).map(|i| (i, i)).collect(),
            lost: self.lost.clone(),
        };
        let rows = common_only.rows([&reduced[0], &reduced[1]], &lockstep.totals, Some(&lockstep.pairs));
        Ok(Versus { rows, differing: common_only.named(&lockstep.differing) })
    }

    /// The number of recipients per replication that are paired with one of the other scenario.
    #[must_use]
    pub fn paired(&self) -> u64 {
        self.streams.iter().map(|pair| self.common(pair)).sum()
    }

    /// The number of rows to expect.
    fn count(&self) -> usize {
        let streams = if self.has_streams() { self.streams.len() } else { 0 };
        let segments = if self.has_segments() { self.now.segment_count() } else { 0 };
        self.plans.len() * (1 + streams + segments) * self.now.baseline.compared().len()
    }

    /// Whether every stream of either scenario is paired; otherwise the traffic of all streams together is not the same.
    fn all_are_paired(&self) -> bool {
        [self.now, self.then].iter().all(|scenario| scenario.streams.len() == self.streams.len())
    }

    /// Whether streams are compared separately.
    fn has_streams(&self) -> bool {
        self.now.streams.len() > 1 || self.then.streams.len() > 1
    }

    /// Whether both scenarios have segments.
    fn both_have_segments(&self) -> bool {
        [self.now, self.then].iter().all(|scenario| scenario.segment_count() > 1)
    }

    /// Whether segments are compared separately: the scenarios have the same ones, and in each pair of streams the same recipients are in
    /// each.
    fn has_segments(&self) -> bool {
        let mix = |scenario: &'a Scenario, stream: usize| &scenario.streams[stream].traffic.segments;
        self.both_have_segments()
            && self.now.people.segments == self.then.people.segments
            && self.streams.iter().all(|&(ours, theirs)| mix(self.now, ours) == mix(self.then, theirs))
    }

    /// The rows of all plans, and those of plans that only the other scenario has. `pairs` holds, for each pair of plans, the recipients
    /// whose results differ, for each group of this scenario.
    fn rows(&self, both: [&Scenario; 2], totals: &[Totals; 2], pairs: Option<&[Vec<PairTally>]>) -> Vec<Row> {
        let (nothing, groups) = (PairTally::default(), Groups::of(self.now));
        let mut rows = Vec::new();
        for (plan_pair, &plans) in self.plans.iter().enumerate() {
            let pair = |group: Group| pairs.map_or(&nothing, |pairs| &pairs[groups.position(group)][plan_pair]);
            let mut add = |same: [Group; 2]| rows.extend(self.of_groups(both, totals, plans, same, pair(same[0])));
            if self.all_are_paired() {
                add([Group::All; 2]);
            }
            for &(ours, theirs) in self.streams.iter().filter(|_| self.has_streams()) {
                add([Group::Stream(ours), Group::Stream(theirs)]);
            }
            for segment in self.now.segments().filter(|_| self.all_are_paired() && self.has_segments()) {
                add([Group::Segment(segment); 2]);
            }
            rows.extend(self.lost_streams(&self.now.plans[plans.0]));
        }
        let others = self.others();
        rows.extend(lost(self.now, Kind::Against, &others.iter().map(String::as_str).collect::<Vec<_>>()));
        rows
    }

    fn of_groups(
        &self,
        both: [&Scenario; 2],
        totals: &[Totals; 2],
        plans: (usize, usize),
        groups: [Group; 2],
        pair: &PairTally,
    ) -> Vec<Row> {
        let estimate = |side: usize| {
            let group = groups[side];
            Estimate { scenario: both[side], totals: &totals[side], group, plan: of_side(plans, side) }
        };
        let paired = Paired { plan: estimate(0), against: estimate(1), pair };
        let plan: &Plan = &self.now.plans[plans.0];
        let other_deadlines = self.other_deadlines(groups);
        let aims = |metric: Metric| other_deadlines.as_ref().filter(|_| metric == Metric::InTime);
        let row = |&metric: &Metric| Row {
            stream: groups[0].stream().map(|stream| self.now.streams[stream].name.clone()),
            segment: groups[0].segment().map(|segment| self.now.people.segments[segment.index()].clone()),
            line: Some(plan.line).filter(|line| *line > 0),
            ..of_other_deadlines(self.judged(metric, &plan.name, &paired), aims(metric))
        };
        self.now.baseline.compared().iter().map(row).collect()
    }

    /// The rows of streams of traffic that only the other scenario has: their recipients have no results in this one.
    fn lost_streams(&self, plan: &Plan) -> Vec<Row> {
        self.lost
            .iter()
            .map(|name| Row {
                stream: Some(name.clone()),
                ..Row::new(Kind::Against, &plan.name, Outcome::Inconclusive)
            })
            .collect()
    }

    /// Why shares in time cannot be compared, if the deadlines differ in the other scenario.
    fn other_deadlines(&self, groups: [Group; 2]) -> Option<String> {
        let is_of = |pair: &&(usize, usize)| groups[0].stream().is_none_or(|ours| ours == pair.0);
        let pairs: Vec<_> = self.streams.iter().filter(is_of).copied().collect();
        let deadlines = |scenario: &Scenario, side: usize| {
            let of_pair = |pair: &(usize, usize)| scenario.streams[of_side(*pair, side)].deadline.as_secs_f64();
            pairs.iter().map(of_pair).collect::<Vec<_>>()
        };
        other_deadlines([&deadlines(self.now, 0), &deadlines(self.then, 1)])
    }

    /// The row of a measure.
    fn judged(&self, metric: Metric, plan: &str, paired: &Paired<'_>) -> Row {
        let Compared { values: [is, was], is_equal, interval } = Compared::of(metric, paired);
        let tolerance = self.now.baseline.tolerance(metric).of(was.unwrap_or(0.0));
        let unit = if paired.plan.totals.basis == IntervalBasis::Recipients {
            Counted::Recipients
        } else {
            Counted::Replications
        };
        let row = |outcome: Outcome| Row {
            needed_unit: Some(unit),
            measure: Some(metric),
            tolerance: Some(tolerance),
            value: is,
            other: was,
            ..Row::new(Kind::Against, plan, outcome)
        };
        let (Some(is), Some(was)) = (is, was) else {
            return lost_measure(paired, row(Outcome::Pass));
        };
        if is_equal {
            return Row {
                difference: Some(Difference { difference: 0.0, low: None, high: None, is_exact: false }),
                ..row(Outcome::Pass)
            };
        }
        let (low, high) = match interval {
            Ok(ends) => ends,
            Err(unknown) => {
                let difference = Some(Difference { difference: is - was, low: None, high: None, is_exact: false });
                return Row { difference, no_interval: Some(unknown.to_string()), ..row(Outcome::Inconclusive) };
            }
        };
        let worse = worse_by(metric, is, was);
        let (least, most) = worse_ends(metric, (low, high));
        let allowed = tolerance + rounding(tolerance, was);
        let outcome = judged(metric, (low, high), allowed);
        let reach = if allowed > worse { most - worse } else { worse - least };
        let n = match unit {
            Counted::Recipients => paired.plan.simulated() as f64,
            Counted::Replications => f64::from(paired.plan.totals.replications()),
        };
        let needed = (outcome == Outcome::Inconclusive).then(|| needed(worse - allowed, reach, n)).flatten();
        let difference = Some(Difference { difference: is - was, low: Some(low), high: Some(high), is_exact: false });
        Row { difference, needed, ..row(outcome) }
    }

    /// Whether a row belongs to the plan of this scenario with this index.
    fn is_of(&self, row: &Row, plan: usize) -> bool {
        row.plan == self.now.plans[plan].name
    }

    /// For each pair of plans that differs, the first recipient who shows the difference, in contended runs.
    fn differing(
        &self,
        ready: &[Ready<'_>; 2],
        replications: u32,
        differs: &dyn Fn(usize) -> bool,
        progress: &Progress,
    ) -> Result<Vec<Option<First>>, Interrupted> {
        let first = |&(ours, theirs): &(usize, usize)| {
            if !differs(ours) {
                return Ok(None);
            }
            for replication in 0..replications {
                let hashes = [
                    ready[0].course_hashes(ours, replication, progress)?,
                    ready[1].course_hashes(theirs, replication, progress)?,
                ];
                let differs = |&(our, their): &(usize, usize)| {
                    let mut both = hashes[0][our].iter().zip(&hashes[1][their]);
                    both.position(|(ours, theirs)| ours != theirs)
                };
                let positions = self.streams.iter().enumerate();
                let mut found = positions.filter_map(|(stream, pair)| Some((stream, differs(pair)? as u64)));
                if let Some((stream, recipient)) = found.next() {
                    return Ok(Some(First { replication, stream, recipient }));
                }
            }
            Ok(None)
        };
        self.plans.iter().map(first).collect()
    }

    /// The first differing recipients, with the names of their plans and streams.
    fn named(&self, differing: &[Option<First>]) -> Vec<Differing> {
        let one = |(&(ours, theirs), first): (&(usize, usize), &Option<First>)| {
            let First { replication, stream, recipient } = (*first)?;
            let name = &self.now.streams[self.streams[stream].0].name;
            Some(Differing {
                plan: self.now.plans[ours].name.clone(),
                other_plan: self.then.plans[theirs].name.clone(),
                stream: Some(name.clone()).filter(|name| !name.is_empty()),
                recipient,
                replication,
                traces: Vec::new(),
            })
        };
        self.plans.iter().zip(differing).filter_map(one).collect()
    }
}

/// A measure in both scenarios.
struct Compared {
    /// Its value in this scenario and in the other.
    values: [Option<f64>; 2],
    /// Whether no recipient differs, or no replication.
    is_equal: bool,
    /// The interval of the difference.
    interval: Ends,
}

impl Compared {
    fn of(metric: Metric, paired: &Paired<'_>) -> Self {
        let both = [&paired.plan, &paired.against];
        let part = match metric {
            Metric::Delivered => ShareMeasure::Delivered,
            Metric::InTime => ShareMeasure::InTime,
            Metric::Succeeded => ShareMeasure::Succeeded,
            Metric::Duplicates => ShareMeasure::Duplicates,
            Metric::CostPerRecipient => {
                return Self {
                    values: both.map(|of| Some(of.tally().cost as f64 / 1e6 / of.simulated() as f64)),
                    is_equal: paired.costs_are_equal(),
                    interval: paired.cost(),
                };
            }
            quantile => {
                let position = QUANTILE_METRICS.iter().position(|metric| *metric == quantile).unwrap_or(0);
                let value = |of: &Estimate<'_>| Some(of.tally().latencies.quantile(QUANTILES[position].1)?.value);
                return Self {
                    values: both.map(value),
                    is_equal: paired.latencies_are_equal(),
                    interval: paired.quantile(position),
                };
            }
        };
        Self {
            values: both.map(|of| Some(part.count(of.tally()) as f64 / of.simulated() as f64)),
            is_equal: paired.shares_are_equal(part),
            interval: paired.share(part),
        }
    }
}

/// The index on this side of a pair.
const fn of_side((ours, theirs): (usize, usize), side: usize) -> usize {
    if side == 0 { ours } else { theirs }
}

/// The row of a latency that only one of the two has, because no recipient was reached in the other. It fails only if it is shown that
/// fewer are reached.
fn lost_measure(paired: &Paired<'_>, row: Row) -> Row {
    let Some(_) = row.other else { return row };
    let is_shown = paired.share(ShareMeasure::Delivered).is_ok_and(|(_, high)| high < 0.0);
    let outcome = if is_shown { Outcome::Fail } else { Outcome::Inconclusive };
    let because = Some("nobody was reached, which may be by chance".to_owned()).filter(|_| !is_shown);
    Row { because, outcome, ..row }
}

fn names(scenario: &Scenario) -> Vec<&str> {
    scenario.plans.iter().map(|plan| plan.name.as_str()).collect()
}

/// The name of a stream as part of a sentence; empty without a name.
fn named(stream: &Stream) -> String {
    if stream.name.is_empty() { String::new() } else { format!(" in the stream {}", stream.name) }
}
