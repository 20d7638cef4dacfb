//! The output of `failsim capacity`: the answer in a sentence, the curve as a table, a figure, JSON and CSV.

use super::brief::{self, Brief};
use super::cells::{everybody, field, written};
use super::figures::response::{self, Across, Curve, Response};
use super::grid::{Column, Grid, Shape};
use super::ownership::ReportKind;
use super::{Figure, FigureError, Run, Terminal, folder, gate, words};
use crate::scenario::{AxisUnit, Bound, Metric, Unit};
use crate::study::{self, CheckOutcome, Goal, Limit, Measured, Outcome, Question, Sizing, Trial};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The `schema` of `capacity.json`.
pub const SCHEMA: &str = "failsim/capacity/2";
/// The file that marks a capacity folder.
const MARKER: &str = "capacity.json";
/// The folder of a capacity answer.
const ANSWER: ReportKind = ReportKind {
    marker: MARKER,
    schema: SCHEMA,
    files: &["README.md", "report.html", MARKER, "curve.csv"],
    is_figure: |stem| stem == "curve",
};
/// The confidence of the intervals: the error of 5 % is shared by [`study::LOOKS`] looks.
const LEVEL: &str = "98.3 %";
const _: () = assert!(study::LOOKS == 3, "LEVEL is 1 - 0.05 / LOOKS");
/// The figure shows the trials within this factor of the answer.
const NEAR: f64 = 2.5;

/// The answer and the curve, for a terminal. Ends with a line feed.
#[must_use]
pub fn table(question: &Question<'_>, sizing: &Sizing, terminal: Terminal) -> String {
    let text = super::table::heading(&finding(question, sizing), terminal)
        + &super::table::section(grid(question, sizing), terminal);
    text.replace(words::NBSP, " ")
}

/// The answer in one sentence.
#[must_use]
pub fn finding(question: &Question<'_>, sizing: &Sizing) -> String {
    let plan = &question.scenario.plans[0].name;
    let goals = question.goals.iter().map(|goal| phrase(question, goal)).collect::<Vec<_>>().join(" and ");
    let provider = &question.scenario.providers[question.provider].name;
    if let Some(smallest) = sizing.smallest {
        let capacity = capacity(question.limit, smallest);
        return format!("{plan} needs {capacity} on {provider} to {goals} (95{}% confidence).", words::NBSP);
    }
    let is = question
        .goals
        .iter()
        .zip(&sizing.unlimited.outcomes)
        .filter(|(_, (_, outcome))| *outcome != CheckOutcome::Pass);
    let is =
        is.map(|(goal, (measured, _))| format!("{} {}", words::name_of(goal.metric), value(goal, measured.as_ref())));
    let is = is.collect::<Vec<_>>().join(", ");
    let why = if is.is_empty() {
        "not even the largest value tried is enough".to_owned()
    } else {
        format!("without {}: {is}", no_limit(question))
    };
    format!("No {} on {provider} is enough for {plan} to {goals}; {why}.", limit(question.limit))
}

/// The description of the trial without a limit. The provider's other limit, if it has one, still applies.
fn no_limit(question: &Question<'_>) -> String {
    let capacity = question.scenario.providers[question.provider].capacity;
    let other = capacity.and_then(|capacity| match question.limit {
        _ if capacity.quota.is_some() => Some("but with its quota and any other limit unchanged"),
        Limit::Rate => capacity.concurrent.map(|_| "but with its number of lines unchanged"),
        Limit::Concurrent => capacity.rate.map(|_| "but with its throughput unchanged"),
    });
    other.map_or("a limit".to_owned(), |other| format!("this limit, {other}"))
}

/// The names of the stream and the segment of a goal.
fn names<'a>(question: &Question<'a>, goal: &Goal) -> (Option<&'a str>, Option<&'a str>) {
    let scenario = question.scenario;
    let stream = goal.stream.map(|stream| scenario.streams[stream].name.as_str());
    (stream, goal.segment.map(|segment| scenario.people.segments[segment.index()].as_str()))
}

/// The recipients of a goal, if it is not for all.
fn group_name<'a>(question: &Question<'a>, goal: &Goal) -> Option<&'a str> {
    let (stream, segment) = names(question, goal);
    stream.filter(|name| !name.is_empty()).or(segment)
}

/// `reach at least 99 % of pins within 1 min`.
fn phrase(question: &Question<'_>, goal: &Goal) -> String {
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

const fn limit(limit: Limit) -> &'static str {
    match limit {
        Limit::Rate => "throughput",
        Limit::Concurrent => "number of lines",
    }
}

fn capacity(limit: Limit, value: f64) -> String {
    match limit {
        Limit::Rate => words::rate(value).replacen('/', &format!("{}msg/", words::NBSP), 1),
        Limit::Concurrent => format!("{}{}{}", words::count(value), words::NBSP, words::plural(value, "line", "lines")),
    }
}

fn value(goal: &Goal, measured: Option<&Measured>) -> String {
    measured.map_or(words::NONE.to_owned(), |measured| words::measured(goal.metric.unit(), measured))
}

/// A title with a mark at its end.
fn sentence(title: &str) -> String {
    if title.ends_with(['.', '?', '!']) { title.to_owned() } else { format!("{title}.") }
}

/// The outcome of all goals of a trial together: the worst of them.
fn overall(trial: &Trial) -> Outcome {
    trial.outcomes.iter().map(|(_, outcome)| outcome.outcome()).min().unwrap_or(Outcome::Pass)
}

/// The word for [`overall`], with the number of replications needed by a trial that had too few of them.
fn word_and_need(trial: &Trial) -> String {
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
fn about(question: &Question<'_>) -> String {
    let facts = question.scenario;
    format!(
        "Plan {}: {} recipients, seed {}; each capacity is judged up to {} times with a total error probability of 5 %, so ± and ranges are {LEVEL} intervals.",
        facts.plans[0].name,
        words::count(facts.recipients() as f64),
        facts.seed,
        study::LOOKS
    )
}

/// The trials in rising order of capacity, ending with the one without a limit.
fn grid(question: &Question<'_>, sizing: &Sizing) -> Grid {
    let provider = &question.scenario.providers[question.provider].name;
    let mut columns = vec![Column::text(provider)];
    for goal in question.goals {
        let whose = group_name(question, goal).map(|name| format!(", {name}"));
        columns.push(Column::number(format!("{}{}", words::name_of(goal.metric), whose.unwrap_or_default())));
    }
    columns.extend([Column::number("replications"), Column::text("outcome")]);
    let row = |trial: &Trial| {
        let name = trial.capacity.map_or("no limit".to_owned(), |value| capacity(question.limit, value));
        let cells =
            question.goals.iter().zip(&trial.outcomes).map(|(goal, (measured, _))| value(goal, measured.as_ref()));
        let here = if sizing.smallest.is_some() && trial.capacity == sizing.smallest { " (smallest)" } else { "" };
        let ends = [words::count(f64::from(trial.replications)), format!("{}{here}", word_and_need(trial))];
        [name].into_iter().chain(cells).chain(ends).collect()
    };
    let caption = format!("{} {}", sentence(&question.scenario.title), about(question));
    let rows = sizing.trials.iter().chain([&sizing.unlimited]).map(row).collect();
    Grid { caption, columns, rows, shape: Shape::Sheet }
}

/// The answer as `capacity.json`.
#[must_use]
pub fn json(question: &Question<'_>, sizing: &Sizing) -> String {
    let scenario = question.scenario;
    let goal = |goal| goal_facts(question, goal);
    super::json::pretty(&Facts {
        schema: SCHEMA,
        scenario: &scenario.title,
        digest: &scenario.digest,
        seed: scenario.seed,
        seed_text: scenario.seed.to_string(),
        recipients: scenario.recipients(),
        plan: &scenario.plans[0].name,
        provider: &scenario.providers[question.provider].name,
        limit: match question.limit {
            Limit::Rate => "rate_per_s",
            Limit::Concurrent => "concurrent",
        },
        goals: question.goals.iter().map(goal).collect(),
        smallest: sizing.smallest,
        trials: sizing.trials.iter().chain([&sizing.unlimited]).map(trial_facts).collect(),
    })
}

#[derive(Serialize)]
struct Facts<'a> {
    schema: &'static str,
    scenario: &'a str,
    digest: &'a str,
    seed: u64,
    seed_text: String,
    recipients: u64,
    plan: &'a str,
    provider: &'a str,
    limit: &'static str,
    goals: Vec<GoalFacts<'a>>,
    smallest: Option<f64>,
    trials: Vec<TrialFacts>,
}

#[derive(Serialize)]
struct GoalFacts<'a> {
    measure: Metric,
    stream: Option<&'a str>,
    segment: Option<&'a str>,
    at_least: Option<f64>,
    at_most: Option<f64>,
}

#[derive(Serialize)]
struct TrialFacts {
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

fn goal_facts<'a>(question: &Question<'a>, goal: &'a Goal) -> GoalFacts<'a> {
    let (at_least, at_most) = match goal.bound {
        Bound::AtLeast(bound) => (Some(bound), None),
        Bound::AtMost(bound) => (None, Some(bound)),
    };
    let (stream, segment) = names(question, goal);
    GoalFacts { measure: goal.metric, stream, segment, at_least, at_most }
}

fn trial_facts(trial: &Trial) -> TrialFacts {
    let outcome = |(measured, outcome): &(Option<Measured>, CheckOutcome)| {
        let (low, high) = measured.and_then(|measured| measured.interval).unzip();
        OutcomeFacts { value: measured.map(|measured| measured.value), low, high, outcome: outcome.outcome() }
    };
    let outcomes = trial.outcomes.iter().map(outcome).collect();
    TrialFacts { capacity: trial.capacity, replications: trial.replications, outcomes, outcome: overall(trial) }
}

/// The curve as CSV: one row for each trial and goal; no limit is `inf`.
#[must_use]
pub fn csv(question: &Question<'_>, sizing: &Sizing) -> String {
    let all = everybody(question.goals.iter().flat_map(|goal| <[_; 2]>::from(names(question, goal))).flatten());
    written(|writer| {
        writer.row(["capacity", "measure", "stream", "segment", "value", "low", "high", "outcome", "replications"])?;
        for trial in sizing.trials.iter().chain([&sizing.unlimited]) {
            for (goal, (measured, outcome)) in question.goals.iter().zip(&trial.outcomes) {
                let (stream, segment) = names(question, goal);
                let (low, high) = measured.and_then(|measured| measured.interval).unzip();
                let [value, low, high] = [measured.map(|measured| measured.value), low, high].map(field);
                let capacity = trial.capacity.map_or_else(|| "inf".to_owned(), |capacity| field(Some(capacity)));
                let replications = trial.replications.to_string();
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
                ];
                writer.row(fields)?;
            }
        }
        Ok(())
    })
}

/// One figure for each goal.
fn figures(question: &Question<'_>, sizing: &Sizing) -> Result<Vec<Figure>, FigureError> {
    let provider = &question.scenario.providers[question.provider].name;
    let (unit, varied) = match question.limit {
        Limit::Rate => (AxisUnit::PerSecond, format!("throughput of {provider}, messages per second")),
        Limit::Concurrent => (AxisUnit::Number, format!("lines of {provider}")),
    };
    let near = |x: f64| sizing.smallest.is_none_or(|smallest| (smallest / NEAR..=smallest * NEAR).contains(&x));
    let drawn = question.goals.iter().enumerate().map(|(index, goal)| {
        let point = |trial: &Trial| trial.capacity.filter(|&x| near(x)).zip(trial.outcomes[index].0);
        let number = if question.goals.len() > 1 { format!("-{}", index + 1) } else { String::new() };
        response::figure(&Response {
            file: format!("curve{number}.svg"),
            title: response::capital(&phrase(question, goal)),
            across: Across::Numbers(unit),
            varied: varied.clone(),
            unit: goal.metric.unit(),
            measured: words::name_of(goal.metric).to_owned(),
            curves: vec![Curve {
                name: question.scenario.plans[0].name.clone(),
                points: sizing.trials.iter().filter_map(point).collect(),
            }],
            bound: Some(goal.bound),
            level: LEVEL,
            answer: sizing.smallest.map(|smallest| (smallest, capacity(question.limit, smallest))),
        })
    });
    drawn.collect()
}

/// Writes the files of a capacity answer into its folder: README.md, report.html, capacity.json, curve.csv, the figures, run.json.
///
/// # Errors
/// When something cannot be written; no partly written file is left behind.
pub fn write(dir: &Path, question: &Question<'_>, sizing: &Sizing, run: &Run) -> std::io::Result<Vec<PathBuf>> {
    let figures = figures(question, sizing).map_err(std::io::Error::other)?;
    let outcomes = [
        ("pass", "All goals are shown to be met."),
        ("fail", "A goal is shown not to be met."),
        (
            "inconclusive",
            "Neither is shown with the replications that were run; such a capacity is not taken for enough.",
        ),
    ];
    let words = brief::meanings(question.goals.iter().map(|goal| goal.metric));
    let brief = Brief {
        scenario: question.scenario,
        finding: finding(question, sizing),
        notes: vec![about(question)],
        heads: Vec::new(),
        figures,
        tables: vec![Grid { caption: "Every capacity that was tried".to_owned(), ..grid(question, sizing) }],
        proposal: None,
        level: LEVEL,
        words: words.into_iter().chain(outcomes.map(|(word, text)| (word, text.to_owned()))).collect(),
        data: [MARKER, "curve.csv"],
    };
    folder::put(dir, brief.files([json(question, sizing), csv(question, sizing)], run), run, &ANSWER)
}

/// Rejects a folder that is not a capacity folder but has files with the names of one. To be called before anything is simulated.
///
/// # Errors
/// When the folder is not usable; the error names the file.
pub fn check_ownership(dir: &Path) -> std::io::Result<()> {
    ANSWER.check_ownership(dir)
}
