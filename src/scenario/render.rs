//! Renders diagnostics as text: the location, the line with a caret under it, what was expected, and the help.

use super::diagnostic::{Diagnostic, Diagnostics, Severity, char_start, position};
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use std::ops::Range;

/// The maximum number of diagnostics shown; the rest are counted.
const SHOWN: usize = 100;

/// Longer excerpts are cut to this many bytes on either side of the location.
const LONG: usize = 4096;

impl Diagnostics {
    /// Renders the diagnostics for users, optionally in colour: the first 100, and the number of the others. Nothing in the
    /// file can move the cursor, set a colour or change the direction of writing.
    #[must_use]
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let safe = self.harmless();
        let groups = safe.items().iter().take(SHOWN).map(|d| renderer.render(&[safe.group(d)]));
        groups.collect::<Vec<_>>().join("\n\n") + &safe.more()
    }

    /// Describes how many are not shown.
    fn more(&self) -> String {
        match self.items().len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!("\n\nand {more} more in {}", self.file()),
        }
    }

    /// Renders one diagnostic with its location and its help.
    fn group<'a>(&'a self, diagnostic: &'a Diagnostic) -> Group<'a> {
        let level = match self.severity() {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = Group::with_title(level.primary_title(&diagnostic.message));
        let placed = match &diagnostic.span {
            Some(span) => self.placed(title, diagnostic, span),
            None => title.element(Origin::path(self.file())),
        };
        placed.elements(diagnostic.help.as_ref().map(|h| Level::HELP.with_name("hint").message(h)))
    }

    /// Adds the lines that `diagnostic` is about to `group`.
    fn placed<'a>(&'a self, group: Group<'a>, diagnostic: &'a Diagnostic, span: &Range<usize>) -> Group<'a> {
        let spans = [Some(span), diagnostic.related.as_ref().map(|(span, _)| span)];
        let excerpt = lines_around(self.text(), spans.into_iter().flatten());
        let (line, column) = position(self.text(), span.start);
        if excerpt.len() > LONG {
            let origin = Origin::path(self.file()).line(line).char_column(column);
            return group.element(origin).element(self.window(diagnostic, span, line));
        }
        group.element(self.lines(diagnostic, span, excerpt))
    }

    /// Returns the whole lines of `excerpt`.
    fn lines<'a>(&'a self, diagnostic: &'a Diagnostic, span: &Range<usize>, excerpt: Range<usize>) -> Lines<'a> {
        let (first_line, _) = position(self.text(), excerpt.start);
        let start = excerpt.start;
        let related = diagnostic.related.iter().map(move |(span, label)| {
            AnnotationKind::Context.span(span.start - start..span.end - start).label(label.as_str())
        });
        let mark = mark(diagnostic, self.one_line(span), start);
        Snippet::source(&self.text()[excerpt])
            .path(self.file())
            .line_start(first_line)
            .annotation(mark)
            .annotations(related)
    }

    /// Returns the surroundings of the location in a line that is too long to be shown.
    fn window<'a>(&'a self, diagnostic: &'a Diagnostic, span: &Range<usize>, line: usize) -> Lines<'a> {
        let span = self.one_line(span);
        let whole = lines_around(self.text(), [&span].into_iter());
        let start = char_start(self.text(), span.start.saturating_sub(60)).max(whole.start);
        let end = char_start(self.text(), span.start + 60).min(whole.end);
        let mark = mark(diagnostic, span.start..span.end.min(end), start);
        Snippet::source(&self.text()[start..end]).line_start(line).annotation(mark)
    }

    /// Cuts `span` at the end of its first line, and to whole characters.
    fn one_line(&self, span: &Range<usize>) -> Range<usize> {
        let start = char_start(self.text(), span.start);
        let end = char_start(self.text(), span.end).max(start);
        let line_end = self.text()[start..end].find(['\n', '\r']).map_or(end, |i| start + i);
        start..line_end
    }
}

/// Lines of the file with annotations.
type Lines<'a> = Snippet<'a, Annotation<'a>>;

/// Marks the location in an excerpt that begins at `start`.
fn mark<'a>(diagnostic: &'a Diagnostic, span: Range<usize>, start: usize) -> Annotation<'a> {
    let label = Some(diagnostic.label.as_str()).filter(|l| !l.is_empty());
    AnnotationKind::Primary.span(span.start - start..span.end - start).label(label)
}

/// Returns the range from the line that holds the first start of `spans` to the line that holds the last.
fn lines_around<'a>(text: &str, spans: impl Iterator<Item = &'a Range<usize>>) -> Range<usize> {
    let starts: Vec<usize> = spans.map(|s| char_start(text, s.start)).collect();
    let first = starts.iter().min().copied().unwrap_or(0);
    let last = starts.iter().max().copied().unwrap_or(0);
    let start = text[..first].rfind('\n').map_or(0, |i| i + 1);
    start..text[last..].find('\n').map_or(text.len(), |i| last + i)
}
