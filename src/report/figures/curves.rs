//! How soon messages arrive: the share of recipients reached by the time since their arrival, a curve for each plan.

use super::canvas::{self, Anchor, Area, At, Drawn, GREY, INK, LINE};
use super::frame::{self, Frame, Scale};
use super::{Figure, FigureError};
use crate::report::words;
use crate::study::{FigureData, RunOutput};

const FILE: &str = "latency.svg";
const HEIGHT: i32 = 860;
const TOP: i32 = 110;
const Y_TITLE: &str = "share of recipients delivered";
/// The largest width of the labels on the right.
const WIDEST_LABEL: i32 = 600;
/// Curves nearer than this cannot be told apart.
const TOGETHER: i32 = 6;
/// The length of each curve's stripe where curves overlap.
const STRIPE: i32 = 26;
/// Shares below this do not count for the start of the time axis.
const FIRST_SHOWN: f64 = 0.002;
/// The time axis ends where all curves are within this share of their final values.
const LAST_SHOWN: f64 = 0.002;

/// Draws the figure.
pub(super) fn figure(output: &RunOutput) -> Result<Figure, FigureError> {
    let deadline = words::span(output.results.scenario.deadline_s);
    let caption = format!(
        "The share of recipients who have the message by each time since arrival (logarithmic axis); its height at the line at \
         {deadline} is the share in time. The numbers on the right are the final shares. Equal curves are drawn as one \
         striped line."
    );
    let svg = canvas::sheet(FILE, HEIGHT, &caption, |area| paint(area, output))?;
    Ok(Figure { file: FILE.to_owned(), title: "Delivery by time since arrival".to_owned(), caption, svg })
}

fn paint(area: &Area<'_>, output: &RunOutput) -> Drawn {
    let labels: Vec<_> = labels(output);
    let room = labels.iter().map(|label| canvas::width_of(label)).max().unwrap_or(0);
    let frame = frame(output, canvas::WIDTH - room - 80);
    frame.y_grid(area, &frame::percent_ticks(0.0, 1.0, 5))?;
    frame.x_axis(area, &frame::log_time_ticks(&frame.x))?;
    frame.titles(area, "time since arrival", Y_TITLE)?;
    deadline(area, &frame, output.results.scenario.deadline_s)?;
    let ends = curves(area, &frame, &output.figure_data)?;
    end_labels(area, &frame, &ends, &labels)
}

/// The label `viber-first 98.9 %` for each plan, shortened to the room available.
fn labels(output: &RunOutput) -> Vec<String> {
    let label = |plan: &crate::study::PlanResult| {
        let share = words::percent(plan.delivered.share, 1);
        let name = canvas::fitted(&plan.name, WIDEST_LABEL - canvas::width_of(&share) - 20);
        format!("{name}{}{share}", canvas::APART)
    };
    output.results.plans.iter().map(label).collect()
}

fn frame(output: &RunOutput, right: i32) -> Frame {
    let (left, bottom) = (140, HEIGHT - 110);
    let x = Scale::log(ends_of_time(&output.figure_data, output.results.scenario.deadline_s), (left, right));
    Frame { left, top: TOP, right, bottom, x, y: Scale::linear((0.0, 1.0), (bottom, TOP)) }
}

/// The ends of the time axis: from where the first curve rises to where the last one has all but levelled off, with the deadline in
/// between.
fn ends_of_time(figure_data: &FigureData, deadline: f64) -> (f64, f64) {
    let points =
        figure_data.plans.iter().flat_map(|plan| &plan.curve).filter(|(time, share)| *time > 0.0 && *share > 0.0);
    let shown = points.filter(|(_, share)| *share >= FIRST_SHOWN);
    let low = shown.map(|(time, _)| *time).fold(deadline / 2.0, f64::min);
    let high = figure_data.plans.iter().map(|plan| settled(&plan.curve)).fold(deadline * 2.0, f64::max);
    (low, high * 1.1)
}

/// The time from which a curve's further rise is no longer visible.
fn settled(curve: &[(f64, f64)]) -> f64 {
    let end = curve.last().map_or(0.0, |(_, share)| *share);
    curve.iter().find(|(_, share)| *share >= end - LAST_SHOWN).map_or(0.0, |(time, _)| *time)
}

fn deadline(area: &Area<'_>, frame: &Frame, seconds: f64) -> Drawn {
    let x = frame.x.at(seconds);
    canvas::dotted(area, (x, frame.top), (x, frame.bottom), INK)?;
    let text = format!("deadline {}", words::span(seconds));
    let half = canvas::width_of(&text) / 2;
    let middle = x.clamp(frame.left + half, (canvas::WIDTH - half - 8).max(frame.left + half));
    let title_ends = 8 + canvas::width_of(Y_TITLE) + 24;
    canvas::write_bold(area, &text, (middle.max(title_ends + half), frame.top - LINE), Anchor::Centre, INK)
}

/// Draws all curves, in stripes where they overlap, with a mark on each, and returns their end points.
fn curves(area: &Area<'_>, frame: &Frame, figure_data: &FigureData) -> Result<Vec<At>, canvas::Failure> {
    let curves: Vec<_> = figure_data.plans.iter().map(|plan| outline(frame, &plan.curve)).collect();
    for (place, points) in curves.iter().enumerate() {
        canvas::solid(area, points, place)?;
    }
    for place in 0..curves.len() {
        for stripe in stripes(&curves, place) {
            canvas::solid(area, stripe, place)?;
        }
    }
    for (place, points) in curves.iter().enumerate() {
        if let Some(at) = place_of_mark(frame, points, place, curves.len()) {
            canvas::mark(area, at, place)?;
        }
    }
    Ok(curves.iter().filter_map(|points| points.last().copied()).collect())
}

/// A curve from the left to the right edge of the frame, one point per unit: the share of the last point before it.
fn outline(frame: &Frame, curve: &[(f64, f64)]) -> Vec<At> {
    let mut next = 0;
    let point = |x: i32| {
        let time = frame.x.value(x);
        next += curve[next..].iter().take_while(|(other, _)| *other <= time).count();
        let share = next.checked_sub(1).map_or(0.0, |last| curve[last].1);
        (x, frame.y.at(share))
    };
    (frame.left..=frame.right.max(frame.left)).map(point).collect()
}

/// The stretches of a curve to draw in its own colour where curves overlap: the curves take turns.
fn stripes(curves: &[Vec<At>], place: usize) -> impl Iterator<Item = &[At]> {
    let own = &curves[place];
    let is_turn = move |at: usize| {
        let (x, y) = own[at];
        let near = |other: &&Vec<At>| (other[at].1 - y).abs() < TOGETHER;
        let (before, all) = (curves[..place].iter().filter(near).count(), curves.iter().filter(near).count());
        let first = curves.iter().find(near).map_or(y, |first| first[at].1);
        all > 1 && ((x - first).max(0) / STRIPE) as usize % all == before
    };
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = (from..own.len()).find(|&at| is_turn(at))?;
        from = (start..own.len()).find(|&at| !is_turn(at)).unwrap_or(own.len());
        Some(&own[start..own.len().min(from + 1)])
    })
}

/// The position of a curve's mark: where the curve rises, at a different height for each curve.
fn place_of_mark(frame: &Frame, points: &[At], place: usize, count: usize) -> Option<At> {
    let rise = f64::from(frame.bottom - points.last()?.1);
    let wanted = frame.bottom - (rise * (0.2 + 0.6 * (place as f64 + 0.5) / count as f64)) as i32;
    let at = *points.iter().find(|(_, y)| *y <= wanted)?;
    (rise > 0.0).then_some(at)
}

/// Labels the curves at their ends, moved apart and connected to them.
fn end_labels(area: &Area<'_>, frame: &Frame, ends: &[At], labels: &[String]) -> Drawn {
    let wanted: Vec<_> = ends.iter().map(|(_, y)| *y).collect();
    let places = canvas::apart(&wanted, LINE, frame.top, frame.bottom);
    for (place, ((end, y), label)) in ends.iter().zip(places).zip(labels).enumerate() {
        canvas::rule(area, *end, (frame.right + 30, y), GREY)?;
        canvas::mark(area, (frame.right + 42, y), place)?;
        canvas::write(area, label, (frame.right + 64, y), Anchor::Left, INK)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn time_ends_where_nothing_more_is_to_be_seen() {
        let mut figure_data = fixture::bank_pin().figure_data;
        figure_data.plans.truncate(1);
        figure_data.plans[0].curve = vec![(1.0, 0.5), (300.0, 0.899), (50_000.0, 0.9)];
        assert_eq!(ends_of_time(&figure_data, 60.0), (1.0, 330.0));
        assert_eq!(ends_of_time(&figure_data, 600.0), (1.0, 1_320.0));
    }

    #[test]
    fn each_of_the_curves_that_coincide_is_seen() {
        let straight: Vec<At> = (0..500).map(|x| (x, 0)).collect();
        let apart: Vec<At> = (0..500).map(|x| (x, 300)).collect();
        let curves = [straight.clone(), straight.clone(), apart, straight];
        let lengths = [0, 1, 2, 3].map(|place| stripes(&curves, place).map(|part| part.len() - 1).sum::<usize>());
        assert_eq!(lengths[2], 0);
        assert!([0, 1, 3].iter().all(|&place| lengths[place] > 130), "{lengths:?}");
    }
}
