//! What can go wrong, and with which exit code the program then ends.

use super::{interrupt, output};
use crate::text;
use std::path::Path;
use std::process::ExitCode;

/// Why the program ends without having done what it was asked.
#[derive(Debug)]
pub(super) enum Failure {
    /// A file, a disk, a pipe.
    Broken { message: String, hint: Option<String> },
    /// A flag or an argument.
    Usage { message: String, hint: Option<String> },
    /// Errors of a scenario or of the command line that have been drawn.
    Drawn(String),
    /// What it was has been said; this is its exit code.
    Said(u8),
    /// A signal came, as from Ctrl-C.
    Interrupted,
    /// Likewise; what has been done is kept, as this says.
    Paused(String),
    /// Whoever read the output has gone: no error.
    NobodyListens,
}

impl Failure {
    pub(super) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: Some(hint.into()) }
    }

    pub(super) fn broken(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Broken { message: message.into(), hint: Some(hint.into()) }
    }

    /// A file that cannot be read, and what to do about it.
    pub(super) fn unreadable(path: &Path, error: &std::io::Error, hint: impl Into<String>) -> Self {
        Self::broken(format!("cannot read {}: {error}", path.display()), hint)
    }

    /// The exit code.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::NobodyListens => 0,
            Self::Broken { .. } => 1,
            Self::Usage { .. } | Self::Drawn(_) => 2,
            Self::Interrupted | Self::Paused(_) => interrupt::code(),
            Self::Said(code) => *code,
        }
    }

    /// Says what went wrong and gives the exit code.
    pub(super) fn report(&self) -> ExitCode {
        match self {
            Self::Broken { message, hint } | Self::Usage { message, hint } => say(message, hint.as_deref()),
            Self::Drawn(drawn) => output::note_drawn(drawn.trim_end()),
            Self::Interrupted => say(interrupt::NOTHING, None),
            Self::Paused(message) => say(message, None),
            Self::Said(_) | Self::NobodyListens => {}
        }
        ExitCode::from(self.code())
    }
}

/// Says what went wrong, and how to mend it.
pub(super) fn say(message: &str, hint: Option<&str>) {
    let red = anstyle::AnsiColor::Red.on_default().bold();
    let cyan = anstyle::AnsiColor::Cyan.on_default();
    output::note_drawn(&format!("{red}error:{red:#} {}", text::line(message)));
    if let Some(hint) = hint {
        output::note_drawn(&format!("{cyan}hint:{cyan:#} {}", text::line(hint)));
    }
}
