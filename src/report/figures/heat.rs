//! How a measure responds when two values of the scenario, numbers or words, are varied: a cell for each pair of values.

use super::canvas::{self, Anchor, Area, Drawn, GREY, INK, LINE};
use super::{Figure, FigureError, frame};
use plotters::style::RGBColor;

const TOP: i32 = 120;
/// The height of a row, unless there are many.
const ROW: i32 = 84;
/// The largest height of all rows together.
const TALLEST: i32 = 1_100;
/// The smallest height of all rows together, so that the colour scale has room.
const SHORTEST: i32 = 240;
/// The width of the colour scale to the right of the cells; its numbers come beside it.
const SCALE: i32 = 36;
const SCALE_NAMES: i32 = 190;
/// The number of steps in the colour scale.
const STEPS: i32 = 40;
/// The largest width of the names on the left.
const WIDEST_NAME: i32 = 300;
/// The colour of cells without a value.
const NOTHING: RGBColor = RGBColor(170, 170, 170);

/// The contents of the figure.
pub(in crate::report) struct Heat {
    pub(in crate::report) file: String,
    pub(in crate::report) title: String,
    /// The name of the measure.
    pub(in crate::report) measured: String,
    /// The parameters varied downwards and across, each with its values.
    pub(in crate::report) down: (String, Vec<String>),
    pub(in crate::report) across: (String, Vec<String>),
    /// A row for each value of the first parameter; each cell has its number and the text to show.
    pub(in crate::report) rows: Vec<Vec<Option<(f64, String)>>>,
}

/// Draws the figure.
pub(in crate::report) fn figure(heat: &Heat) -> Result<Figure, FigureError> {
    let caption = format!(
        "{} for each value of {} (down) and of {} (across); darker is higher.",
        heat.title, heat.down.0, heat.across.0
    );
    let rows = (heat.down.1.len() as i32).max(1);
    let height = TOP + (ROW * rows).clamp(SHORTEST, TALLEST) + 3 * LINE;
    let svg = canvas::sheet("heat", height, &caption, |area| paint(area, heat, height - 3 * LINE))?;
    Ok(Figure { file: heat.file.clone(), title: heat.title.clone(), caption, svg })
}

fn paint(area: &Area<'_>, heat: &Heat, bottom: i32) -> Drawn {
    let widest = heat.down.1.iter().map(|name| canvas::width_of(name)).max().unwrap_or(0).min(WIDEST_NAME);
    let (left, right) = (widest + 30, canvas::WIDTH - SCALE - SCALE_NAMES - 40);
    let numbers = heat.rows.iter().flatten().flatten().map(|(number, _)| *number);
    let (low, high) = frame::hull(numbers).unwrap_or((0.0, 1.0));
    let part = |number: f64| if high > low { ((number - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 };
    let column = |position: usize| left + (right - left) * position as i32 / heat.across.1.len().max(1) as i32;
    let row = |position: usize| TOP + (bottom - TOP) * position as i32 / heat.down.1.len().max(1) as i32;
    for (i, fields) in heat.rows.iter().enumerate() {
        for (j, field) in fields.iter().enumerate() {
            let (from, to) = ((column(j), row(i)), (column(j + 1) - 2, row(i + 1) - 2));
            let ground = field.as_ref().filter(|(number, _)| number.is_finite());
            let colour = ground.map_or(NOTHING, |(number, _)| shade(part(*number)));
            canvas::block(area, from, to, colour, 1.0)?;
            let text = field.as_ref().map_or("–", |(_, text)| text);
            if to.0 - from.0 > canvas::width_of(text) + 8 && to.1 - from.1 >= LINE {
                let middle = ((from.0 + to.0) / 2, (from.1 + to.1) / 2);
                canvas::write(area, text, middle, Anchor::Centre, canvas::ink_on(colour))?;
            }
        }
    }
    let wide = (right - left) / heat.across.1.len().max(1) as i32 - 16;
    for (position, name) in thinned(&heat.across.1, wide) {
        let at = ((column(position) + column(position + 1)) / 2, bottom + LINE / 2 + 6);
        canvas::write(area, name, at, Anchor::Centre, GREY)?;
    }
    let every = LINE / ((bottom - TOP) / heat.down.1.len().max(1) as i32).max(1) + 1;
    for (position, name) in heat.down.1.iter().enumerate().step_by(every.max(1) as usize) {
        let at = (left - 14, (row(position) + row(position + 1)) / 2);
        canvas::write(area, &canvas::fitted(name, WIDEST_NAME), at, Anchor::Right, GREY)?;
    }
    canvas::write(area, &heat.down.0, (8, TOP - LINE), Anchor::Left, INK)?;
    canvas::write(area, &heat.across.0, (right, bottom + LINE * 3 / 2 + 12), Anchor::Right, INK)?;
    scale(area, heat, (right + 30, bottom), (low, high))
}

/// Every n-th of the names, each with its index, so that they do not overlap.
fn thinned(names: &[String], wide: i32) -> impl Iterator<Item = (usize, &String)> {
    let widest = names.iter().map(|name| canvas::width_of(name)).max().unwrap_or(1);
    let every = if wide > 0 { (widest / wide + 1) as usize } else { names.len().max(1) };
    names.iter().enumerate().step_by(every)
}

/// Draws the colour scale with its labels.
fn scale(area: &Area<'_>, heat: &Heat, (left, bottom): (i32, i32), (low, high): (f64, f64)) -> Drawn {
    for step in 0..STEPS {
        let at = |step: i32| bottom - (bottom - TOP) * step / STEPS;
        let part = f64::from(step) / f64::from(STEPS - 1);
        canvas::block(area, (left, at(step + 1)), (left + SCALE, at(step)), shade(part), 1.0)?;
    }
    let text_of = |number: f64| {
        let mut fields = heat.rows.iter().flatten().flatten();
        fields.find(|(other, _)| *other == number).map(|(_, text)| text.clone()).unwrap_or_default()
    };
    for (number, y) in [(high, TOP + LINE / 2), (low, bottom - LINE / 2)] {
        let text = canvas::fitted(&text_of(number), SCALE_NAMES);
        canvas::write(area, &text, (left + SCALE + 14, y), Anchor::Left, GREY)?;
    }
    let title = canvas::fitted(&heat.measured, 600);
    canvas::write(area, &title, (canvas::WIDTH - 8, TOP - LINE), Anchor::Right, INK)
}

/// A shade from pale to dark blue, by way of the first colour of Okabe and Ito.
fn shade(part: f64) -> RGBColor {
    const STOPS: [(f64, f64, f64); 3] = [(236.0, 243.0, 248.0), (86.0, 160.0, 205.0), (0.0, 62.0, 110.0)];
    let (from, to, part) =
        if part < 0.5 { (STOPS[0], STOPS[1], part * 2.0) } else { (STOPS[1], STOPS[2], part * 2.0 - 1.0) };
    let mix = |a: f64, b: f64| (a + (b - a) * part).round() as u8;
    RGBColor(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}
