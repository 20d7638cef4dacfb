//! Holds results to those of an earlier run: a measure fails when it is worse by more than its tolerance. Since luck is keyed, unchanged
//! behaviour differs by exactly zero.

use super::gate::{Kind, Outcome, Row};
use super::measure::measure;
use super::results::{PlanResult, Results, StreamResult};
use crate::scenario::{BaselineRules, Plan, Scenario, more_is_better};

/// Why a stored run cannot serve as a baseline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Incomparable {
    /// It has none of these plans.
    NoCommonPlan,
    /// It was played with another seed, so with other luck.
    Seed(u64),
    /// It counts in another currency.
    Currency,
    /// It has another number of recipients.
    Recipients(u64),
    /// It has another number of replications.
    Replications(u32),
}

/// Holds `now`, which `scenario` came to, to `baseline`: all streams together, and each by its name. A plan or a stream that only the
/// baseline has fails, unless it was left out on purpose.
///
/// # Errors
/// [`Incomparable`] when the two runs were not played on the same recipients, or have no plan in common.
pub fn against_baseline(scenario: &Scenario, now: &Results, baseline: &Results) -> Result<Vec<Row>, Incomparable> {
    comparable(scenario, now.scenario.replications, baseline)?;
    let mut rows = Vec::new();
    for (plan, is) in scenario.plans.iter().zip(&now.plans) {
        let Some(was) = baseline.plans.iter().find(|was| is_called(scenario, plan, &was.name)) else { continue };
        let of_plan = Rows { rules: &scenario.baseline, plan };
        rows.extend(of_plan.measures(None, is, was));
        rows.extend(was.streams.iter().flat_map(|was| of_plan.stream(is, was)));
    }
    rows.extend(lost(scenario, Kind::Baseline, &others(scenario, baseline)));
    Ok(rows)
}

/// The plans that only the baseline has, by name.
#[must_use]
pub fn others(scenario: &Scenario, baseline: &Results) -> Vec<String> {
    let names = baseline.plans.iter().map(|was| &was.name);
    names.filter(|name| is_other(scenario, name)).cloned().collect()
}

/// The plans of a run that another lacks, by name.
#[must_use]
pub fn new_plans(scenario: &Scenario, baseline: &Results) -> Vec<String> {
    let is_known = |plan: &Plan| baseline.plans.iter().any(|was| is_called(scenario, plan, &was.name));
    scenario.plans.iter().filter(|plan| !is_known(plan)).map(|plan| plan.name.clone()).collect()
}

/// Whether a plan of `scenario` went by this name in another run: it does, or it did before it was renamed and no other plan does now.
pub(super) fn is_called(scenario: &Scenario, plan: &Plan, name: &str) -> bool {
    let taken = || scenario.plans.iter().any(|other| other.name == name);
    plan.name == name || plan.renamed_from.as_deref() == Some(name) && !taken()
}

/// Whether no plan of `scenario` went by this name.
pub(super) fn is_other(scenario: &Scenario, name: &str) -> bool {
    !scenario.plans.iter().any(|plan| is_called(scenario, plan, name))
}

/// The rows of plans that only another run has: they are missed, unless some are left out on purpose.
pub(super) fn lost(scenario: &Scenario, kind: Kind, others: &[String]) -> Vec<Row> {
    let lost = others.iter().filter(|_| !scenario.leaves_plans_out);
    lost.map(|name| Row::new(kind, name, Outcome::Fail)).collect()
}

/// Whether what `scenario` will come to in so many replications can be held to `baseline`; known before anything is played.
///
/// # Errors
/// [`Incomparable`], as [`against_baseline`] would say it afterwards.
pub fn comparable(scenario: &Scenario, replications: u32, baseline: &Results) -> Result<(), Incomparable> {
    let theirs = &baseline.scenario;
    if scenario.currency != theirs.currency {
        return Err(Incomparable::Currency);
    }
    if scenario.seed != theirs.seed() {
        return Err(Incomparable::Seed(theirs.seed()));
    }
    if scenario.recipients() != theirs.recipients {
        return Err(Incomparable::Recipients(theirs.recipients));
    }
    if replications != theirs.replications {
        return Err(Incomparable::Replications(theirs.replications));
    }
    let is_known = |plan: &Plan| baseline.plans.iter().any(|was| is_called(scenario, plan, &was.name));
    if scenario.plans.iter().any(is_known) { Ok(()) } else { Err(Incomparable::NoCommonPlan) }
}

/// Makes the rows of a plan.
struct Rows<'a> {
    rules: &'a BaselineRules,
    plan: &'a Plan,
}

impl Rows<'_> {
    /// A stream of the baseline.
    fn stream(&self, now: &PlanResult, was: &StreamResult) -> Vec<Row> {
        match now.streams.iter().find(|is| is.stream == was.stream) {
            Some(is) => self.measures(Some(&was.stream), &is.result, &was.result),
            None => vec![Row { stream: Some(was.stream.clone()), ..self.row(Outcome::Fail) }],
        }
    }

    fn measures(&self, stream: Option<&str>, is: &PlanResult, was: &PlanResult) -> Vec<Row> {
        let value = |of: &PlanResult, metric: &str| measure(of, metric).map(|measured| measured.value);
        let row = |metric: &&'static str| {
            let (is, was) = (value(is, metric), value(was, metric));
            let tolerance = self.rules.tolerance(metric).of(was.unwrap_or(0.0));
            let fails = match (is, was) {
                (Some(is), Some(was)) => worse_by(metric, is, was) > tolerance + rounding(tolerance, was),
                // What was measured and no longer can be, such as a latency when nobody is reached, is worse.
                (None, Some(_)) => true,
                (_, None) => false,
            };
            Row {
                stream: stream.map(str::to_owned),
                measure: Some((*metric).to_owned()),
                tolerance: Some(tolerance),
                value: is,
                other: was,
                ..self.row(if fails { Outcome::Fail } else { Outcome::Pass })
            }
        };
        self.rules.compared().iter().map(row).collect()
    }

    fn row(&self, outcome: Outcome) -> Row {
        let line = Some(self.plan.line).filter(|line| *line > 0);
        Row { line, ..Row::new(Kind::Baseline, &self.plan.name, outcome) }
    }
}

/// By how much a difference of decimal numbers may miss a tolerance that it should just meet; nothing where there is none.
pub(super) fn rounding(tolerance: f64, was: f64) -> f64 {
    if tolerance > 0.0 { 1e-9 * was.abs().max(tolerance) } else { 0.0 }
}

/// How much worse `is` than `was`; negative when it is better.
pub(super) fn worse_by(metric: &str, is: f64, was: f64) -> f64 {
    if more_is_better(metric) { was - is } else { is - was }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worse_depends_on_the_measure() {
        assert!(worse_by("in_time", 0.9, 0.95) > 0.0);
        assert!(worse_by("duplicates", 0.9, 0.95) < 0.0);
        assert!(worse_by("latency_s.p95", 9.0, 8.0) > 0.0);
    }
}
