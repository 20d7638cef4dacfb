//! The possible outcomes of a provider's attempts, compiled: outcomes with their samplers, and tables for batches of recipients.

use crate::dist::{Entry, QuantileTables, Sampler};
use crate::status::Status;

/// An outcome with its samplers.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// The upper bound of the 32-bit draws for this outcome (exclusive); the lower bound is that of the outcome before.
    pub(super) below: u64,
    pub(super) status: Status,
    pub(super) after: Sampler,
    /// The draws below this threshold open a delivered message; the sampler says when.
    pub(super) seen: Option<(u64, Sampler)>,
    pub(super) talk: Option<Sampler>,
}

/// The tables of a provider for batches.
#[derive(Clone, Debug)]
pub(super) struct Tables {
    /// For each outcome, the first draw that selects a later one; thresholds that no draw can reach are left out.
    pub(super) thresholds: Vec<u32>,
    /// The latencies of each outcome, then of silence.
    pub(super) entries: Vec<Entry>,
    /// The status of each outcome, then of silence.
    pub(super) status: [u8; 256],
    /// For each outcome, whether its deliveries are handled one by one.
    pub(super) needs_single: [bool; 256],
    pub(super) any_needs_single: bool,
    pub(super) quantile_tables: QuantileTables,
    pub(super) delay: Entry,
}

impl Tables {
    /// Builds the tables for these outcomes. Returns `None` if any latency has no table, if there are more outcomes than a byte can
    /// number, or if one of them is neither a failure nor a delivery.
    pub(super) fn new(outcomes: &[Outcome], report_delay: &Sampler) -> Option<Self> {
        let settles = |status: Status| status.is_bad() || matches!(status, Status::Delivered | Status::Answered);
        if outcomes.len() > 254 || !outcomes.iter().all(|outcome| settles(outcome.status)) {
            return None;
        }
        let mut quantile_tables = QuantileTables::default();
        let mut entries = outcomes.iter().map(|o| quantile_tables.add(&o.after)).collect::<Option<Vec<_>>>()?;
        entries.push(quantile_tables.constant(0));
        let delay = quantile_tables.add(report_delay)?;
        let mut tables = Self {
            thresholds: outcomes.iter().filter_map(|o| u32::try_from(o.below).ok()).collect(),
            entries,
            status: [0; 256],
            needs_single: [false; 256],
            any_needs_single: false,
            quantile_tables,
            delay,
        };
        for (i, outcome) in outcomes.iter().enumerate() {
            tables.status[i] = outcome.status as u8;
            tables.needs_single[i] = outcome.seen.is_some() || outcome.talk.is_some();
            tables.any_needs_single |= tables.needs_single[i];
        }
        Some(tables)
    }
}
