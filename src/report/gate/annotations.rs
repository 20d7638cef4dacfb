//! A gate as GitHub workflow commands: annotations at the lines of the scenario file that define the checks.

use super::said::said;
use super::{asked_by, compared, count, differing, sorted, traces};
use crate::report::words;
use crate::study::{Gate, Outcome, Row};

/// A gate as annotations, followed by the line with the counts. Rows that pass have no annotation.
#[must_use]
pub fn annotations(gate: &Gate) -> String {
    let mut text: String = sorted(gate).into_iter().filter_map(|row| annotation(gate, row)).collect();
    for note in &gate.notes {
        text += &format!("::notice file={},title=failsim check::{}\n", property(&gate.file), data(note));
    }
    for trace in traces(gate) {
        text += &format!("::group::{}\n", data(trace.lines().next().unwrap_or_default()));
        trace.lines().skip(1).for_each(|line| text += &plain(line));
        text += "::endgroup::\n";
    }
    differing(gate).into_iter().chain(compared(gate)).for_each(|sentence| text += &plain(&sentence));
    text + &plain(&count(gate))
}

/// A line that is not read as a command, whatever its text.
fn plain(line: &str) -> String {
    format!("{}\n", words::shortened(line, usize::MAX).replace("::", ": :"))
}

fn annotation(gate: &Gate, row: &Row) -> Option<String> {
    let command = match row.outcome {
        Outcome::Pass => return None,
        Outcome::Inconclusive if !gate.strict => "warning",
        _ => "error",
    };
    let line = row.line.map_or_else(String::new, |line| format!(",line={line}"));
    let title = format!("failsim {}: {}", asked_by(row.kind), row.subject());
    let (file, title, message) = (property(&gate.file), property(&title), data(&said(row)));
    Some(format!("::{command} file={file}{line},title={title}::{message}\n"))
}

/// The message of a command, with percent signs and line breaks escaped.
fn data(text: &str) -> String {
    words::shortened(text, usize::MAX).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command, with colons and commas escaped as well.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
