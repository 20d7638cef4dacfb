//! A gate in the formats that CI reads: text, JSON, JUnit, Markdown, and annotations for GitHub.

mod annotations;
mod junit;
mod said;
mod summary;
mod text;

pub use annotations::annotations;
pub use junit::junit;
pub(super) use said::bound;
pub use summary::summary;
pub use text::text;

use super::json::pretty;
use super::words;
use crate::study::{Gate, Kind, Outcome, Row};
use said::said;
use schemars::JsonSchema;
use serde::Serialize;

/// A gate with a message for each row.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Gate")]
struct GateWithMessages<'a> {
    #[serde(flatten)]
    gate: &'a Gate,
    /// For each row, the result and the requirement in one sentence.
    messages: Vec<String>,
}

/// A gate as JSON.
#[must_use]
pub fn json(gate: &Gate) -> String {
    pretty(&GateWithMessages { gate, messages: gate.rows.iter().map(said).collect() })
}

/// The JSON Schema of [`json()`].
#[must_use]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(GateWithMessages<'static>)
}

/// The rows: failed ones first, then inconclusive ones, with those of a plan together.
fn sorted(gate: &Gate) -> Vec<&Row> {
    let mut plans: Vec<&str> = Vec::new();
    for row in &gate.rows {
        if !plans.contains(&row.plan.as_str()) {
            plans.push(&row.plan);
        }
    }
    let mut rows: Vec<_> = gate.rows.iter().collect();
    rows.sort_by_key(|row| (row.outcome, plans.iter().position(|plan| *plan == row.plan)));
    rows
}

/// The numbers of rows that pass, fail and are inconclusive, and the names of the inconclusive ones: "3 passed, 0 failed, 1 inconclusive:
/// sms-first in_time".
fn count(gate: &Gate) -> String {
    let mut text = format!("{} passed, {} failed, {} inconclusive", gate.passed, gate.failed, gate.inconclusive);
    let unsure: Vec<_> = sorted(gate).into_iter().filter(|row| row.outcome == Outcome::Inconclusive).collect();
    if !unsure.is_empty() {
        let names: Vec<_> = unsure.iter().take(MOST_NAMED).map(|row| row.subject()).collect();
        let more = unsure.len().saturating_sub(MOST_NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let strict = match (gate.strict, unsure.len()) {
            (false, _) => "",
            (true, 1) => " (it fails, as --strict asks)",
            (true, _) => " (they fail, as --strict asks)",
        };
        text += &format!(": {}{more}{strict}", names.join(", "));
    }
    text
}

/// The largest number of rows named in a sentence.
const MOST_NAMED: usize = 10;

/// Where a row comes from: a check, a baseline or another scenario.
const fn asked_by(kind: Kind) -> &'static str {
    match kind {
        Kind::Check => "check",
        Kind::Baseline => "baseline",
        Kind::Against => "against",
    }
}

/// How many measures were compared with another run, and how many of them have changed.
fn compared(gate: &Gate) -> Option<String> {
    let rows: Vec<_> = gate.rows.iter().filter(|row| row.kind != Kind::Check && row.measure.is_some()).collect();
    if rows.is_empty() {
        return None;
    }
    let changed = rows.iter().filter(|row| !row.is_unchanged()).count();
    let names = [(&gate.baseline, "baseline"), (&gate.against, "against")];
    let names = names.into_iter().filter_map(|(name, what)| Some(format!("{what} {}", name.as_ref()?)));
    let names = names.collect::<Vec<_>>().join(", ");
    let all = words::whole(rows.len() as u64);
    Some(match changed {
        0 => format!("{names}: {all} measures compared, all exactly equal for {}", size_of(gate)),
        n => format!("{names}: {all} measures compared, {} changed", words::whole(n as u64)),
    })
}

/// The size of the run: `200 000 recipients`, `30 replications of 20 000 recipients`.
fn size_of(gate: &Gate) -> String {
    let (recipients, replications) = (gate.paired.unwrap_or(gate.scenario.recipients), gate.scenario.replications);
    let of_recipients =
        format!("{} {}", words::whole(recipients), words::plural(recipients as f64, "recipient", "recipients"));
    if replications > 1 {
        format!("{} replications of {of_recipients}", words::whole(replications.into()))
    } else {
        of_recipients
    }
}

/// The other remarks on a gate: its notes, the recipients who differ, and the number of measures compared.
fn remarks(gate: &Gate) -> impl Iterator<Item = String> {
    gate.notes.iter().cloned().chain(differing(gate)).chain(compared(gate))
}

/// The first recipients for whom plans differ, one sentence each.
fn differing(gate: &Gate) -> Vec<String> {
    let one = |first: &crate::study::Differing| {
        let stream = first.stream.as_ref().map_or_else(String::new, |stream| format!(" of {stream}"));
        let replication = match first.replication {
            0 => String::new(),
            replication => format!(" in replication {replication}"),
        };
        format!("{} first differs for recipient {}{stream}{replication}", first.plan, first.recipient)
    };
    gate.differing.iter().map(one).collect()
}

/// The traces of the recipients who differ, under the plan and under the other scenario's plan, where they were asked for.
fn traces(gate: &Gate) -> impl Iterator<Item = &str> {
    gate.differing.iter().flat_map(|first| &first.traces).map(String::as_str)
}
