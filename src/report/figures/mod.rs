//! The figures of a report, as SVG text: made from the findings alone, so that equal runs produce identical bytes.

mod canvas;
mod capacity;
mod cost;
mod curves;
mod frame;
pub(super) mod heat;
mod in_time;
mod panels;
mod placing;
pub(super) mod response;
mod shares;
mod timeline;
pub(super) mod tradeoff;

use crate::report::words;
use crate::study::{GroupKind, RunOutput};

/// One figure, ready to be written to a file or embedded in a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Figure {
    /// The name of its file.
    pub file: String,
    /// Its heading.
    pub title: String,
    /// What it shows and how to read it, as visible text and for screen readers.
    pub caption: String,
    /// The picture, an `svg` element.
    pub svg: String,
}

/// A figure that could not be drawn: a bug in this program, reported without a panic.
#[derive(Debug)]
pub struct FigureError {
    figure: &'static str,
    reason: String,
}

impl std::fmt::Display for FigureError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot draw the figure {}: {}", self.figure, self.reason)
    }
}

impl std::error::Error for FigureError {}

/// All figures, in reading order.
///
/// # Errors
/// When the drawing library fails, which no data is known to cause.
pub fn figures(output: &RunOutput) -> Result<Vec<Figure>, FigureError> {
    let output = output.preferring_exact();
    let output = output.of_drawn();
    let output = output.as_ref();
    let streams = output.by_group(GroupKind::Stream);
    let segments = output.by_group(GroupKind::Segment);
    let mut figures = Vec::new();
    if streams.is_empty() {
        figures.extend([curves::figure(output)?, cost::figure(output)?, shares::figure(output)?]);
    }
    let segments = segments.iter().filter(|_| segments.len() <= MOST_SEGMENTS);
    for (index, (group, view)) in streams.iter().chain(segments).enumerate() {
        figures.push(of_group(curves::figure(view)?, index, &group.name));
        if group.plan.is_none() {
            let both = [cost::figure(view)?, shares::figure(view)?];
            figures.extend(both.map(|figure| of_group(figure, index, &group.name)));
        }
    }
    figures.push(timeline::figure(output)?);
    figures.extend(in_time::figure(output)?);
    figures.extend(capacity::figures(output)?);
    Ok(figures)
}

/// The figures of each segment are drawn for at most this many segments.
const MOST_SEGMENTS: usize = 6;

/// The figure of one group, with its own file name and title.
fn of_group(figure: Figure, index: usize, name: &str) -> Figure {
    let (stem, ending) = figure.file.split_once('.').unwrap_or((&figure.file, "svg"));
    let title = format!("{}: {}", words::shortened(name, LONGEST_NAME), lowered(&figure.title));
    Figure { file: format!("{stem}-{}.{ending}", index + 1), title, ..figure }
}

/// The longest name of a group in a title; longer ones are cut.
const LONGEST_NAME: usize = 40;

/// A title in the form that follows a colon.
fn lowered(title: &str) -> String {
    let mut letters = title.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Each name once, in order of first use: its index gives an item the same colour in every plan.
fn order_of<'a>(names: impl Iterator<Item = &'a String>) -> Vec<&'a String> {
    let mut order = Vec::new();
    for name in names {
        if !order.contains(&name) {
            order.push(name);
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::study::OutageWindow;

    /// Asserts that all numbers in each SVG are numbers, and that its elements are closed.
    fn assert_sound(output: &RunOutput) {
        for figure in figures(output).expect("drawn") {
            assert!(figure.svg.starts_with("<svg ") && figure.svg.trim_end().ends_with("</svg>"), "{}", figure.file);
            let numbers = figure.svg.split("aria-label").skip(1).collect::<String>();
            assert!(!numbers.contains("NaN") && !numbers.contains("inf"), "{}", figure.file);
            assert_eq!(figure.svg.matches("<text").count(), figure.svg.matches("</text>").count(), "{}", figure.file);
        }
    }

    #[test]
    fn any_number_of_plans_is_drawn() {
        (0..=12).for_each(|count| assert_sound(&fixture::with_plans(count)));
    }

    #[test]
    fn odd_findings_are_drawn() {
        assert_sound(&fixture::nobody());
        let mut output = fixture::bank_pin();
        output.results.plans[0].name = "a plan with a name & a < that nobody would choose ".repeat(20);
        output.results.plans[1].in_time.share = 1.0;
        output.results.plans[2].cost.per_recipient = 0.0;
        output.results.scenario.deadline_s = 1e-9;
        output.figure_data.arrivals = vec![1.0];
        output.figure_data.plans[0].curve = vec![(0.0, 1.0)];
        output.figure_data.plans[1].first_by_step = vec![1.0, 0.0, 0.0];
        assert_sound(&output);
    }

    #[test]
    fn numbers_that_are_none_do_not_reach_a_figure() {
        let mut output = fixture::bank_pin();
        output.results.plans[0].cost.per_recipient = f64::NAN;
        output.results.plans[1].in_time.high = Some(f64::INFINITY);
        output.figure_data.plans[0].first_by_step[0] = f64::NAN;
        output.figure_data.plans[0].failovers[3] = f64::NAN;
        output.figure_data.bin_s = 0.0;
        assert_sound(&output);
    }

    #[test]
    fn hundreds_of_outages_are_shaded() {
        let mut output = fixture::bank_pin();
        let window = output.figure_data.outages[0].clone();
        let nth =
            |n: u32| OutageWindow { from_s: f64::from(n) * 7.0, to_s: f64::from(n) * 7.0 + 3.0, ..window.clone() };
        output.figure_data.outages = (0..500).map(nth).collect();
        assert_sound(&output);
    }

    #[test]
    fn equal_findings_give_equal_bytes() {
        let output = fixture::bank_pin();
        assert_eq!(figures(&output).expect("drawn"), figures(&output).expect("drawn"));
    }
}
