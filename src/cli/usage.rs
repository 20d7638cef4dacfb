//! The command line as it is read, and what is said when it cannot be, or asks for help.

use super::args::Args;
use super::failure::Failure;
use super::output;
use crate::text;
use clap::error::Error;
use clap::{Arg, Command, CommandFactory, FromArgMatches};

/// The verb and its flags; a failure also where help or the version was asked for and has been printed.
pub(super) fn parsed() -> Result<Args, Failure> {
    let matches = command().try_get_matches();
    let args = matches.and_then(|matches| Args::from_arg_matches(&matches));
    args.map_err(|error| told(&error.format(&mut command())))
}

/// What can be typed. Each option takes the next word as its value, also where that begins with a minus: what is wrong with the value is
/// then said by who knows what it should be.
fn command() -> Command {
    let takes_any = |arg: Arg| {
        let takes_value = !arg.is_positional() && arg.get_action().takes_values();
        if takes_value { arg.allow_hyphen_values(true) } else { arg }
    };
    Args::command().mut_subcommands(|verb| verb.mut_args(takes_any))
}

/// Prints what was asked for, or draws what is wrong.
fn told(error: &Error) -> Failure {
    if error.use_stderr() {
        return Failure::Drawn(drawn(error));
    }
    let printed = output::print_drawn(&error.render().ansi().to_string());
    printed.err().unwrap_or(Failure::AlreadyReported(0))
}

/// The error in colours; without them where it may repeat an argument with what a terminal would obey.
fn drawn(error: &Error) -> String {
    let is_hidden = |word: std::ffi::OsString| word.to_string_lossy().contains(text::is_hidden);
    if std::env::args_os().any(is_hidden) {
        text::lines(&error.render().to_string()).into_owned()
    } else {
        error.render().ansi().to_string()
    }
}
