//! Errors and warnings about a scenario as data: the location, what was expected there, and the help.

use crate::text;
use std::fmt;
use std::io;
use std::ops::Range;
use std::path::PathBuf;

/// One error or warning.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// The location, in bytes of the text; `None` when the file as a whole is meant.
    pub span: Option<Range<usize>>,
    /// The message: one line without a full stop.
    pub message: String,
    /// What was expected at the location.
    pub label: String,
    /// How to fix it.
    pub help: Option<String>,
    /// A second location that explains the first, and its label.
    pub related: Option<(Range<usize>, String)>,
}

impl Diagnostic {
    /// Reports `fault` at `span`.
    pub(super) fn at(span: Range<usize>, fault: Fault) -> Self {
        Self { span: Some(span), ..Self::whole(fault) }
    }

    /// Reports `fault` for the file as a whole.
    pub(super) fn whole(fault: Fault) -> Self {
        let Fault { message, label, help } = fault;
        Self { span: None, message, label, help: Some(help).filter(|h| !h.is_empty()), related: None }
    }

    /// Adds a second location that explains the first.
    pub(super) fn with_related(self, span: Range<usize>, label: &str) -> Self {
        Self { related: Some((span, label.to_owned())), ..self }
    }

    /// Returns a copy with hidden characters escaped.
    fn harmless(&self) -> Self {
        let line = |text: &String| text::line(text).into_owned();
        Self {
            span: self.span.clone(),
            message: line(&self.message),
            label: line(&self.label),
            help: self.help.as_ref().map(line),
            related: self.related.as_ref().map(|(span, label)| (span.clone(), line(label))),
        }
    }
}

/// An error in a value, independent of its location.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Fault {
    /// The message.
    pub(super) message: String,
    /// What was expected instead.
    pub(super) label: String,
    /// How to fix it; empty when the label already says it.
    pub(super) help: String,
}

impl Fault {
    /// Creates a fault from its texts.
    pub(super) fn new(message: impl Into<String>, label: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), label: label.into(), help: help.into() }
    }
}

/// All errors, or all warnings, about one file, in the order of the file. Not empty.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostics {
    severity: Severity,
    file: String,
    text: String,
    items: Vec<Diagnostic>,
}

/// Whether the diagnostics prevent the scenario from being run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Severity {
    /// The scenario cannot be run.
    Error,
    /// The scenario can be run.
    Warning,
}

impl Diagnostics {
    /// Collects errors `items` found in `text`, whose file name is `file`. An empty list is itself reported as an error.
    pub(super) fn new(file: &str, text: &str, mut items: Vec<Diagnostic>) -> Self {
        if items.is_empty() {
            items.push(Diagnostic::whole(unexplained()));
        }
        Self::sorted(Severity::Error, (file, text), items)
    }

    /// Collects warnings; `None` when there are none.
    pub(super) fn warnings(file: &str, text: &str, items: Vec<Diagnostic>) -> Option<Self> {
        (!items.is_empty()).then(|| Self::sorted(Severity::Warning, (file, text), items))
    }

    fn sorted(severity: Severity, (file, text): (&str, &str), mut items: Vec<Diagnostic>) -> Self {
        items.sort_by_key(|d| d.span.as_ref().map_or(0, |s| s.start));
        items.dedup();
        Self { severity, file: file.to_owned(), text: text.to_owned(), items }
    }

    /// Whether these are errors, which prevent the scenario from being run.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// Creates a single diagnostic for a file as a whole.
    pub(super) fn of_file(file: &str, fault: Fault) -> Self {
        Self::new(file, "", vec![Diagnostic::whole(fault)])
    }

    /// Returns the name of the file.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Returns the text of the file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the diagnostics, in the order of the file.
    #[must_use]
    pub fn items(&self) -> &[Diagnostic] {
        &self.items
    }

    /// Returns a copy that is safe for a terminal: hidden characters are escaped in messages and masked in the text, which leaves all
    /// spans valid.
    pub(super) fn harmless(&self) -> Self {
        Self {
            severity: self.severity,
            file: text::line(&self.file).into_owned(),
            text: text::masked(&self.text).into_owned(),
            items: self.items.iter().map(Diagnostic::harmless).collect(),
        }
    }

    /// Returns the line and column of a diagnostic, both counted from 1, the column in characters.
    #[must_use]
    pub fn position(&self, diagnostic: &Diagnostic) -> Option<(usize, usize)> {
        diagnostic.span.as_ref().map(|span| position(&self.text, span.start))
    }
}

/// The error reported when a scenario could not be built and no check reported an error: a bug in this program.
fn unexplained() -> Fault {
    Fault::new(
        "internal error: the scenario could not be built, and no error was found",
        "",
        "this is a bug in failsim; please report it with this file",
    )
}

/// Formats the diagnostics as text without colour.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

/// Why a scenario could not be loaded.
#[derive(Debug)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be read.
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file is not a valid scenario.
    Invalid(Diagnostics),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, source } => write!(f, "cannot read {}: {source}", text::line(&path.to_string_lossy())),
            Self::Invalid(diagnostics) => diagnostics.fmt(f),
        }
    }
}

impl std::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Invalid(_) => None,
        }
    }
}

/// Returns the line and column of the byte `offset` of `text`, both counted from 1, the column in characters.
pub(super) fn position(text: &str, offset: usize) -> (usize, usize) {
    let offset = char_start(text, offset);
    let before = &text[..offset];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

/// Returns the start of the character of `text` that contains the byte `at`; the length of `text` when `at` is beyond its end.
pub(super) fn char_start(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}

/// Prepares user input for a message: hidden characters escaped, at most 60 characters.
pub(super) fn shown(text: &str) -> String {
    let end = text.char_indices().nth(60).map_or(text.len(), |(at, _)| at);
    let more = if end < text.len() { "…" } else { "" };
    format!("{}{more}", text::line(&text[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_counted_from_one_and_in_characters() {
        let text = "a\nβγδ = 1\n";
        assert_eq!(position(text, 0), (1, 1));
        assert_eq!(position(text, text.find('δ').unwrap()), (2, 3));
        assert_eq!(position(text, text.len()), (3, 1));
        assert_eq!(position(text, 99), (3, 1));
    }

    #[test]
    fn an_empty_list_of_errors_is_reported_as_an_internal_error() {
        let diagnostics = Diagnostics::new("pin.toml", "", Vec::new());
        assert_eq!(diagnostics.items().len(), 1);
        let text = diagnostics.to_string();
        assert!(text.contains("error: ") && text.contains("pin.toml") && text.contains("hint: "), "{text}");
    }

    #[test]
    fn user_input_cannot_move_the_cursor() {
        assert_eq!(shown("a\u{1b}[2Jb\u{9b}c\u{202e}\u{200b}"), "a\\u{1b}[2Jb\\u{9b}c\\u{202e}\\u{200b}");
        assert_eq!(shown(&"x".repeat(99)), format!("{}…", "x".repeat(60)));
    }
}
