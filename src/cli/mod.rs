//! The command line: words, flags, progress, exit codes.
//!
//! Results go to standard output, progress and notes to standard error.

mod args;
mod capacity;
mod check;
mod failure;
mod folder;
mod goal;
mod load;
mod numbers;
mod often;
mod output;
mod playing;
mod run;
mod stopwatch;
mod store;
mod sweep;
mod tolerance;
mod trace;
mod validate;

use args::{Args, Verb};
use clap::{CommandFactory, Parser};
use failure::Failure;
use std::process::ExitCode;

/// Reads the command line, does what it says, and gives the exit code: 0 done, 1 something broke, 2 bad usage or a bad scenario,
/// 3 a check failed, 130 interrupted.
#[must_use]
pub fn main() -> ExitCode {
    let done = match Args::parse().verb {
        Verb::Run(args) => run::run(&args),
        Verb::Check(args) => check::check(&args),
        Verb::Capacity(args) => capacity::capacity(&args),
        Verb::Sweep(args) => sweep::sweep(&args),
        Verb::Validate(args) => validate::validate(&args),
        Verb::Trace(args) => trace::trace(&args),
        Verb::Schema(args) => output::print(&schema(&args)),
        Verb::Completions(args) => output::print(&completions(&args)),
    };
    done.map_or_else(|failure| failure.report(), |()| ExitCode::SUCCESS)
}

fn schema(args: &args::Schema) -> String {
    let schema =
        if args.results { schemars::schema_for!(crate::study::Results).into() } else { crate::scenario::schema() };
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

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

impl From<crate::sim::Interrupted> for Failure {
    fn from(_: crate::sim::Interrupted) -> Self {
        Self::Interrupted
    }
}
