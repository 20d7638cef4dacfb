//! The answer as JSON and CSV.

use super::answer::Answer;
use super::terms::{names, overall};
use crate::report::cells::{everybody, field, written};
use crate::report::json::{Source, pretty};
use crate::scenario::{Bound, Metric};
use crate::study::{Cheapest, CheckOutcome, Goal, Headroom, Limit, Measured, Outcome, Priced, Question, Trial};
use serde::Serialize;

/// The `schema` of `capacity.json`.
pub const SCHEMA: &str = "failsim/capacity/2";

/// The answer as `capacity.json`.
#[must_use]
pub fn json(answer: &Answer<'_>) -> String {
    let Answer { question, sizing, headroom, cheapest } = *answer;
    let scenario = question.scenario;
    let goal = |goal| goal_facts(question, goal);
    pretty(&Facts {
        source: Source::of(scenario, SCHEMA),
        plan: &scenario.plans[0].name,
        provider: &scenario.providers[question.provider].name,
        limit: limit_word(question.limit),
        goals: question.goals.iter().map(goal).collect(),
        smallest: sizing.smallest,
        trials: sizing.trials.iter().chain([&sizing.unlimited]).map(trial_facts).collect(),
        headroom: headroom.map(headroom_facts),
        cheapest: cheapest.map(cheapest_facts),
    })
}

fn headroom_facts(headroom: &Headroom) -> HeadroomFacts {
    let trial = |(growth, trial): &(f64, Trial)| GrowthFacts { growth: *growth, trial: trial_facts(trial) };
    HeadroomFacts {
        capacity: headroom.capacity,
        of_scenario: headroom.is_of_scenario,
        growth: headroom.growth,
        is_most: headroom.is_most,
        trials: headroom.trials.iter().map(trial).collect(),
    }
}

fn cheapest_facts(cheapest: &Cheapest) -> CheapestFacts {
    let trial = |priced: &Priced| CostFacts {
        capacity: priced.capacity,
        cost_per_month: priced.cost,
        more: priced.more,
        low: priced.interval.0,
        high: priced.interval.1,
    };
    CheapestFacts {
        capacity: cheapest.capacity,
        replications_per_month: cheapest.per_month,
        fees_per_month: cheapest.fees,
        messages_per_month: cheapest.messages,
        trials: cheapest.trials.iter().map(trial).collect(),
    }
}

#[derive(Serialize)]
struct Facts<'a> {
    #[serde(flatten)]
    source: Source<'a>,
    plan: &'a str,
    provider: &'a str,
    limit: &'static str,
    goals: Vec<GoalFacts<'a>>,
    smallest: Option<f64>,
    trials: Vec<TrialFacts>,
    /// `null` where it was not asked.
    headroom: Option<HeadroomFacts>,
    /// `null` where it was not asked.
    cheapest: Option<CheapestFacts>,
}

#[derive(Serialize)]
struct HeadroomFacts {
    capacity: f64,
    of_scenario: bool,
    growth: f64,
    /// Whether more growth was not tried.
    is_most: bool,
    trials: Vec<GrowthFacts>,
}

#[derive(Serialize)]
struct GrowthFacts {
    growth: f64,
    #[serde(flatten)]
    trial: TrialFacts,
}

#[derive(Serialize)]
struct CheapestFacts {
    capacity: f64,
    replications_per_month: f64,
    fees_per_month: f64,
    messages_per_month: f64,
    trials: Vec<CostFacts>,
}

#[derive(Serialize)]
struct CostFacts {
    capacity: f64,
    cost_per_month: f64,
    /// How much more that is than with the cheapest, with the 95 % interval of the paired difference.
    more: f64,
    low: f64,
    high: f64,
}

#[derive(Serialize)]
pub(super) struct GoalFacts<'a> {
    measure: Metric,
    stream: Option<&'a str>,
    segment: Option<&'a str>,
    at_least: Option<f64>,
    at_most: Option<f64>,
    /// The share of replications that have to meet the bound; then values are shares of replications.
    on: Option<f64>,
}

#[derive(Serialize)]
pub(super) struct TrialFacts {
    /// `null` means no limit.
    capacity: Option<f64>,
    replications: u32,
    outcomes: Vec<OutcomeFacts>,
    outcome: Outcome,
}

#[derive(Serialize)]
struct OutcomeFacts {
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    outcome: Outcome,
}

pub(super) fn goal_facts<'a>(question: &Question<'a>, goal: &'a Goal) -> GoalFacts<'a> {
    let (at_least, at_most) = match goal.bound {
        Bound::AtLeast(bound) => (Some(bound), None),
        Bound::AtMost(bound) => (None, Some(bound)),
    };
    let (stream, segment) = names(question, goal);
    GoalFacts { measure: goal.metric, stream, segment, at_least, at_most, on: goal.on }
}

pub(super) fn trial_facts(trial: &Trial) -> TrialFacts {
    let outcome = |(measured, outcome): &(Option<Measured>, CheckOutcome)| {
        let (low, high) = measured.and_then(|measured| measured.interval).unzip();
        OutcomeFacts { value: measured.map(|measured| measured.value), low, high, outcome: outcome.outcome() }
    };
    let outcomes = trial.outcomes.iter().map(outcome).collect();
    TrialFacts { capacity: trial.capacity, replications: trial.replications, outcomes, outcome: overall(trial) }
}

/// The word for a kind of capacity.
pub(super) const fn limit_word(limit: Limit) -> &'static str {
    match limit {
        Limit::Rate => "rate_per_s",
        Limit::Concurrent => "concurrent",
    }
}

/// The curve as CSV: one row for each trial and goal; no limit is `inf`. Where `on` is a number, values are shares of the replications.
#[must_use]
pub fn csv(answer: &Answer<'_>) -> String {
    let Answer { question, sizing, .. } = *answer;
    let all = everybody(question.goals.iter().flat_map(|goal| <[_; 2]>::from(names(question, goal))).flatten());
    written(|writer| {
        writer.row([
            "capacity",
            "measure",
            "stream",
            "segment",
            "value",
            "low",
            "high",
            "outcome",
            "replications",
            "at_least",
            "at_most",
            "on",
        ])?;
        for trial in sizing.trials.iter().chain([&sizing.unlimited]) {
            for (goal, (measured, outcome)) in question.goals.iter().zip(&trial.outcomes) {
                let (stream, segment) = names(question, goal);
                let (low, high) = measured.and_then(|measured| measured.interval).unzip();
                let [value, low, high] = [measured.map(|measured| measured.value), low, high].map(field);
                let capacity = trial.capacity.map_or_else(|| "inf".to_owned(), |capacity| field(Some(capacity)));
                let replications = trial.replications.to_string();
                let GoalFacts { at_least, at_most, on, .. } = goal_facts(question, goal);
                let [at_least, at_most, on] = [at_least, at_most, on].map(field);
                let fields = [
                    &capacity,
                    goal.metric.name(),
                    stream.unwrap_or(&all),
                    segment.unwrap_or(&all),
                    &value,
                    &low,
                    &high,
                    outcome.outcome().word(),
                    &replications,
                    &at_least,
                    &at_most,
                    &on,
                ];
                writer.row(fields)?;
            }
        }
        Ok(())
    })
}
