//! What all replications of a scenario together came to: an account of them, and what is known of the scenario that estimates need.

use super::classes::Talks;
use super::exposure::Exposure;
use super::ready::Ready;
use crate::sim::{Account, FIRST, GroupLedger, PlanRunTally, StreamTally, Timeline, sections_of};
use crate::stats::Confidence;

/// Fewer replications than this give no interval where intervals come from them.
pub const LEAST_REPLICATIONS: u32 = 10;

/// What all replications together came to.
pub(super) struct Totals {
    /// The integers.
    pub(super) account: Account,
    pub(super) timeline: Timeline,
    /// Where intervals come from.
    pub(super) basis: IntervalBasis,
    /// How sure intervals are.
    pub(super) confidence: Confidence,
    /// The random outages that plans can meet.
    pub(super) exposure: Exposure,
    /// What calls cost for their length.
    pub(super) talks: Talks,
}

/// What intervals are computed from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum IntervalBasis {
    /// Recipients, who are independent of one another.
    Recipients,
    /// Replications, which are, while recipients are not.
    Replications,
    /// Nothing: recipients depend on one another, and there are too few replications.
    Nothing,
}

impl Totals {
    /// Those of no replication yet, of at most `most`.
    pub(super) fn new(ready: &Ready<'_>, confidence: Confidence, most: u32, basis: IntervalBasis) -> Self {
        let scenario = ready.scenario;
        let exposure =
            if ready.model.has_random_outages() { Exposure::new(scenario, most) } else { Exposure::default() };
        Self {
            account: empty_account(ready, basis == IntervalBasis::Recipients),
            timeline: ready.timeline(),
            basis,
            confidence,
            exposure,
            talks: Talks::new(scenario.providers.len()),
        }
    }

    /// Of recipients played together: whether there are enough replications for intervals.
    pub(super) fn set_basis(&mut self) {
        if self.replications() >= LEAST_REPLICATIONS {
            self.basis = IntervalBasis::Replications;
        }
    }

    /// How many replications have been played.
    pub(super) fn replications(&self) -> u32 {
        self.account.replications()
    }

    /// All streams together.
    pub(super) fn whole(&self) -> &GroupLedger {
        self.account.groups.last().expect("a scenario has traffic")
    }

    /// The streams one by one, where there are several.
    pub(super) fn streams(&self) -> &[GroupLedger] {
        &self.account.groups[..self.account.groups.len() - 1]
    }

    /// The stream with this index.
    pub(super) fn stream(&self, index: usize) -> &GroupLedger {
        &self.account.groups[index]
    }

    /// What the first recipients cost under a plan (millionths), over all replications: those of a stream, or of all of them as many as it
    /// has of all recipients, at least one.
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
                let costs = group.plans[plan].first_costs.get(&replication).map_or(&[][..], Vec::as_slice);
                costs.iter().take(if groups.len() > 1 && all > FIRST as f64 { share(group) } else { FIRST })
            })
        };
        (0..self.replications()).flat_map(of_replication).take(FIRST).copied().collect()
    }

    /// Adds one replication: what each stream came to.
    pub(super) fn add(&mut self, ready: &Ready<'_>, streams: Vec<StreamTally>) {
        let whole = sum(ready, &streams);
        self.account.add(self.replications(), streams, whole);
    }

    /// Adds one replication: what each plan came to in its world.
    pub(super) fn add_worlds(&mut self, ready: &Ready<'_>, runs: Vec<PlanRunTally>) {
        self.account.add_worlds(self.replications(), runs, |streams| sum(ready, streams));
    }
}

/// An account of nothing yet, of recipients who are `independent`, or played together.
pub(super) fn empty_account(ready: &Ready<'_>, independent: bool) -> Account {
    let recipients = ready.recipients();
    let group = |stream: Option<usize>| {
        let count = stream.map_or_else(|| recipients.iter().sum(), |stream| recipients[stream]);
        GroupLedger::new(count, ready.empty_tally(stream))
    };
    let mut groups: Vec<_> = (0..recipients.len()).map(|stream| group(Some(stream))).collect();
    if recipients.len() > 1 {
        groups.push(group(None));
    }
    let sections = recipients.iter().map(|&count| if independent { sections_of(count) } else { 1 }).collect();
    let mut account = Account::new(groups, sections, ready.scenario.providers.len(), !independent);
    account.contended = !independent && ready.model.has_random_outages();
    account
}

/// The tallies of several streams as one. Its steps are those of the plan that is compared, and count the streams that follow it.
pub(super) fn sum(ready: &Ready<'_>, streams: &[StreamTally]) -> Option<StreamTally> {
    if streams.len() < 2 {
        return None;
    }
    let mut whole = ready.empty_tally(None);
    for (stream, StreamTally { tally, .. }) in ready.scenario.streams.iter().zip(streams) {
        let mut tally = tally.clone();
        for plan in &mut tally.plans {
            // The first recipients of each stream are not those of all.
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
