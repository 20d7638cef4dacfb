//! The output of `failsim sweep`: a table, a figure and rows of tidy CSV for each measure.

use super::assumptions::About;
use super::brief::{self, Brief};
use super::cells::{everybody, field, written};
use super::csv::{put_measure, unit_of};
use super::figures::heat::{self, Heat};
use super::figures::response::{self, Across, Curve, Response};
use super::grid::{Column, Grid, Shape};
use super::ownership::ReportKind;
use super::wide::{self, CsvForm, Wide};
use super::{Figure, FigureError, Run, Terminal, folder, words};
use crate::scenario::{Axis, AxisUnit, Metric, Scenario, Unit};
use crate::study::{GroupKind, GroupResult, Measured, PlanResult, Point, Results, Sweep, measure};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The `schema` of `sweep.json`.
pub const SCHEMA: &str = "failsim/sweep/1";
/// The file that marks a sweep folder.
const MARKER: &str = "sweep.json";

/// The folder of a sweep.
const SWEEP: ReportKind = ReportKind {
    marker: MARKER,
    schema: SCHEMA,
    files: &["README.md", "report.html", MARKER, "sweep.csv"],
    is_figure: |stem| Metric::all().any(|metric| metric.name() == stem),
};

/// The part of a sweep to show.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The results of the sweep; not empty.
    pub sweep: &'a Sweep,
    /// The measures.
    pub measures: &'a [Metric],
    /// The stream of traffic to show; `None` for all of them.
    pub stream: Option<&'a str>,
}

/// One group of recipients: all of them, or a stream of traffic.
struct Group {
    /// Empty where there is only one stream.
    name: String,
    /// The results at each point.
    results: Vec<Results>,
}

/// One measure of one group.
struct Chart<'a> {
    group: &'a Group,
    metric: Metric,
}

impl Shown<'_> {
    /// The groups: one for each stream, first those for which plans are compared; all recipients where there is only one stream. The results
    /// of each segment are in `sweep.csv` and `sweep.json`.
    fn groups(&self) -> Vec<Group> {
        let all = || self.sweep.points.iter().map(|(_, results)| results);
        let streams = |results: &Results| results.groups_of(GroupKind::Stream).cloned().collect::<Vec<_>>();
        let groups = all().next().map(streams).unwrap_or_default();
        if groups.is_empty() {
            return vec![Group { name: String::new(), results: all().cloned().collect() }];
        }
        let mut indices: Vec<_> = (0..groups.len()).collect();
        indices.sort_by_key(|&index| groups[index].plan.is_some());
        let wanted = indices.into_iter().filter(|&index| self.stream.is_none_or(|wanted| wanted == groups[index].name));
        let of_group = |index: usize| {
            let results = all().filter_map(|results| Some(results.of_group(results.stream(index)?))).collect();
            Group { name: groups[index].name.clone(), results }
        };
        wanted.map(of_group).collect()
    }

    /// The names of the plans, each once.
    fn plans(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for plan in self.sweep.points.iter().flat_map(|(_, results)| &results.plans) {
            if !names.contains(&plan.name.as_str()) {
                names.push(&plan.name);
            }
        }
        names
    }

    fn charts<'a>(&'a self, groups: &'a [Group]) -> impl Iterator<Item = Chart<'a>> {
        groups.iter().flat_map(|group| self.measures.iter().map(move |&metric| Chart { group, metric }))
    }
}

impl Chart<'_> {
    /// The plan's result at the point with this index.
    fn measured(&self, point: usize, plan: &str) -> Option<Measured> {
        let plan = self.group.results[point].plans.iter().find(|other| other.name == plan)?;
        measure(plan, self.metric)
    }

    fn unit(&self) -> Unit {
        self.metric.unit()
    }

    fn cell(&self, point: usize, plan: &str) -> String {
        let measured = self.measured(point, plan);
        measured.map_or(words::NONE.to_owned(), |measured| words::measured(self.unit(), &measured))
    }

    fn has_one_deadline(&self) -> bool {
        let mut deadlines = self.group.results.iter().map(|results| results.scenario.deadline_s);
        let first = deadlines.next();
        deadlines.all(|deadline| Some(deadline) == first)
    }

    /// `Delivered in time (1 min), pins`.
    fn title(&self) -> String {
        let facts = &self.group.results[0].scenario;
        let unit = match (self.metric, self.unit()) {
            // Where deadlines are varied, no single deadline can be named.
            (Metric::InTime, _) if self.has_one_deadline() => format!(" ({})", words::span(facts.deadline_s)),
            (_, Unit::Money) => format!(", {}", facts.currency),
            _ => String::new(),
        };
        let whose = if self.group.name.is_empty() { String::new() } else { format!(", {}", self.group.name) };
        words::capital(&format!("{}{unit}{whose}", words::name_of(self.metric)))
    }
}

/// The value of an axis as it is shown.
fn value_of(axis: &Axis, index: usize) -> String {
    match &axis.numbers {
        Some(numbers) => response::name_of(axis.unit, numbers[index]),
        None => axis.values[index].clone(),
    }
}

/// The finding and a table for each measure, for a terminal. Ends with a line feed.
#[must_use]
pub fn table(shown: &Shown<'_>, terminal: Terminal) -> String {
    let groups = shown.groups();
    let mut text = super::table::heading(&finding(shown), terminal);
    for grid in grids(shown, &groups) {
        text.push_str(&super::table::section(grid, terminal));
    }
    text.replace(words::NBSP, " ")
}

/// A sentence that says where the first measure is best.
#[must_use]
pub fn finding(shown: &Shown<'_>) -> String {
    let groups = shown.groups();
    let best = shown.charts(&groups).take(1).find_map(|chart| {
        let each =
            (0..shown.sweep.points.len()).flat_map(|point| shown.plans().into_iter().map(move |plan| (point, plan)));
        let known: Vec<_> =
            each.filter_map(|(point, plan)| Some((chart.measured(point, plan)?, point, plan))).collect();
        let better = |a: f64, b: f64| if chart.metric.more_is_better() { a > b } else { a < b };
        let best = known.iter().reduce(|best, next| if better(next.0.value, best.0.value) { next } else { best })?;
        let meets = |other: &Measured| {
            let ends = best.0.interval.zip(other.interval);
            ends.is_some_and(|((low, high), (other_low, other_high))| other_low <= high && low <= other_high)
        };
        let alike = known.iter().filter(|(other, ..)| meets(other)).count().saturating_sub(1);
        let &(_, point, plan) = best;
        Some((chart.title(), chart.cell(point, plan), point, plan.to_owned(), alike))
    });
    let Some((title, value, point, plan, alike)) = best else { return "There is nothing to measure.".to_owned() };
    let position = &shown.sweep.points[point].0;
    let position =
        shown.sweep.axes.iter().zip(&position.0).map(|(axis, &i)| format!("{} = {}", axis.path, value_of(axis, i)));
    let position = position.collect::<Vec<_>>().join(", ");
    let alike = match alike {
        0 => String::new(),
        1 => "; the interval of 1 other result overlaps with it".to_owned(),
        _ => format!("; the intervals of {} other results overlap with it", words::count(alike as f64)),
    };
    format!("{title}: best {value}, under {plan} with {position}{alike}.")
}

/// A table for each measure and group; with two axes, one for each plan as well.
fn grids(shown: &Shown<'_>, groups: &[Group]) -> Vec<Grid> {
    let of_chart = |chart: Chart<'_>| match shown.sweep.axes.as_slice() {
        [axis] => vec![by_plan(shown, &chart, axis)],
        [down, across] => shown.plans().iter().map(|plan| crossed(&chart, (down, across), plan)).collect(),
        _ => Vec::new(),
    };
    shown.charts(groups).flat_map(of_chart).collect()
}

/// A row for each value, a column for each plan.
fn by_plan(shown: &Shown<'_>, chart: &Chart<'_>, axis: &Axis) -> Grid {
    let plans = shown.plans();
    let row = |point: usize| {
        let cells = plans.iter().map(|plan| chart.cell(point, plan));
        [value_of(axis, point)].into_iter().chain(cells).collect()
    };
    let heads = plans.iter().map(|&plan| Column::number(plan));
    Grid {
        caption: format!("{}, by {}", chart.title(), axis.path),
        columns: [Column::text(axis.path.key())].into_iter().chain(heads).collect(),
        rows: (0..axis.values.len()).map(row).collect(),
        shape: Shape::Sheet,
    }
}

/// A row for each value of the first axis, a column for each of the second.
fn crossed(chart: &Chart<'_>, (down, across): (&Axis, &Axis), plan: &str) -> Grid {
    let width = across.values.len();
    let row = |i: usize| {
        let cells = (0..width).map(|j| chart.cell(i * width + j, plan));
        [value_of(down, i)].into_iter().chain(cells).collect()
    };
    let heads = (0..width).map(|j| Column::number(value_of(across, j)));
    Grid {
        caption: format!("{}, {plan}, by {} (down) and {} (across)", chart.title(), down.path, across.path),
        columns: [Column::text(down.path.key())].into_iter().chain(heads).collect(),
        rows: (0..down.values.len()).map(row).collect(),
        shape: Shape::Sheet,
    }
}

/// A row of the tidy table.
#[derive(Serialize)]
struct Row<'a> {
    plan: &'a str,
    stream: &'a str,
    segment: &'a str,
    measure: Metric,
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    unit: &'a str,
}

/// The rows of a point: of all recipients, under empty names, then of each stream of traffic and each segment where there are several.
fn rows(results: &Results) -> impl Iterator<Item = Row<'_>> {
    let names = |group: &'_ GroupResult| match group.kind {
        GroupKind::Stream => [true, false],
        GroupKind::Segment => [false, true],
    };
    let groups = results.groups.iter().map(move |group| {
        let [stream, segment] = names(group).map(|is_it| if is_it { group.name.as_str() } else { "" });
        ((stream, segment), &group.plans)
    });
    let all = [(("", ""), &results.plans)].into_iter().chain(groups);
    all.flat_map(|(group, plans)| rows_of(plans, group, &results.scenario.currency))
}

fn rows_of<'a>(
    plans: &'a [PlanResult],
    (stream, segment): (&'a str, &'a str),
    currency: &'a str,
) -> impl Iterator<Item = Row<'a>> {
    plans.iter().flat_map(move |plan| {
        Metric::all().map(move |metric| {
            let measured = measure(plan, metric);
            let (low, high) = measured.and_then(|measured| measured.interval).unzip();
            let unit = unit_of(metric, currency);
            Row {
                plan: &plan.name,
                stream,
                segment,
                measure: metric,
                value: measured.map(|m| m.value),
                low,
                high,
                unit,
            }
        })
    })
}

/// `sweep.csv`: a header row, then one row for each point, plan, group of recipients (all, each stream, each segment) and measure. Each axis has a column, named by its path,
/// with the values as they would be written in the scenario file.
/// In wide form there is one row for each point, plan and group.
#[must_use]
pub fn csv(sweep: &Sweep, form: CsvForm) -> String {
    let paths: Vec<_> = sweep.axes.iter().map(|axis| axis.path.to_string()).collect();
    let groups = sweep.points.iter().flat_map(|(_, results)| &results.groups);
    let all = everybody(groups.map(|group| group.name.as_str()));
    if form == CsvForm::Wide {
        let heads = ["plan", "stream", "segment"].map(str::to_owned);
        let mut wide = Wide::new(paths.into_iter().chain(heads).collect());
        for (point, results) in &sweep.points {
            for row in rows(results) {
                let names = [row.plan, or(row.stream, &all), or(row.segment, &all)];
                let names = names.map(str::to_owned);
                let about: Vec<_> = numbers(sweep, point).into_iter().chain(names).collect();
                put_measure(&mut wide, &about, (row.measure.name(), row.unit), [row.value, row.low, row.high]);
            }
        }
        return wide.csv();
    }
    written(|writer| {
        let heads = ["plan", "stream", "segment", "measure", "value", "low", "high", "unit"];
        writer.row(paths.iter().map(String::as_str).chain(heads))?;
        for (point, results) in &sweep.points {
            for row in rows(results) {
                let [value, low, high] = [row.value, row.low, row.high].map(field);
                let (stream, segment) = (or(row.stream, &all), or(row.segment, &all));
                let fields = [row.plan, stream, segment, row.measure.name(), &value, &low, &high, row.unit];
                writer.row(numbers(sweep, point).iter().map(String::as_str).chain(fields))?;
            }
        }
        Ok(())
    })
}

#[derive(Serialize)]
struct Facts<'a> {
    schema: &'static str,
    scenario: &'a str,
    digest: &'a str,
    axes: Vec<AxisFacts<'a>>,
    points: Vec<PointFacts<'a>>,
}

#[derive(Serialize)]
struct AxisFacts<'a> {
    path: String,
    values: &'a [String],
}

#[derive(Serialize)]
struct PointFacts<'a> {
    values: Vec<&'a str>,
    seed: u64,
    seed_text: &'a str,
    recipients: u64,
    replications: u32,
    measures: Vec<Row<'a>>,
}

/// The sweep as `sweep.json`.
#[must_use]
pub fn json(sweep: &Sweep) -> String {
    let points = sweep.points.iter().map(|(point, results)| {
        let facts = &results.scenario;
        PointFacts {
            values: values(sweep, point),
            seed: facts.seed,
            seed_text: &facts.seed_text,
            recipients: facts.recipients,
            replications: facts.replications,
            measures: rows(results).collect(),
        }
    });
    let facts = sweep.points.first().map(|(_, results)| &results.scenario);
    super::json::pretty(&Facts {
        schema: SCHEMA,
        scenario: facts.map_or("", |facts| &facts.title),
        digest: facts.map_or("", |facts| &facts.digest),
        axes: sweep.axes.iter().map(|axis| AxisFacts { path: axis.path.to_string(), values: &axis.values }).collect(),
        points: points.collect(),
    })
}

/// The values of the axes at a point, as they would be written in the scenario file.
fn values<'a>(sweep: &'a Sweep, point: &Point) -> Vec<&'a str> {
    sweep.axes.iter().zip(&point.0).map(|(axis, &i)| axis.values[i].as_str()).collect()
}

/// The values of the axes at this point for a column: where some value of an axis is a number with a fraction, all its numbers have one, so that
/// readers, who decide by the first rows, take none for integers.
fn numbers(sweep: &Sweep, point: &Point) -> Vec<String> {
    let is_number = |value: &str| value.parse::<f64>().is_ok_and(f64::is_finite);
    let is_whole = |value: &str| !value.contains(['.', 'e', 'E']);
    let value = |(axis, value): (&Axis, &str)| {
        let has_fractions =
            axis.values.iter().all(|value| is_number(value)) && !axis.values.iter().all(|value| is_whole(value));
        if has_fractions && is_whole(value) { format!("{value}.0") } else { value.to_owned() }
    };
    sweep.axes.iter().zip(values(sweep, point)).map(value).collect()
}

/// A name, or the word for everybody.
const fn or<'a>(name: &'a str, all: &'a str) -> &'a str {
    if name.is_empty() { all } else { name }
}

/// One figure for each measure and group: curves with one axis, a map for each plan with two.
fn figures(shown: &Shown<'_>) -> Result<Vec<Figure>, FigureError> {
    let groups = shown.groups();
    let mut figures = Vec::new();
    for chart in shown.charts(&groups) {
        let position = groups.iter().position(|group| std::ptr::eq(group, chart.group)).unwrap_or(0);
        let of_group = if groups.len() > 1 { format!("-{}", position + 1) } else { String::new() };
        let stem = format!("{}{of_group}", chart.metric);
        figures.extend(match shown.sweep.axes.as_slice() {
            [axis] => vec![curves(shown, &chart, axis, format!("{stem}.svg"))?],
            [down, across] => maps(shown, &chart, (down, across), &stem)?,
            _ => Vec::new(),
        });
    }
    Ok(figures)
}

/// A figure with a curve for each plan.
fn curves(shown: &Shown<'_>, chart: &Chart<'_>, axis: &Axis, file: String) -> Result<Figure, FigureError> {
    let across = match &axis.numbers {
        Some(_) => Across::Chosen(axis.unit),
        None => Across::Words(axis.values.clone()),
    };
    let x = |point: usize| axis.numbers.as_ref().map_or(point as f64, |numbers| numbers[point]);
    let curve = |plan: &str| {
        let point = |point| Some((x(point), chart.measured(point, plan)?));
        let mut points: Vec<_> = (0..axis.values.len()).filter_map(point).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        Curve { name: plan.to_owned(), points }
    };
    let varied = match axis.unit {
        AxisUnit::PerSecond => format!("{}, per second", axis.path),
        _ => axis.path.to_string(),
    };
    response::figure(&Response {
        file,
        title: chart.title(),
        across,
        varied,
        unit: chart.unit(),
        measured: words::name_of(chart.metric).to_owned(),
        curves: shown.plans().into_iter().map(curve).collect(),
        bound: None,
        level: "95 %",
        answer: None,
    })
}

/// A map for each plan.
fn maps(
    shown: &Shown<'_>,
    chart: &Chart<'_>,
    (down, across): (&Axis, &Axis),
    stem: &str,
) -> Result<Vec<Figure>, FigureError> {
    let plans = shown.plans();
    let names = |axis: &Axis| (0..axis.values.len()).map(|i| value_of(axis, i)).collect::<Vec<_>>();
    let width = across.values.len();
    let map = |(position, plan): (usize, &&str)| {
        let field = |point: usize| {
            let measured = chart.measured(point, plan)?;
            Some((measured.value, words::measured_plainly(chart.unit(), measured.value)))
        };
        let of_plan = if plans.len() > 1 { format!("-plan{}", position + 1) } else { String::new() };
        heat::figure(&Heat {
            file: format!("{stem}{of_plan}.svg"),
            title: format!("{}, {plan}", chart.title()),
            measured: words::name_of(chart.metric).to_owned(),
            down: (down.path.to_string(), names(down)),
            across: (across.path.to_string(), names(across)),
            rows: (0..down.values.len()).map(|i| (0..width).map(|j| field(i * width + j)).collect()).collect(),
        })
    };
    plans.iter().enumerate().map(map).collect()
}

/// Writes the files of a sweep, whose first point is `scenario`, into its folder: README.md, report.html, sweep.csv, sweep.json, the figures, run.json.
///
/// # Errors
/// When something cannot be written; no partly written file is left behind.
pub fn write(
    dir: &Path,
    scenario: &Scenario,
    shown: &Shown<'_>,
    run: &Run,
    form: CsvForm,
) -> std::io::Result<Vec<PathBuf>> {
    let figures = figures(shown).map_err(std::io::Error::other)?;
    let varied = shown.sweep.axes.iter().map(|axis| {
        format!("{} takes {} values; under Assumptions it is {}.", axis.path, axis.values.len(), value_of(axis, 0))
    });
    let brief = Brief {
        scenario,
        about: About::Plans,
        finding: finding(shown),
        notes: varied.collect(),
        heads: Vec::new(),
        figures,
        tables: grids(shown, &shown.groups()),
        proposal: None,
        level: "95 %",
        words: brief::meanings(shown.measures.iter().copied()),
        data: [MARKER, "sweep.csv"],
    };
    let data = [json(shown.sweep), wide::file(csv(shown.sweep, form), form)];
    folder::put(dir, brief.files(data, run), run, &SWEEP)
}

/// Rejects a folder that is not a sweep folder but has files with the names of one. To be called before anything is simulated.
///
/// # Errors
/// When the folder is not usable; the error names the file.
pub fn check_ownership(dir: &Path) -> std::io::Result<()> {
    SWEEP.check_ownership(dir)
}
