//! The totals of all replications of a scenario: their ledger, and the facts about the scenario that estimates need.

use super::classes::CallCosts;
use super::exposure::Exposure;
use super::ready::Ready;
use crate::sim::{FIRST, GroupLedger, ModeLedger, PlanRunTally, StreamTally, Timeline, sections_of};
use crate::stats::Confidence;

/// With fewer replications than this, there are no intervals where those come from replications.
pub const LEAST_REPLICATIONS: u32 = 10;

/// The totals of all replications.
pub(super) struct Totals {
    /// The counts and sums, as integers.
    pub(super) ledger: ModeLedger,
    pub(super) timeline: Timeline,
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
            basis,
            confidence,
            exposure,
            call_costs: CallCosts::new(scenario.providers.len()),
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

    /// All streams together.
    pub(super) fn whole(&self) -> &GroupLedger {
        self.ledger.groups.last().expect("a scenario has traffic")
    }

    /// Each stream, where there are several.
    pub(super) fn streams(&self) -> &[GroupLedger] {
        &self.ledger.groups[..self.ledger.groups.len() - 1]
    }

    /// The stream with this index.
    pub(super) fn stream(&self, index: usize) -> &GroupLedger {
        &self.ledger.groups[index]
    }

    /// The costs of the first recipients under a plan (millionths), over all replications: those of one stream, or of all streams in
    /// proportion to their recipients, with at least one from each.
    pub(super) fn first_costs(&self, stream: Option<usize>, plan: usize) -> Vec<i64> {
        let groups = match stream {
            Some(stream) => std::slice::from_ref(self.stream(stream)),
            None if self.streams().is_empty() => std::slice::from_ref(self.whole()),
            None => self.streams(),
        };
        let all = groups.iter().map(|group| group.recipients).sum::<u64>().max(1) as f64;
        let share = |group: &GroupLedger| (FIRST as f64 * (group.recipients as f64 / all)).ceil().max(1.0) as usize;
        let of_replication = |replication: u32| {
            groups.iter().flat_map(move |group| {
                let costs = group.plans[plan].first_costs.get(replication).map_or(&[][..], Vec::as_slice);
                costs.iter().take(if groups.len() > 1 && all > FIRST as f64 { share(group) } else { FIRST })
            })
        };
        (0..self.replications()).flat_map(of_replication).take(FIRST).copied().collect()
    }

    /// Adds one replication from the tally of each stream.
    pub(super) fn add(&mut self, ready: &Ready<'_>, streams: Vec<StreamTally>) {
        let whole = sum(ready, &streams);
        self.ledger.add(self.replications(), streams, whole);
    }

    /// Adds one replication from the contended run of each plan.
    pub(super) fn add_runs(&mut self, ready: &Ready<'_>, runs: Vec<PlanRunTally>) {
        self.ledger.add_runs(self.replications(), runs, |streams| sum(ready, streams));
    }
}

/// An empty ledger, for recipients who are `independent` or contended.
pub(super) fn empty_mode_ledger(ready: &Ready<'_>, independent: bool) -> ModeLedger {
    let recipients = ready.recipients();
    let group = |stream: Option<usize>| {
        let count = stream.map_or_else(|| recipients.iter().sum(), |stream| recipients[stream]);
        let mut tally = ready.empty_tally(stream);
        if !independent {
            // Differences between contended plans are those of their replications: nothing is counted by pairs.
            tally.pairs.clear();
        }
        GroupLedger::new(count, tally)
    };
    let mut groups: Vec<_> = (0..recipients.len()).map(|stream| group(Some(stream))).collect();
    if recipients.len() > 1 {
        groups.push(group(None));
    }
    let sections = recipients.iter().map(|&count| if independent { sections_of(count) } else { 1 }).collect();
    let mut ledger = ModeLedger::new(groups, sections, ready.scenario.providers.len(), !independent);
    ledger.contended = !independent && ready.model.has_random_outages();
    ledger
}

/// The tallies of several streams as one. Its steps are those of the plan that is compared, and count only the streams that follow that
/// plan.
pub(super) fn sum(ready: &Ready<'_>, streams: &[StreamTally]) -> Option<StreamTally> {
    if streams.len() < 2 {
        return None;
    }
    let mut whole = ready.empty_tally(None);
    for (stream, StreamTally { tally, .. }) in ready.scenario.streams.iter().zip(streams) {
        let mut tally = tally.clone();
        for plan in &mut tally.plans {
            // The first recipients of each stream are not the first of all streams together.
            plan.first_costs.clear();
            if stream.plan.is_some() {
                plan.steps.clear();
            }
        }
        whole.merge(&tally);
    }
    let cells = whole.plans.iter().map(|plan| plan.latencies.cells()).collect();
    Some(StreamTally { tally: whole, sections: vec![(0, cells)] })
}
