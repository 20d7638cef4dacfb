//! The totals of all replications of a scenario: their ledger, and the facts about the scenario that estimates need.

use super::classes::CallCosts;
use super::exposure::Exposure;
use super::groups::{Group, Groups, first_step};
use super::ready::Ready;
use crate::sim::{self, FIRST, GroupLedger, GroupTally, ModeLedger, PlanRunTally, PlanSeries, Timeline};
use crate::stats::{ByKey, Cells, Confidence};
use crate::status::Segment;
use std::collections::BTreeMap;

/// With fewer replications than this, there are no intervals where those come from replications.
pub const LEAST_REPLICATIONS: u32 = 10;

/// The totals of all replications.
pub(super) struct Totals {
    /// The counts and sums, as integers.
    pub(super) ledger: ModeLedger,
    pub(super) timeline: Timeline,
    /// The groups of recipients.
    pub(super) groups: Groups,
    /// The expected number of recipients of each class, in their order.
    expected: Vec<f64>,
    /// The basis of intervals.
    pub(super) basis: IntervalBasis,
    /// The confidence of intervals.
    pub(super) confidence: Confidence,
    /// The random outages that plans can meet.
    pub(super) exposure: Exposure,
    /// The cost of calls by length.
    pub(super) call_costs: CallCosts,
}

/// The basis of intervals: the samples that they are computed from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum IntervalBasis {
    /// Recipients, who are independent of one another.
    Recipients,
    /// Replications, which are independent where recipients are not.
    Replications,
    /// Nothing: recipients depend on one another, and there are too few replications.
    Nothing,
}

impl Totals {
    /// Empty totals, for at most `most` replications.
    pub(super) fn new(ready: &Ready<'_>, confidence: Confidence, most: u32, basis: IntervalBasis) -> Self {
        let scenario = &*ready.scenario;
        let exposure =
            if ready.model.has_random_outages() { Exposure::new(scenario, most) } else { Exposure::default() };
        Self {
            ledger: empty_mode_ledger(ready, basis == IntervalBasis::Recipients),
            timeline: ready.timeline(),
            groups: Groups::of(scenario),
            expected: Groups::of(scenario).classes().map(|class| expected(ready, class)).collect(),
            basis,
            confidence,
            exposure,
            call_costs: CallCosts::new(scenario),
        }
    }

    /// Sets the basis of contended totals to replications, once there are enough for intervals.
    pub(super) fn set_basis(&mut self) {
        if self.replications() >= LEAST_REPLICATIONS {
            self.basis = IntervalBasis::Replications;
        }
    }

    /// The number of replications so far.
    pub(super) fn replications(&self) -> u32 {
        self.ledger.replications()
    }

    /// Everybody.
    pub(super) fn whole(&self) -> &GroupLedger {
        self.group(Group::All)
    }

    /// The groups that have results of their own beside everybody: the streams and the segments, where there are several. A segment that
    /// nobody is in has none.
    pub(super) fn parts(&self) -> impl Iterator<Item = Group> {
        let segments = self.groups.segments().filter(|group| self.group(*group).simulated() > 0);
        self.groups.streams().chain(segments)
    }

    /// The classes of a group in which anybody is expected, and how many in each replication.
    pub(super) fn classes_of(&self, group: Group) -> impl Iterator<Item = ((usize, Segment), f64)> + '_ {
        let all = self.groups.classes().zip(self.expected.iter().copied());
        all.filter(move |&((stream, segment), expected)| expected > 0.0 && group.contains(stream, segment))
    }

    /// This group.
    pub(super) fn group(&self, group: Group) -> &GroupLedger {
        &self.ledger.groups[self.groups.position(group)]
    }

    /// The costs of the first recipients of a group under a plan (millionths), over all replications: from each of its classes in proportion
    /// to its recipients, with at least one from each.
    pub(super) fn first_costs(&self, group: Group, plan: usize) -> Vec<i64> {
        let classes: Vec<_> =
            self.groups.classes_of(group).map(|(stream, segment)| self.group(Group::Class(stream, segment))).collect();
        let all = classes.iter().map(|class| class.recipients).sum::<u64>().max(1) as f64;
        let share = |class: &GroupLedger| (FIRST as f64 * (class.recipients as f64 / all)).ceil().max(1.0) as usize;
        let of_replication = |replication: u32| {
            let (share, classes) = (&share, &classes);
            classes.iter().flat_map(move |class| {
                let costs = class.plans[plan].first_costs.get(replication).into_iter().flat_map(ByKey::values);
                costs.take(if classes.len() > 1 && all > FIRST as f64 { share(class) } else { FIRST })
            })
        };
        (0..self.replications()).flat_map(of_replication).take(FIRST).copied().collect()
    }

    /// Adds one replication from the tallies of the classes of each stream.
    pub(super) fn add(&mut self, ready: &Ready<'_>, streams: Vec<Vec<GroupTally>>) {
        let simulated = sections(&streams);
        self.ledger.add(self.replications(), &simulated, by_group(ready, streams));
    }

    /// Adds one replication from the contended run of each plan.
    pub(super) fn add_runs(&mut self, ready: &Ready<'_>, runs: Vec<PlanRunTally>) {
        self.ledger.add_runs(self.replications(), runs, |streams| by_group(ready, streams));
    }
}

/// The expected number of recipients of a class.
fn expected(ready: &Ready<'_>, (stream, segment): (usize, Segment)) -> f64 {
    ready.recipients()[stream] as f64 * ready.model.streams[stream].classes[segment.index()].share
}

/// The sections of each stream that have been simulated.
pub(super) fn sections(streams: &[Vec<GroupTally>]) -> Vec<Vec<usize>> {
    let of_stream = |classes: &Vec<GroupTally>| classes[0].sections.iter().map(|(section, _)| *section).collect();
    streams.iter().map(of_stream).collect()
}

/// An empty ledger, for recipients who are `independent` or contended.
pub(super) fn empty_mode_ledger(ready: &Ready<'_>, independent: bool) -> ModeLedger {
    let (recipients, groups) = (ready.recipients(), Groups::of(&ready.scenario));
    let sections_of = |stream: usize| if independent { sim::sections_of(recipients[stream]) } else { 1 };
    let group = |group: Group| {
        let mut tally = ready.empty_tally(group);
        if !independent {
            // Differences between contended plans are those of their replications: nothing is counted by pairs.
            tally.pairs.clear();
        }
        let count = groups.classes_of(group).map(|class| expected(ready, class)).sum::<f64>().round() as u64;
        GroupLedger::new(count, in_one_stream(groups, group).map_or(1, sections_of), tally)
    };
    let all = groups.all().into_iter().map(group).collect();
    let sections = (0..recipients.len()).map(sections_of).collect();
    let mut ledger = ModeLedger::new(all, sections, ready.scenario.providers.len(), !independent);
    ledger.contended = !independent && ready.model.has_random_outages();
    ledger
}

/// The stream to which all recipients of a group belong, if there is one.
fn in_one_stream(groups: Groups, group: Group) -> Option<usize> {
    let mut streams = groups.classes_of(group).map(|(stream, _)| stream);
    let first = streams.next()?;
    streams.all(|stream| stream == first).then_some(first)
}

/// The tallies of each group, from those of the classes of each stream.
pub(super) fn by_group(ready: &Ready<'_>, mut streams: Vec<Vec<GroupTally>>) -> Vec<GroupTally> {
    let groups = Groups::of(&ready.scenario);
    // What happened over time is kept for everybody alone.
    let mut series = vec![PlanSeries::default(); ready.model.plans];
    // Who was not reached in time is kept for each stream. The first class of a stream has what happened to all of them.
    let missed_of = |classes: &Vec<GroupTally>| {
        classes[0].tally.plans.iter().map(|plan| plan.series.missed.clone()).collect::<Vec<_>>()
    };
    let missed: Vec<_> = groups.streams().zip(&streams).map(|(group, classes)| (group, missed_of(classes))).collect();
    streams.iter_mut().flatten().for_each(|class| class.tally.move_series_to(&mut series));
    // Sums come first: after them, each class is needed only for itself.
    let several = |&group: &Group| {
        let classes: Vec<_> = groups.classes_of(group).collect();
        (classes.len() > 1).then(|| sum(ready, group, &classes, &streams))
    };
    let summed: Vec<_> = groups.all().iter().map(several).collect();
    let of_group = |(group, summed): (Group, Option<GroupTally>)| {
        summed.unwrap_or_else(|| {
            let (stream, segment) = groups.classes_of(group).next().expect("every group has a class");
            std::mem::take(&mut streams[stream][segment.index()])
        })
    };
    let mut tallies: Vec<_> = groups.all().into_iter().zip(summed).map(of_group).collect();
    let everybody = &mut tallies[groups.position(Group::All)].tally;
    everybody.plans.iter_mut().zip(series).for_each(|(plan, series)| plan.series = series);
    for (group, missed) in missed {
        let plans = &mut tallies[groups.position(group)].tally.plans;
        plans.iter_mut().zip(missed).for_each(|(plan, missed)| plan.series.missed = missed);
    }
    tallies
}

/// The tallies of several classes as one.
fn sum(ready: &Ready<'_>, group: Group, classes: &[(usize, Segment)], streams: &[Vec<GroupTally>]) -> GroupTally {
    let mut tally = ready.empty_tally(group);
    // For each section and plan, the cells of each class. Sections of different streams have nothing in common: there is one for all.
    let mut sections: BTreeMap<usize, Vec<Vec<&Cells>>> = BTreeMap::new();
    let in_one_stream = in_one_stream(Groups::of(&ready.scenario), group).is_some();
    for &class in classes {
        let of_class = &streams[class.0][class.1.index()];
        // The first recipients of each class are not the first of all.
        tally.merge_part(&of_class.tally, |plan| first_step(&ready.scenario, group, plan, class));
        for cells in &of_class.cells {
            for ((whole, of_class), cells) in tally.plans.iter_mut().zip(&of_class.tally.plans).zip(cells) {
                whole.latencies.add_cells(of_class.latencies.scale(), cells);
            }
        }
        for (section, cells) in &of_class.sections {
            let section = if in_one_stream { *section } else { 0 };
            let plans = sections.entry(section).or_insert_with(|| vec![Vec::new(); cells.len()]);
            plans.iter_mut().zip(cells).for_each(|(of_plan, cells)| of_plan.push(cells));
        }
    }
    let of_section = |(section, plans): (usize, Vec<Vec<&Cells>>)| {
        (section, plans.iter().map(|cells| Cells::merged_all(cells)).collect())
    };
    GroupTally { tally, sections: sections.into_iter().map(of_section).collect(), ..GroupTally::default() }
}
