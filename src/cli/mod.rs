//! The command line: subcommands, flags, progress, exit codes.
//!
//! Results go to standard output, progress and notes to standard error.

mod args;
mod baseline;
mod capacity;
mod check;
mod ending;
mod failure;
mod folder;
mod goal;
mod interrupt;
mod load;
mod memory;
mod numbers;
mod output;
mod paths;
mod playing;
mod replications;
mod run;
mod stopwatch;
mod store;
mod sweep;
mod tolerance;
mod trace;
mod usage;
mod validate;

use crate::text::is_hidden;
use args::{Args, Verb};
use clap::CommandFactory;
use failure::Failure;
use std::process::ExitCode;

/// Reads the command line, carries it out, and returns the exit code: 0 done, 1 something broke, 2 bad usage or a bad scenario, 3 a check
/// failed, 130 interrupted (129 by SIGHUP, 143 by SIGTERM).
#[must_use]
pub fn main() -> ExitCode {
    interrupt::listen();
    let done = usage::parsed().and_then(|args| done(&args.verb));
    interrupt::let_it_end();
    done.map_or_else(|failure| ending::report(&failure), |()| ExitCode::SUCCESS)
}

fn done(verb: &Verb) -> Result<(), Failure> {
    match verb {
        Verb::Run(args) => run::run(args),
        Verb::Check(args) => check::check(args),
        Verb::Capacity(args) => capacity::capacity(args),
        Verb::Sweep(args) => sweep::sweep(args),
        Verb::Validate(args) => validate::validate(args),
        Verb::Trace(args) => trace::trace(args),
        Verb::Schema(args) => output::print(&schema(args)),
        Verb::Completions(args) => output::print(&completions(args)),
    }
}

fn schema(args: &args::Schema) -> String {
    let schema = match (args.results, args.check) {
        (true, _) => schemars::schema_for!(crate::study::Results).into(),
        (_, true) => crate::report::gate::schema().into(),
        _ => crate::scenario::schema(),
    };
    format!("{schema:#}\n")
}

fn completions(args: &args::Completions) -> String {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "failsim", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The command line as it was typed, for the report.
fn typed() -> String {
    let words = std::env::args_os().skip(1).map(|word| quoted(&word.to_string_lossy()));
    std::iter::once("failsim".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// `word` quoted for a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,+%".contains(c);
    if word.contains(is_hidden) {
        format!("$'{}'", word.chars().map(escape).collect::<String>())
    } else if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// A character of a word in `$'...'`, where shells understand escapes for hidden characters.
fn escape(c: char) -> String {
    match c {
        '\'' | '\\' => format!("\\{c}"),
        _ if !is_hidden(c) => c.to_string(),
        _ if c.is_ascii() => format!("\\x{:02x}", u32::from(c)),
        _ => format!("\\U{:08x}", u32::from(c)),
    }
}

impl From<crate::sim::Interrupted> for Failure {
    fn from(_: crate::sim::Interrupted) -> Self {
        Self::Interrupted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_as_shells_read_them() {
        assert_eq!(quoted("in_time=0.1pp"), "in_time=0.1pp");
        assert_eq!(quoted("a b's"), "'a b'\\''s'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("it's\u{1b}[31m\u{202e}"), "$'it\\'s\\x1b[31m\\U0000202e'");
    }
}
