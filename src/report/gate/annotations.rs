//! A gate as commands that a workflow of GitHub prints: annotations at the lines of the scenario file that ask.

use super::said::said;
use super::{asked_by, count, sorted};
use crate::report::words;
use crate::study::{Gate, Outcome, Row};

/// A gate as annotations, and the line that counts. What passes has none.
#[must_use]
pub fn annotations(gate: &Gate) -> String {
    let mut text: String = sorted(gate).into_iter().filter_map(|row| annotation(gate, row)).collect();
    text += &words::shortened(&count(gate), usize::MAX);
    text.push('\n');
    text
}

fn annotation(gate: &Gate, row: &Row) -> Option<String> {
    let command = match row.outcome {
        Outcome::Pass => return None,
        Outcome::Inconclusive if !gate.strict => "warning",
        _ => "error",
    };
    let line = row.line.map_or_else(String::new, |line| format!(",line={line}"));
    let title = format!("failsim {}: {}", asked_by(row.kind), row.subject());
    let (file, title, message) = (property(&gate.file), property(&title), data(&said(gate, row)));
    Some(format!("::{command} file={file}{line},title={title}::{message}\n"))
}

/// The text of a command: percent signs and line breaks would be read as something else.
fn data(text: &str) -> String {
    words::shortened(text, usize::MAX).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property of a command: colons and commas besides.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
