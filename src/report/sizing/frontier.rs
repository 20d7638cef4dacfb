//! The output of `failsim capacity` for two providers: pairs of capacities that are enough together.

use super::data::{GoalFacts, TrialFacts, goal_facts, limit_word, trial_facts};
use super::terms::{LEVEL, about, capacity, measured_name, phrase, sentence, value, words_of};
use crate::report::assumptions::About;
use crate::report::brief::Brief;
use crate::report::cells::{field, written};
use crate::report::figures::response::{self, Across, Curve, Response};
use crate::report::grid::{Column, Grid, Shape};
use crate::report::json::{Source, pretty};
use crate::report::ownership::ReportKind;
use crate::report::table::{heading, section};
use crate::report::{Figure, FigureError, Run, Terminal, folder, words};
use crate::scenario::{AxisUnit, Unit};
use crate::study::{Frontier, Limit, Measured, Pair, Question};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The `schema` of `frontier.json`.
pub const SCHEMA: &str = "failsim/frontier/1";
/// The file that marks the folder of a frontier.
const MARKER: &str = "frontier.json";
/// The folder of a frontier.
const FRONTIER: ReportKind = ReportKind {
    marker: MARKER,
    schema: SCHEMA,
    files: &["README.md", "report.html", MARKER, "frontier.csv"],
    is_figure: |stem| stem == "frontier",
};

/// A frontier with its question.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The questions about the first and the second provider, of the same scenario and goals.
    pub questions: [&'a Question<'a>; 2],
    /// The pairs.
    pub frontier: &'a Frontier,
    /// The replications in a month, if fees are added up.
    pub per_month: Option<f64>,
}

impl Answer<'_> {
    fn names(&self) -> [&str; 2] {
        self.questions.map(|question| question.scenario.providers[question.provider].name.as_str())
    }

    fn capacities(&self, pair: &Pair) -> [String; 2] {
        let [first, second] = [0, 1].map(|place| capacity(self.questions[place].limit, pair.capacities[place]));
        [first, second]
    }

    /// What a pair costs in a month: fees and messages.
    fn cost(&self, pair: &Pair) -> Option<f64> {
        Some(pair.fees + pair.trial.cost * self.per_month?)
    }

    fn cheapest(&self) -> Option<(usize, f64)> {
        let costs = self.frontier.pairs.iter().enumerate().filter_map(|(place, pair)| Some((place, self.cost(pair)?)));
        costs.min_by(|a, b| a.1.total_cmp(&b.1))
    }
}

/// The pairs, for a terminal. Ends with a line feed.
#[must_use]
pub fn table(answer: &Answer<'_>, terminal: Terminal) -> String {
    let text = heading(&finding(answer), terminal) + &section(grid(answer), terminal);
    text.replace(words::NBSP, " ")
}

/// The answer in a sentence.
#[must_use]
pub fn finding(answer: &Answer<'_>) -> String {
    let [question, _] = answer.questions;
    let plan = &question.scenario.plans[0].name;
    let goals = question.goals.iter().map(|goal| phrase(question, goal)).collect::<Vec<_>>().join(" and ");
    let [first, second] = answer.names();
    let pairs = &answer.frontier.pairs;
    let Some(least) = pairs.first() else {
        let is = question.goals.iter().zip(&answer.frontier.unlimited.outcomes);
        let is: Vec<String> = is
            .map(|(goal, (measured, _))| format!("{} {}", measured_name(goal), value(goal, measured.as_ref())))
            .collect();
        return format!(
            "No capacities on {first} and {second} are enough for {plan} to {goals}; without limits: {}.",
            is.join(", ")
        );
    };
    let pair = |pair: &Pair| {
        let [a, b] = answer.capacities(pair);
        format!("{a} on {first} and {b} on {second}")
    };
    let last = pairs.last().filter(|_| pairs.len() > 1);
    let range = last.map_or_else(
        || pair(least),
        |last| {
            let between = if pairs.len() > 2 { ", or something between the two," } else { "," };
            format!("{}, or {}{between}", pair(least), pair(last))
        },
    );
    let needs = format!("{plan} needs {range} to {goals} (95{}% confidence for each pair).", words::NBSP);
    let cheapest = answer.cheapest().map(|(place, cost)| {
        let currency = &question.scenario.currency;
        format!(" The cheapest of them is {}: {} {currency} a month.", pair(&pairs[place]), words::decimal(cost, 2))
    });
    needs + &cheapest.unwrap_or_default()
}

fn grid(answer: &Answer<'_>) -> Grid {
    let [question, _] = answer.questions;
    let [first, second] = answer.names();
    let mut columns = vec![Column::text(first), Column::text(second)];
    columns.extend(question.goals.iter().map(|goal| Column::number(measured_name(goal))));
    let currency = &question.scenario.currency;
    columns.extend(answer.per_month.map(|_| Column::number(format!("cost of a month, {currency}"))));
    columns.push(Column::number("replications"));
    let row = |pair: &Pair| {
        let measured = question.goals.iter().zip(&pair.trial.outcomes);
        let cells = measured.map(|(goal, (measured, _))| value(goal, measured.as_ref()));
        let cost = answer.cost(pair).map(|cost| words::decimal(cost, 2));
        let replications = words::count(f64::from(pair.trial.replications));
        answer.capacities(pair).into_iter().chain(cells).chain(cost).chain([replications]).collect()
    };
    let unlimited = &answer.frontier.unlimited;
    let none = words::NONE.to_owned();
    let measured =
        question.goals.iter().zip(&unlimited.outcomes).map(|(goal, (measured, _))| value(goal, measured.as_ref()));
    let no_limit = ["no limit", "no limit"].map(str::to_owned).into_iter().chain(measured);
    let no_limit = no_limit.chain(answer.per_month.map(|_| none));
    let no_limit: Vec<String> = no_limit.chain([words::count(f64::from(unlimited.replications))]).collect();
    let rows = answer.frontier.pairs.iter().map(row).chain([no_limit]).collect();
    let caption = format!("{} {}", sentence(&question.scenario.title), about(question));
    Grid { caption, columns, rows, shape: Shape::Sheet }
}

#[derive(Serialize)]
struct Facts<'a> {
    #[serde(flatten)]
    source: Source<'a>,
    plan: &'a str,
    providers: [&'a str; 2],
    limits: [&'static str; 2],
    goals: Vec<GoalFacts<'a>>,
    pairs: Vec<PairFacts>,
    /// Both without a limit.
    unlimited: TrialFacts,
}

#[derive(Serialize)]
struct PairFacts {
    capacities: [f64; 2],
    cost_per_month: Option<f64>,
    #[serde(flatten)]
    trial: TrialFacts,
}

/// The pairs as `frontier.json`.
#[must_use]
pub fn json(answer: &Answer<'_>) -> String {
    let [question, _] = answer.questions;
    let scenario = question.scenario;
    let pair = |pair: &Pair| PairFacts {
        capacities: pair.capacities,
        cost_per_month: answer.cost(pair),
        trial: trial_facts(&pair.trial),
    };
    pretty(&Facts {
        source: Source::of(scenario, SCHEMA),
        plan: &scenario.plans[0].name,
        providers: answer.names(),
        limits: answer.questions.map(|question| limit_word(question.limit)),
        goals: question.goals.iter().map(|goal| goal_facts(question, goal)).collect(),
        pairs: answer.frontier.pairs.iter().map(pair).collect(),
        unlimited: trial_facts(&answer.frontier.unlimited),
    })
}

/// The pairs as CSV: a column for each provider, with rates per second or numbers of lines, and what a month costs.
#[must_use]
pub fn csv(answer: &Answer<'_>) -> String {
    written(|writer| {
        let [first, second] = answer.names();
        writer.row([first, second, "cost_per_month", "replications"])?;
        for pair in &answer.frontier.pairs {
            let [a, b, cost] = [Some(pair.capacities[0]), Some(pair.capacities[1]), answer.cost(pair)].map(field);
            writer.row([&a, &b, &cost, &pair.trial.replications.to_string()])?;
        }
        Ok(())
    })
}

/// The second capacity by the first.
fn figure(answer: &Answer<'_>) -> Result<Figure, FigureError> {
    let [first, second] = answer.names();
    let name = |limit: Limit, provider: &str| match limit {
        Limit::Rate => format!("throughput of {provider}, messages per second"),
        Limit::Concurrent => format!("lines of {provider}"),
    };
    let [across, up] = answer.questions.map(|question| question.limit);
    let point = |pair: &Pair| (pair.capacities[0], Measured::exactly(pair.capacities[1]));
    let figure = response::figure(&Response {
        file: "frontier.svg".to_owned(),
        title: format!("How much {second} is needed, by how much {first} there is"),
        across: Across::Numbers(if across == Limit::Rate { AxisUnit::PerSecond } else { AxisUnit::Number }),
        varied: name(across, first),
        unit: Unit::Count,
        measured: name(up, second),
        curves: vec![Curve {
            name: answer.questions[0].scenario.plans[0].name.clone(),
            points: answer.frontier.pairs.iter().map(point).collect(),
        }],
        bound: None,
        level: LEVEL,
        answer: None,
    })?;
    let short = |limit: Limit, provider: &str| match limit {
        Limit::Rate => format!("throughput of {provider}"),
        Limit::Concurrent => format!("number of lines of {provider}"),
    };
    let caption = format!(
        "The smallest {} that is enough, by the {}. Between two marks it is between theirs.",
        short(up, second),
        short(across, first)
    );
    Ok(Figure { caption, ..figure })
}

/// Writes the files of a frontier into its folder: README.md, report.html, frontier.json, frontier.csv, the figure, run.json.
///
/// # Errors
/// When something cannot be written; no partly written file is left behind.
pub fn write(dir: &Path, answer: &Answer<'_>, run: &Run) -> std::io::Result<Vec<PathBuf>> {
    let [question, _] = answer.questions;
    let figure = (answer.frontier.pairs.len() > 1).then(|| figure(answer)).transpose();
    let brief = Brief {
        scenario: question.scenario,
        about: About::Plans,
        finding: finding(answer),
        notes: vec![about(question)],
        heads: vec![Grid { caption: "Capacities that are enough together".to_owned(), ..grid(answer) }],
        figures: figure.map_err(std::io::Error::other)?.into_iter().collect(),
        tables: Vec::new(),
        proposal: None,
        level: LEVEL,
        words: words_of(question.goals, answer.per_month),
        data: [MARKER, "frontier.csv"],
    };
    folder::put(dir, brief.files([json(answer), csv(answer)], run), run, &FRONTIER)
}

/// Rejects a folder that is not one of a frontier but has files with the names of one. To be called before anything is simulated.
///
/// # Errors
/// When the folder is not usable; the error names the file.
pub fn check_ownership(dir: &Path) -> std::io::Result<()> {
    FRONTIER.check_ownership(dir)
}
