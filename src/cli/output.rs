//! Standard output, whose reader may close it at any time, and notes on standard error.
//!
//! Everything that goes to a terminal goes through here. Control sequences in text are made harmless; only output that this program has
//! formatted, with its own styles and from text made harmless, is passed on unchanged.

use super::failure::Failure;
use crate::{report, text};
use std::io::{ErrorKind, IsTerminal, Write};

/// Writes `text` to standard output.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    print_drawn(&text::lines(text))
}

/// Writes formatted text to standard output, without colours where they are not wanted.
pub(super) fn print_drawn(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::BrokenPipe,
        _ => Failure::Broken { message: format!("cannot write to standard output: {error}"), hint: None },
    })
}

/// Writes a note to standard error; a note that cannot be written is lost.
pub(super) fn note(text: &str) {
    note_drawn(&text::lines(text));
}

/// Writes formatted text to standard error.
pub(super) fn note_drawn(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Says what went wrong and how to fix it.
pub(super) fn say(message: &str, hint: Option<&str>) {
    let red = anstyle::AnsiColor::Red.on_default().bold();
    let cyan = anstyle::AnsiColor::Cyan.on_default();
    note_drawn(&format!("{red}error:{red:#} {}", text::line(message)));
    if let Some(hint) = hint {
        note_drawn(&format!("{cyan}hint:{cyan:#} {}", text::line(hint)));
    }
}

/// Whether standard error is a terminal.
pub(super) fn watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Whether standard output supports colours.
fn colored() -> bool {
    anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
}

/// The properties of the terminal on standard output.
pub(super) fn terminal() -> report::Terminal {
    report::Terminal { width: width(), color: colored() }
}

/// The width of standard output in columns; 100 where it is unknown.
fn width() -> u16 {
    terminal_size::terminal_size_of(std::io::stdout()).map_or(100, |(terminal_size::Width(columns), _)| columns.max(40))
}
