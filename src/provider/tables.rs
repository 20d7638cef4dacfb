//! What a provider's attempts can come to, compiled: outcomes with their samplers, and tables of them for batches of recipients.

use crate::dist::{Entry, QuantileTables, Sampler};
use crate::status::Status;

/// An outcome with its samplers.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// The outcome is this one if a 32-bit draw is below this, and not below that of the one before.
    pub(super) below: u64,
    pub(super) status: Status,
    pub(super) after: Sampler,
    /// The draws below which a delivered message is opened, and when.
    pub(super) seen: Option<(u64, Sampler)>,
    pub(super) talk: Option<Sampler>,
}

/// The tables of a provider for batches.
#[derive(Clone, Debug)]
pub(super) struct Tables {
    /// The draw from which on the outcome is a later one, for each outcome; one that no draw reaches is left out.
    pub(super) thresholds: Vec<u32>,
    /// For each outcome, then for silence: its latencies.
    pub(super) entries: Vec<Entry>,
    /// For each outcome, then for silence.
    pub(super) status: [u8; 256],
    /// For each outcome: whether its attempts go the long way once delivered.
    pub(super) long_way: [bool; 256],
    pub(super) any_long_way: bool,
    pub(super) atlas: QuantileTables,
    pub(super) delay: Entry,
}

impl Tables {
    /// The tables of a provider with these outcomes; `None` if its latencies are not all in tables, it has more outcomes than a byte can number, or one
    /// of them settles nothing.
    pub(super) fn new(outcomes: &[Outcome], report_delay: &Sampler) -> Option<Self> {
        let settles = |status: Status| status.is_bad() || matches!(status, Status::Delivered | Status::Answered);
        if outcomes.len() > 254 || !outcomes.iter().all(|outcome| settles(outcome.status)) {
            return None;
        }
        let mut atlas = QuantileTables::default();
        let mut entries = outcomes.iter().map(|o| atlas.add(&o.after)).collect::<Option<Vec<_>>>()?;
        entries.push(atlas.constant(0));
        let delay = atlas.add(report_delay)?;
        let mut tables = Self {
            thresholds: outcomes.iter().filter_map(|o| u32::try_from(o.below).ok()).collect(),
            entries,
            status: [0; 256],
            long_way: [false; 256],
            any_long_way: false,
            atlas,
            delay,
        };
        for (i, outcome) in outcomes.iter().enumerate() {
            tables.status[i] = outcome.status as u8;
            tables.long_way[i] = outcome.seen.is_some() || outcome.talk.is_some();
            tables.any_long_way |= tables.long_way[i];
        }
        Some(tables)
    }
}
