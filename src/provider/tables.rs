//! The possible outcomes of a provider's attempts, compiled: outcomes with their samplers, and tables for batches of recipients.

use super::spec::OutcomeSpec;
use crate::dist::{Entry, QuantileTables, Sampler};
use crate::status::Status;

/// The outcomes of a provider: the persistent ones, then the others.
#[derive(Clone, Debug)]
pub(super) struct Outcomes {
    all: Vec<Outcome>,
    /// The number of persistent outcomes.
    persistent: usize,
    /// Whether any rejects attempts at submission.
    pub(super) any_rejected: bool,
}

/// An outcome with its samplers.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// The upper bound of the 32-bit draws for this outcome (exclusive); the lower bound is that of the outcome before.
    below: u64,
    /// `None` for silence.
    pub(super) status: Option<Status>,
    /// Whether a delivery reaches the recipient.
    pub(super) reached: bool,
    /// Whether it rejects the attempt at submission.
    pub(super) at_submission: bool,
    /// Whether it waits for the recipient's phone.
    pub(super) needs_phone: bool,
    pub(super) after: Sampler,
    /// The draws below this threshold open a delivered message; the sampler says when.
    pub(super) seen: Option<(u64, Sampler)>,
    pub(super) talk: Option<Sampler>,
}

impl Outcomes {
    /// Compiles outcomes of a provider whose messages arrive on the recipient's phone or not.
    pub(super) fn new(specs: &[OutcomeSpec], needs_phone: bool) -> Self {
        let (persistent, others): (Vec<_>, Vec<_>) = specs.iter().partition(|spec| spec.persistent);
        let taken: f64 = persistent.iter().map(|spec| spec.share.get()).sum();
        let mut all = Vec::with_capacity(specs.len());
        for (group, of) in [(&persistent, 1.0), (&others, 1.0 - taken)] {
            let mut sum = 0.0;
            for spec in group {
                sum += spec.share.get();
                let below = if sum > 0.0 { f64::min(sum / of, 1.0) } else { 0.0 };
                all.push(Outcome::new(spec, below, needs_phone && spec.needs_phone()));
            }
        }
        let any_rejected = specs.iter().any(|spec| spec.at_submission);
        Self { all, persistent: persistent.len(), any_rejected }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Outcome> {
        self.all.iter()
    }

    /// Whether any outcome is persistent.
    #[inline]
    pub(super) const fn has_persistent(&self) -> bool {
        self.persistent > 0
    }

    /// The outcome of an attempt with this `draw`, for a recipient whose draw for the channel is `persistent()`; `None` for silence.
    #[inline]
    pub(super) fn of(&self, draw: u32, persistent: impl FnOnce() -> u32) -> Option<&Outcome> {
        let persistent = if self.has_persistent() { self.persistent_of(persistent()) } else { None };
        persistent.or_else(|| first(&self.all[self.persistent..], draw))
    }

    /// The persistent outcome of a recipient with this draw for the channel.
    #[inline]
    pub(super) fn persistent_of(&self, draw: u32) -> Option<&Outcome> {
        first(&self.all[..self.persistent], draw)
    }
}

/// The first of these outcomes whose bound is above the draw.
#[inline]
fn first(outcomes: &[Outcome], draw: u32) -> Option<&Outcome> {
    outcomes.iter().find(|outcome| u64::from(draw) < outcome.below)
}

impl Outcome {
    fn new(spec: &OutcomeSpec, below: f64, needs_phone: bool) -> Self {
        Self {
            below: (below * 4_294_967_296.0).round() as u64,
            status: spec.status,
            reached: spec.reached,
            at_submission: spec.at_submission,
            needs_phone,
            after: Sampler::new(&spec.after),
            seen: spec.seen.as_ref().map(|seen| (seen.share.threshold(), Sampler::new(&seen.after))),
            talk: spec.talk_time().as_ref().map(Sampler::new),
        }
    }

    /// Whether the message reaches the recipient.
    pub(super) fn reaches(&self) -> bool {
        self.reached && self.status.is_some_and(Status::is_delivery)
    }

    /// Whether the message gets as far as the network: a call is never `sent`, nor is a message that the provider cannot process, nor a
    /// silent one.
    pub(super) const fn reaches_network(&self) -> bool {
        matches!(self.status, Some(Status::Delivered | Status::Undelivered | Status::Expired))
    }
}

/// The tables of a provider for batches.
#[derive(Clone, Debug)]
pub(super) struct Tables {
    /// For each persistent outcome, the first draw for the channel that selects a later one; thresholds that no draw can reach are left
    /// out.
    pub(super) persistent: Vec<u32>,
    /// For each other outcome, the first draw that selects a later one; thresholds that no draw can reach are left out.
    pub(super) thresholds: Vec<u32>,
    /// The number of persistent outcomes.
    pub(super) first: u8,
    /// The latencies of each outcome, then of silence.
    pub(super) entries: Vec<Entry>,
    /// The status of each outcome, then of silence.
    pub(super) status: [u8; 256],
    /// For each outcome, what distinguishes it: a set of the bits below.
    pub(super) special: [u8; 256],
    /// The bits of all outcomes.
    pub(super) any_special: u8,
    pub(super) quantile_tables: QuantileTables,
    pub(super) delay: Entry,
}

/// An outcome whose attempts are handled one by one, unless they expire.
pub(super) const SINGLE: u8 = 1;
/// An outcome that rejects the attempt at submission.
pub(super) const REJECTED: u8 = 2;
/// A delivery that does not reach the recipient.
pub(super) const CLAIMED: u8 = 4;
/// An outcome that needs the recipient's phone.
pub(super) const PHONE: u8 = 8;

impl Tables {
    /// Builds the tables for these outcomes. Returns `None` if any latency has no table, if there are more outcomes than a byte can
    /// number, or if one of them is neither a failure nor a delivery nor silence.
    pub(super) fn new(outcomes: &Outcomes, report_delay: &Sampler) -> Option<Self> {
        let Outcomes { all, persistent, .. } = outcomes;
        let settles = |status: Status| status.is_bad() || matches!(status, Status::Delivered | Status::Answered);
        if all.len() > 254 || !all.iter().filter_map(|outcome| outcome.status).all(settles) {
            return None;
        }
        let mut quantile_tables = QuantileTables::default();
        let mut entries = all.iter().map(|o| quantile_tables.add(&o.after)).collect::<Option<Vec<_>>>()?;
        entries.push(quantile_tables.constant(0));
        let delay = quantile_tables.add(report_delay)?;
        let thresholds = |of: &[Outcome]| of.iter().filter_map(|o| u32::try_from(o.below).ok()).collect();
        let mut tables = Self {
            persistent: thresholds(&all[..*persistent]),
            thresholds: thresholds(&all[*persistent..]),
            first: *persistent as u8,
            entries,
            status: [0; 256],
            special: [0; 256],
            any_special: 0,
            quantile_tables,
            delay,
        };
        for (i, outcome) in all.iter().enumerate() {
            tables.status[i] = outcome.status.map_or(0, |status| status as u8);
            let bit = |is: bool, bit: u8| if is { bit } else { 0 };
            tables.special[i] = bit(outcome.seen.is_some() || outcome.talk.is_some(), SINGLE)
                | bit(outcome.at_submission, REJECTED)
                | bit(!outcome.reached, CLAIMED)
                | bit(outcome.needs_phone, PHONE);
            tables.any_special |= tables.special[i];
        }
        Some(tables)
    }
}
