//! The figures of a report, as SVG text: made from the findings alone, so that equal runs produce identical bytes.

mod canvas;
mod capacity;
mod cost;
mod curves;
mod frame;
pub(super) mod heat;
mod panels;
mod placing;
pub(super) mod response;
mod shares;
mod timeline;

use crate::report::words;
use crate::study::RunOutput;

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
pub fn figures(findings: &RunOutput) -> Result<Vec<Figure>, FigureError> {
    let findings = findings.of_drawn();
    let findings = findings.as_ref();
    let groups = findings.by_group();
    let mut figures = Vec::new();
    if groups.is_empty() {
        figures.extend([curves::figure(findings)?, cost::figure(findings)?, shares::figure(findings)?]);
    }
    for (index, (group, view)) in groups.iter().enumerate() {
        figures.push(of_group(curves::figure(view)?, index, &group.name));
        if group.plan.is_none() {
            let both = [cost::figure(view)?, shares::figure(view)?];
            figures.extend(both.map(|figure| of_group(figure, index, &group.name)));
        }
    }
    figures.push(timeline::figure(findings)?);
    figures.extend(capacity::figures(findings)?);
    Ok(figures)
}

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
    fn assert_sound(findings: &RunOutput) {
        for figure in figures(findings).expect("drawn") {
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
        let mut findings = fixture::bank_pin();
        findings.results.plans[0].name = "a plan with a name & a < that nobody would choose ".repeat(20);
        findings.results.plans[1].in_time.share = 1.0;
        findings.results.plans[2].cost.per_recipient = 0.0;
        findings.results.scenario.deadline_s = 1e-9;
        findings.pictures.arrivals = vec![1.0];
        findings.pictures.plans[0].curve = vec![(0.0, 1.0)];
        findings.pictures.plans[1].first_by_step = vec![1.0, 0.0, 0.0];
        assert_sound(&findings);
    }

    #[test]
    fn numbers_that_are_none_do_not_reach_a_figure() {
        let mut findings = fixture::bank_pin();
        findings.results.plans[0].cost.per_recipient = f64::NAN;
        findings.results.plans[1].in_time.high = Some(f64::INFINITY);
        findings.pictures.plans[0].first_by_step[0] = f64::NAN;
        findings.pictures.plans[0].failovers[3] = f64::NAN;
        findings.pictures.bin_s = 0.0;
        assert_sound(&findings);
    }

    #[test]
    fn hundreds_of_outages_are_shaded() {
        let mut findings = fixture::bank_pin();
        let window = findings.pictures.outages[0].clone();
        let nth =
            |n: u32| OutageWindow { from_s: f64::from(n) * 7.0, to_s: f64::from(n) * 7.0 + 3.0, ..window.clone() };
        findings.pictures.outages = (0..500).map(nth).collect();
        assert_sound(&findings);
    }

    #[test]
    fn equal_findings_give_equal_bytes() {
        let findings = fixture::bank_pin();
        assert_eq!(figures(&findings).expect("drawn"), figures(&findings).expect("drawn"));
    }
}
