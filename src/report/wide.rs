//! CSV for spreadsheets: a row for each thing, a column for each number that is known of it.

use super::cells::written;
use std::collections::BTreeMap;

/// The form of CSV files.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CsvForm {
    /// One number, or a few that belong together, in each row, and a value in every column: for programs.
    #[default]
    Long,
    /// All numbers of a plan or a time in one row, and blanks where nothing is known: for spreadsheets.
    Wide,
}

/// The contents of a CSV file: in wide form after the mark by which spreadsheets know UTF-8.
pub(super) fn file(csv: String, form: CsvForm) -> String {
    match form {
        CsvForm::Long => csv,
        CsvForm::Wide => format!("\u{feff}{csv}"),
    }
}

/// A table in wide form. Rows and columns appear in the order in which they are first mentioned.
pub(super) struct Wide {
    /// The names of the columns that say what a row is about.
    heads: Vec<String>,
    rows: Index<Vec<String>>,
    columns: Index<Vec<String>>,
    /// The cells, by row and column.
    cells: BTreeMap<(usize, usize), String>,
}

/// Positions of keys, in the order in which they are first mentioned.
struct Index<K> {
    keys: Vec<K>,
    positions: BTreeMap<K, usize>,
}

impl<K: Ord + Clone> Index<K> {
    const fn new() -> Self {
        Self { keys: Vec::new(), positions: BTreeMap::new() }
    }

    fn position(&mut self, key: K) -> usize {
        *self.positions.entry(key).or_insert_with_key(|key| {
            self.keys.push(key.clone());
            self.keys.len() - 1
        })
    }
}

impl Wide {
    /// An empty table with these names of the columns that say what a row is about.
    pub(super) fn new(heads: Vec<String>) -> Self {
        Self { heads, rows: Index::new(), columns: Index::new(), cells: BTreeMap::new() }
    }

    /// Puts a number into the row about this and the column of this name, which may have several parts. A blank stays blank.
    pub(super) fn put(&mut self, about: &[String], column: Vec<String>, number: String) {
        let place = (self.rows.position(about.to_vec()), self.columns.position(column));
        if !number.is_empty() {
            let before = self.cells.insert(place, number);
            debug_assert!(before.is_none(), "two numbers in one cell");
        }
    }

    /// The table as CSV, without columns that are blank in every row.
    pub(super) fn csv(&self) -> String {
        let mut used: Vec<_> = self.cells.keys().map(|(_, column)| *column).collect();
        used.sort_unstable();
        used.dedup();
        let heads: Vec<_> = used.iter().map(|&column| head(&self.columns.keys[column])).collect();
        written(|writer| {
            writer.row(self.heads.iter().chain(&heads))?;
            self.rows.keys.iter().enumerate().try_for_each(|(row, about)| {
                let cell = |column: &usize| self.cells.get(&(row, *column)).map_or("", String::as_str);
                writer.row(about.iter().map(String::as_str).chain(used.iter().map(cell)))
            })
        })
    }
}

/// The head of a column: its last part after the others.
fn head(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [of @ .., last] => format!("{}: {last}", of.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_has_its_place_and_blank_columns_are_left_out() {
        let mut wide = Wide::new(vec!["plan".to_owned()]);
        let mut put = |plan: &str, column: &str, number: &str| {
            wide.put(&[plan.to_owned()], vec![column.to_owned()], number.to_owned());
        };
        put("b", "seen", "");
        put("b", "cost", "2");
        put("a", "wait", "");
        put("a", "seen", "0.5");
        assert_eq!(wide.csv(), "plan,seen,cost\nb,,2\na,0.5,\n");
    }
}
