//! Parses TOML, and salvages what can be checked when some lines are not TOML.

use super::diagnostic::{Diagnostic, Fault, char_start, shown};
use super::quantity::{duration, rate};
use std::ops::Range;
use toml::de::{DeTable, Error};

/// The maximum number of syntax errors; a file with more is probably not TOML at all.
const MAX_FAULTS: usize = 200;

/// The result of parsing.
pub(super) enum Parsed<'t> {
    /// The whole file is TOML.
    Whole(DeTable<'t>),
    /// Some lines are not TOML, for these reasons.
    Broken(Vec<Diagnostic>),
}

/// Parses `text`.
pub(super) fn parse(text: &str) -> Parsed<'_> {
    let (table, errors) = DeTable::parse_recoverable(text);
    match errors.is_empty() {
        true => Parsed::Whole(table.into_inner()),
        false => Parsed::Broken(first_causes(text, errors.iter().take(MAX_FAULTS).map(|e| diagnostic(text, e)))),
    }
}

/// Removes from `faults` those caused by a broken header, whose keys ended up in another table.
fn first_causes(text: &str, faults: impl Iterator<Item = Diagnostic>) -> Vec<Diagnostic> {
    let mut broken_section = None;
    let is_cause = |fault: &Diagnostic| {
        let section = section(text, fault.span.as_ref());
        let follows = broken_section == Some(section.start) && !section.is_header;
        if section.is_header {
            broken_section = Some(section.start);
        }
        !follows
    };
    faults.filter(is_cause).collect()
}

/// The part of the file that follows one header.
struct Section {
    /// Where the line of the header starts.
    start: usize,
    /// Whether the location is in the header itself.
    is_header: bool,
}

/// Returns the section that holds the start of `span`.
fn section(text: &str, span: Option<&Range<usize>>) -> Section {
    let line = line_around(text, span);
    let is_header = text[line.clone()].starts_with('[');
    let above = text[..line.start].rfind("\n[").map_or(0, |i| i + 1);
    Section { start: if is_header { line.start } else { above }, is_header }
}

/// Returns `text` with the lines that contain one of `faults` blanked out, if the rest is TOML: then its keys can still be
/// checked one by one. A broken header cannot be blanked out, because its keys would move to another table.
pub(super) fn without_lines(text: &str, faults: &[Diagnostic]) -> Option<String> {
    let mut rest = text.as_bytes().to_vec();
    for line in faults.iter().map(|fault| line_around(text, fault.span.as_ref())) {
        if text[line.clone()].trim_start().starts_with('[') {
            return None;
        }
        rest[line].fill(b' ');
    }
    String::from_utf8(rest).ok().filter(|rest| DeTable::parse(rest).is_ok())
}

/// Returns the line that holds the start of `span`, without its line ending.
fn line_around(text: &str, span: Option<&Range<usize>>) -> Range<usize> {
    let at = char_start(text, span.map_or(0, |s| s.start));
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    start..text[at..].find('\n').map_or(text.len(), |i| at + i)
}

/// Converts a syntax error to a diagnostic with its location and help.
fn diagnostic(text: &str, error: &Error) -> Diagnostic {
    let span = error.span().unwrap_or_default();
    let value = text.get(span.clone()).unwrap_or_default().trim();
    let before = text.get(..span.start).unwrap_or_default().trim_end_matches([' ', '\t']);
    let (message, expected) = error.message().split_once(", ").unwrap_or((error.message(), ""));
    let help = match message {
        "duplicate key" => "remove one of the two, or give it another name".to_owned(),
        _ => help(before, value),
    };
    Diagnostic::at(span, Fault::new(format!("invalid TOML: {message}"), expected, help))
}

/// The help for a syntax error at `value`: a value is missing or lacks its quotes; for all others, an example of TOML.
fn help(before: &str, value: &str) -> String {
    match value {
        "" if before.ends_with('=') => "write a value after the `=`".to_owned(),
        v if duration(v).is_ok() || rate(v).is_ok() => format!("write \"{}\", in quotes", shown(v)),
        _ => "write `key = value` on a line of its own, strings in quotes, and each key once (https://toml.io)"
            .to_owned(),
    }
}
