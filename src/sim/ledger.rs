//! The results of a run as integers: the pieces of a run add up to the same ledger in any order, byte for byte.

use super::contended::{ClassTally, PlanRunTally};
use super::group_tally::GroupTally;
use super::tally::{FIRST, PlanTally, Tally};
use crate::stats::{Bins, ByKey, Groups};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::error::Error;
use std::fmt;

/// The schema name at the start of a ledger file.
pub const LEDGER_SCHEMA: &str = "failsim/ledger/4";

/// The results of a run, or of a piece of it. For a scenario whose recipients may contend it holds both ledgers: that of contended
/// recipients and, where it turns out that sharing affected none of them, that of independent recipients.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ledger {
    /// Identifies what was simulated: only ledgers with the same key add up.
    pub key: String,
    /// The results of independent recipients.
    pub independent: ModeLedger,
    /// The results of contended recipients.
    pub contended: ModeLedger,
}

/// The sums of the replications that were simulated in one way, independent or contended.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ModeLedger {
    /// The groups of recipients for which counts are kept, whichever those are; the last is everybody.
    pub groups: Vec<GroupLedger>,
    /// For each plan and provider, the greatest number of attempts that ever waited.
    pub longest_queue: Vec<Vec<u64>>,
    /// For each plan and provider, how often its circuit opened, over all replications.
    pub opened: Vec<Vec<u64>>,
    /// Whether anything that recipients share affected any of them.
    pub contended: bool,
    /// Whether the counts of each replication are kept.
    keeps_replications: bool,
    /// For each stream, the number of sections into which its recipients are divided.
    sections: Vec<usize>,
    /// The replications whose sections have all been simulated.
    complete: ByKey<u32, ()>,
    /// The replications of which sections are missing.
    open: ByKey<u32, OpenReplication>,
}

/// The results of a group of recipients.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct GroupLedger {
    /// Recipients per replication; of a segment, the expected number.
    pub recipients: u64,
    /// The number of sections into which they are divided.
    pub sections: usize,
    /// The sum over all replications.
    pub tally: Tally,
    /// For each plan, the results that cannot be summed.
    pub plans: Vec<PlanLedger>,
}

/// The results of a group under a plan that depend on how recipients are grouped into replications or sections.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct PlanLedger {
    /// The most flows that ended in a second of the clock, in any replication, within the first 12 days.
    pub peak: u64,
    /// The same with the changes of messages and steps, where these are counted.
    pub peak_of_changes: u64,
    /// The changes of messages and steps within the first 12 days of each replication, where they are counted.
    pub changes: u64,
    /// When the last flow of a replication ended (µs).
    pub last_end: Mean,
    /// For each provider that had a backlog, when it was cleared (µs).
    pub backlog_cleared: ByKey<usize, Mean>,
    /// The latencies of groups of recipients that are independent and alike: sections, by section cell; or replications.
    pub latencies: Groups,
    /// The cost of each of the first recipients (millionths), by replication and recipient, where recipients are independent: about
    /// [`FIRST`] of them in all.
    pub first_costs: ByKey<u32, ByKey<u32, i64>>,
    /// The counts of each replication, where intervals are based on replications.
    pub replications: ByKey<u32, ReplicationCounts>,
}

/// A mean over those replications that have a value, as a sum of integers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Mean {
    sum: i128,
    count: u32,
}

/// The counts of one replication under one plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ReplicationCounts {
    /// The number of recipients.
    pub recipients: u64,
    /// Recipients reached.
    pub delivered: u64,
    /// Recipients reached within the deadline.
    pub in_time: u64,
    /// Flows that the engine believes to have succeeded.
    pub succeeded: u64,
    /// Recipients reached more than once.
    pub duplicates: u64,
    /// Recipients who opened a message.
    pub seen: u64,
    /// The total cost (millionths).
    pub cost: u128,
    /// The sum of the latencies (µs), and their number.
    pub latencies: (u128, u64),
}

/// A replication of which some sections have been simulated.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct OpenReplication {
    /// For each stream, the sections that have been simulated, as bits.
    simulated: Vec<u32>,
    /// For each group and plan, the values that can only be folded when all sections are complete.
    plans: Vec<Vec<OpenPlan>>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
struct OpenPlan {
    ends: Bins,
    changes: Option<Bins>,
    last_end: Option<i64>,
    backlog_cleared: ByKey<usize, i64>,
}

/// Why ledgers do not add up, or why a file is not a ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LedgerError {
    /// The ledgers are of different runs.
    OtherRun,
    /// Both ledgers hold this replication, or a section of it.
    Twice(u32),
    /// The file has another version, or is not a ledger.
    Schema(String),
    /// The file was truncated or changed.
    Checksum,
    /// The content is not a valid ledger.
    Content(String),
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherRun => f.write_str("the ledgers are of different runs"),
            Self::Twice(replication) => write!(f, "replication {replication}, or a part of it, is there twice"),
            Self::Schema(schema) => write!(f, "expected a ledger of version {LEDGER_SCHEMA}, found {schema}"),
            Self::Checksum => f.write_str("the ledger is incomplete, or was changed: its checksum does not match"),
            Self::Content(what) => write!(f, "the ledger cannot be read: {what}"),
        }
    }
}

impl Error for LedgerError {}

/// The first line of a ledger file.
#[derive(Serialize, Deserialize)]
struct Header {
    schema: String,
    sha256: String,
}

impl Ledger {
    /// A ledger of both modes, for the run that `key` identifies.
    #[must_use]
    pub fn new(key: String, independent: ModeLedger, contended: ModeLedger) -> Self {
        Self { key, independent, contended }
    }

    /// Adds the results of another ledger of the same run.
    ///
    /// # Errors
    /// [`LedgerError`] when the ledgers are of different runs or overlap; nothing is added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), LedgerError> {
        if self.key != other.key {
            return Err(LedgerError::OtherRun);
        }
        self.independent.can_merge(&other.independent)?;
        self.contended.can_merge(&other.contended)?;
        self.independent.merge(&other.independent);
        self.contended.merge(&other.contended);
        if self.contended.contended {
            // Some part found out that recipients do make a difference to one another: nothing else counts.
            self.independent = self.independent.emptied();
        }
        Ok(())
    }

    /// Returns the bytes of the ledger file: a line with version and checksum, then the ledger as JSON. Equal ledgers have equal bytes.
    #[must_use]
    #[inline] // Compiled only where it is used: all of a ledger's types are written here.
    pub fn to_bytes(&self) -> Vec<u8> {
        let body = serde_json::to_vec(self).expect("a ledger is plain data");
        let header = Header { schema: LEDGER_SCHEMA.to_owned(), sha256: digest(&body) };
        let mut bytes = serde_json::to_vec(&header).expect("a header is plain data");
        bytes.push(b'\n');
        bytes.extend(body);
        bytes
    }

    /// Reads a ledger from the bytes of its file.
    ///
    /// # Errors
    /// [`LedgerError`] when the bytes are not a complete ledger of this version.
    #[inline] // As above.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LedgerError> {
        let end = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
        let header: Header = serde_json::from_slice(&bytes[..end])
            .map_err(|_| LedgerError::Schema("no version in the first line".to_owned()))?;
        if header.schema != LEDGER_SCHEMA {
            return Err(LedgerError::Schema(header.schema));
        }
        let body = bytes.get(end + 1..).unwrap_or_default();
        if digest(body) != header.sha256 {
            return Err(LedgerError::Checksum);
        }
        serde_json::from_slice(body).map_err(|error| LedgerError::Content(error.to_string()))
    }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl ModeLedger {
    /// A ledger of these groups. `sections` holds the number of sections into which the recipients of each stream are divided, and
    /// `keeps_replications` says whether intervals are based on replications.
    #[must_use]
    pub fn new(groups: Vec<GroupLedger>, sections: Vec<usize>, providers: usize, keeps_replications: bool) -> Self {
        let none = vec![vec![0; providers]; groups.first().map_or(0, |group| group.plans.len())];
        Self { groups, longest_queue: none.clone(), opened: none, keeps_replications, sections, ..Self::default() }
    }

    /// The same ledger before anything was simulated.
    fn emptied(&self) -> Self {
        let plan = |plan: &PlanTally| PlanTally::new(plan.steps.len(), plan.latencies.scale());
        let group = |group: &GroupLedger| {
            let plans = group.tally.plans.iter().map(plan).collect();
            GroupLedger::new(group.recipients, group.sections, Tally::new(plans, group.tally.pairs.len()))
        };
        let providers = self.longest_queue.first().map_or(0, Vec::len);
        let groups = self.groups.iter().map(group).collect();
        Self::new(groups, self.sections.clone(), providers, self.keeps_replications)
    }

    /// This ledger with more plans and pairs: its own, then the plans of `added` from `first` on, and all pairs of `added`. Both hold the
    /// same replications of the same recipients.
    #[must_use]
    pub fn with_plans_of(&self, added: &Self, first: usize) -> Self {
        debug_assert_eq!((&self.complete, self.open.len()), (&added.complete, added.open.len()));
        let mut joined = self.clone();
        for (ours, theirs) in joined.groups.iter_mut().zip(&added.groups) {
            ours.tally.plans.extend_from_slice(&theirs.tally.plans[first..]);
            ours.tally.pairs.extend_from_slice(&theirs.tally.pairs);
            ours.plans.extend_from_slice(&theirs.plans[first..]);
        }
        joined.longest_queue.extend_from_slice(&added.longest_queue[first..]);
        joined.opened.extend_from_slice(&added.opened[first..]);
        joined.contended |= added.contended;
        joined
    }

    /// The number of replications whose sections have all been simulated.
    #[must_use]
    pub fn replications(&self) -> u32 {
        self.complete.len() as u32
    }

    /// Whether a replication is missing, or has been simulated only in part.
    #[must_use]
    pub fn has_gaps(&self) -> bool {
        let needed = self.complete.keys().next_back().map_or(0, |last| u64::from(last) + 1);
        !self.open.is_empty() || self.complete.len() as u64 != needed
    }

    /// Adds sections of a replication. `simulated` holds those of each stream, and `groups` the results of each group in them.
    pub fn add(&mut self, replication: u32, simulated: &[Vec<usize>], groups: Vec<GroupTally>) {
        if simulated.iter().all(Vec::is_empty) {
            return;
        }
        let streams = self.sections.len();
        let open = self.open.entry(replication, || OpenReplication::new(&self.groups, streams));
        for (bits, sections) in open.simulated.iter_mut().zip(simulated) {
            sections.iter().for_each(|section| *bits |= 1 << section);
        }
        let is_complete = open.is_complete(&self.sections);
        let kept = self.keeps_replications.then_some(replication);
        for ((group, part), open) in self.groups.iter_mut().zip(groups).zip(&mut open.plans) {
            group.add(replication, part, kept, open);
        }
        if is_complete {
            self.close(replication);
        }
    }

    /// Adds a replication of contended recipients: the results of each plan. `groups` computes the results of each group from those of the
    /// classes of each stream.
    pub fn add_runs(
        &mut self,
        replication: u32,
        runs: Vec<PlanRunTally>,
        groups: impl FnOnce(Vec<Vec<GroupTally>>) -> Vec<GroupTally>,
    ) {
        for (plan, run) in runs.iter().enumerate() {
            self.contended |= run.contended;
            self.longest_queue[plan].iter_mut().zip(&run.longest_queue).for_each(|(a, b)| *a = (*a).max(*b));
            self.opened[plan].iter_mut().zip(&run.opened).for_each(|(a, b)| *a += b);
        }
        let simulated = vec![vec![0]; self.sections.len()];
        let mut streams: Vec<Vec<GroupTally>> = Vec::new();
        for (plan, run) in runs.into_iter().enumerate() {
            for (stream, classes) in run.streams.into_iter().enumerate() {
                for (class, ClassTally { tally, arrivals }) in classes.into_iter().enumerate() {
                    if plan == 0 {
                        if class == 0 {
                            streams.push(Vec::new());
                        }
                        let tally = Tally { arrivals, ..Tally::default() };
                        streams[stream].push(GroupTally { tally, ..GroupTally::default() });
                    }
                    streams[stream][class].tally.plans.push(tally);
                }
            }
        }
        self.add(replication, &simulated, groups(streams));
    }

    /// Completes a replication whose sections are all there: folds the values that had to wait for them.
    fn close(&mut self, replication: u32) {
        let Some(open) = self.open.remove(replication) else { return };
        for (group, plans) in self.groups.iter_mut().zip(open.plans) {
            group.plans.iter_mut().zip(plans).for_each(|(ledger, open)| ledger.fold(open));
        }
        self.complete.entry(replication, || ());
    }

    fn can_merge(&self, other: &Self) -> Result<(), LedgerError> {
        let shape = |ledger: &Self| {
            let group = |group: &GroupLedger| {
                let steps: Vec<_> = group.tally.plans.iter().map(|plan| plan.steps.len()).collect();
                (group.recipients, group.sections, group.plans.len(), group.tally.pairs.len(), steps)
            };
            let lengths = |all: &[Vec<u64>]| all.iter().map(Vec::len).collect::<Vec<_>>();
            let groups: Vec<_> = ledger.groups.iter().map(group).collect();
            let providers = (lengths(&ledger.longest_queue), lengths(&ledger.opened));
            (ledger.sections.clone(), ledger.keeps_replications, groups, providers)
        };
        let are_sound = other.groups.iter().flat_map(|group| &group.plans).all(|plan| plan.latencies.is_sound());
        if shape(self) != shape(other) || !are_sound {
            return Err(LedgerError::OtherRun);
        }
        let holds = |ledger: &Self, replication: u32| ledger.complete.get(replication).is_some();
        let mut of_other = other.complete.keys().chain(other.open.keys());
        let complete = of_other.find(|&replication| holds(self, replication));
        let twice = complete.or_else(|| self.open.keys().find(|&replication| holds(other, replication)));
        let of_both =
            self.open.iter().filter_map(|(replication, open)| Some((replication, open, other.open.get(replication)?)));
        let overlap = |(_, ours, theirs): &(u32, &OpenReplication, &OpenReplication)| {
            ours.simulated.iter().zip(&theirs.simulated).any(|(ours, theirs)| ours & theirs != 0)
        };
        let twice = twice.or_else(|| of_both.into_iter().find(overlap).map(|(replication, ..)| replication));
        twice.map_or(Ok(()), |replication| Err(LedgerError::Twice(replication)))
    }

    fn merge(&mut self, other: &Self) {
        self.groups.iter_mut().zip(&other.groups).for_each(|(ours, theirs)| ours.merge(theirs));
        let each = |ours: &mut Vec<Vec<u64>>, theirs: &[Vec<u64>], add: fn(u64, u64) -> u64| {
            let plans = ours.iter_mut().zip(theirs);
            plans.for_each(|(ours, theirs)| ours.iter_mut().zip(theirs).for_each(|(a, b)| *a = add(*a, *b)));
        };
        each(&mut self.longest_queue, &other.longest_queue, u64::max);
        each(&mut self.opened, &other.opened, std::ops::Add::add);
        self.contended |= other.contended;
        other.complete.keys().for_each(|replication| *self.complete.entry(replication, || ()) = ());
        for (replication, theirs) in other.open.iter() {
            let streams = self.sections.len();
            let ours = self.open.entry(replication, || OpenReplication::new(&self.groups, streams));
            ours.merge(theirs);
            if ours.is_complete(&self.sections) {
                self.close(replication);
            }
        }
    }
}

impl GroupLedger {
    /// A group of this many recipients per replication, in this many sections, with nothing simulated yet.
    #[must_use]
    pub fn new(recipients: u64, sections: usize, tally: Tally) -> Self {
        let plans = vec![PlanLedger::default(); tally.plans.len()];
        Self { recipients, sections, tally, plans }
    }

    /// The number of recipients simulated so far, over all replications.
    #[must_use]
    pub fn simulated(&self) -> u64 {
        self.tally.arrivals.total()
    }

    fn add(&mut self, replication: u32, part: GroupTally, kept: Option<u32>, open: &mut [OpenPlan]) {
        let (sections, GroupTally { mut tally, cells, sections: simulated }) = (self.sections, part);
        let came = tally.arrivals.total();
        for ((ledger, open), plan) in self.plans.iter_mut().zip(open).zip(&mut tally.plans) {
            ledger.add(replication, plan, (self.recipients, came), kept, open);
        }
        for (ledger, plan) in self.plans.iter_mut().zip(&tally.plans).filter(|_| kept.is_some()) {
            ledger.latencies.add(replication.into(), plan.latencies.cells());
        }
        for (section, cells) in simulated {
            let member = u64::from(replication) * sections as u64 + section as u64;
            self.plans.iter_mut().zip(cells).for_each(|(ledger, cells)| ledger.latencies.add(member, cells));
        }
        self.tally.merge(&tally);
        cells.iter().for_each(|cells| self.tally.add_cells(cells));
    }

    fn merge(&mut self, other: &Self) {
        self.tally.merge(&other.tally);
        self.plans.iter_mut().zip(&other.plans).for_each(|(ours, theirs)| ours.merge(theirs));
    }
}

impl PlanLedger {
    /// Adds a tally, and takes out of it what cannot be summed.
    fn add(
        &mut self,
        replication: u32,
        tally: &mut PlanTally,
        (expected, came): (u64, u64),
        kept: Option<u32>,
        open: &mut OpenPlan,
    ) {
        open.merge(OpenPlan::of(tally));
        let mut costs = std::mem::take(&mut tally.first_costs);
        if !costs.is_empty() && u64::from(replication) * expected.min(FIRST as u64) < FIRST as u64 {
            costs.sort_unstable();
            let costs = ByKey::try_from(costs).expect("each recipient is counted once");
            self.first_costs.entry(replication, ByKey::default).extend(&costs);
        }
        if let Some(replication) = kept {
            self.replications.entry(replication, ReplicationCounts::default).add(&ReplicationCounts::of(tally, came));
        }
    }

    fn fold(&mut self, open: OpenPlan) {
        self.peak = self.peak.max(open.ends.peak());
        if let Some(mut all) = open.changes {
            self.changes += all.total();
            all.merge(&open.ends);
            self.peak_of_changes = self.peak_of_changes.max(all.peak());
        }
        self.last_end.add(open.last_end);
        open.backlog_cleared.into_iter().for_each(|(provider, at)| {
            self.backlog_cleared.entry(provider, Mean::default).add(Some(at));
        });
    }

    fn merge(&mut self, other: &Self) {
        self.peak = self.peak.max(other.peak);
        self.peak_of_changes = self.peak_of_changes.max(other.peak_of_changes);
        self.changes += other.changes;
        self.last_end.merge(other.last_end);
        for (provider, &mean) in other.backlog_cleared.iter() {
            self.backlog_cleared.entry(provider, Mean::default).merge(mean);
        }
        self.latencies.merge(&other.latencies);
        for (replication, costs) in other.first_costs.iter() {
            self.first_costs.entry(replication, ByKey::default).extend(costs);
        }
        for (replication, counts) in other.replications.iter() {
            self.replications.entry(replication, ReplicationCounts::default).add(counts);
        }
    }
}

impl Mean {
    fn add(&mut self, micros: Option<i64>) {
        if let Some(micros) = micros {
            self.sum += i128::from(micros);
            self.count += 1;
        }
    }

    fn merge(&mut self, other: Self) {
        self.sum += other.sum;
        self.count += other.count;
    }

    /// The mean (s); `None` if there are no values.
    #[must_use]
    pub fn seconds(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / 1e6 / f64::from(self.count))
    }
}

impl ReplicationCounts {
    fn of(tally: &PlanTally, recipients: u64) -> Self {
        let &PlanTally { delivered, in_time, succeeded, duplicates, seen, cost, .. } = tally;
        let latencies = (tally.latencies.sum(), tally.latencies.count());
        Self { recipients, delivered, in_time, succeeded, duplicates, seen, cost, latencies }
    }

    fn add(&mut self, other: &Self) {
        self.recipients += other.recipients;
        self.delivered += other.delivered;
        self.in_time += other.in_time;
        self.succeeded += other.succeeded;
        self.duplicates += other.duplicates;
        self.seen += other.seen;
        self.cost += other.cost;
        self.latencies = (self.latencies.0 + other.latencies.0, self.latencies.1 + other.latencies.1);
    }
}

impl OpenReplication {
    fn new(groups: &[GroupLedger], streams: usize) -> Self {
        let plans = groups.iter().map(|group| vec![OpenPlan::default(); group.plans.len()]).collect();
        Self { simulated: vec![0; streams], plans }
    }

    fn merge(&mut self, other: &Self) {
        self.simulated.iter_mut().zip(&other.simulated).for_each(|(ours, theirs)| *ours |= theirs);
        let plans = self.plans.iter_mut().flatten().zip(other.plans.iter().flatten());
        plans.for_each(|(ours, theirs)| ours.merge(theirs.clone()));
    }

    /// Whether all sections of each stream are there.
    fn is_complete(&self, sections: &[usize]) -> bool {
        self.simulated.iter().zip(sections).all(|(simulated, &sections)| simulated.count_ones() as usize == sections)
    }
}

/// Adds counts, or moves them where there are none yet.
fn join(ours: &mut Bins, theirs: Bins) {
    if ours.is_empty() {
        *ours = theirs;
    } else {
        ours.merge(&theirs);
    }
}

impl OpenPlan {
    /// Takes out of a tally what can only be folded when all sections are there. Only the fullest second is of interest, so the seconds are
    /// not summed over replications.
    fn of(tally: &mut PlanTally) -> Self {
        let cleared = tally.providers.iter();
        let cleared = cleared.filter_map(|(provider, tally)| Some((provider, tally.queue.as_ref()?.backlog_cleared?)));
        let mut backlog_cleared = ByKey::default();
        cleared.for_each(|(provider, at)| *backlog_cleared.entry(provider, || at) = at);
        let changes = tally.changes.as_mut().map(|changes| std::mem::take(&mut changes.within));
        Self { ends: std::mem::take(&mut tally.ends.within), changes, last_end: tally.last_end, backlog_cleared }
    }

    fn merge(&mut self, other: Self) {
        join(&mut self.ends, other.ends);
        if let Some(theirs) = other.changes {
            join(self.changes.get_or_insert_default(), theirs);
        }
        self.last_end = self.last_end.max(other.last_end);
        for (provider, at) in other.backlog_cleared {
            let cleared = self.backlog_cleared.entry(provider, || at);
            *cleared = at.max(*cleared);
        }
    }
}
