//! A gate for people: a line for each row, failed rows first.

use super::said::{plain, sentence, word};
use super::{count, remarks, sorted, traces};
use crate::report::table::Terminal;
use crate::report::{layout, words};
use crate::study::{Gate, Kind, Outcome, Row};
use anstyle::{AnsiColor, Style};

/// The width of the widest outcome word.
const WORD: usize = "inconclusive".len();
/// The columns between the parts of a line.
const GAP: usize = 2;

/// A gate as text: failed rows first, by plan, then inconclusive ones. Of measures compared with another run, only those that have changed
/// are listed. The last line has the counts and names the inconclusive rows.
#[must_use]
pub fn text(gate: &Gate, terminal: Terminal) -> String {
    plain(&drawn(gate, terminal))
}

fn drawn(gate: &Gate, terminal: Terminal) -> String {
    let shown: Vec<_> = sorted(gate).into_iter().filter(|row| row.kind == Kind::Check || !row.is_unchanged()).collect();
    let width = shown.iter().map(|row| words::width(&row.subject())).max().unwrap_or(0);
    let mut text: String = shown.iter().map(|row| line(row, width, terminal)).collect();
    for trace in traces(gate) {
        text.push_str(&format!("\n{trace}\n"));
    }
    for sentence in remarks(gate) {
        text += &layout::wrapped(&words::shortened(&sentence, usize::MAX), usize::from(terminal.width));
        text.push('\n');
    }
    text + &layout::wrapped(&words::shortened(&count(gate), usize::MAX), usize::from(terminal.width)) + "\n"
}

/// A row, wrapped between words; text that does not fit beside its subject goes below it.
fn line(row: &Row, subjects: usize, terminal: Terminal) -> String {
    let columns = usize::from(terminal.width);
    let subject = words::shortened(&row.subject(), usize::MAX);
    let sentence = words::shortened(&sentence(row), usize::MAX);
    let style = style(row.outcome, terminal);
    let word = format!("{style}{}{style:#}{}", word(row.outcome), " ".repeat(WORD - word(row.outcome).len()));
    let gap = " ".repeat(GAP);
    let beside = format!("{word}{gap}{}{gap}{sentence}\n", words::padded(&subject, subjects));
    if WORD + GAP + subjects.max(words::width(&subject)) + GAP + words::width(&sentence) <= columns {
        return beside;
    }
    let indent = " ".repeat(WORD + GAP);
    let room = columns.saturating_sub(indent.len() + GAP).max(20);
    let below = layout::wrapped(&sentence, room);
    let below = below.lines().map(|line| format!("{indent}{gap}{line}\n"));
    format!("{word}{gap}{subject}\n{}", below.collect::<String>())
}

const fn style(outcome: Outcome, terminal: Terminal) -> Style {
    if !terminal.color {
        return Style::new();
    }
    match outcome {
        Outcome::Fail => AnsiColor::Red.on_default().bold(),
        Outcome::Inconclusive => AnsiColor::Yellow.on_default(),
        Outcome::Pass => AnsiColor::Green.on_default(),
    }
}
