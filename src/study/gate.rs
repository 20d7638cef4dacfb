//! What a gate of CI lets through: every question that was asked of a run, and the answer.

use super::results::{Difference, ScenarioFacts};
use crate::scenario::{Bound, Metric};
use schemars::JsonSchema;
use serde::Serialize;

/// What `failsim check` prints as JSON follows this schema.
pub const GATE_SCHEMA: &str = "failsim/check/1";

/// All questions and answers.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Gate {
    /// `failsim/check/1`.
    pub schema: String,
    /// The scenario file, as it was named.
    pub file: String,
    /// The results of an earlier run that it was held to, as they were named.
    pub baseline: Option<String>,
    /// The other scenario that it was held to, as it was named.
    pub against: Option<String>,
    /// What was played.
    pub scenario: ScenarioFacts,
    /// How many recipients of each replication have one of the other scenario that they are held to; null without one.
    pub paired: Option<u64>,
    /// Whether what is inconclusive fails.
    pub strict: bool,
    /// `fail` if a row fails, or is inconclusive and that is strict; else `inconclusive` if one is, else `pass`.
    pub outcome: Outcome,
    /// How many rows pass.
    pub passed: usize,
    /// How many fail.
    pub failed: usize,
    /// How many are inconclusive.
    pub inconclusive: usize,
    /// One for each question.
    pub rows: Vec<Row>,
    /// For each plan that differs from that of the other scenario, the first recipient who shows it.
    pub differing: Vec<Differing>,
    /// What else a reader should know.
    pub notes: Vec<String>,
}

/// A question and its answer.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Row {
    /// What asks.
    pub kind: Kind,
    /// The plan.
    pub plan: String,
    /// The stream of traffic; null for all of them together.
    pub stream: Option<String>,
    /// The measure; null where the plan or the stream itself is missing.
    pub measure: Option<Metric>,
    /// The answer.
    pub outcome: Outcome,
    /// The line of the scenario file in which the check, or the plan, begins.
    pub line: Option<usize>,
    /// What the measure must not be lower than.
    pub at_least: Option<f64>,
    /// What it must not be higher than.
    pub at_most: Option<f64>,
    /// By how much it may be worse than in the other run, in its own unit.
    pub tolerance: Option<f64>,
    /// Its value; null where there is nothing to measure.
    pub value: Option<f64>,
    /// The ends of its 95 % interval, the one that it is judged by; null where none is known.
    pub low: Option<f64>,
    /// Likewise.
    pub high: Option<f64>,
    /// Its value in the other run.
    pub other: Option<f64>,
    /// By how much it differs from the other run, with a 95 % interval that holds for all rows together; without ends and without
    /// `no_interval` nobody who was played fares differently, or where intervals come from replications, none of those.
    pub difference: Option<Difference>,
    /// About how many would tell, in `needed_unit`; null where it is known, and where no number in reach would tell.
    pub needed: Option<u64>,
    /// What intervals come from, and `needed` counts; null where there are none.
    pub needed_unit: Option<Counted>,
    /// Why it is inconclusive, where that is not for want of recipients or replications.
    pub because: Option<String>,
    /// Why there is no interval.
    pub no_interval: Option<String>,
    /// The share of recipients who were reached, where that is so low that a latency says little.
    pub reached: Option<f64>,
}

/// What an interval comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Recipients, who are independent of one another.
    Recipients,
    /// Replications.
    Replications,
}

/// What asks a question.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A `[[checks]]` of the scenario.
    Check,
    /// The results of an earlier run.
    Baseline,
    /// Another scenario, on the same recipients.
    Against,
}

/// An answer, the worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is not as it should be, and the data show it.
    Fail,
    /// The data do not tell.
    Inconclusive,
    /// It is as it should be, and the data show it.
    Pass,
}

/// The first recipient who fares otherwise under a plan than in the other scenario.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Differing {
    /// The plan.
    pub plan: String,
    /// What it is called in the other scenario.
    pub other_plan: String,
    /// The stream of traffic, where they have names.
    pub stream: Option<String>,
    /// The recipient's number in the stream, from 0.
    pub recipient: u64,
    /// The replication, from 0.
    pub replication: u32,
    /// The recipient's life here and in the other scenario, as text; empty where nobody asked.
    pub traces: Vec<String>,
}

impl Row {
    /// A question of `kind` about a plan, without an answer yet.
    #[must_use]
    pub fn new(kind: Kind, plan: &str, outcome: Outcome) -> Self {
        Self {
            kind,
            plan: plan.to_owned(),
            stream: None,
            measure: None,
            outcome,
            line: None,
            at_least: None,
            at_most: None,
            tolerance: None,
            value: None,
            low: None,
            high: None,
            other: None,
            difference: None,
            needed: None,
            needed_unit: None,
            because: None,
            no_interval: None,
            reached: None,
        }
    }

    /// The bound that a check asks for.
    #[must_use]
    pub fn bound(&self) -> Option<Bound> {
        self.at_least.map(Bound::AtLeast).or(self.at_most.map(Bound::AtMost))
    }

    /// Whether a measure is what it was in the other run, for everybody who was played.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        let is_equal = self.difference.is_none_or(|difference| difference.low.is_none());
        let is_told = self.no_interval.is_none() && self.because.is_none();
        self.measure.is_some() && self.value == self.other && is_equal && is_told
    }

    /// The plan, the stream and the measure that it is about.
    #[must_use]
    pub fn subject(&self) -> String {
        let parts = [Some(self.plan.as_str()), self.stream.as_deref(), self.measure.map(Metric::name)];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

impl Gate {
    /// The gate of these rows.
    #[must_use]
    pub fn new(file: &str, scenario: ScenarioFacts, strict: bool, rows: Vec<Row>) -> Self {
        let count = |outcome| rows.iter().filter(|row| row.outcome == outcome).count();
        let (failed, inconclusive) = (count(Outcome::Fail), count(Outcome::Inconclusive));
        let outcome = match (failed, inconclusive) {
            (0, 0) => Outcome::Pass,
            (0, _) if !strict => Outcome::Inconclusive,
            _ => Outcome::Fail,
        };
        Self {
            schema: GATE_SCHEMA.to_owned(),
            file: file.to_owned(),
            baseline: None,
            against: None,
            paired: None,
            scenario,
            strict,
            outcome,
            passed: count(Outcome::Pass),
            failed,
            inconclusive,
            rows,
            differing: Vec::new(),
            notes: Vec::new(),
        }
    }
}
