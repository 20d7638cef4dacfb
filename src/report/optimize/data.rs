//! What a search has found as JSON and CSV.

use super::found::{Findings, Listed};
use crate::engine::LateDelivery;
use crate::report::cells::{everybody, field, written};
use crate::report::csv::unit_of;
use crate::report::json::{Source, pretty};
use crate::scenario::{Bound, BySegment, Metric, Plan, Scenario};
use crate::study::{Exact, Search, measure};
use crate::text::number;
use serde::Serialize;
use std::collections::BTreeMap;

/// The `schema` of `optimize.json`.
pub const SCHEMA: &str = "failsim/optimize/1";

#[derive(Serialize)]
struct Facts<'a> {
    #[serde(flatten)]
    source: Source<'a>,
    /// `exact`, or `simulate` after a race.
    method: &'static str,
    not_solved: Vec<String>,
    minimize: Vec<Metric>,
    maximize: Vec<Metric>,
    subject_to: Vec<BoundFacts>,
    candidates: usize,
    solved: usize,
    simulated: u64,
    /// Whether a race showed its winner to be the best, within the indifference; `null` where plans were solved.
    decided: Option<bool>,
    indifference: Option<f64>,
    plans: Vec<PlanFacts<'a>>,
    confirmed: Option<Confirmed>,
}

#[derive(Serialize)]
struct BoundFacts {
    measure: Metric,
    at_least: Option<f64>,
    at_most: Option<f64>,
}

#[derive(Serialize)]
struct PlanFacts<'a> {
    /// The segment whose best plan it is; `null` for all recipients.
    segment: Option<&'a str>,
    name: &'a str,
    steps: Vec<StepFacts<'a>>,
    /// The steps of each segment, if the plan is a composite.
    by_segment: Option<BTreeMap<&'a str, Vec<StepFacts<'a>>>>,
    late_delivery: LateDelivery,
    /// `null` if that is not shown.
    meets_bounds: Option<bool>,
    measures: BTreeMap<&'static str, Value>,
    /// How much worse than the best of the others it is, in the unit of the objective: an interval of multiple comparisons with the best.
    worse_by: Option<Interval>,
}

#[derive(Serialize)]
struct StepFacts<'a> {
    provider: &'a str,
    /// `null` for no limit.
    ttl_s: Option<f64>,
    failover_on: Vec<&'static str>,
    attempts: u8,
}

#[derive(Serialize)]
struct Value {
    value: f64,
    /// How far the truth may be from it: the numeric error of a solution; of a race with 95 % confidence for all values together.
    error: f64,
}

#[derive(Serialize)]
struct Interval {
    low: f64,
    high: f64,
}

/// The best plan as it was simulated.
#[derive(Serialize)]
struct Confirmed {
    recipients: f64,
    measures: BTreeMap<&'static str, Simulated>,
}

#[derive(Serialize)]
struct Simulated {
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
}

/// What was found as `optimize.json`.
#[must_use]
pub fn json(search: &Search<'_>, findings: &Findings<'_>) -> String {
    let scenario = search.scenario;
    let (maximize, minimize) = search.objectives.iter().partition(|metric| metric.more_is_better());
    let (not_solved, race) = match findings {
        Findings::Raced { race, obstacles } => (obstacles.iter().map(ToString::to_string).collect(), Some(race)),
        _ => (Vec::new(), None),
    };
    let list = findings.list(search);
    pretty(&Facts {
        source: Source::of(scenario, SCHEMA),
        method: if race.is_some() { "simulate" } else { "exact" },
        not_solved,
        minimize,
        maximize,
        subject_to: search.bounds.iter().map(bound).collect(),
        candidates: findings.candidates(),
        solved: findings.solved(),
        simulated: findings.simulated(scenario),
        decided: race.map(|race| race.is_decided),
        indifference: race.map(|race| race.indifference),
        plans: list.iter().map(|listed| plan(scenario, listed)).collect(),
        confirmed: confirmed(search, findings),
    })
}

fn bound((measure, bound): &(Metric, Bound)) -> BoundFacts {
    let (at_least, at_most) = match *bound {
        Bound::AtLeast(limit) => (Some(limit), None),
        Bound::AtMost(limit) => (None, Some(limit)),
    };
    BoundFacts { measure: *measure, at_least, at_most }
}

fn plan<'a>(scenario: &'a Scenario, listed: &'a Listed<'a>) -> PlanFacts<'a> {
    let value = |(metric, exact): &(Metric, Exact)| (metric.name(), Value { value: exact.value, error: exact.error });
    let of_segments = |BySegment { members, of_segment }: &'a BySegment| {
        let segments = scenario.people.segments.iter().zip(of_segment);
        segments.map(|(segment, &place)| (segment.as_str(), steps(scenario, &members[place]))).collect()
    };
    let composite = listed.plan.by_segment.as_ref();
    PlanFacts {
        segment: listed.segment,
        name: &listed.name,
        steps: if composite.is_some() { Vec::new() } else { steps(scenario, listed.plan) },
        by_segment: composite.map(of_segments),
        late_delivery: listed.plan.flow.late_delivery(),
        meets_bounds: listed.meets_bounds,
        measures: listed.measures.iter().map(value).collect(),
        worse_by: listed.worse_by.map(|(low, high)| Interval { low, high }),
    }
}

fn steps<'a>(scenario: &'a Scenario, plan: &'a Plan) -> Vec<StepFacts<'a>> {
    let step = |rules: &'a crate::engine::StepRules| StepFacts {
        provider: &scenario.providers[rules.pool.members()[0]].name,
        ttl_s: (!rules.ttl.is_unlimited()).then(|| rules.ttl.as_secs_f64()),
        failover_on: rules.failover_on.iter().map(|status| status.word()).collect(),
        attempts: rules.attempts,
    };
    plan.flow.steps().iter().map(step).collect()
}

fn confirmed(search: &Search<'_>, findings: &Findings<'_>) -> Option<Confirmed> {
    let result = findings.confirmed()?;
    let simulated = |metric: Metric| {
        let measured = measure(result, metric)?;
        let (low, high) = measured.interval.unzip();
        Some((metric.name(), Simulated { value: measured.value, low, high }))
    };
    let measures = search.measures().into_iter().filter_map(simulated).collect();
    Some(Confirmed { recipients: result.recipients.0, measures })
}

/// What was found as CSV: a row for each plan and measure, with the place of the plan in the list of its segment, and how far the truth may be from the
/// value.
#[must_use]
pub fn csv(search: &Search<'_>, findings: &Findings<'_>) -> String {
    let list = findings.list(search);
    let scenario = search.scenario;
    let all = everybody(list.iter().filter_map(|listed| listed.segment));
    written(|writer| {
        let heads = ["segment", "place", "plan", "steps", "meets_bounds", "measure", "value", "error", "unit"];
        writer.row(heads)?;
        for (place, listed) in list.iter().enumerate() {
            let segment = listed.segment.unwrap_or(&all);
            let place = 1 + list[..place].iter().filter(|other| other.segment == listed.segment).count();
            let place = number(place as f64);
            let steps = listed.steps(scenario);
            let meets_bounds = match listed.meets_bounds {
                Some(true) => "yes",
                Some(false) => "no",
                None => "unknown",
            };
            for (metric, exact) in &listed.measures {
                let [value, error] = [exact.value, exact.error].map(|value| field(Some(value)));
                let unit = unit_of(*metric, &scenario.currency);
                let name = metric.name();
                writer.row([segment, &place, &listed.name, &steps, meets_bounds, name, &value, &error, unit])?;
            }
        }
        Ok(())
    })
}
