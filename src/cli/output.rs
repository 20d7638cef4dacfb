//! Standard output, whose reader may leave at any time, and notes on standard error.

use super::failure::Failure;
use crate::report;
use std::io::{ErrorKind, IsTerminal, Write};

/// Writes `text` to standard output, without colours where they are not wanted.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::NobodyListens,
        _ => Failure::Broken { message: format!("cannot write to standard output: {error}"), hint: None },
    })
}

/// Writes a note to standard error; one that cannot be written is lost.
pub(super) fn note(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Whether somebody watches standard error.
pub(super) fn watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Whether standard output takes colours.
fn colored() -> bool {
    anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
}

/// The terminal that standard output is, if it is one.
pub(super) fn terminal() -> report::Terminal {
    report::Terminal { width: width(), color: colored() }
}

/// How many columns standard output has; 100 where nobody says.
fn width() -> u16 {
    terminal_size::terminal_size_of(std::io::stdout()).map_or(100, |(terminal_size::Width(columns), _)| columns.max(40))
}
