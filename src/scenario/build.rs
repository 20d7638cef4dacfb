//! Builds a checked scenario from a file that follows the grammar, and checks what the grammar cannot express.
//!
//! Each section is built even when another is wrong, so that all errors are reported together. A value that the structural
//! check has rejected is not reported again.

mod baseline;
mod capacity;
mod collisions;
mod columns;
mod counts;
mod latency;
mod outages;
mod overrides;
mod people;
mod plans;
mod pools;
mod price;
mod providers;
mod segments;
mod shares;
mod streams;
mod times;
mod traffic;
mod warnings;

use super::diagnostic::{Diagnostic, Fault, position, shown};
use super::model::{Plan, Scenario};
use super::record::{Read, Record};
use crate::calendar::Moment;
use crate::engine::Strategy;
use crate::units::Span;
use std::ops::Range;
use std::path::Path;

/// The channel of calls. A call is answered or not; it is never `sent`.
const VOICE: &str = "voice";

/// Builds a scenario and collects diagnostics.
pub(super) struct Builder<'a> {
    /// The text of the file.
    pub(super) text: &'a str,
    /// The folder that file names are relative to.
    pub(super) folder: &'a Path,
    /// The names of the segments, in the order of the file; empty if there are none.
    pub(super) segments: Vec<String>,
    /// Whether the list of segments is as it must be, so that their names are known.
    pub(super) segments_are_known: bool,
    /// When the run starts by the clock, if that is known.
    pub(super) starts_at: Option<Moment>,
    /// Whether the file says so in a way that has been rejected.
    pub(super) starts_at_is_wrong: bool,
    /// How files were read, where that is not obvious.
    pub(super) notes: Vec<String>,
    /// The errors found.
    pub(super) found: Vec<Diagnostic>,
    /// The warnings found: valid input that is probably a mistake.
    pub(super) warnings: Vec<Diagnostic>,
}

/// What the file name and the bytes of the file tell about a scenario.
pub(super) struct FileInfo<'a> {
    /// The title when the file has none.
    pub(super) title: &'a str,
    /// The digest of the file.
    pub(super) digest: String,
}

impl Builder<'_> {
    /// Builds the scenario from `record`. Returns `None` when something is wrong.
    pub(super) fn scenario(&mut self, record: &Record, info: FileInfo<'_>) -> Option<Scenario> {
        let deadline = record.get::<&Record>("goal").and_then(|goal| goal.get("deadline"));
        self.starts_at = optional(record, "starts_at").flatten();
        self.starts_at_is_wrong = record.has("starts_at") && self.starts_at.is_none();
        let shares = self.segments(record);
        let streams = streams::records(record);
        let traffic = streams.map(|records| self.streams(records, deadline, shares.as_deref()));
        let overrides = self.overrides(record);
        let providers = record.get("providers").and_then(|p| self.providers(p, &overrides?));
        let breakers = record.get("providers").and_then(capacity::breakers);
        let people = self.people(record);
        let known = record.get("providers").map(providers::known);
        let plans = record.get::<&[Record]>("plans").map(|p| self.plans(p, known.as_deref()));
        let own = streams.and_then(|streams| self.own_plans(streams, record.get("plans")));
        let checks = record.get_or::<&[Record]>("checks", &[])?;
        let webhook = webhook(record);
        // Where it is wrong itself, that is all there is to say.
        let counted = webhook.unwrap_or(Strategy::OnChange);
        let checks = self.checks(checks, record.get("plans"), streams, own.as_deref(), counted);
        self.collisions(record.get("providers"), streams.unwrap_or_default());
        let mut scenario = Scenario {
            title: record.get_or("title", info.title)?.to_owned(),
            seed: record.get_or("seed", 1)?,
            replications: u32::try_from(record.get_or("replications", 1_u64)?).ok()?,
            starts_at: self.starts_at,
            currency: record.get_or("currency", "EUR")?.to_owned(),
            deadline: deadline?,
            streams: traffic.and_then(all)?,
            people: people?,
            providers: providers?,
            breakers: breakers?,
            plans: plans.and_then(all::<Plan>)?,
            webhook: webhook?,
            checks: all(checks)?,
            baseline: self.baseline(record)?,
            left_out: Vec::new(),
            digest: info.digest,
            notes: std::mem::take(&mut self.notes),
            warnings: None,
        };
        scenario.assign_plans(&own?);
        self.warn(record, &scenario);
        Some(scenario)
    }

    /// Returns the line in which a table begins, counted from 1.
    fn line(&self, record: &Record) -> usize {
        position(self.text, record.place.start).0
    }

    /// Records an error at `place`. Returns `None`, in place of the value that could not be built.
    fn reject<T>(
        &mut self,
        place: Range<usize>,
        message: impl Into<String>,
        expected: impl Into<String>,
        help: impl Into<String>,
    ) -> Option<T> {
        self.found.push(Diagnostic::at(place, Fault::new(message, expected, help)));
        None
    }

    /// Records that the name at `place`, of a `what`, was already used at `first`.
    fn duplicate_name(&mut self, what: &str, name: &str, place: Range<usize>, first: Range<usize>) {
        let fault = Fault::new(
            format!("duplicate {what} name `{}`", shown(name)),
            "expected a unique name",
            "give one of them another name",
        );
        self.found.push(Diagnostic::at(place, fault).with_related(first, "first used here"));
    }
}

/// Returns which callbacks are counted; `None` when `[webhook]` is wrong.
fn webhook(record: &Record) -> Option<Strategy> {
    let Some(webhook) = optional::<&Record>(record, "webhook")? else { return Some(Strategy::OnCompletion) };
    let word = webhook.get::<&str>("strategy")?;
    Strategy::ALL.into_iter().find(|strategy| strategy.word() == word)
}

/// Returns all items, or `None` when one of them is wrong.
fn all<T>(parts: Vec<Option<T>>) -> Option<Vec<T>> {
    parts.into_iter().collect()
}

/// Returns the value of an optional key: `Some(None)` when it is missing, `None` when it is wrong.
fn optional<'a, T: Read<'a>>(record: &'a Record, key: &str) -> Option<Option<T>> {
    if record.has(key) { record.get(key).map(Some) } else { Some(None) }
}

/// Formats a span for hints.
fn quoted(span: Span) -> String {
    format!("\"{span}\"")
}
