//! The command line: subcommands, flags, progress, exit codes.
//!
//! Results go to standard output, progress and notes to standard error.

mod args;
mod baseline;
mod capacity;
mod check;
mod choices;
mod command_line;
mod ending;
mod failure;
mod folder;
mod goal;
mod indifference;
mod interrupt;
mod load;
mod memory;
mod numbers;
mod optimize;
mod output;
mod paths;
mod replications;
mod run;
mod simulate;
mod stopwatch;
mod store;
mod sweep;
mod tolerance;
mod trace;
mod usage;
mod validate;

use args::{Args, Verb};
use clap::CommandFactory;
use failure::Failure;
use std::process::ExitCode;

/// Reads the command line, carries it out, and returns the exit code: 0 done, 1 an I/O error, 2 invalid usage or scenario, 3 a check
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
        Verb::Optimize(args) => optimize::optimize(args),
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

impl From<crate::sim::Interrupted> for Failure {
    fn from(_: crate::sim::Interrupted) -> Self {
        Self::Interrupted
    }
}
