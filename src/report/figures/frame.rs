//! Axes: how a value becomes a position, which values get tick marks, and the grid behind a figure.

use super::canvas::{self, Anchor, Area, At, Drawn, GREY, INK, LINE, PALE};
use crate::calendar::Moment;
use crate::report::words;
use crate::units::Span;

/// Round spans of time (s) and their names, for the ticks of a time axis.
const NAMED_SPANS: [(f64, &str); 29] = [
    (0.001, "1 ms"),
    (0.01, "10 ms"),
    (0.1, "0.1 s"),
    (0.2, "0.2 s"),
    (0.5, "0.5 s"),
    (1.0, "1 s"),
    (2.0, "2 s"),
    (5.0, "5 s"),
    (10.0, "10 s"),
    (20.0, "20 s"),
    (30.0, "30 s"),
    (60.0, "1 min"),
    (120.0, "2 min"),
    (300.0, "5 min"),
    (600.0, "10 min"),
    (1_200.0, "20 min"),
    (1_800.0, "30 min"),
    (3_600.0, "1 h"),
    (7_200.0, "2 h"),
    (10_800.0, "3 h"),
    (21_600.0, "6 h"),
    (43_200.0, "12 h"),
    (86_400.0, "24 h"),
    (172_800.0, "2 d"),
    (432_000.0, "5 d"),
    (864_000.0, "10 d"),
    (2_592_000.0, "30 d"),
    (8_640_000.0, "100 d"),
    (31_536_000.0, "365 d"),
];

/// The smallest gap between tick labels on a time axis.
const LEAST_GAP: i32 = 34;

/// How values become positions along one axis.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: i32,
    to: i32,
    is_log: bool,
}

impl Scale {
    /// A linear scale from `low` at `from` to `high` at `to`; an empty range is widened.
    pub(super) fn linear((low, high): (f64, f64), (from, to): (i32, i32)) -> Self {
        let high = if high > low { high } else { low + low.abs().max(1.0) };
        Self { low, high, from, to, is_log: false }
    }

    /// A logarithmic scale with the same arguments as [`Scale::linear`]; both ends are greater than zero.
    pub(super) fn log((low, high): (f64, f64), (from, to): (i32, i32)) -> Self {
        let low = low.max(1e-3);
        Self { low, high: high.max(low * 10.0), from, to, is_log: true }
    }

    /// The position of `value`, clamped to the ends.
    pub(super) fn at(&self, value: f64) -> i32 {
        let part = if self.is_log {
            (value.max(self.low) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        let part = if part.is_nan() { 0.0 } else { part.clamp(0.0, 1.0) };
        self.from + (part * f64::from(self.to - self.from)).round() as i32
    }

    /// The value at a position, clamped to the ends.
    pub(super) fn value(&self, pixel: i32) -> f64 {
        let part = f64::from(pixel - self.from) / f64::from((self.to - self.from).abs().max(1));
        let part = if self.to < self.from { -part } else { part }.clamp(0.0, 1.0);
        if self.is_log {
            self.low * (self.high / self.low).powf(part)
        } else {
            self.low + part * (self.high - self.low)
        }
    }

    /// Whether `value` lies on the axis.
    pub(super) fn holds(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// The smallest and the largest of `values`, ignoring those that are not finite.
pub(super) fn hull(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |ends, value| {
        let (low, high) = ends.unwrap_or((value, value));
        Some((value.min(low), value.max(high)))
    })
}

/// A value to mark, and its label.
pub(super) type Tick = (f64, String);

/// About `count` round values from `low` to `high`, with the number of decimals that tells them apart.
pub(super) fn round_values(low: f64, high: f64, count: usize) -> (Vec<f64>, usize) {
    let rough = (high - low) / count.max(1) as f64;
    if rough.is_nan() || rough <= 0.0 {
        return (vec![low], 0);
    }
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|digit| digit * power).find(|step| *step >= rough * 0.999);
    let step = step.unwrap_or(power * 10.0);
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    let decimals = (-(step * 1.001).log10().floor()).clamp(0.0, 9.0) as usize;
    ((first..=last).map(|n| n as f64 * step).collect(), decimals)
}

/// Ticks for shares in percent.
pub(super) fn percent_ticks(low: f64, high: f64, count: usize) -> Vec<Tick> {
    let (values, decimals) = round_values(low * 100.0, high * 100.0, count);
    values.into_iter().map(|value| (value / 100.0, words::percent(value / 100.0, decimals))).collect()
}

/// Ticks for amounts or rates.
pub(super) fn number_ticks(low: f64, high: f64, count: usize) -> Vec<Tick> {
    let (values, decimals) = round_values(low, high, count);
    values.into_iter().map(|value| (value, words::decimal(value, decimals))).collect()
}

/// The spans that a log time axis marks first.
const LANDMARKS: [f64; 11] = [0.001, 0.01, 0.1, 1.0, 10.0, 60.0, 600.0, 3_600.0, 21_600.0, 86_400.0, 864_000.0];

/// Ticks of a horizontal log time axis that do not overlap: landmarks first, then others that fit between them.
pub(super) fn log_time_ticks(scale: &Scale) -> Vec<Tick> {
    uncrowded_across(scale, landmarks_first(scale))
}

/// As [`log_time_ticks`], for a vertical axis.
pub(super) fn log_time_ticks_up(scale: &Scale) -> Vec<Tick> {
    uncrowded(scale, landmarks_first(scale), |_, _| LINE + 16)
}

/// The named spans on an axis, landmarks before the others.
fn landmarks_first(scale: &Scale) -> impl Iterator<Item = Tick> + '_ {
    let shown = || NAMED_SPANS.iter().filter(|(seconds, _)| scale.holds(*seconds));
    let landmarks = shown().filter(|(seconds, _)| LANDMARKS.contains(seconds));
    landmarks.chain(shown()).map(|(seconds, name)| (*seconds, (*name).to_owned()))
}

/// Ticks of a log axis of numbers: powers of ten first, then 2 and 5 between them where there is room.
pub(super) fn log_number_ticks(scale: &Scale) -> Vec<Tick> {
    let decades = || (-9..=12).map(|power| 10_f64.powi(power));
    let all = decades().chain(decades().flat_map(|decade| [2.0 * decade, 5.0 * decade]));
    let shown = all.filter(|value| scale.holds(*value));
    let named = shown.map(|value| (value, words::decimal(value, words::decimals_of(value, 1))));
    uncrowded_across(scale, named)
}

/// Those of `ticks` whose labels, on a horizontal axis, keep their distance from all earlier ones.
pub(super) fn uncrowded_across(scale: &Scale, ticks: impl Iterator<Item = Tick>) -> Vec<Tick> {
    uncrowded(scale, ticks, |a, b| (canvas::width_of(a) + canvas::width_of(b)) / 2 + LEAST_GAP)
}

/// Those of `ticks` that keep their distance from all earlier ones.
fn uncrowded(scale: &Scale, ticks: impl Iterator<Item = Tick>, distance: impl Fn(&str, &str) -> i32) -> Vec<Tick> {
    let mut kept: Vec<Tick> = Vec::new();
    for (value, name) in ticks {
        let is_near = |other: &Tick| (scale.at(other.0) - scale.at(value)).abs() < distance(&other.1, &name);
        if !kept.iter().any(is_near) {
            kept.push((value, name));
        }
    }
    kept
}

/// Ticks of a linear time axis that need not begin at zero.
pub(super) fn spans_between(low: f64, high: f64) -> Vec<Tick> {
    if high < 4.0 {
        let (values, decimals) = round_values(low, high, 6);
        return values
            .into_iter()
            .map(|at| (at, format!("{}{}s", words::decimal(at, decimals), words::NBSP)))
            .collect();
    }
    let marks = step_of_time(high - low);
    let first = (low / marks - 1e-9).ceil() as i64;
    let marks = (first..).map(|n| n as f64 * marks).take_while(|at| *at <= high * (1.0 + 1e-9));
    marks.map(|at| (at, if at == 0.0 { "0".to_owned() } else { words::span(at).replace(".0", "") })).collect()
}

/// Ticks of a linear time axis from zero that do not overlap, at round steps of seconds, minutes, hours or days.
pub(super) fn time_ticks_across(scale: &Scale, high: f64) -> Vec<Tick> {
    let step = step_of_time(high);
    let steps = std::iter::once(step).chain(round_steps().filter(|other| *other > step));
    let mut all = steps.map(|step| time_ticks(high, step));
    let keep_their_distance = |ticks: &Vec<Tick>| uncrowded_across(scale, ticks.iter().cloned()).len() == ticks.len();
    all.find(keep_their_distance).unwrap_or_else(|| time_ticks(high, high))
}

/// Ticks of a linear time axis from zero that do not overlap, at round times of the clock, which showed `starts_at` at zero. A tick at midnight
/// has the day.
pub(super) fn clock_ticks_across(scale: &Scale, high: f64, starts_at: Moment) -> Vec<Tick> {
    let step = step_of_time(high);
    let steps = std::iter::once(step).chain(round_steps().filter(|other| *other > step));
    let since_midnight = starts_at.since_midnight().as_secs_f64();
    let ticks = |step: f64| {
        let first = (since_midnight / step - 1e-9).ceil() * step - since_midnight;
        let values = (0..).map(|n| first + f64::from(n) * step).take_while(|at| *at <= high);
        values.map(|at| (at, clock(starts_at.after(Span::from_secs_f64(at))))).collect::<Vec<_>>()
    };
    let keep_their_distance =
        |ticks: &Vec<Tick>| uncrowded_across(scale, ticks.iter().cloned()).len() == ticks.len() && !ticks.is_empty();
    steps.map(ticks).find(keep_their_distance).unwrap_or_else(|| vec![(0.0, clock(starts_at))])
}

/// A moment on an axis: the time of day, or at midnight the day.
fn clock(moment: Moment) -> String {
    let text = moment.to_string();
    let (day, time) = text.split_once(' ').unwrap_or((&text, ""));
    if moment.since_midnight() == Span::ZERO { day.to_owned() } else { time.to_owned() }
}

fn round_steps() -> impl Iterator<Item = f64> {
    NAMED_SPANS.iter().map(|(seconds, _)| *seconds).filter(|step| *step >= 1.0)
}

/// A round step of time that fits at most eight times into a span.
fn step_of_time(span: f64) -> f64 {
    let days = || (span / 8.0 / 86_400.0).ceil().max(1.0) * 86_400.0;
    round_steps().find(|step| span / step <= 8.0).unwrap_or_else(days)
}

fn time_ticks(high: f64, step: f64) -> Vec<Tick> {
    let count = (high / step).floor().clamp(0.0, 8.0) as usize;
    let name = |at: f64| if at == 0.0 { "0".to_owned() } else { words::span(at).replace(".0", "") };
    (0..=count).map(|n| n as f64 * step).map(|at| (at, name(at))).collect()
}

/// The area of a sheet where values are drawn.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) left: i32,
    pub(super) top: i32,
    pub(super) right: i32,
    pub(super) bottom: i32,
    pub(super) x: Scale,
    pub(super) y: Scale,
}

impl Frame {
    /// The position of a pair of values.
    pub(super) fn at(&self, x: f64, y: f64) -> At {
        (self.x.at(x), self.y.at(y))
    }

    /// Horizontal grid lines at the ticks of `y`, with their labels on the left.
    pub(super) fn y_grid(&self, area: &Area<'_>, ticks: &[Tick]) -> Drawn {
        for (value, name) in ticks {
            let y = self.y.at(*value);
            canvas::rule(area, (self.left, y), (self.right, y), PALE)?;
            canvas::write(area, name, (self.left - 14, y), Anchor::Right, GREY)?;
        }
        Ok(())
    }

    /// The horizontal axis, with short tick marks and their labels.
    pub(super) fn x_axis(&self, area: &Area<'_>, ticks: &[Tick]) -> Drawn {
        canvas::rule(area, (self.left, self.bottom), (self.right, self.bottom), INK)?;
        for (value, name) in ticks {
            let x = self.x.at(*value);
            canvas::rule(area, (x, self.bottom), (x, self.bottom + 10), INK)?;
            canvas::write(area, name, (x, self.bottom + 10 + LINE / 2), Anchor::Centre, GREY)?;
        }
        Ok(())
    }

    /// The axis titles: `x` below the numbers on the right, `y` above the frame on the left.
    pub(super) fn titles(&self, area: &Area<'_>, x: &str, y: &str) -> Drawn {
        canvas::write(area, x, (self.right, self.bottom + 10 + LINE * 3 / 2), Anchor::Right, INK)?;
        canvas::write(area, y, (8, self.top - LINE), Anchor::Left, INK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_values_are_round_and_inside() {
        assert_eq!(round_values(0.0, 100.0, 5), (vec![0.0, 20.0, 40.0, 60.0, 80.0, 100.0], 0));
        let (values, decimals) = round_values(98.52, 98.61, 4);
        assert_eq!(decimals, 2, "{values:?}");
        assert!(values.iter().all(|value| (98.519..98.611).contains(value)));
        assert_eq!(round_values(3.0, 3.0, 4), (vec![3.0], 0));
    }

    #[test]
    fn scales_never_leave_their_ends() {
        let scale = Scale::log((0.0, 0.0), (0, 100));
        assert_eq!([scale.at(-1.0), scale.at(f64::NAN), scale.at(1e30)], [0, 0, 100]);
        assert_eq!([0, 31, 100].map(|pixel| scale.at(scale.value(pixel))), [0, 31, 100]);
        let scale = Scale::linear((5.0, 5.0), (100, 0));
        assert_eq!([scale.at(5.0), scale.at(10.0)], [100, 0]);
    }

    #[test]
    fn time_axes_use_spans_that_people_name() {
        let names = |high: f64, width: i32| {
            let starts_at = Moment::parse("2026-11-27T22:47").expect("there is one").0;
            let clocks = clock_ticks_across(&Scale::linear((0.0, high), (0, width)), high, starts_at);
            let is_round = |tick: &Tick| tick.0 == 0.0 || !tick.1.contains('.');
            assert!(!clocks.is_empty() && clocks.iter().all(is_round), "{high} {clocks:?}");
            let ticks = time_ticks_across(&Scale::linear((0.0, high), (0, width)), high);
            ticks.into_iter().map(|(_, name)| name.replace('\u{a0}', " ")).collect::<Vec<_>>()
        };
        let clocks = |high: f64| {
            let starts_at = Moment::parse("2026-11-27T22:47").expect("there is one").0;
            let ticks = clock_ticks_across(&Scale::linear((0.0, high), (0, 900)), high, starts_at);
            ticks.into_iter().map(|(_, name)| name).collect::<Vec<_>>()
        };
        assert_eq!(clocks(3_960.0), ["22:50", "23:00", "23:10", "23:20", "23:30", "23:40", "23:50"]);
        assert_eq!(clocks(200_000.0), ["2026-11-28", "12:00", "2026-11-29", "12:00", "2026-11-30"]);
        assert_eq!(names(3_960.0, 1_300), ["0", "10 min", "20 min", "30 min", "40 min", "50 min", "1 h"]);
        assert_eq!(names(3_960.0, 400), ["0", "30 min", "1 h"]);
        assert_eq!(names(7_300.0, 900), ["0", "30 min", "1 h", "1 h 30 min", "2 h"]);
        assert_eq!(names(7_300.0, 10), ["0"]);
        let scale = Scale::log((0.5, 900.0), (0, 1000));
        assert!(log_time_ticks(&scale).len() >= 4);
    }
}
