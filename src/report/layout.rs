//! Lays out a grid for a terminal: the widths of columns, where names and lists wrap, and which columns move to a block below.
//!
//! Cells with numbers are never broken. Columns that do not fit are set in a block below, with the names of the rows repeated.

use super::grid::{Column, Grid};
use super::words::width;
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use textwrap::word_splitters::split_words;
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

/// The gap between columns, one character of it drawn by the table's style.
const GAP: usize = 2;
/// Names are not wrapped to less than this.
const SHORTEST: usize = 20;
/// Lines in a cell break between words or after a hyphen, since names are made of hyphenated words.
const IN_CELLS: WordSplitter = WordSplitter::HyphenSplitter;

/// The grid in as many blocks as `width` requires, with a blank line between them. Ends with a line feed.
pub(super) fn laid_out(grid: &Grid, width: usize) -> String {
    let columns: Vec<_> = (0..grid.columns.len()).map(|place| Extent::of(grid, place)).collect();
    let names = names(grid).max(1);
    let blocks = blocks(&columns, names, width);
    blocks
        .iter()
        .map(|block| rendered(grid, block, &widths(grid, &columns, block, width)))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The number of columns that name the rows: those before the first number.
pub(super) fn names(grid: &Grid) -> usize {
    grid.columns.iter().take_while(|column| !column.is_number).count()
}

/// How wide a column needs to be.
#[derive(Clone, Copy)]
struct Extent {
    /// The width when wrapped as far as possible.
    least: usize,
    /// The width without wrapping.
    most: usize,
}

impl Extent {
    fn of(grid: &Grid, place: usize) -> Self {
        let column = &grid.columns[place];
        let cells = || grid.rows.iter().map(|row| row[place].as_str());
        let (head, widest) = (width(&column.name), cells().map(width).max().unwrap_or(0));
        let most = head.max(widest);
        let word = if column.is_number { widest } else { cells().map(longest_piece).max().unwrap_or(0) };
        let least = word.max(longest_piece(&column.name));
        Self { least: if column.is_number { least } else { least.max(SHORTEST.min(most)) }, most }
    }
}

fn longest_piece(text: &str) -> usize {
    split_words(WordSeparator::AsciiSpace.find_words(text), &IN_CELLS).map(|piece| width(&piece)).max().unwrap_or(0)
}

/// The columns of each block: the first `names` columns, then as many of the others as fit, but at least one.
fn blocks(columns: &[Extent], names: usize, width: usize) -> Vec<Vec<usize>> {
    let room = |places: &[usize]| places.iter().map(|&place| columns[place].least + GAP).sum::<usize>();
    let named: Vec<_> = (0..names.min(columns.len())).collect();
    let mut blocks = vec![named.clone()];
    for (place, column) in columns.iter().enumerate().skip(named.len()) {
        let full = |block: &Vec<usize>| block.len() > names && room(block) + column.least > width;
        if blocks.last().is_some_and(full) {
            blocks.push(named.clone());
        }
        if let Some(block) = blocks.last_mut() {
            block.push(place);
        }
    }
    blocks
}

/// The widths of the columns of a block. Each gets at least what it needs; spare width goes to names, then to number columns, then to other
/// columns.
fn widths(grid: &Grid, columns: &[Extent], block: &[usize], width: usize) -> Vec<usize> {
    let mut widths: Vec<_> = block.iter().map(|&place| columns[place].least).collect();
    let mut spare = (width + GAP).saturating_sub(widths.iter().map(|width| width + GAP).sum::<usize>());
    let rank = |place: usize| if place < names(grid) { 0 } else { 2 - u8::from(grid.columns[place].is_number) };
    for turn in 0..=2 {
        for (width, &place) in widths.iter_mut().zip(block).filter(|(_, place)| rank(**place) == turn) {
            let more = spare.min(columns[place].most - columns[place].least);
            *width += more;
            spare -= more;
        }
    }
    widths
}

/// One block as text, with a rule below its head and no other lines.
fn rendered(grid: &Grid, block: &[usize], widths: &[usize]) -> String {
    let cells = |text: &dyn Fn(usize) -> String| {
        block.iter().zip(widths).map(|(&place, &width)| broken(&text(place), width, IN_CELLS)).collect::<Vec<_>>()
    };
    let mut table = Table::new();
    table
        .load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')))
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(cells(&|place| grid.columns[place].name.clone()))
        .add_rows(grid.rows.iter().map(|row| cells(&|place| row[place].clone())));
    for (at, (column, &place)) in table.column_iter_mut().zip(block).enumerate() {
        let Column { is_number, .. } = grid.columns[place];
        column.set_padding((0, if at + 1 == block.len() { 0 } else { GAP as u16 - 1 }));
        column.set_cell_alignment(if is_number { CellAlignment::Right } else { CellAlignment::Left });
    }
    table.trim_fmt() + "\n"
}

/// `text` broken at spaces, and within words where `splitter` allows it, so that no line is longer than `width` unless a single piece is.
fn broken(text: &str, width: usize, splitter: WordSplitter) -> String {
    let options = Options::new(width)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(splitter)
        .wrap_algorithm(WrapAlgorithm::FirstFit)
        .break_words(false);
    textwrap::fill(text, options)
}

/// `text` broken at spaces so that no line is longer than `width` unless a single word is.
pub(super) fn wrapped(text: &str, width: usize) -> String {
    broken(text, width, WordSplitter::NoHyphenation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use crate::report::grid;

    #[test]
    fn names_break_behind_hyphens_and_sentences_at_spaces() {
        assert_eq!(broken("viber-sms-voice-hasty is it", 12, IN_CELLS), "viber-sms-\nvoice-hasty\nis it");
        assert_eq!(wrapped("viber-sms-voice-hasty is it", 12), "viber-sms-voice-hasty\nis it");
        assert_eq!(wrapped("unbreakable", 4), "unbreakable");
        assert_eq!(wrapped("", 4), "");
    }

    #[test]
    fn wide_characters_take_the_room_that_they_need() {
        assert_eq!(wrapped("短信优先 短信优先 sms", 12), "短信优先\n短信优先 sms");
        let mut results = fixture::with_plans(3).results;
        for (plan, name) in results.plans.iter_mut().zip(["短信优先", "ﾊﾝｶｸ", "전각-음성-한국어-이름-전각"])
        {
            plan.name = name.to_owned();
        }
        for columns in [50, 60, 80, 140] {
            for grid in [grid::plans(&results), grid::steps(&results)] {
                let text = laid_out(&grid, columns);
                assert!(text.lines().all(|line| width(line) <= columns), "wider than {columns}:\n{text}");
            }
            // The numbers of a block are aligned with each other, and with the rule under their heads.
            let text = laid_out(&grid::plans(&results), columns);
            for block in text.split("\n\n") {
                let rows = block.lines().skip_while(|line| !line.starts_with('─'));
                let widths: Vec<_> = rows.map(width).collect();
                assert!(widths.iter().all(|&width| width == widths[0]), "{widths:?}\n{block}");
            }
        }
    }

    #[test]
    fn numbers_stay_whole_however_narrow_it_is() {
        let results = fixture::with_plans(5).results;
        for grid in [grid::plans(&results), grid::comparisons(&results).expect("pairs"), grid::steps(&results)] {
            for width in [40, 60, 80, 100, 140] {
                let text = laid_out(&grid, width);
                let numbers = (0..grid.columns.len()).filter(|&place| grid.columns[place].is_number);
                for cell in numbers.flat_map(|place| grid.rows.iter().map(move |row| row[place].as_str())) {
                    assert!(text.contains(cell), "{cell} is broken at {width}:\n{text}");
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_set_below_with_its_name() {
        let grid = grid::plans(&fixture::with_plans(5).results);
        let blocks = |width| laid_out(&grid, width).matches("duplicates").count();
        assert_eq!([blocks(1_000), blocks(80), blocks(60), blocks(20)], [1, 3, 5, 5]);
    }
}
