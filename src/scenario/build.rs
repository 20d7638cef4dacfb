//! From a file that follows the grammar to a checked scenario: what no grammar can say is checked here.
//!
//! Each part is built even when another is wrong, so that everything that is wrong is found in one go. A value that the
//! structural check has refused yields no second complaint.

mod baseline;
mod capacity;
mod collisions;
mod columns;
mod doubts;
mod latency;
mod outages;
mod plans;
mod pools;
mod providers;
mod streams;
mod traffic;

use super::diagnostic::{Diagnostic, Fault, position, shown};
use super::model::{Plan, Scenario};
use super::record::{Read, Record};
use crate::units::Span;
use std::ops::Range;
use std::path::Path;

/// Builds, and notes what is wrong.
pub(super) struct Builder<'a> {
    /// The text of the file.
    pub(super) text: &'a str,
    /// The folder that files are named relative to.
    pub(super) folder: &'a Path,
    /// What is wrong.
    pub(super) found: Vec<Diagnostic>,
    /// What can be played and is likely not meant.
    pub(super) doubted: Vec<Diagnostic>,
}

/// What is known of a scenario besides its text.
pub(super) struct Birth<'a> {
    /// The title when the file has none.
    pub(super) title: &'a str,
    /// The digest of the file.
    pub(super) digest: String,
}

impl Builder<'_> {
    /// The scenario that `record` says; none when something is wrong.
    pub(super) fn scenario(&mut self, record: &Record, birth: Birth<'_>) -> Option<Scenario> {
        let deadline = record.get::<&Record>("goal").and_then(|goal| goal.get("deadline"));
        let streams = streams::records(record);
        let traffic = streams.map(|records| self.streams(records, deadline));
        let providers = record.get("providers").and_then(|p| self.providers(p));
        let breakers = record.get("providers").and_then(capacity::breakers);
        let known = record.get("providers").map(providers::known);
        let plans = record.get::<&[Record]>("plans").map(|p| self.plans(p, known.as_deref()));
        let own = streams.and_then(|streams| self.own_plans(streams, record.get("plans")));
        let checks = record.get_or::<&[Record]>("checks", &[])?;
        let checks = self.checks(checks, record.get("plans"), streams, own.as_deref());
        self.collisions(record.get("providers"), streams.unwrap_or_default());
        let mut scenario = Scenario {
            title: record.get_or("title", birth.title)?.to_owned(),
            seed: record.get_or("seed", 1)?,
            replications: u32::try_from(record.get_or("replications", 1_u64)?).ok()?,
            currency: record.get_or("currency", "EUR")?.to_owned(),
            deadline: deadline?,
            streams: traffic.and_then(all)?,
            providers: providers?,
            breakers: breakers?,
            plans: plans.and_then(all::<Plan>)?,
            checks: all(checks)?,
            baseline: self.baseline(record)?,
            left_out: Vec::new(),
            digest: birth.digest,
            warnings: None,
        };
        scenario.hand_out(&own?);
        self.doubt(record, &scenario);
        Some(scenario)
    }

    /// The line in which a table begins, from 1.
    fn line(&self, record: &Record) -> usize {
        position(self.text, record.place.start).0
    }

    /// Notes that something is wrong at `place`; returns nothing, in place of what would have been built.
    fn refuse<T>(
        &mut self,
        place: Range<usize>,
        message: impl Into<String>,
        expected: impl Into<String>,
        help: impl Into<String>,
    ) -> Option<T> {
        self.found.push(Diagnostic::at(place, Fault::new(message, expected, help)));
        None
    }

    /// Notes that a name stands at `place` that stood at `first` already.
    fn twice(&mut self, what: &str, name: &str, place: Range<usize>, first: Range<usize>) {
        let fault = Fault::new(
            format!("two {what} are called `{}`", shown(name)),
            "expected another name",
            "give one of them another name",
        );
        self.found.push(Diagnostic::at(place, fault).beside(first, "the first of that name"));
    }
}

/// All of them, or nothing when one of them is wrong.
fn all<T>(parts: Vec<Option<T>>) -> Option<Vec<T>> {
    parts.into_iter().collect()
}

/// What is optional: nothing when it is missing, its value when it is right, and failure when it is wrong.
fn optional<'a, T: Read<'a>>(record: &'a Record, key: &str) -> Option<Option<T>> {
    if record.has(key) { record.get(key).map(Some) } else { Some(None) }
}

/// A span as hints write it.
fn quoted(span: Span) -> String {
    format!("\"{span}\"")
}
