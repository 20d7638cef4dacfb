//! Panels of lines over time, one below the other, with outages shaded: shared by several figures.

use super::canvas::{self, Anchor, Area, At, Drawn, GREY, INK, LINE};
use super::frame::{self, Frame, Scale};
use super::{FigureError, placing};
use crate::calendar::Moment;
use crate::report::words;
use crate::study::OutageWindow;
use plotters::style::{Color, RGBColor};

/// The height of a row of outage labels: the name, and a bar as long as the outage.
const ROW: i32 = LINE + 12;
/// The height above the frame of a panel: its name, and the unit beside the lower row of outages.
const HEAD: i32 = 2 * LINE + 24;
/// The most rows of outage labels.
const ROWS: usize = 2;
/// If there are more outages of one kind than this, they are named once.
const OFTEN: usize = 3;
/// The least height of the frame of a panel.
const BODY: i32 = 250;
/// The height below the frame of a panel.
const FOOT: i32 = 80;
/// The largest width of the labels on the right.
const WIDEST_LABEL: i32 = 350;
/// The colour of background series.
const BACKGROUND: RGBColor = RGBColor(170, 170, 170);

/// A panel.
pub(super) struct Panel<'a> {
    pub(super) title: String,
    pub(super) windows: Vec<&'a OutageWindow>,
    pub(super) series: Vec<Series>,
    pub(super) unit: Unit,
}

/// What the bins of a panel's series hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Events within each bin: shown as a rate.
    Events,
    /// The number of these at the end of each bin.
    There(&'static str),
    /// A share of what happened within each bin; no number where nothing did.
    Share,
}

/// How a series is drawn.
#[derive(Clone, Copy)]
pub(super) enum Look {
    Background,
    /// In the colour and dashes of the n-th item.
    Thing(usize),
    Dotted,
}

/// One line of a panel.
pub(super) struct Series {
    pub(super) name: String,
    pub(super) bins: Vec<f64>,
    pub(super) look: Look,
}

/// The settings that all panels share.
struct Axes {
    time: TimeAxis,
    end_s: f64,
    /// The right edge of all frames, leaving room for the widest label.
    right: i32,
}

/// The vertical axis of a panel.
struct Upright {
    least: f64,
    most: f64,
    /// The factor from the values of the bins to those on the axis.
    scale: f64,
    unit: &'static str,
}

/// The time over which panels are drawn.
#[derive(Clone, Copy)]
pub(super) struct TimeAxis {
    /// The width of a bin.
    pub(super) bin_s: f64,
    /// When it begins by the clock, if that is known.
    pub(super) starts_at: Option<Moment>,
}

/// Draws panels over this time; all with one vertical scale where `alike`.
pub(super) fn sheet(
    file: &'static str,
    panels: &[Panel<'_>],
    time: TimeAxis,
    alike: bool,
    caption: &str,
) -> Result<String, FigureError> {
    let height = panels.iter().map(|panel| head(panel) + body(panel) + FOOT).sum::<i32>() + LINE;
    canvas::sheet(file, height, caption, |area| paint(area, panels, time, alike))
}

/// The lowest and the highest number of the panels' series.
fn range(panels: &[Panel<'_>]) -> (f64, f64) {
    let bins = panels.iter().flat_map(|panel| &panel.series).flat_map(|series| &series.bins);
    let bins = bins.copied().filter(|count| count.is_finite());
    bins.fold((f64::INFINITY, 0.0), |(least, most), count| (count.min(least), count.max(most)))
}

/// The height of the part above the frame of a panel.
fn head(panel: &Panel<'_>) -> i32 {
    HEAD + (panel.windows.len().min(ROWS) as i32 - 1).max(0) * ROW
}

/// The height of its frame: its lines are named beside it.
fn body(panel: &Panel<'_>) -> i32 {
    BODY.max(LINE * panel.series.len() as i32)
}

fn paint(area: &Area<'_>, panels: &[Panel<'_>], time: TimeAxis, alike: bool) -> Drawn {
    let axes = axes(panels, time);
    let mut top = 0;
    for panel in panels {
        let range = range(if alike { panels } else { std::slice::from_ref(panel) });
        let upright = upright(panel.unit, range, axes.time.bin_s);
        let frame = frame(&axes, &upright, (top + head(panel), body(panel)));
        let title = canvas::fitted(&panel.title, canvas::WIDTH - 16);
        canvas::write_bold(area, &title, (8, top + LINE / 2 + 8), Anchor::Left, INK)?;
        outages(area, &frame, &panel.windows)?;
        lines(area, &frame, panel, &upright, &axes)?;
        top += head(panel) + body(panel) + FOOT;
    }
    Ok(())
}

/// The shared axes, up to the last bin in which anything happened.
fn axes(panels: &[Panel<'_>], time: TimeAxis) -> Axes {
    let series = || panels.iter().flat_map(|panel| panel.series.iter().map(|series| (panel.unit, series)));
    let story = series().filter(|(_, series)| !matches!(series.look, Look::Dotted) || panels.len() == 1);
    // A share of 0 tells something, a count of 0 does not.
    let tells = |unit: Unit, value: f64| if unit == Unit::Share { value.is_finite() } else { value > 0.0 };
    let last = story.filter_map(|(unit, series)| series.bins.iter().rposition(|value| tells(unit, *value))).max();
    let bin_s = if time.bin_s > 0.0 { time.bin_s } else { 1.0 };
    let widest = series().map(|(_, series)| canvas::width_of(&series.name)).max().unwrap_or(0);
    let right = canvas::WIDTH - widest.min(WIDEST_LABEL) - 84;
    Axes { time: TimeAxis { bin_s, ..time }, end_s: last.map_or(1, |last| last + 1) as f64 * bin_s, right }
}

/// A vertical axis for this range, with a readable unit of rate. It begins at 0; where all shares are high, at a higher one.
fn upright(unit: Unit, (least, most): (f64, f64), bin_s: f64) -> Upright {
    let units = [(1.0, "per second"), (60.0, "per minute"), (3_600.0, "per hour")];
    let reads_well = |(seconds, _): &(f64, &str)| most / bin_s * seconds >= 1.0;
    let (scale, unit) = match unit {
        Unit::Share => {
            let floor = [0.9, 0.8].into_iter().find(|floor| least.is_finite() && least >= *floor);
            return Upright { least: floor.unwrap_or(0.0), most: 1.0, scale: 1.0, unit: "in time" };
        }
        Unit::There(what) => (1.0, what),
        Unit::Events => {
            let (seconds, unit) = units.into_iter().find(reads_well).unwrap_or(units[2]);
            (seconds / bin_s, unit)
        }
    };
    let most = most * scale * 1.05;
    Upright { least: 0.0, most: if most > 0.0 { most } else { 1.0 }, scale, unit }
}

fn frame(axes: &Axes, upright: &Upright, (top, body): (i32, i32)) -> Frame {
    let (left, right, bottom) = (165, axes.right, top + body);
    let x = Scale::linear((0.0, axes.end_s), (left, right));
    let y = Scale::linear((upright.least, upright.most), (bottom, top));
    Frame { left, top, right, bottom, x, y }
}

fn lines(area: &Area<'_>, frame: &Frame, panel: &Panel<'_>, upright: &Upright, axes: &Axes) -> Drawn {
    let ticks = match panel.unit {
        Unit::Share => frame::percent_ticks(upright.least, upright.most, 4),
        Unit::Events | Unit::There(_) => frame::number_ticks(upright.least, upright.most, 4),
    };
    frame.y_grid(area, &ticks)?;
    let ticks = match axes.time.starts_at {
        Some(starts_at) => frame::clock_ticks_across(&frame.x, axes.end_s, starts_at),
        None => frame::time_ticks_across(&frame.x, axes.end_s),
    };
    frame.x_axis(area, &ticks)?;
    canvas::write(area, upright.unit, (8, frame.top - 32), Anchor::Left, GREY)?;
    // The events of a bin are plotted at its middle, numbers present at its end.
    let within = if matches!(panel.unit, Unit::There(_)) { 1.0 } else { 0.5 };
    for one in &panel.series {
        for points in outlines(frame, &one.bins, upright.scale, within, axes.time.bin_s) {
            draw(area, &points, one.look)?;
        }
    }
    let named = panel.series.iter().enumerate();
    let named: Vec<_> = named.map(|(place, one)| (frame.top + LINE * place as i32, one.name.as_str())).collect();
    placing::at_right_end(area, frame, &named, WIDEST_LABEL, |from, to, place| {
        draw(area, &[from, to], panel.series[place].look)
    })
}

/// Lines through the bins, one for each stretch of them with numbers, extended to the start of its first and the end of its last bin.
fn outlines(frame: &Frame, bins: &[f64], scale: f64, within: f64, bin_s: f64) -> Vec<Vec<At>> {
    let at = |place: usize| (place as f64 + within) * bin_s;
    let inside = |place: usize| frame.x.holds(at(place));
    let edge = |place: usize| frame.x.at(place as f64 * bin_s).clamp(frame.left, frame.right);
    let numbered: Vec<_> = bins.iter().copied().enumerate().collect();
    let stretches = numbered.chunk_by(|(_, one), (_, next)| one.is_finite() == next.is_finite());
    let outline = |stretch: &[(usize, f64)]| {
        let shown = || stretch.iter().filter(|(place, value)| value.is_finite() && inside(*place));
        let mut points: Vec<_> = shown().map(|(place, value)| frame.at(at(*place), value * scale)).collect();
        let (&(first, _), &(last, _)) = (shown().next()?, shown().next_back()?);
        points.insert(0, (edge(first), points[0].1));
        points.push((edge(last + 1), points[points.len() - 1].1));
        Some(points)
    };
    stretches.filter_map(outline).collect()
}

fn draw(area: &Area<'_>, points: &[At], look: Look) -> Drawn {
    match look {
        Look::Background => canvas::stroke(area, points, BACKGROUND.stroke_width(9), (1, 0)),
        Look::Thing(place) => canvas::line(area, points, place),
        Look::Dotted => canvas::stroke(area, points, INK.stroke_width(3), (4, 7)),
    }
}

/// Shades the windows, and names them in two rows above the frame as far as there is room.
fn outages(area: &Area<'_>, frame: &Frame, windows: &[&OutageWindow]) -> Drawn {
    let shown: Vec<_> = windows.iter().filter(|window| frame.x.holds(window.from_s)).collect();
    let labels: Vec<_> = shown.iter().map(|window| label_of(window)).collect();
    let mut free = [frame.left; ROWS];
    for (place, (window, label)) in shown.iter().zip(&labels).enumerate() {
        let from = frame.x.at(window.from_s);
        let to = frame.x.at(window.to_s).max(from + 2);
        canvas::block(area, (from, frame.top), (to, frame.bottom), GREY, 0.18)?;
        let times = labels.iter().filter(|other| *other == label).count();
        if times <= OFTEN {
            name_outage(area, frame, (from, to), label, &mut free)?;
        } else if !labels.iter().take(place).any(|earlier| earlier == label) {
            name_outage(area, frame, (from, to), &format!("{label} ({times} times)"), &mut free)?;
        }
    }
    Ok(())
}

/// Writes `label` in the first row that is free there, over a bar as long as the outage; draws nothing where no row is free.
fn name_outage(area: &Area<'_>, frame: &Frame, (from, to): At, label: &str, free: &mut [i32; ROWS]) -> Drawn {
    let width = canvas::width_of(label);
    let start = from.min(canvas::WIDTH - width).max(frame.left);
    let Some(line) = free.iter().position(|free| *free <= start.min(from)) else { return Ok(()) };
    free[line] = to.max(start + width) + 16;
    let foot = frame.top - 2 - ROW * line as i32;
    canvas::write(area, label, (start, foot - 10 - LINE / 2), Anchor::Left, INK)?;
    canvas::block(area, (from, foot - 6), (to, foot), GREY, 1.0)
}

fn label_of(window: &OutageWindow) -> String {
    let effect = window.effect.replace('_', " ");
    let share = words::percent(window.share, 0);
    let part = if window.share < 1.0 { format!(", {share}") } else { String::new() };
    canvas::fitted(&format!("{} {effect}{part}", window.provider), 400)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panel(unit: Unit, bins: &[f64]) -> Panel<'static> {
        let series = vec![Series { name: "a".to_owned(), bins: bins.to_vec(), look: Look::Thing(0) }];
        Panel { title: String::new(), windows: Vec::new(), series, unit }
    }

    #[test]
    fn time_ends_with_the_last_bin_that_tells_something() {
        let bins = [1.0, 0.5, 0.0, 0.0, f64::NAN];
        let end = |unit| axes(&[panel(unit, &bins)], TimeAxis { bin_s: 10.0, starts_at: None }).end_s;
        assert_eq!((end(Unit::Share), end(Unit::Events), end(Unit::There("waiting"))), (40.0, 20.0, 20.0));
    }

    #[test]
    fn each_line_has_room_for_its_name() {
        let mut many = panel(Unit::Share, &[1.0]);
        assert_eq!(body(&many), BODY);
        many.series = (0..20).map(|_| panel(Unit::Share, &[1.0]).series.remove(0)).collect();
        assert_eq!(body(&many), 20 * LINE);
    }

    #[test]
    fn axes_of_high_shares_begin_above_zero() {
        let least = |least: f64| upright(Unit::Share, (least, 1.0), 1.0).least;
        assert_eq!([0.95, 0.85, 0.66, 0.0, f64::INFINITY].map(least), [0.9, 0.8, 0.0, 0.0, 0.0]);
    }
}
