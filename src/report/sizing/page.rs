//! The folder of an answer: README, page, figures, and the numbers.

use super::answer::{Answer, by_month, costs, grid, holds, more_traffic, smallest};
use super::data::{SCHEMA, csv, json};
use super::terms::{LEVEL, about, capacity, measured_name, phrase, unit, words_of};
use crate::report::assumptions::About;
use crate::report::brief::Brief;
use crate::report::figures::response::{self, Across, Curve, Response};
use crate::report::grid::Grid;
use crate::report::ownership::ReportKind;
use crate::report::{Figure, FigureError, Run, folder, words};
use crate::scenario::{AxisUnit, Bound};
use crate::study::{Limit, Question, Sizing, Trial};
use std::path::{Path, PathBuf};

/// The file that marks a capacity folder.
const MARKER: &str = "capacity.json";
/// The folder of a capacity answer.
const ANSWER: ReportKind = ReportKind {
    marker: MARKER,
    schema: SCHEMA,
    files: &["README.md", "report.html", MARKER, "curve.csv"],
    is_figure: |stem| stem == "curve",
};
/// The figure shows the trials within this factor of the answer.
const NEAR: f64 = 2.5;

/// One figure for each goal.
fn figures(question: &Question<'_>, sizing: &Sizing) -> Result<Vec<Figure>, FigureError> {
    let provider = &question.scenario.providers[question.provider].name;
    let (axis, varied) = match question.limit {
        Limit::Rate => (AxisUnit::PerSecond, format!("throughput of {provider}, messages per second")),
        Limit::Concurrent => (AxisUnit::Number, format!("lines of {provider}")),
    };
    let near = |x: f64| sizing.smallest.is_none_or(|smallest| (smallest / NEAR..=smallest * NEAR).contains(&x));
    let drawn = question.goals.iter().enumerate().map(|(index, goal)| {
        let point = |trial: &Trial| trial.capacity.filter(|&x| near(x)).zip(trial.outcomes[index].0);
        let number = if question.goals.len() > 1 { format!("-{}", index + 1) } else { String::new() };
        response::figure(&Response {
            file: format!("curve{number}.svg"),
            title: words::capital(&phrase(question, goal)),
            across: Across::Numbers(axis),
            varied: varied.clone(),
            unit: unit(goal),
            measured: match goal.on {
                Some(_) => format!("replications with {}", measured_name(goal)),
                None => measured_name(goal),
            },
            curves: vec![Curve {
                name: question.scenario.plans[0].name.clone(),
                points: sizing.trials.iter().filter_map(point).collect(),
            }],
            bound: Some(goal.on.map_or(goal.bound, Bound::AtLeast)),
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
pub fn write(dir: &Path, answer: &Answer<'_>, run: &Run) -> std::io::Result<Vec<PathBuf>> {
    let Answer { question, sizing, .. } = *answer;
    let figures = figures(question, sizing).map_err(std::io::Error::other)?;
    let outcomes = [
        ("pass", "All goals are shown to be met."),
        ("fail", "A goal is shown not to be met."),
        (
            "inconclusive",
            "Neither is shown with the replications that were run; such a capacity is not taken for enough.",
        ),
    ];
    let tried = Grid { caption: "Every capacity that was tried".to_owned(), ..grid(answer) };
    let tables = [Some(tried), more_traffic(answer), by_month(answer)].into_iter().flatten().collect();
    let more = answer.headroom.map(|_| {
        let text = "So much more of all streams of traffic, also of those with a plan of their own, in the same time and the same pattern.";
        ("more traffic", text.to_owned())
    });
    let words = words_of(question.goals, answer.cheapest.map(|cheapest| cheapest.per_month)).into_iter().chain(more);
    let brief = Brief {
        scenario: question.scenario,
        about: About::Plans,
        finding: smallest(answer),
        notes: holds(answer).into_iter().chain(costs(answer)).chain([about(question)]).collect(),
        heads: Vec::new(),
        figures,
        tables,
        proposal: None,
        level: LEVEL,
        words: words.chain(outcomes.map(|(word, text)| (word, text.to_owned()))).collect(),
        data: [MARKER, "curve.csv"],
    };
    folder::put(dir, brief.files([json(answer), csv(answer)], run), run, &ANSWER)
}

/// Rejects a folder that is not a capacity folder but has files with the names of one. To be called before anything is simulated.
///
/// # Errors
/// When the folder is not usable; the error names the file.
pub fn check_ownership(dir: &Path) -> std::io::Result<()> {
    ANSWER.check_ownership(dir)
}
