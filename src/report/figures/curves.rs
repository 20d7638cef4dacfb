//! How soon the message comes: the share of recipients reached by the time since their arrival, a curve for each plan.

use super::canvas::{self, Anchor, Area, At, Drawn, GREY, INK, LINE};
use super::frame::{self, Frame, Scale};
use super::{Figure, FigureError};
use crate::report::words;
use crate::study::{Findings, Pictures};

const FILE: &str = "latency.svg";
const HEIGHT: i32 = 860;
const TOP: i32 = 110;
/// The most that labels at the right may take.
const WIDEST_LABEL: i32 = 420;
/// Shares below this do not decide where the time axis starts.
const FIRST_SHOWN: f64 = 0.002;

/// Draws the figure.
pub(super) fn figure(findings: &Findings) -> Result<Figure, FigureError> {
    let deadline = words::span(findings.results.scenario.deadline_s);
    let caption = format!(
        "The share of all recipients reached, by the time since each arrived; time runs in ratios. \
         Where a curve crosses the line at {deadline}, that share was in time; where it ends, the rest was never reached."
    );
    let svg = canvas::sheet(FILE, HEIGHT, &caption, |area| paint(area, findings))?;
    Ok(Figure { file: FILE, title: "How soon the message arrives", caption, svg })
}

fn paint(area: &Area<'_>, findings: &Findings) -> Drawn {
    let labels: Vec<_> = labels(findings);
    let room = labels.iter().map(|label| canvas::width_of(label)).max().unwrap_or(0);
    let frame = frame(findings, canvas::WIDTH - room - 80);
    frame.y_grid(area, &frame::percent_ticks(0.0, 1.0, 5))?;
    frame.x_axis(area, &frame::log_time_ticks(&frame.x))?;
    frame.titles(area, "time since arrival", "recipients reached")?;
    deadline(area, &frame, findings.results.scenario.deadline_s)?;
    let ends = curves(area, &frame, &findings.pictures)?;
    end_labels(area, &frame, &ends, &labels)
}

/// `viber-first 98.9 %` for each plan, cut to the room there is.
fn labels(findings: &Findings) -> Vec<String> {
    let label = |plan: &crate::study::PlanResult| {
        let share = words::percent(plan.delivered.share, 1);
        let name = canvas::fitted(&plan.name, WIDEST_LABEL - canvas::width_of(&share) - 20);
        format!("{name}{}{share}", canvas::APART)
    };
    findings.results.plans.iter().map(label).collect()
}

fn frame(findings: &Findings, right: i32) -> Frame {
    let (left, bottom) = (140, HEIGHT - 110);
    let x = Scale::log(ends_of_time(&findings.pictures, findings.results.scenario.deadline_s), (left, right));
    Frame { left, top: TOP, right, bottom, x, y: Scale::linear((0.0, 1.0), (bottom, TOP)) }
}

/// From where the first curve rises to where the last one ends, the deadline between them.
fn ends_of_time(pictures: &Pictures, deadline: f64) -> (f64, f64) {
    let points = pictures.plans.iter().flat_map(|plan| &plan.curve).filter(|(time, share)| *time > 0.0 && *share > 0.0);
    let shown = points.clone().filter(|(_, share)| *share >= FIRST_SHOWN);
    let low = shown.map(|(time, _)| *time).fold(deadline / 2.0, f64::min);
    let high = points.map(|(time, _)| *time).fold(deadline * 2.0, f64::max);
    (low, high * 1.02)
}

fn deadline(area: &Area<'_>, frame: &Frame, seconds: f64) -> Drawn {
    let x = frame.x.at(seconds);
    canvas::dotted(area, (x, frame.top), (x, frame.bottom), INK)?;
    let text = format!("deadline {}", words::span(seconds));
    let half = canvas::width_of(&text) / 2;
    let middle = x.clamp(frame.left + half, (canvas::WIDTH - half - 8).max(frame.left + half));
    let title_ends = 8 + canvas::width_of("recipients reached") + 24;
    canvas::write_bold(area, &text, (middle.max(title_ends + half), frame.top - LINE), Anchor::Centre, INK)
}

/// Draws all curves and says where they end.
fn curves(area: &Area<'_>, frame: &Frame, pictures: &Pictures) -> Result<Vec<At>, canvas::Failure> {
    let mut ends = Vec::new();
    for (place, plan) in pictures.plans.iter().enumerate() {
        let points = outline(frame, &plan.curve);
        canvas::line(area, &points, place)?;
        ends.extend(points.last());
    }
    Ok(ends)
}

/// A curve from the left end to the right end of the frame, with at most one point a unit.
fn outline(frame: &Frame, curve: &[(f64, f64)]) -> Vec<At> {
    let seen = curve.iter().filter(|(time, _)| frame.x.holds(*time));
    let before = curve.iter().take_while(|(time, _)| !frame.x.holds(*time)).last();
    let start = frame.y.at(before.map_or(0.0, |(_, share)| *share));
    let mut points = vec![(frame.left, start)];
    points.extend(seen.map(|(time, share)| frame.at(*time, *share)));
    let end = curve.last().map_or(frame.y.at(0.0), |(_, share)| frame.y.at(*share));
    points.push((frame.right, end));
    points.dedup();
    points
}

/// Names the curves at their ends, nudged apart and tied to them.
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
