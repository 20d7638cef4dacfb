//! The words of an answer: goals, capacities, outcomes.

use crate::report::{brief, gate, words};
use crate::scenario::{Bound, Metric, Unit};
use crate::study::{self, CheckOutcome, Goal, Limit, Measured, Outcome, Question, Trial};

/// The confidence of the intervals: the error of 5 % is shared by [`study::LOOKS`] looks.
pub(super) const LEVEL: &str = "98.3 %";
const _: () = assert!(study::LOOKS == 3, "LEVEL is 1 - 0.05 / LOOKS");

/// The names of the stream and the segment of a goal.
pub(super) fn names<'a>(question: &Question<'a>, goal: &Goal) -> (Option<&'a str>, Option<&'a str>) {
    let scenario = question.scenario;
    let stream = goal.stream.map(|stream| scenario.streams[stream].name.as_str());
    (stream, goal.segment.map(|segment| scenario.people.segments[segment.index()].as_str()))
}

/// The recipients of a goal, if it is not for all.
pub(super) fn group_name<'a>(question: &Question<'a>, goal: &Goal) -> Option<&'a str> {
    let (stream, segment) = names(question, goal);
    stream.filter(|name| !name.is_empty()).or(segment)
}

/// `reach at least 99 % of pins within 1 min in at least 95 % of replications`.
pub(super) fn phrase(question: &Question<'_>, goal: &Goal) -> String {
    match goal.on {
        None => phrase_of_mean(question, goal),
        Some(on) => {
            let share = gate::bound(Unit::Share, Bound::AtLeast(on));
            format!("{} in {share} of replications", phrase_of_mean(question, goal))
        }
    }
}

/// What is measured for a goal: the measure, or that it meets its bound, of which there is a share of the replications.
pub(super) fn measured_name(goal: &Goal) -> String {
    let name = words::name_of(goal.metric);
    let bound = || gate::bound(goal.metric.unit(), goal.bound).replace("at least", "≥").replace("at most", "≤");
    goal.on.map_or(name.to_owned(), |_| format!("{name} {}", bound()))
}

/// What the words of an answer mean; `per_month` are the replications in a month, if costs are shown.
pub(super) fn words_of(goals: &[Goal], per_month: Option<f64>) -> Vec<(&'static str, String)> {
    let on_days = goals.iter().any(|goal| goal.on.is_some()).then(|| {
        let text = "A measure with its bound is the share of the replications that meet it; a replication is a day, if the scenario is one.";
        ("≥, ≤", text.to_owned())
    });
    let month = per_month.map(|times| {
        let text = format!(
            "The fees of all providers that the plan uses, as they are in the scenario for the capacities that they have, and {} times what providers charge in a replication.",
            words::count(times)
        );
        ("cost of a month", text)
    });
    brief::meanings(goals.iter().map(|goal| goal.metric)).into_iter().chain(on_days).chain(month).collect()
}

/// The unit of what is measured for a goal.
pub(super) fn unit(goal: &Goal) -> Unit {
    if goal.on.is_some() { Unit::Share } else { goal.metric.unit() }
}

fn phrase_of_mean(question: &Question<'_>, goal: &Goal) -> String {
    let streams = &question.scenario.streams;
    let stream = goal.stream.map(|stream| &streams[stream]);
    let bound = gate::bound(goal.metric.unit(), goal.bound);
    let of = group_name(question, goal).unwrap_or("recipients");
    match goal.metric {
        Metric::Delivered => format!("reach {bound} of {of}"),
        Metric::InTime => {
            let deadlines = stream.map_or(streams.as_slice(), std::slice::from_ref);
            let first = deadlines[0].deadline;
            let within = if deadlines.iter().all(|stream| stream.deadline == first) {
                format!("within {}", words::span(first.as_secs_f64()))
            } else {
                "in time".to_owned()
            };
            format!("reach {bound} of {of} {within}")
        }
        metric => {
            let whose = group_name(question, goal).map_or_else(String::new, |name| format!(" of {name}"));
            let (verb, bound) = match goal.bound {
                Bound::AtLeast(_) => ("bring", bound.replace("at least", "to at least")),
                Bound::AtMost(_) => ("keep", bound.replace("at most", "at or below")),
            };
            let currency = match metric.unit() {
                Unit::Money => format!(" {}", question.scenario.currency),
                _ => String::new(),
            };
            format!("{verb} {}{whose} {bound}{currency}", words::name_of(metric))
        }
    }
}

pub(super) const fn limit(limit: Limit) -> &'static str {
    match limit {
        Limit::Rate => "throughput",
        Limit::Concurrent => "number of lines",
    }
}

pub(super) fn capacity(limit: Limit, value: f64) -> String {
    match limit {
        Limit::Rate => words::rate(value).replacen('/', &format!("{}msg/", words::NBSP), 1),
        Limit::Concurrent => format!("{}{}{}", words::count(value), words::NBSP, words::plural(value, "line", "lines")),
    }
}

pub(super) fn value(goal: &Goal, measured: Option<&Measured>) -> String {
    measured.map_or(words::NONE.to_owned(), |measured| words::measured(unit(goal), measured))
}

/// A title with a mark at its end.
pub(super) fn sentence(title: &str) -> String {
    if title.ends_with(['.', '?', '!']) { title.to_owned() } else { format!("{title}.") }
}

/// The outcome of all goals of a trial together: the worst of them.
pub(super) fn overall(trial: &Trial) -> Outcome {
    trial.outcomes.iter().map(|(_, outcome)| outcome.outcome()).min().unwrap_or(Outcome::Pass)
}

/// The word for [`overall`], with the number of replications needed by a trial that had too few of them.
pub(super) fn word_and_need(trial: &Trial) -> String {
    let needed = trial.outcomes.iter().filter_map(|(_, outcome)| match outcome {
        CheckOutcome::Inconclusive(needed) => *needed,
        _ => None,
    });
    match needed.max().filter(|_| overall(trial) == Outcome::Inconclusive) {
        Some(needed) => format!("inconclusive, needs about {} replications", words::count(needed as f64)),
        None => overall(trial).word().to_owned(),
    }
}

/// What was simulated, and how it was judged.
pub(super) fn about(question: &Question<'_>) -> String {
    let facts = question.scenario;
    format!(
        "Plan {}: {} recipients, seed {}; each capacity is judged up to {} times with a total error probability of 5 %, so ± and ranges are {LEVEL} intervals.",
        facts.plans[0].name,
        words::count(facts.recipients() as f64),
        facts.seed,
        study::LOOKS
    )
}

/// The description of the trial without a limit. The provider's other limit, if it has one, still applies.
pub(super) fn no_limit(question: &Question<'_>) -> String {
    let capacity = question.scenario.providers[question.provider].capacity;
    let other = capacity.and_then(|capacity| match question.limit {
        _ if capacity.quota.is_some() => Some("but with its quota and any other limit unchanged"),
        Limit::Rate => capacity.concurrent.map(|_| "but with its number of lines unchanged"),
        Limit::Concurrent => capacity.rate.map(|_| "but with its throughput unchanged"),
    });
    other.map_or("a limit".to_owned(), |other| format!("this limit, {other}"))
}
