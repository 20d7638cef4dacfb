//! What happened over time: a panel for each plan with arrivals, deliveries by channel and failovers, outages shaded.

use super::canvas::{self, Anchor, Area, At, Drawn, GREY, INK, LINE};
use super::frame::{self, Frame, Scale};
use super::{Figure, FigureError};
use crate::report::words;
use crate::study::{Findings, OutageWindow, PlanPicture, PlanResult};
use plotters::style::{Color, RGBColor};

const FILE: &str = "timeline.svg";
/// A line of outages: the name, and a bar as long as the outage.
const ROW: i32 = LINE + 12;
/// Above the frame of a panel: its name, and the unit beside the lower line of outages.
const HEAD: i32 = 2 * LINE + 24;
/// The most lines of outages.
const ROWS: usize = 2;
/// More outages of one kind than this are named once.
const OFTEN: usize = 3;
/// The height of the frame of a panel.
const BODY: i32 = 250;
/// Below the frame of a panel.
const FOOT: i32 = 80;
/// The most that labels at the right may take.
const WIDEST_LABEL: i32 = 350;
/// Arrivals are the background of the story.
const ARRIVALS: RGBColor = RGBColor(170, 170, 170);

/// Draws the figure.
pub(super) fn figure(findings: &Findings) -> Result<Figure, FigureError> {
    let shaded = if findings.pictures.outages.is_empty() {
        ""
    } else {
        " Shaded: outages of providers that the plan uses, with the share of the traffic that they hit."
    };
    let caption = format!(
        "How many arrive, how many each channel delivers, and how many move on to a next step (failovers), by the \
         clock of the simulation.{shaded}"
    );
    let panels = findings.results.plans.iter().zip(&findings.pictures.plans);
    let height = panels.map(|(plan, _)| head(plan, findings) + BODY + FOOT).sum::<i32>() + LINE;
    let svg = canvas::sheet(FILE, height, &caption, |area| paint(area, findings))?;
    Ok(Figure { file: FILE, title: "What happened over time", caption, svg })
}

/// The height of what stands above the frame of a plan's panel.
fn head(plan: &PlanResult, findings: &Findings) -> i32 {
    let outages = outages_of(plan, &findings.pictures.outages).len().min(ROWS) as i32;
    HEAD + (outages - 1).max(0) * ROW
}

/// How a series is drawn.
#[derive(Clone, Copy)]
enum Look {
    Background,
    Channel(usize),
    Failovers,
}

/// One line of a panel, in events per bin.
struct Series<'a> {
    name: String,
    bins: &'a [f64],
    look: Look,
}

/// What all panels share.
struct Axes {
    end_s: f64,
    most: f64,
    /// From events per bin to what the axis shows.
    per_bin: f64,
    unit: &'static str,
    /// Where all frames end, with room for the widest label.
    right: i32,
}

fn paint(area: &Area<'_>, findings: &Findings) -> Drawn {
    let pictures = &findings.pictures;
    let channels = super::order_of(pictures.plans.iter().flat_map(|plan| &plan.deliveries).map(|(name, _)| name));
    let panels: Vec<_> = pictures.plans.iter().map(|plan| series(plan, &pictures.arrivals, &channels)).collect();
    let axes = axes(&panels, pictures.bin_s);
    let mut top = 0;
    for (plan, series) in findings.results.plans.iter().zip(&panels) {
        let head = head(plan, findings);
        let frame = frame(&axes, top + head);
        canvas::write_bold(area, &canvas::fitted(&plan.name, 1_000), (8, top + LINE / 2 + 8), Anchor::Left, INK)?;
        outages(area, &frame, &outages_of(plan, &pictures.outages))?;
        panel(area, &frame, series, &axes, pictures.bin_s)?;
        top += head + BODY + FOOT;
    }
    Ok(())
}

/// A channel with a longer name than this stands in the legend without "delivered by".
const LONG: usize = 6;

fn series<'a>(plan: &'a PlanPicture, arrivals: &'a [f64], channels: &[&String]) -> Vec<Series<'a>> {
    let mut all = vec![Series { name: "arrivals".to_owned(), bins: arrivals, look: Look::Background }];
    for (name, bins) in &plan.deliveries {
        let place = channels.iter().position(|channel| *channel == name).unwrap_or(0);
        let name = if name.chars().count() > LONG { name.clone() } else { format!("delivered by {name}") };
        all.push(Series { name, bins, look: Look::Channel(place) });
    }
    if plan.deliveries.len() > 1 || plan.failovers.iter().any(|count| *count > 0.0) {
        all.push(Series { name: "failovers".to_owned(), bins: &plan.failovers, look: Look::Failovers });
    }
    all
}

/// One scale for all panels: to the last bin in which anything happened, to the highest bin, in a rate that reads well.
fn axes(panels: &[Vec<Series<'_>>], bin_s: f64) -> Axes {
    let all = || panels.iter().flatten().map(|series| series.bins);
    let last = all().filter_map(|bins| bins.iter().rposition(|count| *count > 0.0)).max().map_or(1, |last| last + 1);
    let most = all().flatten().copied().filter(|count| count.is_finite()).fold(0.0, f64::max);
    let bin_s = if bin_s > 0.0 { bin_s } else { 1.0 };
    let units = [(1.0, "per second"), (60.0, "per minute"), (3_600.0, "per hour")];
    let reads_well = |(seconds, _): &(f64, &str)| most / bin_s * seconds >= 1.0;
    let (seconds, unit) = units.into_iter().find(reads_well).unwrap_or(units[2]);
    let most = most / bin_s * seconds * 1.05;
    let widest = panels.iter().flatten().map(|series| canvas::width_of(&series.name)).max().unwrap_or(0);
    let right = canvas::WIDTH - widest.min(WIDEST_LABEL) - 84;
    let most = if most > 0.0 { most } else { 1.0 };
    Axes { end_s: last as f64 * bin_s, most, per_bin: seconds / bin_s, unit, right }
}

fn frame(axes: &Axes, top: i32) -> Frame {
    let (left, right, bottom) = (165, axes.right, top + BODY);
    let (x, y) = (Scale::linear((0.0, axes.end_s), (left, right)), Scale::linear((0.0, axes.most), (bottom, top)));
    Frame { left, top, right, bottom, x, y }
}

fn panel(area: &Area<'_>, frame: &Frame, series: &[Series<'_>], axes: &Axes, bin_s: f64) -> Drawn {
    frame.y_grid(area, &frame::number_ticks(0.0, axes.most, 4))?;
    frame.x_axis(area, &frame::time_ticks(axes.end_s))?;
    canvas::write(area, axes.unit, (8, frame.top - 32), Anchor::Left, GREY)?;
    for one in series {
        draw(area, &outline(frame, one.bins, axes.per_bin, bin_s), one.look)?;
    }
    let wanted: Vec<_> = (0..series.len()).map(|place| frame.top + LINE * place as i32).collect();
    let places = canvas::apart(&wanted, LINE, frame.top, frame.bottom - LINE / 2);
    for (one, y) in series.iter().zip(places) {
        draw(area, &[(frame.right + 14, y), (frame.right + 64, y)], one.look)?;
        let name = canvas::fitted(&one.name, WIDEST_LABEL);
        canvas::write(area, &name, (frame.right + 74, y), Anchor::Left, INK)?;
    }
    Ok(())
}

/// A line through the middles of the bins, from the start to the end of the first and last.
fn outline(frame: &Frame, bins: &[f64], per_bin: f64, bin_s: f64) -> Vec<At> {
    let middle = |(place, count): (usize, &f64)| frame.at((place as f64 + 0.5) * bin_s, count * per_bin);
    let inside = |place: &usize| frame.x.holds((*place as f64 + 0.5) * bin_s);
    let mut points: Vec<_> = bins.iter().enumerate().filter(|(place, _)| inside(place)).map(middle).collect();
    if let (Some(&(_, first)), Some(&(_, last))) = (points.first(), points.last()) {
        points.insert(0, (frame.left, first));
        points.push((frame.right.min(frame.x.at(bins.len() as f64 * bin_s)), last));
    }
    points
}

fn draw(area: &Area<'_>, points: &[At], look: Look) -> Drawn {
    match look {
        Look::Background => canvas::stroke(area, points, ARRIVALS.stroke_width(9), (1, 0)),
        Look::Channel(place) => canvas::line(area, points, place),
        Look::Failovers => canvas::stroke(area, points, INK.stroke_width(3), (4, 7)),
    }
}

fn outages_of<'a>(plan: &PlanResult, outages: &'a [OutageWindow]) -> Vec<&'a OutageWindow> {
    outages.iter().filter(|outage| plan.steps.iter().any(|step| step.provider == outage.provider)).collect()
}

/// Shades the windows, and names them in two lines above the frame as far as there is room.
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

/// Writes `label` in the first line that is free there, over a bar as long as the outage; nothing where none is.
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
