//! What a search has found as a report folder: README, page, figure, and the numbers.

use super::blocks::disagreement;
use super::data::{SCHEMA, csv, json};
use super::found::{Findings, Listed};
use super::race::shown;
use super::terms::{difference, interval, plainly};
use super::toml::toml;
use crate::report::assumptions::About;
use crate::report::brief::{self, Brief};
use crate::report::figures::tradeoff::{self, Tradeoff};
use crate::report::grid::{Column, Grid, Shape};
use crate::report::ownership::ReportKind;
use crate::report::{Run, folder, gate, words};
use crate::scenario::{Metric, Unit};
use crate::study::{Found, PlanResult, Search, measure};
use std::path::{Path, PathBuf};

/// The file that marks the folder of a search.
const MARKER: &str = "optimize.json";
/// The figure.
const FIGURE: &str = "tradeoff.svg";

/// The folder of a search.
const SEARCH: ReportKind = ReportKind {
    marker: MARKER,
    schema: SCHEMA,
    files: &["README.md", "report.html", MARKER, "plans.csv", "plans.toml"],
    is_figure: |stem| stem == "tradeoff",
};

/// Writes the files of a search into its folder: README.md, report.html, optimize.json, plans.csv, plans.toml, the figure, run.json.
///
/// # Errors
/// When something cannot be written; no partly written file is left behind.
pub fn write(dir: &Path, search: &Search<'_>, findings: &Findings<'_>, run: &Run) -> std::io::Result<Vec<PathBuf>> {
    let list = findings.list(search);
    let figure = figure(search, findings, &list).map(|tradeoff| tradeoff::figure(&tradeoff)).transpose();
    let proposal = toml(search, findings);
    let brief = Brief {
        scenario: search.scenario,
        about: About::Providers(search.providers.iter().map(|tried| tried.provider).collect()),
        finding: finding(search, findings, &list),
        notes: notes(search, findings),
        heads: vec![table(search, findings, &list)],
        figures: figure.map_err(std::io::Error::other)?.into_iter().collect(),
        tables: Vec::new(),
        proposal: Some(without_comments(&proposal)).filter(|blocks| !blocks.is_empty()),
        level: match findings {
            Findings::Raced { .. } => "95 % (all of them together)",
            _ if findings.confirmed().is_some() => "95 %",
            _ => "",
        },
        words: meanings(search, findings),
        data: [MARKER, "plans.csv"],
    };
    let mut files = brief.files([json(search, findings), csv(search, findings)], run);
    files.push(("plans.toml".to_owned(), proposal));
    folder::put(dir, files, run, &SEARCH)
}

/// Rejects a folder that is not one of a search but has files with the names of one. To be called before anything is solved or simulated.
///
/// # Errors
/// When the folder is not usable; the error names the file.
pub fn check_ownership(dir: &Path) -> std::io::Result<()> {
    SEARCH.check_ownership(dir)
}

/// The blocks of a proposal without the comments before them.
fn without_comments(proposal: &str) -> String {
    proposal.split_once("\n\n").map_or("", |(_, blocks)| blocks).to_owned()
}

/// The answer in a sentence.
fn finding(search: &Search<'_>, findings: &Findings<'_>, list: &[Listed<'_>]) -> String {
    let Some(best) = list.first() else { return "There are no plans to try.".to_owned() };
    let bounds = bounds(search);
    let goals: Vec<String> = search.objectives.iter().map(|metric| goal(*metric)).collect();
    let of = format!(
        "{} {}",
        words::whole(findings.candidates() as u64),
        words::plural(findings.candidates() as f64, "plan", "plans")
    );
    let none = || format!("None of {of} has{}; the nearest is {}.", bounds, best.steps(search.scenario));
    match findings {
        Findings::BySegment { optima, .. } if optima.composite.meets_bounds => {
            let bounds = if bounds.is_empty() { bounds } else { format!("{bounds} in it") };
            format!("{} for each segment{bounds}, of {of}: {}.", words::capital(&goals[0]), gain(search, list))
        }
        Findings::BySegment { .. } => format!("Not every segment has a plan{bounds}, of {of}."),
        Findings::Raced { race, .. } if race.is_decided => {
            format!("{}{bounds}, of {of}: {}.", words::capital(&goals[0]), value_of(search, best, true))
        }
        Findings::Raced { race, .. } if race.plans[0].meets_bounds == Some(false) => none(),
        Findings::Raced { race, .. } => {
            let but = if race.plans[0].seems_to_meet_bounds { "" } else { ", which may miss a bound" };
            format!("Not decided: the first of {of}{bounds} so far is {}{but}.", value_of(search, best, true))
        }
        Findings::Solved { .. } if best.meets_bounds == Some(false) => none(),
        Findings::Solved { optimum, .. } if goals.len() > 1 => {
            let count = optimum.unbeaten as f64;
            format!(
                "Of {of}, {}{bounds} {} not beaten in both {}.",
                words::count(count),
                words::plural(count, "is", "are"),
                search.objectives.iter().map(|metric| words::name_of(*metric)).collect::<Vec<_>>().join(" and "),
            )
        }
        Findings::Solved { .. } => {
            format!("{}{bounds}, of {of}: {}.", words::capital(&goals[0]), value_of(search, best, false))
        }
    }
}

/// `the least cost per recipient`.
fn goal(metric: Metric) -> String {
    format!("the {} {}", if metric.more_is_better() { "most" } else { "least" }, words::name_of(metric))
}

/// ` with in time at least 98 % and ...`; nothing without bounds.
fn bounds(search: &Search<'_>) -> String {
    let each = search.bounds.iter().map(|(metric, bound)| {
        let bound = gate::bound(metric.unit(), *bound).replace(" %", &format!("{}%", words::NBSP));
        format!("{} {bound}{}", words::name_of(*metric), currency(search, *metric))
    });
    let each: Vec<String> = each.collect();
    if each.is_empty() { String::new() } else { format!(" with {}", each.join(" and ")) }
}

/// A plan with its objective: `viber 31s, sms with 0.0277 EUR`.
fn value_of(search: &Search<'_>, listed: &Listed<'_>, is_simulated: bool) -> String {
    let metric = search.objectives[0];
    let Some(exact) = listed.measure(metric) else { return listed.steps(search.scenario) };
    let value = if is_simulated {
        words::measured(metric.unit(), &interval(metric, exact))
    } else {
        plainly(metric, exact.value)
    };
    format!("{} with {value}{}", listed.steps(search.scenario), currency(search, metric))
}

fn currency(search: &Search<'_>, metric: Metric) -> String {
    if metric.unit() == Unit::Money { format!("{}{}", words::NBSP, search.scenario.currency) } else { String::new() }
}

/// The composite beside the best plan for all.
fn gain(search: &Search<'_>, list: &[Listed<'_>]) -> String {
    let metric = search.objectives[0];
    let all: Vec<&Listed<'_>> = list.iter().filter(|listed| listed.segment.is_none()).collect();
    let value = |listed: &Listed<'_>| {
        let exact = listed.measure(metric);
        exact.map_or(words::NONE.to_owned(), |exact| {
            format!("{}{}", plainly(metric, exact.value), currency(search, metric))
        })
    };
    let bounds = if search.bounds.is_empty() { "" } else { ", which has to meet the bounds only for all together" };
    match all.as_slice() {
        [composite, single] if single.meets_bounds == Some(true) => {
            format!("{} by segment, {} with the best one plan for all{bounds}", value(composite), value(single))
        }
        [composite, _] => format!("{} by segment; no one plan meets the bounds for all together", value(composite)),
        _ => String::new(),
    }
}

fn notes(search: &Search<'_>, findings: &Findings<'_>) -> Vec<String> {
    let mut notes = match findings {
        Findings::Raced { race, obstacles } => {
            let why: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
            let why = format!("Simulated, because plans cannot be solved exactly: {}.", why.join("; "));
            shown(search, race).into_iter().chain([why]).collect()
        }
        Findings::Solved { optimum, confirmed } => {
            let place = optimum.shown.iter().position(|place| *place == optimum.chosen).unwrap_or(0);
            let of_front = (optimum.shown.len() < optimum.unbeaten).then(|| {
                format!(
                    "{} of them, far from one another, are shown; plans.csv and optimize.json have {}.",
                    words::count(optimum.shown.len() as f64),
                    words::count(optimum.plans.len() as f64)
                )
            });
            let best = optimum.plans.get(optimum.chosen).zip(*confirmed);
            let name = format!("Plan {}", place + 1);
            let confirmed = best.map_or_else(Vec::new, |(best, result)| confirmed_by(search, best, &name, result));
            of_front.into_iter().chain(confirmed).collect()
        }
        Findings::BySegment { optima, confirmed } => {
            confirmed.map_or_else(Vec::new, |result| confirmed_by(search, &optima.composite, "The composite", result))
        }
    };
    notes.push(format!(
        "Spent: {} solutions, {} simulated recipients.",
        words::whole(findings.solved() as u64),
        words::whole(findings.simulated(search.scenario))
    ));
    notes
}

/// What the simulation of the best plan, called `name`, says.
fn confirmed_by(search: &Search<'_>, best: &Found, name: &str, result: &PlanResult) -> Vec<String> {
    let said = search.measures().into_iter().filter_map(|metric| {
        let measured = measure(result, metric)?;
        let currency = currency(search, metric);
        Some(format!("{} {}{currency}", words::name_of(metric), words::measured(metric.unit(), &measured)))
    });
    let said = said.collect::<Vec<_>>().join(", ");
    let recipients = words::count(result.recipients.0);
    let all = format!("{name}, simulated for {recipients} recipients: {said}.");
    [all].into_iter().chain(disagreement(search, best, result)).collect()
}

fn table(search: &Search<'_>, findings: &Findings<'_>, list: &[Listed<'_>]) -> Grid {
    let is_raced = matches!(findings, Findings::Raced { .. });
    let by_segment = matches!(findings, Findings::BySegment { .. });
    let has_ties = list.iter().any(|listed| listed.worse_by.is_some());
    let amount = |value: f64| difference(search.objectives[0], value);
    let row = |(place, shown): (usize, usize)| {
        let listed = &list[shown];
        let name = match listed.segment {
            Some(segment) => segment.to_owned(),
            None if by_segment => "(all)".to_owned(),
            None => (place + 1).to_string(),
        };
        let cell = |metric: Metric| match listed.measure(metric) {
            None => words::NONE.to_owned(),
            Some(exact) if is_raced => words::measured(metric.unit(), &interval(metric, exact)),
            Some(exact) => plainly(metric, exact.value),
        };
        let tie = has_ties.then(|| match listed.worse_by {
            None => words::NONE.to_owned(),
            Some((_, high)) if high <= 0.0 => "best".to_owned(),
            Some((low, _)) if low < 0.0 => "tied".to_owned(),
            Some((_, high)) => format!("by up to {}", amount(high)),
        });
        let is_single = by_segment && listed.segment.is_none() && listed.plan.by_segment.is_none();
        let meets = (!search.bounds.is_empty()).then(|| match listed.meets_bounds {
            Some(true) if is_single => "met for all together".to_owned(),
            Some(true) => "met".to_owned(),
            Some(false) => "missed".to_owned(),
            None => "not shown".to_owned(),
        });
        let measures = search.measures().into_iter().map(cell);
        let steps = listed.steps(search.scenario);
        let steps = if is_single { format!("one plan: {steps}") } else { steps };
        [name, steps].into_iter().chain(measures).chain(tie).chain(meets).collect()
    };
    let first = if by_segment { Column::text("segment") } else { Column::text("") };
    let measures = search.measures();
    let measures = measures.iter().map(|metric| {
        let unit = if metric.unit() == Unit::Money { format!(", {}", search.scenario.currency) } else { String::new() };
        Column::number(format!("{}{unit}", words::name_of(*metric)))
    });
    let tie = has_ties.then(|| Column::text("worse than the best"));
    let meets = (!search.bounds.is_empty()).then(|| Column::text("bounds"));
    Grid {
        caption: "The best plans".to_owned(),
        columns: [first, Column::text("steps")].into_iter().chain(measures).chain(tie).chain(meets).collect(),
        rows: findings.shown(list).into_iter().enumerate().map(row).collect(),
        shape: Shape::Sheet,
    }
}

/// All plans by two measures; none where each segment has its own.
fn figure(search: &Search<'_>, findings: &Findings<'_>, list: &[Listed<'_>]) -> Option<Tradeoff> {
    let axes = search.axes();
    // With one objective, it is upright.
    let (axes, turned) = if search.objectives.len() > 1 { (axes, false) } else { ([axes[1], axes[0]], true) };
    let dots = match findings {
        Findings::Solved { optimum, .. } => optimum.places.as_slice(),
        Findings::Raced { .. } => &[],
        Findings::BySegment { .. } => return None,
    };
    let dots = dots.iter().map(|&[a, b]| if turned { [b, a] } else { [a, b] }).collect();
    let mark = |listed: &Listed<'_>| {
        let at = axes.map(|metric| listed.measure(metric).map(|exact| (exact.value, exact.error)));
        Some([at[0]?, at[1]?])
    };
    let point = |[x, y]: [(f64, f64); 2]| [x.0, y.0];
    let bound = |axis: Metric| search.bounds.iter().find(|(metric, _)| *metric == axis).map(|(_, bound)| *bound);
    Some(Tradeoff {
        file: FIGURE,
        title: format!("{} and {}", words::capital(words::name_of(axes[0])), words::name_of(axes[1])),
        axes,
        currency: search.scenario.currency.clone(),
        bounds: axes.map(bound),
        dots,
        marks: findings.shown(list).into_iter().filter_map(|place| mark(&list[place])).collect(),
        front: if search.objectives.len() > 1 { list.iter().filter_map(mark).map(point).collect() } else { Vec::new() },
    })
}

fn meanings(search: &Search<'_>, findings: &Findings<'_>) -> Vec<(&'static str, String)> {
    let mut all = brief::meanings(search.measures());
    let steps = "The providers in their order, each with how long the plan waits for it; for the last one it waits as long as the scenario does. x2: up to two attempts.";
    all.push(("steps", steps.to_owned()));
    match findings {
        Findings::Raced { .. } => {
            let tied = "By the objective, whether or not bounds are met. Best: shown to be the best, or equal to it; tied: not shown to be worse than another; else by how much it is worse than the best of the others at most. Intervals of multiple comparisons with the best.";
            all.push(("worse than the best", tied.to_owned()));
        }
        _ => {
            let exact = "The values were found by numerical integration over all that may happen, which is what a simulation of infinitely many recipients would find. They do not cover errors in the numbers of the scenario.";
            all.push(("exact", exact.to_owned()));
            let worse = "By how much the objective may be worse than that of the best of the others in the table, as far as the numeric error leaves it open.";
            all.push(("worse than the best", worse.to_owned()));
        }
    }
    all
}
