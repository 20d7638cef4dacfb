//! How a measure responds when one value of the scenario, a number or a word, is varied: a curve for each plan, with intervals.

use super::canvas::{self, Anchor, Area, At, Drawn, INK, LINE};
use super::frame::{self, Frame, Scale, Tick};
use super::{Figure, FigureError, placing};
use crate::report::words;
use crate::scenario::{AxisUnit, Bound, Unit};
use crate::study::Measured;

const HEIGHT: i32 = 780;
const TOP: i32 = 120;
/// The largest width of the names on the right.
const WIDEST_NAME: i32 = 380;
/// Curves with more points than this have no marks.
const MOST_MARKS: usize = 40;
/// A horizontal axis whose ends differ by more than this factor may be logarithmic.
const FAR: f64 = 15.0;
/// The margin at either end of a horizontal axis, as a part of it.
const AIR: f64 = 0.03;
/// A vertical time axis whose ends differ by more than this factor is logarithmic.
const FAR_IN_TIME: f64 = 30.0;

/// The contents of the figure.
pub(in crate::report) struct Response {
    pub(in crate::report) file: String,
    pub(in crate::report) title: String,
    pub(in crate::report) across: Across,
    /// The name of the parameter that is varied.
    pub(in crate::report) varied: String,
    pub(in crate::report) unit: Unit,
    /// The name of the measure.
    pub(in crate::report) measured: String,
    pub(in crate::report) curves: Vec<Curve>,
    /// The bound that the measure has to meet.
    pub(in crate::report) bound: Option<Bound>,
    /// The confidence of the intervals, such as `95 %`.
    pub(in crate::report) level: &'static str,
    /// The value that was searched for, and its label.
    pub(in crate::report) answer: Option<(f64, String)>,
}

/// The values on the horizontal axis.
pub(in crate::report) enum Across {
    /// Numbers of this unit, with ticks at round values.
    Numbers(AxisUnit),
    /// Numbers of this unit, each with a tick as far as there is room.
    Chosen(AxisUnit),
    /// Words, side by side; values are indices into them.
    Words(Vec<String>),
}

/// One curve.
pub(in crate::report) struct Curve {
    pub(in crate::report) name: String,
    /// Only the points where something was measured.
    pub(in crate::report) points: Vec<(f64, Measured)>,
}

/// Draws the figure.
pub(in crate::report) fn figure(response: &Response) -> Result<Figure, FigureError> {
    let goal = if response.bound.is_some() { " The dotted line is the goal." } else { "" };
    let caption = format!(
        "{} for each value of {}. Bars are {} intervals; one that is not visible is smaller than the mark or unknown.{goal}",
        words::capital(&response.measured),
        response.varied,
        response.level,
    );
    let svg = canvas::sheet("response", HEIGHT, &caption, |area| paint(area, response))?;
    Ok(Figure { file: response.file.clone(), title: response.title.clone(), caption, svg })
}

fn paint(area: &Area<'_>, response: &Response) -> Drawn {
    let several = response.curves.len() > 1;
    let widest = response.curves.iter().map(|curve| canvas::width_of(&curve.name)).max().unwrap_or(0);
    let right = canvas::WIDTH - if several { widest.min(WIDEST_NAME) + 100 } else { 60 };
    let (y, y_ticks) = upright(response);
    let room = y_ticks.iter().map(|(_, name)| canvas::width_of(name)).max().unwrap_or(0);
    let left = (room + 30).max(120);
    let (x, x_ticks) = across(response, (left, right));
    let frame = Frame { left, top: TOP, right, bottom: HEIGHT - 110, x, y };
    frame.y_grid(area, &y_ticks)?;
    frame.x_axis(area, &x_ticks)?;
    frame.titles(area, &response.varied, &response.measured)?;
    if let Some(Bound::AtLeast(bound) | Bound::AtMost(bound)) = response.bound {
        canvas::dotted(area, (left, frame.y.at(bound)), (right, frame.y.at(bound)), INK)?;
    }
    if let Some((value, text)) = &response.answer {
        answer(area, &frame, *value, text)?;
    }
    // Between words, a line would mean nothing.
    let has_lines = !matches!(response.across, Across::Words(_));
    for (index, curve) in response.curves.iter().enumerate() {
        draw(area, &frame, curve, index, has_lines)?;
    }
    if !several {
        return Ok(());
    }
    let end = |curve: &Curve| curve.points.last().map_or(frame.bottom, |(_, measured)| frame.y.at(measured.value));
    let named: Vec<_> = response.curves.iter().map(|curve| (end(curve), curve.name.as_str())).collect();
    placing::at_right_end(area, &frame, &named, WIDEST_NAME, |from, to, index| {
        if has_lines {
            canvas::line(area, &[from, to], index)
        } else {
            canvas::mark(area, (from.0 + 30, from.1), index)
        }
    })
}

/// A vertical line at the value that was searched for.
fn answer(area: &Area<'_>, frame: &Frame, value: f64, text: &str) -> Drawn {
    let x = frame.x.at(value);
    canvas::dotted(area, (x, frame.top), (x, frame.bottom), INK)?;
    let half = canvas::width_of(text) / 2;
    let middle = x.clamp(frame.left + half, (canvas::WIDTH - half - 8).max(frame.left + half));
    canvas::write_bold(area, text, (middle, frame.top - LINE / 2), Anchor::Centre, INK)
}

fn draw(area: &Area<'_>, frame: &Frame, curve: &Curve, index: usize, has_lines: bool) -> Drawn {
    let at = |(x, measured): &(f64, Measured)| frame.at(*x, measured.value);
    let points: Vec<At> = curve.points.iter().map(at).collect();
    for ((x, measured), &(across, _)) in curve.points.iter().zip(&points) {
        if let Some((low, high)) = measured.interval.filter(|_| frame.x.holds(*x)) {
            canvas::bar_up(area, across, (frame.y.at(low), frame.y.at(high)))?;
        }
    }
    if has_lines && points.len() > 1 {
        canvas::line(area, &points, index)?;
    }
    let marked = if points.len() <= MOST_MARKS { &points[..] } else { &[] };
    marked.iter().try_for_each(|&at| canvas::mark(area, at, index))
}

/// The horizontal axis and its ticks.
fn across(response: &Response, ends: (i32, i32)) -> (Scale, Vec<Tick>) {
    let values = || response.curves.iter().flat_map(|curve| curve.points.iter().map(|(x, _)| *x));
    let unit = match &response.across {
        Across::Words(words) => {
            // A margin of half a step at either end.
            let scale = Scale::linear((-0.5, words.len() as f64 - 0.5), ends);
            let room = (ends.1 - ends.0) / words.len().max(1) as i32 - 16;
            let named = words.iter().enumerate().map(|(index, word)| (index as f64, canvas::fitted(word, room)));
            return (scale, named.collect());
        }
        Across::Numbers(unit) | Across::Chosen(unit) => *unit,
    };
    let mut all: Vec<_> = values().collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    let (low, high) = frame::hull(all.iter().copied()).unwrap_or((0.0, 1.0));
    let is_log = low > 0.0 && high / low > FAR && multiply(&all);
    let scale = if is_log {
        let air = (high / low).powf(AIR);
        Scale::log((low / air, high * air), ends)
    } else {
        let air = (high - low) * AIR;
        Scale::linear((low - air, high + air), ends)
    };
    if matches!(response.across, Across::Chosen(_)) {
        let named = all.into_iter().map(|value| (value, name_of(unit, value)));
        return (scale, frame::uncrowded_across(&scale, named));
    }
    let ticks = match (unit, is_log) {
        (AxisUnit::Seconds, true) => frame::log_time_ticks(&scale),
        (AxisUnit::Seconds, false) => frame::spans_between(low, high),
        (_, true) => frame::log_number_ticks(&scale),
        (_, false) => frame::number_ticks(low, high, 7),
    };
    (scale, ticks)
}

/// Whether rising values, all above zero, are spaced by factors rather than by amounts: whether the middle one is nearer to the geometric
/// mean of the ends than to the arithmetic one.
fn multiply(values: &[f64]) -> bool {
    let (Some(low), Some(high)) = (values.first(), values.last()) else { return false };
    let middle = values[values.len() / 2];
    let ratio = |mean: f64| (middle / mean).max(mean / middle);
    ratio((low * high).sqrt()) < ratio((low + high) / 2.0)
}

/// The vertical axis and its ticks.
fn upright(response: &Response) -> (Scale, Vec<Tick>) {
    let measured = response.curves.iter().flat_map(|curve| curve.points.iter().map(|(_, measured)| measured));
    let bound = match response.bound {
        Some(Bound::AtLeast(bound) | Bound::AtMost(bound)) => Some(bound),
        None => None,
    };
    let ends = measured.flat_map(|m| {
        let (low, high) = m.interval.unwrap_or((m.value, m.value));
        [m.value, low, high]
    });
    let (low, high) = frame::hull(ends.chain(bound)).unwrap_or((0.0, 1.0));
    let air = ((high - low) * 0.08).max(high.abs() * 1e-3).max(1e-9);
    let indices = (HEIGHT - 110, TOP);
    match response.unit {
        Unit::Share => {
            let (low, high) = ((low - air).max(0.0), (high + air).min(1.0));
            (Scale::linear((low, high), indices), frame::percent_ticks(low, high, 6))
        }
        Unit::Seconds if low > 0.0 && high / low > FAR_IN_TIME => {
            let scale = Scale::log((low / 1.1, high * 1.1), indices);
            (scale, frame::log_time_ticks_up(&scale))
        }
        Unit::Seconds => {
            let high = high + air;
            (Scale::linear((0.0, high), indices), frame::spans_between(0.0, high))
        }
        Unit::Money | Unit::Count => {
            let (low, high) = ((low - air).max(0.0), high + air);
            (Scale::linear((low, high), indices), frame::number_ticks(low, high, 6))
        }
    }
}

/// The label for a value of an axis: `30 s`, `500/s`, `12`.
pub(in crate::report) fn name_of(unit: AxisUnit, value: f64) -> String {
    match unit {
        AxisUnit::Seconds => words::span(value),
        AxisUnit::PerSecond => words::rate(value),
        AxisUnit::Number | AxisUnit::Word => {
            words::decimal(value, if value.fract() == 0.0 { 0 } else { words::decimals_of(value, 4) })
        }
    }
}
