//! The result of `failsim check`, as data: every requirement on a run, and its outcome.

use super::results::{Difference, ScenarioFacts};
use crate::scenario::{Bound, Metric};
use schemars::JsonSchema;
use serde::Serialize;

/// The value of [`Gate::schema`].
pub const GATE_SCHEMA: &str = "failsim/check/1";

/// The result of a check: all requirements and their outcomes.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Gate {
    /// `failsim/check/1`.
    pub schema: String,
    /// The scenario file, as given on the command line.
    pub file: String,
    /// The file with the results of an earlier run that it was compared with; null without one.
    pub baseline: Option<String>,
    /// The other scenario that it was compared with; null without one.
    pub against: Option<String>,
    /// The scenario that was run.
    pub scenario: ScenarioFacts,
    /// The number of recipients of each replication that have a counterpart in the other scenario; null without one.
    pub paired: Option<u64>,
    /// Whether inconclusive rows count as failed.
    pub strict: bool,
    /// `fail` if a row fails, or is inconclusive and `strict` is set; otherwise `inconclusive` if a row is, else `pass`.
    pub outcome: Outcome,
    /// The number of rows that pass.
    pub passed: usize,
    /// The number of rows that fail.
    pub failed: usize,
    /// The number of inconclusive rows.
    pub inconclusive: usize,
    /// One row for each requirement.
    pub rows: Vec<Row>,
    /// For each plan whose results differ from those in the other scenario, the first recipient whose result differs.
    pub differing: Vec<Differing>,
    /// Further remarks.
    pub notes: Vec<String>,
}

/// A requirement and its outcome.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
pub struct Row {
    /// The source of the requirement.
    pub kind: Kind,
    /// The plan.
    pub plan: String,
    /// The stream of traffic; null for all streams.
    pub stream: Option<String>,
    /// The segment; null for all segments.
    pub segment: Option<String>,
    /// The measure; null if the plan or the stream itself is missing.
    pub measure: Option<Metric>,
    /// The outcome.
    pub outcome: Outcome,
    /// The line of the scenario file in which the check or the plan begins.
    pub line: Option<usize>,
    /// The lower bound of the measure.
    pub at_least: Option<f64>,
    /// The upper bound of the measure.
    pub at_most: Option<f64>,
    /// By how much the measure may be worse than in the other run, in its own unit.
    pub tolerance: Option<f64>,
    /// The value; null if there is nothing to measure.
    pub value: Option<f64>,
    /// The lower end of the 95 % interval that is compared with the bound; null without an interval.
    pub low: Option<f64>,
    /// The upper end of the 95 % interval that is compared with the bound; null without an interval.
    pub high: Option<f64>,
    /// Whether the value is exact: then `low` and `high` are the ends of its numeric error.
    pub is_exact: bool,
    /// The value in the other run.
    pub other: Option<f64>,
    /// The difference from the other run, with a 95 % interval that holds for all rows together. Without ends and without `no_interval`, no
    /// simulated recipient differs; if intervals come from replications, no replication does.
    pub difference: Option<Difference>,
    /// About how many recipients or replications would decide, by `needed_unit`; null if the row is decided, or no attainable number would.
    pub needed: Option<u64>,
    /// What intervals are based on, and the unit of `needed`; null without intervals.
    pub needed_unit: Option<Counted>,
    /// Why the row is inconclusive, if more recipients or replications would not help.
    pub because: Option<String>,
    /// Why there is no interval.
    pub no_interval: Option<String>,
    /// The share of recipients who received the message, if it is so low that a latency says little.
    pub reached: Option<f64>,
}

/// The basis of an interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Independent recipients.
    Recipients,
    /// Replications.
    Replications,
}

/// The source of a requirement.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A `[[checks]]` entry of the scenario.
    Check,
    /// The results of an earlier run.
    Baseline,
    /// Another scenario, on the same recipients.
    Against,
}

/// The outcome of a requirement, worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The data show that the requirement is not met.
    Fail,
    /// The data do not decide.
    Inconclusive,
    /// The data show that the requirement is met.
    Pass,
}

/// The first recipient whose result under a plan differs from that in the other scenario.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, JsonSchema)]
pub struct Differing {
    /// The plan.
    pub plan: String,
    /// Its name in the other scenario.
    pub other_plan: String,
    /// The stream of traffic, if it has a name.
    pub stream: Option<String>,
    /// The recipient's number in the stream, from 0.
    pub recipient: u64,
    /// The replication, from 0.
    pub replication: u32,
    /// The traces of the recipient here and in the other scenario, as text; empty without `--explain`.
    pub traces: Vec<String>,
}

impl Outcome {
    /// The word used in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
            Self::Pass => "pass",
        }
    }
}

impl Row {
    /// A row about a plan.
    #[must_use]
    pub fn new(kind: Kind, plan: &str, outcome: Outcome) -> Self {
        Self {
            kind,
            plan: plan.to_owned(),
            stream: None,
            segment: None,
            measure: None,
            outcome,
            line: None,
            at_least: None,
            at_most: None,
            tolerance: None,
            value: None,
            low: None,
            high: None,
            is_exact: false,
            other: None,
            difference: None,
            needed: None,
            needed_unit: None,
            because: None,
            no_interval: None,
            reached: None,
        }
    }

    /// The bound of a check.
    #[must_use]
    pub fn bound(&self) -> Option<Bound> {
        self.at_least.map(Bound::AtLeast).or(self.at_most.map(Bound::AtMost))
    }

    /// Whether a measure is unchanged from the other run, for every simulated recipient.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        let is_equal = self.difference.is_none_or(|difference| difference.low.is_none());
        let is_told = self.no_interval.is_none() && self.because.is_none();
        self.measure.is_some() && self.value == self.other && is_equal && is_told
    }

    /// The stream or the segment, by name; `None` for all recipients.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.stream.as_deref().or(self.segment.as_deref())
    }

    /// The plan, the stream or segment, and the measure of the row.
    #[must_use]
    pub fn subject(&self) -> String {
        let parts = [Some(self.plan.as_str()), self.group(), self.measure.map(Metric::name)];
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
