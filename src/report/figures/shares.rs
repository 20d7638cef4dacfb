//! Which step reached the recipients first, and what share was not reached: a stacked bar for each plan.

use super::canvas::{self, Anchor, Area, Drawn, INK, LINE, PALE};
use super::{Figure, FigureError};
use crate::report::{grid, words};
use crate::study::{PlanFigureData, PlanResult, RunOutput};
use plotters::style::RGBColor;

const FILE: &str = "steps.svg";
const LEFT: i32 = 20;
const RIGHT: i32 = canvas::WIDTH - 20;
const TOP: i32 = 20;
/// The height of a bar.
const BAR: i32 = 64;
/// The gap between one plan and the next.
const GAP: i32 = 30;
/// The gap between one label below a bar and the next.
const KEY_GAP: i32 = 30;
/// Shares that round to zero are not drawn.
const LEAST: f64 = 5e-5;

/// Draws the figure.
pub(super) fn figure(output: &RunOutput) -> Result<Figure, FigureError> {
    let caption =
        "The step whose message was delivered first, as shares of all recipients; the pale rest got no message. \
                   A provider has the same colour in every plan."
            .to_owned();
    let bars: Vec<_> = bars(output);
    let height = TOP + bars.iter().map(|bar| bar.height() + GAP).sum::<i32>();
    let svg = canvas::sheet(FILE, height, &caption, |area| paint(area, &bars))?;
    Ok(Figure { file: FILE.to_owned(), title: "Which step delivered".to_owned(), caption, svg })
}

/// The bar of one plan.
struct Bar {
    name: String,
    parts: Vec<Part>,
    /// The segments labelled below the bar, in rows.
    below: Vec<Vec<usize>>,
}

/// One segment of a bar, in units of the sheet.
struct Part {
    label: String,
    colour: RGBColor,
    from: i32,
    to: i32,
}

impl Bar {
    fn height(&self) -> i32 {
        LINE + BAR + self.below.len() as i32 * LINE
    }
}

fn bars(output: &RunOutput) -> Vec<Bar> {
    let providers =
        super::order_of(output.results.plans.iter().flat_map(|plan| &plan.steps).map(|step| &step.provider));
    let pairs = output.results.plans.iter().zip(&output.figure_data.plans);
    pairs.map(|(plan, data)| bar(plan, data, &providers)).collect()
}

fn bar(plan: &PlanResult, data: &PlanFigureData, providers: &[&String]) -> Bar {
    let mut parts = Vec::new();
    let mut sum = 0.0;
    for (step, share) in plan.steps.iter().zip(&data.first_by_step) {
        let index = providers.iter().position(|name| **name == step.provider).unwrap_or(0);
        parts.extend(part(&grid::step_name(step), canvas::colour(index), sum, *share));
        sum += share.max(0.0);
    }
    parts.extend(part("not delivered", PALE, sum, 1.0 - sum));
    let below = lines_below(&parts);
    Bar { name: canvas::fitted(&plan.name, RIGHT - LEFT), parts, below }
}

fn part(name: &str, colour: RGBColor, from: f64, share: f64) -> Option<Part> {
    let x_of = |share: f64| LEFT + (share.clamp(0.0, 1.0) * f64::from(RIGHT - LEFT)).round() as i32;
    let label = format!("{}{}{}", canvas::fitted(name, 420), canvas::APART, words::percent(share, 1));
    (share >= LEAST).then(|| Part { label, colour, from: x_of(from), to: x_of(from + share) })
}

/// The segments too narrow for their labels, in as many rows as they need.
fn lines_below(parts: &[Part]) -> Vec<Vec<usize>> {
    let mut lines: Vec<Vec<usize>> = Vec::new();
    let mut used = RIGHT;
    for (index, part) in parts.iter().enumerate().filter(|(_, part)| !fits(part)) {
        let width = key_width(part);
        if used + width > RIGHT {
            lines.push(Vec::new());
            used = LEFT;
        }
        used += width;
        if let Some(line) = lines.last_mut() {
            line.push(index);
        }
    }
    lines
}

/// Whether a segment has room for its label, in bold letters, which are a tenth wider.
fn fits(part: &Part) -> bool {
    canvas::width_of(&part.label) * 11 / 10 + 20 <= part.to - part.from
}

/// The width of a swatch, a label and the gap after it.
fn key_width(part: &Part) -> i32 {
    canvas::width_of(&part.label) + 30 + KEY_GAP
}

fn paint(area: &Area<'_>, bars: &[Bar]) -> Drawn {
    let mut top = TOP;
    for bar in bars {
        canvas::write_bold(area, &bar.name, (LEFT, top + LINE / 2), Anchor::Left, INK)?;
        parts(area, &bar.parts, top + LINE)?;
        keys(area, bar, top + LINE + BAR)?;
        top += bar.height() + GAP;
    }
    Ok(())
}

fn parts(area: &Area<'_>, parts: &[Part], top: i32) -> Drawn {
    for part in parts {
        canvas::block(area, (part.from, top), (part.to - 2, top + BAR), part.colour, 1.0)?;
        if fits(part) {
            let ink = canvas::ink_on(part.colour);
            canvas::write_bold(area, &part.label, (part.from + 14, top + BAR / 2), Anchor::Left, ink)?;
        }
    }
    Ok(())
}

/// Draws the labels that did not fit into their segments, each with a swatch, right-aligned since narrow segments are mostly on the right.
fn keys(area: &Area<'_>, bar: &Bar, top: i32) -> Drawn {
    for (line, indices) in bar.below.iter().enumerate() {
        let keys: Vec<_> = indices.iter().filter_map(|&index| bar.parts.get(index)).collect();
        let y = top + LINE * line as i32 + LINE / 2 + 4;
        let mut x = RIGHT - keys.iter().map(|part| key_width(part)).sum::<i32>() + KEY_GAP;
        for part in keys {
            canvas::block(area, (x, y - 10), (x + 20, y + 10), part.colour, 1.0)?;
            canvas::write(area, &part.label, (x + 30, y), Anchor::Left, INK)?;
            x += key_width(part);
        }
    }
    Ok(())
}
