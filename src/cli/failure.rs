//! The ways in which the program can fail.

use std::path::Path;

/// Why the program ends without having done what it was asked to do.
#[derive(Debug)]
pub(super) enum Failure {
    /// A problem with a file, a disk or a pipe.
    Broken { message: String, hint: Option<String> },
    /// A problem with a flag or an argument.
    Usage { message: String, hint: Option<String> },
    /// Errors in a scenario or on the command line, already formatted for the terminal.
    Drawn(String),
    /// The failure has been reported already; this is its exit code.
    AlreadyReported(u8),
    /// A signal, such as Ctrl-C, ended the work.
    Interrupted,
    /// A signal ended the work; what has been done is kept, as this message says.
    Paused(String),
    /// The reader of the output has closed it; not an error.
    BrokenPipe,
}

impl Failure {
    pub(super) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: Some(hint.into()) }
    }

    pub(super) fn broken(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Broken { message: message.into(), hint: Some(hint.into()) }
    }

    /// A file that cannot be read, with a hint on what to do about it.
    pub(super) fn unreadable(path: &Path, error: &std::io::Error, hint: impl Into<String>) -> Self {
        Self::broken(format!("cannot read {}: {error}", path.display()), hint)
    }
}
