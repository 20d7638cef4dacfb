//! The cells of CSV files.
//!
//! Where nothing is known, a column of numbers has `NaN`: Polars takes a column of blanks for text, and a word of another spelling too.
//!
//! A spreadsheet treats a cell as a formula when it begins with `=`, `+`, `-` or `@` and is not a number, and a formula can do more than
//! show text. In every CSV file such a cell is written with an apostrophe before it: spreadsheets then show the text, and programs that
//! need the exact name find it in the JSON.

use super::json::ten_digits;
use crate::text;
use std::borrow::Cow;

/// A stream without a name, which is then the only one.
pub(super) const ONLY: &str = "all";

/// How all streams, or all segments, together are called beside these names: `all`, or `(all)` if that is the name of one of them.
pub(super) fn everybody<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().collect();
    let mut word = ONLY.to_owned();
    while names.contains(&word.as_str()) {
        word = format!("({word})");
    }
    word
}

/// Writes CSV to memory; no cell of it is read as a formula.
pub(super) struct Writer(csv::Writer<Vec<u8>>);

impl Writer {
    /// Writes one row.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = impl AsRef<str>>) -> csv::Result<()> {
        for cell in cells {
            self.0.write_field(harmless(cell.as_ref()).as_bytes())?;
        }
        self.0.write_record(None::<&[u8]>)
    }
}

/// The characters that begin a formula, including the full-width forms of East Asian keyboards.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// `cell` in a form that a spreadsheet shows and does not evaluate.
fn harmless(cell: &str) -> Cow<'_, str> {
    let is_number = || cell.parse::<f64>().is_ok_and(f64::is_finite);
    if cell.starts_with(FORMULA) && !is_number() { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// The text written by `write`.
pub(super) fn written(write: impl FnOnce(&mut Writer) -> csv::Result<()>) -> String {
    let mut writer = Writer(csv::Writer::from_writer(Vec::new()));
    let written = write(&mut writer);
    let bytes = written.ok().and_then(|()| writer.0.into_inner().ok());
    String::from_utf8(bytes.expect("memory takes every write")).expect("only text was written")
}

/// A number; `NaN` where none is known.
pub(super) fn field(value: Option<f64>) -> String {
    let known = blank(value);
    if known.is_empty() { "NaN".to_owned() } else { known }
}

/// A number; blank where none is known.
pub(super) fn blank(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map_or_else(String::new, |value| text::number(ten_digits(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        let text =
            written(|writer| writer.row(["=1+1", "+a", "-b", "@c", "＝1", "a=b", "-0.5", "+2", "1e5", "-inf", ""]));
        assert_eq!(text, "'=1+1,'+a,'-b,'@c,'＝1,a=b,-0.5,+2,1e5,'-inf,\n");
    }

    #[test]
    fn everybody_has_a_name_of_their_own() {
        assert_eq!(everybody(["pins", "gr"]), "all");
        assert_eq!(everybody(["(all)", "all"]), "((all))");
    }

    #[test]
    fn an_unknown_number_is_the_word_that_readers_know() {
        assert_eq!([None, Some(f64::INFINITY), Some(0.5), Some(3.0)].map(field), ["NaN", "NaN", "0.5", "3"]);
        assert_eq!([None, Some(0.5)].map(blank), ["", "0.5"]);
    }
}
