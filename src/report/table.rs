//! The tables in a terminal: the finding on top, then plans, differences and steps.

use super::grid::{self, Grid, Shape};
use super::{finding, notes, words};
use crate::study::Results;
use anstyle::{Effects, Style};
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

/// The longest name shown; longer ones are cut.
const LONGEST_NAME: usize = 24;
/// The gap between columns, one of it drawn by the table's style.
const GAP: u16 = 2;
/// The narrowest terminal that is taken at its word.
const NARROWEST: u16 = 40;

/// How to print.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terminal {
    /// Its width in characters.
    pub width: u16,
    /// Whether headings are set in bold; nothing is said by style alone.
    pub color: bool,
}

impl Default for Terminal {
    fn default() -> Self {
        Self { width: 100, color: false }
    }
}

/// The finding, its notes, and the tables, for a terminal; ends with a line feed.
#[must_use]
pub fn table(results: &Results, terminal: Terminal) -> String {
    let terminal = Terminal { width: terminal.width.max(NARROWEST), ..terminal };
    let grids = [Some(grid::plans(results)), grid::comparisons(results), Some(grid::steps(results))];
    let mut text = heading(&wrapped(&finding(results), terminal.width), terminal);
    for note in notes(results) {
        text.push_str(&wrapped(&format!("note: {note}"), terminal.width));
        text.push('\n');
    }
    for grid in grids.into_iter().flatten().chain(grid::queues(results)) {
        text.push('\n');
        text.push_str(&section(grid, terminal));
    }
    text.replace(words::NBSP, " ")
}

/// `line` in bold where styles are wanted, and a line feed.
fn heading(line: &str, terminal: Terminal) -> String {
    let style = if terminal.color { Style::new().effects(Effects::BOLD) } else { Style::new() };
    format!("{style}{line}{style:#}\n")
}

/// A grid with its caption, in as many blocks as the width asks for.
fn section(mut grid: Grid, terminal: Terminal) -> String {
    shorten_names(&mut grid);
    let caption = std::mem::take(&mut grid.caption);
    let blocks = match grid.shape {
        Shape::Sheet => blocks(&grid, terminal.width),
        Shape::List => vec![without_repeats(grid)],
    };
    let blocks: Vec<_> = blocks.iter().map(|block| rendered(block, terminal.width)).collect();
    heading(&wrapped(&caption, terminal.width), terminal) + &blocks.join("\n")
}

fn shorten_names(grid: &mut Grid) {
    for column in &mut grid.columns {
        column.name = words::shortened(&column.name, LONGEST_NAME);
    }
    let named = if grid.shape == Shape::List { 2 } else { 1 };
    for cell in grid.rows.iter_mut().flat_map(|row| row.iter_mut().take(named)) {
        *cell = words::shortened(cell, LONGEST_NAME);
    }
}

/// A list whose first cells are blank where they would repeat the one above.
fn without_repeats(mut grid: Grid) -> Grid {
    let mut above = String::new();
    for cell in grid.rows.iter_mut().filter_map(|row| row.first_mut()) {
        if *cell == above {
            cell.clear();
        } else {
            above.clone_from(cell);
        }
    }
    grid
}

/// A sheet cut into blocks of columns that fit the width, the first column in each; a block has one plan at least.
fn blocks(grid: &Grid, width: u16) -> Vec<Grid> {
    let widths = plain(grid).column_max_content_widths();
    let first = widths.first().copied().unwrap_or(0);
    let mut cuts: Vec<Vec<usize>> = Vec::new();
    let mut used = u16::MAX;
    for (place, column) in widths.iter().enumerate().skip(1) {
        if used.saturating_add(column + GAP) > width {
            cuts.push(Vec::new());
            used = first;
        }
        used = used.saturating_add(column + GAP);
        if let Some(block) = cuts.last_mut() {
            block.push(place);
        }
    }
    cuts.iter().map(|places| columns_of(grid, places)).collect()
}

/// The first column of a grid and those at `places`.
fn columns_of(grid: &Grid, places: &[usize]) -> Grid {
    let places: Vec<_> = [0].iter().chain(places).collect();
    Grid {
        caption: String::new(),
        columns: places.iter().filter_map(|&&place| grid.columns.get(place).cloned()).collect(),
        rows: grid.rows.iter().map(|row| places.iter().filter_map(|&&at| row.get(at).cloned()).collect()).collect(),
        shape: grid.shape,
    }
}

/// The grid as a table with a rule below its head and nothing else drawn.
fn plain(grid: &Grid) -> Table {
    let mut table = Table::new();
    table
        .load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')))
        .set_header(grid.columns.iter().map(|column| column.name.as_str()))
        .add_rows(grid.rows.iter());
    let last = grid.columns.len().saturating_sub(1);
    for (place, (column, head)) in table.column_iter_mut().zip(&grid.columns).enumerate() {
        column.set_padding((0, if place == last { 0 } else { GAP - 1 }));
        column.set_cell_alignment(if head.is_number { CellAlignment::Right } else { CellAlignment::Left });
    }
    table
}

fn rendered(grid: &Grid, width: u16) -> String {
    let mut table = plain(grid);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    table.trim_fmt() + "\n"
}

/// `text` broken at spaces so that no line is longer than `width`, unless a word is.
fn wrapped(text: &str, width: u16) -> String {
    let mut lines = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > usize::from(width) {
            lines.push('\n');
            used = 0;
        } else if used > 0 {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(word);
        used += length;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for (plans, width) in [(1, 100), (3, 100), (8, 100), (3, 70)] {
            let text = table(&fixture::with_plans(plans).results, Terminal { width, color: false });
            let widest = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
            assert!(widest <= usize::from(width), "{widest} > {width} with {plans} plans:\n{text}");
        }
    }

    #[test]
    fn every_plan_and_measure_is_there() {
        let text = table(&fixture::with_plans(8).results, Terminal::default());
        for part in ["viber-first again 6", "in time (1 min)", "EUR per recipient", "98.90 % ±0.02", "1 viber", "minus"]
        {
            assert!(text.contains(part), "{part} is missing in:\n{text}");
        }
    }

    #[test]
    fn style_is_an_accent_and_can_be_left_out() {
        let results = fixture::bank_pin().results;
        let bold = table(&results, Terminal { color: true, ..Terminal::default() });
        assert!(bold.starts_with("\u{1b}[1m"));
        let bare = bold.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "");
        assert_eq!(bare, table(&results, Terminal::default()));
    }
}
