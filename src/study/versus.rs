//! Two scenarios on the same recipients: whether anything got worse, judged by paired intervals.
//!
//! Luck is keyed by names, so that the same recipient meets the same luck in both, where the names are the same. Recipients who share
//! nothing are played in lock-step, and what each of them gains or loses is counted; others are played in as many replications of both.
//! All intervals together miss no more often than one of 95 %, the error being shared out among the rows (Bonferroni): where nothing is
//! worse than tolerated, at most one comparison in twenty says that something is, and as they are two-sided mostly one in forty.

use super::baseline::{judged, lost, of_other_aims, other_aims, rounding, worse_by, worse_ends};
use super::check::needed;
use super::estimates::{Ends, Estimate, Paired};
use super::gate::{Counted, Differing, Kind, Outcome, Row};
use super::matching::matched;
use super::playing::{self, First};
use super::precision::Wanted;
use super::ready::Ready;
use super::results::Difference;
use super::samples::{QUANTILE_METRICS, QUANTILES, ShareMeasure};
use super::totals::{IntervalBasis, Totals};
use super::trace::Whose;
use crate::scenario::{Metric, Plan, Scenario, Stream};
use crate::sim::{Interrupted, PairTally, Progress};
use crate::stats::Confidence;
use std::fmt;

/// Two scenarios, and what is compared of them.
#[derive(Clone, Debug)]
pub struct Rivals<'a> {
    now: &'a Scenario,
    then: &'a Scenario,
    /// The plans, of this scenario and of the other.
    plans: Vec<(usize, usize)>,
    /// Likewise the streams of traffic.
    streams: Vec<(usize, usize)>,
    /// The streams that only the other scenario has, by name.
    lost: Vec<String>,
}

/// Why two scenarios cannot be compared.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Unmatched {
    /// They count in different currencies.
    Currency(String),
    /// They have no plan in common.
    Plan,
    /// They have no stream of traffic in common; the other has these.
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

/// What two scenarios come to beside each other.
#[derive(Clone, PartialEq, Debug)]
pub struct Versus {
    /// One for each plan, stream and measure.
    pub rows: Vec<Row>,
    /// For each plan that differs, the first recipient who shows it.
    pub differing: Vec<Differing>,
}

impl<'a> Rivals<'a> {
    /// This scenario and another with the same seed, whose plans and streams go together by their names.
    ///
    /// # Errors
    /// [`Unmatched`] when there is nothing to compare.
    pub fn new(now: &'a Scenario, then: &'a Scenario) -> Result<Self, Unmatched> {
        if now.currency != then.currency {
            return Err(Unmatched::Currency(then.currency.clone()));
        }
        let places = matched(now, &names(then)).plans;
        let plans: Vec<_> = places.into_iter().enumerate().filter_map(|(ours, theirs)| Some((ours, theirs?))).collect();
        let stream = |ours: usize| {
            let theirs = then.streams.iter().position(|theirs| theirs.name == now.streams[ours].name)?;
            Some((ours, theirs))
        };
        let streams: Vec<_> = (0..now.streams.len()).filter_map(stream).collect();
        match (plans.is_empty(), streams.is_empty()) {
            (true, _) => Err(Unmatched::Plan),
            (_, true) => Err(Unmatched::Stream(then.streams.iter().map(|stream| stream.name.clone()).collect())),
            _ => {
                let is_lost = |place: &usize| streams.iter().all(|(_, theirs)| theirs != place);
                let lost = (0..then.streams.len()).filter(is_lost).map(|place| then.streams[place].name.clone());
                Ok(Self { now, then, plans, lost: lost.collect(), streams })
            }
        }
    }

    /// The plans that only this scenario has.
    #[must_use]
    pub fn new_plans(&self) -> Vec<String> {
        let is_new = |place: &usize| self.plans.iter().all(|(ours, _)| ours != place);
        (0..self.now.plans.len()).filter(is_new).map(|place| self.now.plans[place].name.clone()).collect()
    }

    /// The plans that only the other scenario has, by name.
    #[must_use]
    pub fn others(&self) -> Vec<String> {
        let others = matched(self.now, &names(self.then)).others;
        others.into_iter().map(|place| self.then.plans[place].name.clone()).collect()
    }

    /// Whose lives show a difference, here and in the other scenario.
    #[must_use]
    pub fn lives_of(&self, first: &Differing) -> Option<[(&'a Scenario, Whose); 2]> {
        let plan = self.plans.iter().find(|(ours, _)| self.now.plans[*ours].name == first.plan)?;
        let name = first.stream.as_deref().unwrap_or_default();
        let stream = self.streams.iter().find(|(ours, _)| self.now.streams[*ours].name == name)?;
        let Differing { recipient, replication, .. } = *first;
        let whose =
            |side: usize| Whose { plan: of_side(*plan, side), stream: of_side(*stream, side), recipient, replication };
        Some([(self.now, whose(0)), (self.then, whose(1))])
    }

    /// The recipients whom only one of the two has: what a reader should know, a sentence for each stream.
    #[must_use]
    pub fn surplus(&self) -> Vec<String> {
        let shares = if self.is_shared() { ", and share in the load" } else { "" };
        let of_pair = |&(ours, theirs): &(usize, usize)| {
            let (stream, count) = (&self.now.streams[ours], self.now.streams[ours].traffic.recipients);
            let other = self.then.streams[theirs].traffic.recipients;
            let (whose, more) =
                if count > other { ("this scenario", count - other) } else { ("the other", other - count) };
            (more > 0)
                .then(|| format!("{more} more recipients{} of {whose} are paired with nobody{shares}", named(stream)))
        };
        let alone = |scenario: &Scenario, whose: &str, is_paired: &dyn Fn(usize) -> bool| {
            let streams = scenario.streams.iter().enumerate().filter(|(i, _)| !is_paired(*i));
            let tell = |(_, stream): (usize, &Stream)| {
                let count = stream.traffic.recipients;
                format!(
                    "only {whose} has the stream {}: its {count} recipients are paired with nobody{shares}",
                    stream.name
                )
            };
            streams.map(tell).collect::<Vec<_>>()
        };
        let ours = alone(self.now, "this scenario", &|i| self.streams.iter().any(|pair| pair.0 == i));
        let theirs = alone(self.then, "the other", &|i| self.streams.iter().any(|pair| pair.1 == i));
        self.streams.iter().filter_map(of_pair).chain(ours).chain(theirs).collect()
    }

    /// Whether recipients of either depend on one another.
    fn is_shared(&self) -> bool {
        self.now.is_shared() || self.then.is_shared()
    }

    /// How many recipients of a pair of streams are compared where they are independent: as many as both have.
    fn common(&self, &(ours, theirs): &(usize, usize)) -> u64 {
        self.now.streams[ours].traffic.recipients.min(self.then.streams[theirs].traffic.recipients)
    }

    /// Plays both, as often as that, and holds this scenario to the other.
    ///
    /// # Errors
    /// [`Interrupted`] when `progress` was asked to stop before the end.
    pub fn play(&self, replications: u32, progress: &Progress) -> Result<Versus, Interrupted> {
        let both = [self.now, self.then];
        let confidence = Confidence::USUAL.shared_by(self.count());
        let wanted = Wanted { confidence, ..Wanted::from(replications) };
        if self.is_shared() {
            let ready = [Ready::new(both[0], progress)?, Ready::new(both[1], progress)?];
            let [now, then] = ready.each_ref().map(|ready| playing::together(ready, &wanted, progress));
            let totals = [now?, then?];
            if totals.iter().any(|totals| totals.account.contended) {
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
        let abreast = playing::abreast(&ready, &self.plans, &wanted, replications, progress)?;
        let alone = Rivals {
            now: &reduced[0],
            then: &reduced[1],
            plans: self.plans.clone(),
            streams: (0..self.streams.len()).map(|i| (i, i)).collect(),
            lost: self.lost.clone(),
        };
        let rows = alone.rows([&reduced[0], &reduced[1]], &abreast.totals, Some(&abreast.pairs));
        Ok(Versus { rows, differing: alone.named(&abreast.differing) })
    }

    /// How many recipients of a replication have one of the other scenario that they are held to.
    #[must_use]
    pub fn paired(&self) -> u64 {
        self.streams.iter().map(|pair| self.common(pair)).sum()
    }

    /// How many rows there will be.
    fn count(&self) -> usize {
        let groups = if self.has_streams() { 1 + self.streams.len() } else { 1 };
        self.plans.len() * groups * self.now.baseline.compared().len()
    }

    /// Whether each stream of either has one that it goes together with: else all streams together are not the same traffic.
    fn all_are_paired(&self) -> bool {
        [self.now, self.then].iter().all(|scenario| scenario.streams.len() == self.streams.len())
    }

    /// Whether streams are told apart.
    fn has_streams(&self) -> bool {
        self.now.streams.len() > 1 || self.then.streams.len() > 1
    }

    /// The rows of all plans, and those of plans that only the other scenario has; `pairs` are the recipients in whom they differ, of each
    /// stream and, where there are several, of all together, for each couple.
    fn rows(&self, both: [&Scenario; 2], totals: &[Totals; 2], pairs: Option<&[Vec<PairTally>]>) -> Vec<Row> {
        let nothing = PairTally::default();
        let mut rows = Vec::new();
        for (couple, &plans) in self.plans.iter().enumerate() {
            let pair = |group: usize| pairs.map_or(&nothing, |pairs| &pairs[group][couple]);
            let last = pairs.map_or(0, |pairs| pairs.len() - 1);
            if self.all_are_paired() {
                rows.extend(self.of_strands(both, totals, plans, None, pair(last)));
            }
            for (place, &streams) in self.streams.iter().enumerate().filter(|_| self.has_streams()) {
                rows.extend(self.of_strands(both, totals, plans, Some(streams), pair(place)));
            }
            rows.extend(self.lost_streams(&self.now.plans[plans.0]));
        }
        let others = self.others();
        rows.extend(lost(self.now, Kind::Against, &others.iter().map(String::as_str).collect::<Vec<_>>()));
        rows
    }

    fn of_strands(
        &self,
        both: [&Scenario; 2],
        totals: &[Totals; 2],
        plans: (usize, usize),
        streams: Option<(usize, usize)>,
        pair: &PairTally,
    ) -> Vec<Row> {
        let estimate = |side: usize| {
            let stream = streams.map(|pair| of_side(pair, side));
            Estimate { scenario: both[side], totals: &totals[side], stream, plan: of_side(plans, side) }
        };
        let paired = Paired { plan: estimate(0), against: estimate(1), pair };
        let plan: &Plan = &self.now.plans[plans.0];
        let other_aims = self.other_aims(streams);
        let aims = |metric: Metric| other_aims.as_ref().filter(|_| metric == Metric::InTime);
        let row = |&metric: &Metric| Row {
            stream: streams.map(|(ours, _)| self.now.streams[ours].name.clone()),
            line: Some(plan.line).filter(|line| *line > 0),
            ..of_other_aims(self.judged(metric, &plan.name, &paired), aims(metric))
        };
        self.now.baseline.compared().iter().map(row).collect()
    }

    /// The streams of traffic that only the other scenario has: what becomes of their recipients is not known any more.
    fn lost_streams(&self, plan: &Plan) -> Vec<Row> {
        self.lost
            .iter()
            .map(|name| Row {
                stream: Some(name.clone()),
                ..Row::new(Kind::Against, &plan.name, Outcome::Inconclusive)
            })
            .collect()
    }

    /// Why shares in time cannot be compared, if recipients aim at something else in the other scenario.
    fn other_aims(&self, streams: Option<(usize, usize)>) -> Option<String> {
        let pairs: Vec<_> = streams.map_or_else(|| self.streams.clone(), |pair| vec![pair]);
        let deadlines = |scenario: &Scenario, side: usize| {
            let of_pair = |pair: &(usize, usize)| scenario.streams[of_side(*pair, side)].deadline.as_secs_f64();
            pairs.iter().map(of_pair).collect::<Vec<_>>()
        };
        other_aims([&deadlines(self.now, 0), &deadlines(self.then, 1)])
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
                difference: Some(Difference { difference: 0.0, low: None, high: None }),
                ..row(Outcome::Pass)
            };
        }
        let (low, high) = match interval {
            Ok(ends) => ends,
            Err(unknown) => {
                let difference = Some(Difference { difference: is - was, low: None, high: None });
                return Row { difference, no_interval: Some(unknown.to_string()), ..row(Outcome::Inconclusive) };
            }
        };
        let worse = worse_by(metric, is, was);
        let (least, most) = worse_ends(metric, (low, high));
        let allowed = tolerance + rounding(tolerance, was);
        let outcome = judged(metric, (low, high), allowed);
        let reach = if allowed > worse { most - worse } else { worse - least };
        let n = match unit {
            Counted::Recipients => paired.plan.played() as f64,
            Counted::Replications => f64::from(paired.plan.totals.replications()),
        };
        let needed = (outcome == Outcome::Inconclusive).then(|| needed(worse - allowed, reach, n)).flatten();
        let difference = Some(Difference { difference: is - was, low: Some(low), high: Some(high) });
        Row { difference, needed, ..row(outcome) }
    }

    /// Whether a row is of the couple whose first plan has this index.
    fn is_of(&self, row: &Row, plan: usize) -> bool {
        row.plan == self.now.plans[plan].name
    }

    /// For each couple of plans, of those that differ, the first recipient who shows it, in worlds whose recipients depend on one another.
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
                let lives = [
                    ready[0].lives_of(ours, replication, progress)?,
                    ready[1].lives_of(theirs, replication, progress)?,
                ];
                let differs = |&(our, their): &(usize, usize)| {
                    let mut both = lives[0][our].iter().zip(&lives[1][their]);
                    both.position(|(ours, theirs)| ours != theirs)
                };
                let places = self.streams.iter().enumerate();
                let mut found = places.filter_map(|(stream, pair)| Some((stream, differs(pair)? as u64)));
                if let Some((stream, recipient)) = found.next() {
                    return Ok(Some(First { replication, stream, recipient }));
                }
            }
            Ok(None)
        };
        self.plans.iter().map(first).collect()
    }

    /// The first recipients, by name.
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

/// A measure of two scenarios.
struct Compared {
    /// Its value in this scenario and in the other.
    values: [Option<f64>; 2],
    /// Whether no recipient makes a difference, or no replication.
    is_equal: bool,
    /// That of the difference.
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
                    values: both.map(|of| Some(of.tally().cost as f64 / 1e6 / of.played() as f64)),
                    is_equal: paired.costs_are_equal(),
                    interval: paired.cost(),
                };
            }
            quantile => {
                let place = QUANTILE_METRICS.iter().position(|metric| *metric == quantile).unwrap_or(0);
                let value = |of: &Estimate<'_>| Some(of.tally().latencies.quantile(QUANTILES[place].1)?.value);
                return Self {
                    values: both.map(value),
                    is_equal: paired.latencies_are_equal(),
                    interval: paired.quantile(place),
                };
            }
        };
        Self {
            values: both.map(|of| Some(part.count(of.tally()) as f64 / of.played() as f64)),
            is_equal: paired.shares_are_equal(part),
            interval: paired.share(part),
        }
    }
}

/// That of a side of a pair.
const fn of_side((ours, theirs): (usize, usize), side: usize) -> usize {
    if side == 0 { ours } else { theirs }
}

/// The row of a latency that only one of the two has, as nobody was reached in the other. That fewer are reached has to be shown.
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

/// A stream's name in a sentence.
fn named(stream: &Stream) -> String {
    if stream.name.is_empty() { String::new() } else { format!(" in the stream {}", stream.name) }
}
