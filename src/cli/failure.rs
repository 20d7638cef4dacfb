//! What can go wrong.

use std::path::Path;

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
    AlreadyReported(u8),
    /// A signal came, as from Ctrl-C.
    Interrupted,
    /// Likewise; what has been done is kept, as this says.
    Paused(String),
    /// Whoever read the output has gone: no error.
    BrokenPipe,
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
}
