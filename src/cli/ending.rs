//! How the program ends: its last message and its exit code.

use super::failure::Failure;
use super::{interrupt, output};
use std::process::ExitCode;

/// The exit code.
pub(super) fn code(failure: &Failure) -> u8 {
    match failure {
        Failure::BrokenPipe => 0,
        Failure::Broken { .. } => 1,
        Failure::Usage { .. } | Failure::Drawn(_) => 2,
        Failure::Interrupted | Failure::Paused(_) => interrupt::code(),
        Failure::AlreadyReported(code) => *code,
    }
}

/// Reports what went wrong and returns the exit code.
pub(super) fn report(failure: &Failure) -> ExitCode {
    match failure {
        Failure::Broken { message, hint } | Failure::Usage { message, hint } => output::say(message, hint.as_deref()),
        Failure::Drawn(drawn) => output::note_drawn(drawn.trim_end()),
        Failure::Interrupted => output::say(interrupt::NOTHING, None),
        Failure::Paused(message) => output::say(message, None),
        Failure::AlreadyReported(_) | Failure::BrokenPipe => {}
    }
    ExitCode::from(code(failure))
}
