//! The tables in a terminal: the finding first, then plans, differences and steps.

use super::grid::{self, Grid, Shape};
use super::{finding, layout, notes, words};
use crate::study::{GroupKind, Intervals, Results, RunOutput};
use crate::text::plain;
use anstyle::{Effects, Style};

/// The longest name shown [columns]; longer ones are cut.
const LONGEST_NAME: usize = 24;
/// With more plans than this, not all pairs of plans are shown.
const MOST_PLANS_IN_PAIRS: usize = 3;
/// The narrowest terminal width that is used as reported.
const NARROWEST: u16 = 40;

/// The properties of the terminal to print to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terminal {
    /// Its width in columns.
    pub width: u16,
    /// Whether headings are set in bold; style alone carries no meaning.
    pub color: bool,
}

impl Default for Terminal {
    fn default() -> Self {
        Self { width: 100, color: false }
    }
}

/// The finding, its notes and the tables, for a terminal. Ends with a line feed.
#[must_use]
pub fn table(output: &RunOutput, terminal: Terminal) -> String {
    let output = &*output.preferring_exact();
    let results = &output.results;
    let terminal = Terminal { width: terminal.width.max(NARROWEST), ..terminal };
    let mut text = heading(&finding(results), terminal);
    for note in notes(results) {
        text.push_str(&paragraph(&format!("note: {note}"), terminal));
    }
    let groups = results.by_group(GroupKind::Stream);
    for (group, view) in &groups {
        let own = group.plan.as_ref().map(|plan| format!(" (always follows {plan})")).unwrap_or_default();
        let title = format!("{}{own}: {}", group.name, size_of(view));
        text.push_str(&section(titled(grid::plans(view), &title), terminal));
        // A stream with a plan of its own is there only for its effect on the others.
        if own.is_empty() {
            text.push_str(&differences(view, terminal));
            text.push_str(&section(grid::steps(view), terminal));
        }
    }
    if groups.is_empty() {
        text.push_str(&section(titled(grid::plans(results), &format!("Plans: {}", size_of(results))), terminal));
        text.push_str(&differences(results, terminal));
        text.push_str(&section(grid::steps(results), terminal));
    } else {
        text.push_str(&section(titled(grid::plans(results), "All streams together"), terminal));
    }
    if let Some(grid) = grid::segments(results) {
        text.push_str(&section(grid, terminal));
    }
    for grid in [grid::capacity(output), grid::callbacks(results)].into_iter().flatten() {
        text.push_str(&section(grid, terminal));
    }
    text.replace(words::NBSP, " ")
}

fn titled(grid: Grid, title: &str) -> Grid {
    Grid { caption: title.to_owned(), ..grid }
}

/// The size of the run, and how to read the errors.
fn size_of(results: &Results) -> String {
    let facts = &results.scenario;
    let count = |n: f64, one, many| format!("{} {}", words::count(n), words::plural(n, one, many));
    let mut size = count(facts.recipients as f64, "recipient", "recipients");
    if facts.replications > 1 {
        size = format!("means of {} replications of {size}", words::count(f64::from(facts.replications)));
    }
    let errors = if facts.intervals == Intervals::Unknown { "" } else { "; ± and ranges are 95 % intervals" };
    let exact = words::exact(results).map(|exact| format!("; {exact}")).unwrap_or_default();
    format!("{size}, seed {}{exact}{errors}", facts.seed)
}

/// The differences between plans: of all pairs while there are few, otherwise of each plan to the first.
fn differences(results: &Results, terminal: Terminal) -> String {
    if results.plans.len() <= MOST_PLANS_IN_PAIRS {
        return grid::comparisons(results).map_or_else(String::new, |grid| section(grid, terminal));
    }
    let grid = grid::differences_to_first(results).map_or_else(String::new, |grid| section(grid, terminal));
    grid + &paragraph("All pairs of plans are in the report and in the output of --format json.", terminal)
}

/// `text` wrapped, in bold where styles are wanted, and ending with a line feed.
pub(super) fn heading(text: &str, terminal: Terminal) -> String {
    let style = if terminal.color { Style::new().effects(Effects::BOLD) } else { Style::new() };
    let text = layout::wrapped(&plain(text), usize::from(terminal.width));
    format!("{style}{text}{style:#}\n")
}

fn paragraph(text: &str, terminal: Terminal) -> String {
    layout::wrapped(&plain(text), usize::from(terminal.width)) + "\n"
}

/// A blank line, and a grid with its caption.
pub(super) fn section(mut grid: Grid, terminal: Terminal) -> String {
    shorten_names(&mut grid);
    if grid.shape == Shape::List {
        blank_repeats(&mut grid);
    }
    format!("\n{}{}", heading(&grid.caption, terminal), layout::laid_out(&grid, usize::from(terminal.width)))
}

fn shorten_names(grid: &mut Grid) {
    for column in &mut grid.columns {
        column.name = words::shortened(&column.name, LONGEST_NAME);
    }
    let named = layout::names(grid);
    for cell in grid.rows.iter_mut().flat_map(|row| row.iter_mut().take(named)) {
        *cell = words::shortened(cell, LONGEST_NAME);
    }
    for cell in grid.rows.iter_mut().flat_map(|row| row.iter_mut().skip(named)) {
        *cell = plain(cell).into_owned();
    }
}

/// Blanks the first cells of a list where they repeat the cells above.
fn blank_repeats(grid: &mut Grid) {
    let mut above = String::new();
    for cell in grid.rows.iter_mut().filter_map(|row| row.first_mut()) {
        if *cell == above {
            cell.clear();
        } else {
            above.clone_from(cell);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::study::Exact;

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for (plans, width) in [(1, 100), (3, 100), (8, 100), (3, 70), (5, 80), (5, 50)] {
            let text = table(&fixture::with_plans(plans), Terminal { width, color: false });
            let widest = text.lines().map(words::width).max().unwrap_or(0);
            assert!(widest <= usize::from(width), "{widest} > {width} with {plans} plans:\n{text}");
        }
    }

    #[test]
    fn every_plan_and_measure_is_there() {
        let text = table(&fixture::with_plans(8), Terminal::default());
        for part in [
            "viber-first again 6",
            "in time (1 min)",
            "cost per recipient, EUR",
            "98.90 % ±0.02",
            "1 viber",
            "Differences to",
        ] {
            assert!(text.contains(part), "{part} is missing in:\n{text}");
        }
    }

    #[test]
    fn style_is_an_accent_and_can_be_left_out() {
        let output = fixture::bank_pin();
        let bold = table(&output, Terminal { color: true, ..Terminal::default() });
        assert!(bold.starts_with("\u{1b}[1m"));
        let bare = bold.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "");
        assert_eq!(bare, table(&output, Terminal::default()));
    }

    /// A numeric error as large as the interval does not stand in place of what was simulated.
    #[test]
    fn what_is_hardly_surer_than_the_simulation_stays_simulated() {
        let mut results = fixture::with_plans(1).results;
        let (low, high) = results.plans[0].in_time.low.zip(results.plans[0].in_time.high).expect("an interval");
        let with = |results: &mut Results, error: f64| {
            results.plans[0].exact = Some([("in_time".to_owned(), Exact { value: 0.5, error })].into());
            results.preferring_exact().plans[0].in_time
        };
        assert!(with(&mut results, (high - low) / 5.0).is_exact);
        let kept = with(&mut results, (high - low) / 3.0);
        assert_eq!((kept, kept.is_exact), (results.plans[0].in_time, false));
        let delivered = results.preferring_exact().plans[0].delivered;
        assert_eq!(delivered, results.plans[0].delivered, "it is not solved");
    }
}
