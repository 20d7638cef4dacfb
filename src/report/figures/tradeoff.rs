//! Two measures of many plans: a dot for each, and marks with numbers for those that are listed.

use super::canvas::{self, Area, Drawn, GREY, INK};
use super::frame::{self, Frame, Scale, Tick};
use super::{Figure, FigureError, placing};
use crate::report::words;
use crate::scenario::{Bound, Metric, Unit};
use plotters::style::Color;

const HEIGHT: i32 = 820;
/// Dots closer than this are drawn as one.
const CELL: i32 = 10;
/// The part of the range of the marks by which the axes reach beyond them, to show other plans nearby.
const BEYOND: f64 = 0.35;

/// The contents of the figure.
pub(in crate::report) struct Tradeoff {
    pub(in crate::report) file: &'static str,
    pub(in crate::report) title: String,
    /// The measures: across and up.
    pub(in crate::report) axes: [Metric; 2],
    pub(in crate::report) currency: String,
    /// The bounds of the measures.
    pub(in crate::report) bounds: [Option<Bound>; 2],
    /// All plans.
    pub(in crate::report) dots: Vec<[f64; 2]>,
    /// The plans that are listed, with how far each measure may be from the truth.
    pub(in crate::report) marks: Vec<[(f64, f64); 2]>,
    /// The plans that no other beats in both measures, which a line joins; empty if there is no such line.
    pub(in crate::report) front: Vec<[f64; 2]>,
}

/// Draws the figure.
pub(in crate::report) fn figure(tradeoff: &Tradeoff) -> Result<Figure, FigureError> {
    let [across, up] = tradeoff.axes.map(words::name_of);
    let frame = tradeoff.frame();
    let is_shown = |dot: &&[f64; 2]| frame.x.holds(dot[0]) && frame.y.holds(dot[1]);
    let beyond = tradeoff.dots.len() - tradeoff.dots.iter().filter(is_shown).count();
    let dots = match (tradeoff.dots.is_empty(), beyond) {
        (true, _) => String::new(),
        (_, 0) => " A dot is a plan that was tried.".to_owned(),
        (_, _) => format!(
            " A dot is a plan that was tried; {} {} beyond the axes.",
            words::count(beyond as f64),
            words::plural(beyond as f64, "lies", "lie")
        ),
    };
    let line = if tradeoff.front.is_empty() { "" } else { " No plan is better in both than those on the line." };
    let bound = if tradeoff.bounds.iter().any(Option::is_some) { " Dotted lines are bounds." } else { "" };
    let caption =
        format!("{} against {across}. Numbers are those of the table.{line}{dots}{bound}", words::capital(up));
    let svg = canvas::sheet("tradeoff", HEIGHT, &caption, |area| paint(area, tradeoff, &frame))?;
    Ok(Figure { file: tradeoff.file.to_owned(), title: tradeoff.title.clone(), caption, svg })
}

impl Tradeoff {
    /// The range of an axis: the marks and the bound, and something beyond them as far as there are dots.
    fn range(&self, axis: usize) -> (f64, f64) {
        let marks = self.marks.iter().flat_map(|mark| [mark[axis].0 - mark[axis].1, mark[axis].0 + mark[axis].1]);
        let (low, high) = frame::hull(marks.chain(self.bounds[axis].map(Bound::limit))).unwrap_or((0.0, 1.0));
        let all = frame::hull(self.dots.iter().map(|dot| dot[axis])).unwrap_or((low, high));
        let (reach, air) = (BEYOND * (high - low), 0.06 * (high - low).max(high.abs() * 1e-3).max(1e-9));
        let (low, high) = (low - air.max(reach.min(low - all.0)), high + air.max(reach.min(all.1 - high)));
        let most = if self.axes[axis].unit() == Unit::Share { 1.0 } else { f64::INFINITY };
        (low.max(0.0), high.min(most))
    }

    fn ticks(&self, axis: usize, (low, high): (f64, f64)) -> Vec<Tick> {
        match self.axes[axis].unit() {
            Unit::Share => frame::percent_ticks(low, high, 5),
            Unit::Seconds => frame::spans_between(low, high),
            Unit::Money | Unit::Count => frame::number_ticks(low, high, 5),
        }
    }

    fn frame(&self) -> Frame {
        let room = self.ticks(1, self.range(1)).iter().map(|(_, name)| canvas::width_of(name)).max().unwrap_or(0);
        let (left, right, top, bottom) = ((room + 30).max(120), canvas::WIDTH - 60, 120, HEIGHT - 110);
        let (x, y) = (Scale::linear(self.range(0), (left, right)), Scale::linear(self.range(1), (bottom, top)));
        Frame { left, top, right, bottom, x, y }
    }

    fn name(&self, axis: usize) -> String {
        let metric = self.axes[axis];
        let unit = if metric.unit() == Unit::Money { format!(", {}", self.currency) } else { String::new() };
        format!("{}{unit}", words::name_of(metric))
    }
}

fn paint(area: &Area<'_>, tradeoff: &Tradeoff, frame: &Frame) -> Drawn {
    let [across, up] = [0, 1].map(|axis| tradeoff.ticks(axis, tradeoff.range(axis)));
    frame.y_grid(area, &up)?;
    frame.x_axis(area, &frame::uncrowded_across(&frame.x, across.into_iter()))?;
    frame.titles(area, &tradeoff.name(0), &tradeoff.name(1))?;
    if let Some(bound) = tradeoff.bounds[0] {
        let x = frame.x.at(bound.limit());
        canvas::dotted(area, (x, frame.top), (x, frame.bottom), INK)?;
    }
    if let Some(bound) = tradeoff.bounds[1] {
        let y = frame.y.at(bound.limit());
        canvas::dotted(area, (frame.left, y), (frame.right, y), INK)?;
    }
    dots(area, tradeoff, frame)?;
    let at = |mark: &[(f64, f64); 2]| frame.at(mark[0].0, mark[1].0);
    let marks: Vec<_> = tradeoff.marks.iter().map(at).collect();
    let front: Vec<_> = tradeoff.front.iter().map(|&[x, y]| frame.at(x, y)).collect();
    if front.len() > 1 {
        canvas::stroke(area, &front, Color::stroke_width(&GREY, 3), (1, 0))?;
    }
    for (mark, &(x, y)) in tradeoff.marks.iter().zip(&marks) {
        let [(across, wide), (up, high)] = *mark;
        let (from, to) = (frame.x.at(across - wide), frame.x.at(across + wide));
        if to - from > 2 {
            canvas::rule(area, (from, y), (to, y), INK)?;
        }
        let (from, to) = (frame.y.at(up - high), frame.y.at(up + high));
        if from - to > 2 {
            canvas::bar_up(area, x, (from, to))?;
        }
    }
    let named: Vec<_> = marks.iter().enumerate().map(|(place, &at)| (at, (place + 1).to_string())).collect();
    placing::names(area, &named, frame)
}

/// A dot for each plan; of those in the same cell, one.
fn dots(area: &Area<'_>, tradeoff: &Tradeoff, frame: &Frame) -> Drawn {
    let inside = tradeoff.dots.iter().filter(|dot| frame.x.holds(dot[0]) && frame.y.holds(dot[1]));
    let mut cells: Vec<_> = inside.map(|dot| frame.at(dot[0], dot[1])).map(|(x, y)| (x / CELL, y / CELL)).collect();
    cells.sort_unstable();
    cells.dedup();
    cells.into_iter().try_for_each(|(x, y)| {
        let (x, y) = (x * CELL + CELL / 2, y * CELL + CELL / 2);
        canvas::block(area, (x - 3, y - 3), (x + 3, y + 3), GREY, 0.45)
    })
}
