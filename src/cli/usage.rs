//! Parses the command line, and prints help or what is wrong with it.

use super::args::Args;
use super::failure::Failure;
use super::output;
use crate::text;
use clap::error::Error;
use clap::{Arg, Command, CommandFactory, FromArgMatches};

/// The subcommand and its flags. Returns a failure also where help or the version was asked for and has been printed.
pub(super) fn parsed() -> Result<Args, Failure> {
    let matches = command().try_get_matches();
    let args = matches.and_then(|matches| Args::from_arg_matches(&matches));
    args.map_err(|error| told(&error.format(&mut command())))
}

/// The command line's definition. Each option takes the next word as its value, even where it begins with a minus, so that the option's own
/// parser can say what is wrong with the value.
fn command() -> Command {
    let takes_any = |arg: Arg| {
        let takes_value = !arg.is_positional() && arg.get_action().takes_values();
        if takes_value { arg.allow_hyphen_values(true) } else { arg }
    };
    Args::command().mut_subcommands(|verb| verb.mut_args(takes_any))
}

/// Prints what was asked for, or formats the error.
fn told(error: &Error) -> Failure {
    if error.use_stderr() {
        return Failure::Drawn(drawn(error));
    }
    let printed = output::print_drawn(&error.render().ansi().to_string());
    printed.err().unwrap_or(Failure::AlreadyReported(0))
}

/// The error in colours, or without them where it may repeat an argument that contains control characters.
fn drawn(error: &Error) -> String {
    let is_hidden = |word: std::ffi::OsString| word.to_string_lossy().contains(text::is_hidden);
    if std::env::args_os().any(is_hidden) {
        text::lines(&error.render().to_string()).into_owned()
    } else {
        error.render().ansi().to_string()
    }
}
