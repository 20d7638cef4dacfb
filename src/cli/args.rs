//! The verbs and flags.

use super::goal::NamedBound;
use super::replications::ReplicationArgs;
use super::tolerance::NamedTolerance;
use super::{numbers, paths};
use crate::scenario::{Axis, Metric};
use clap::{Parser, Subcommand, ValueEnum, ValueHint};
use std::path::PathBuf;

/// Which messages reach people, how soon, and at what price: plays failover plans (Viber, SMS, voice, ...) against simulated channel providers and compares them
#[derive(Parser, Debug)]
#[command(name = "failsim", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 something broke (files, disk), 2 bad usage or a bad scenario, 3 a check failed, 130 interrupted (129 by SIGHUP, 143 by SIGTERM)"
)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) verb: Verb,
}

#[derive(Subcommand, Debug)]
pub(super) enum Verb {
    /// Play every plan of a scenario on the same people, compare them, and write a report
    Run(Run),
    /// For CI: play a scenario and hold it to its [[checks]], and to an earlier run; exit 3 if a check fails
    Check(Check),
    /// Find the smallest throughput, or number of lines, of a provider with which a plan meets its goals; exit 3 if none is enough
    Capacity(Capacity),
    /// Vary one or two values of a scenario and show what that does
    Sweep(Sweep),
    /// Read scenario files and say what is wrong with them; play nothing
    Validate(Validate),
    /// Show one recipient's life under one plan, event by event
    Trace(Trace),
    /// Print the JSON Schema of scenario files, for editors
    Schema(Schema),
    /// Print a completion script for a shell
    Completions(Completions),
}

/// What is played, and how.
#[derive(clap::Args, Debug)]
pub(super) struct Play {
    /// The scenario file
    #[arg(value_name = "SCENARIO", value_hint = ValueHint::FilePath)]
    pub(super) scenario: PathBuf,
    /// Play this many recipients instead of the scenario's
    #[arg(long, value_name = "N", value_parser = numbers::recipients)]
    pub(super) recipients: Option<u64>,
    /// Draw all luck from this seed instead of the scenario's
    #[arg(long, value_name = "S", value_parser = numbers::any)]
    pub(super) seed: Option<u64>,
    /// Use this many threads; the results are the same for any number [default: one for each core]
    #[arg(long, value_name = "T", value_parser = numbers::threads)]
    pub(super) threads: Option<u16>,
    /// Play only this plan; may be given more than once
    #[arg(long = "plan", value_name = "NAME")]
    pub(super) plans: Vec<String>,
    /// Write neither progress nor notes to standard error
    #[arg(long, short)]
    pub(super) quiet: bool,
}

#[derive(clap::Args, Debug)]
pub(super) struct Run {
    #[command(flatten)]
    pub(super) play: Play,
    #[command(flatten)]
    pub(super) often: ReplicationArgs,
    /// Write the report into this folder [default: reports/<scenario name>]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = paths::folder(), conflicts_with = "no_report")]
    pub(super) out: Option<PathBuf>,
    /// Write no report
    #[arg(long)]
    pub(super) no_report: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
}

/// What `run` prints.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Format {
    /// Tables for people
    Table,
    /// The results as JSON, as in the report folder
    Json,
    /// As CSV, likewise
    Csv,
}

#[derive(clap::Args, Debug)]
#[command(group(clap::ArgGroup::new("other").args(["baseline", "against"]).multiple(true)))]
pub(super) struct Check {
    #[command(flatten)]
    pub(super) play: Play,
    #[command(flatten)]
    pub(super) often: ReplicationArgs,
    /// Compare with this results.json of an earlier run, plan by plan
    #[arg(long, value_name = "RESULTS", value_hint = ValueHint::FilePath, value_parser = paths::file(), conflicts_with = "precision")]
    pub(super) baseline: Option<PathBuf>,
    /// Play this scenario too, on the same people, and fail where this one is shown to be worse, plan by plan
    #[arg(long, value_name = "OTHER", value_hint = ValueHint::FilePath, value_parser = paths::file(), conflicts_with = "precision")]
    pub(super) against: Option<PathBuf>,
    /// Let a measure be this much worse than in the other run, such as in_time=0.1pp, cost_per_recipient=0.5%rel or latency_p95_s=500ms; may be given more than once [default: as the scenario's [baseline] says, else not at all]
    #[arg(long = "tolerance", value_name = "MEASURE=AMOUNT", requires = "other", value_delimiter = ',')]
    pub(super) tolerances: Vec<NamedTolerance>,
    /// Show, for each plan that differs from the other scenario's, the two lives of the first person who does
    #[arg(long, requires = "against")]
    pub(super) explain: bool,
    /// Fail what is inconclusive too
    #[arg(long)]
    pub(super) strict: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t = GateFormat::Text)]
    pub(super) format: GateFormat,
}

/// What `check` prints.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum GateFormat {
    /// Lines for people, what fails first
    Text,
    /// As JSON
    Json,
    /// JUnit's XML
    Junit,
    /// A table for a comment or a job's summary
    Markdown,
    /// Annotations of a workflow on GitHub, and its job summary
    Github,
}

#[derive(clap::Args, Debug)]
pub(super) struct Capacity {
    #[command(flatten)]
    pub(super) play: Play,
    /// The provider whose capacity is looked for
    #[arg(long, value_name = "NAME")]
    pub(super) provider: String,
    /// Look for its throughput [default: the limit that it has in the scenario]
    #[arg(long, conflicts_with = "concurrent")]
    pub(super) rate: bool,
    /// Look for its number of lines
    #[arg(long)]
    pub(super) concurrent: bool,
    /// What the plan is to come to, such as in_time>=0.99 or latency_p95_s<=30s; may be given more than once [default: those of its checks that ask for something better]
    #[arg(long = "goal", value_name = "GOAL")]
    pub(super) goals: Vec<NamedBound>,
    /// The stream of traffic for which that is to hold [default: all together]
    #[arg(long, value_name = "NAME")]
    pub(super) stream: Option<String>,
    /// Play each capacity this many times, 30 at least and more where a goal or random outages need it, up to four times as often where that does not tell, and for the answer [default: as the scenario says]
    #[arg(long, value_name = "R", value_parser = numbers::enough_replications)]
    pub(super) replications: Option<u32>,
    /// Write the report into this folder [default: reports/<scenario name>-capacity]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = paths::folder(), conflicts_with = "no_report")]
    pub(super) out: Option<PathBuf>,
    /// Write no report
    #[arg(long)]
    pub(super) no_report: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
}

#[derive(clap::Args, Debug)]
pub(super) struct Sweep {
    #[command(flatten)]
    pub(super) play: Play,
    #[command(flatten)]
    pub(super) often: ReplicationArgs,
    /// What to vary and its values: plans.sms-first.steps.1.ttl=15s,30s,60s or providers.sms.capacity.rate=100/s..1000/s:10, with :10log for equal factors; may be given twice
    #[arg(long, value_name = "PATH=VALUES", required = true, value_parser = Axis::parse)]
    pub(super) vary: Vec<Axis>,
    /// Show this measure, such as latency_p99_s; may be given more than once [default: in_time, delivered, cost_per_recipient, latency_p95_s]
    #[arg(long = "measure", value_name = "NAME", value_delimiter = ',', value_parser = numbers::measure)]
    pub(super) measures: Vec<Metric>,
    /// Show this stream of traffic [default: each of them]
    #[arg(long, value_name = "NAME")]
    pub(super) stream: Option<String>,
    /// Keep the points and write the report in this folder [default: reports/<scenario name>-sweep]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = paths::folder())]
    pub(super) out: Option<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
}

#[derive(clap::Args, Debug)]
pub(super) struct Validate {
    /// The scenario files
    #[arg(value_name = "SCENARIO", required = true, value_hint = ValueHint::FilePath)]
    pub(super) scenarios: Vec<PathBuf>,
}

#[derive(clap::Args, Debug)]
pub(super) struct Trace {
    /// The scenario file
    #[arg(value_name = "SCENARIO", value_hint = ValueHint::FilePath)]
    pub(super) scenario: PathBuf,
    /// The plan [default: the scenario's first]
    #[arg(long, value_name = "NAME")]
    pub(super) plan: Option<String>,
    /// The stream of traffic [default: the scenario's first]
    #[arg(long, value_name = "NAME")]
    pub(super) stream: Option<String>,
    /// The recipient's number in its stream, from 0
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = numbers::any)]
    pub(super) recipient: u64,
    /// Draw all luck from this seed instead of the scenario's
    #[arg(long, value_name = "S", value_parser = numbers::any)]
    pub(super) seed: Option<u64>,
    /// The replication, from 0
    #[arg(long, value_name = "R", default_value_t = 0, value_parser = numbers::replication)]
    pub(super) replication: u32,
    /// Play as one of this many recipients instead of the scenario's
    #[arg(long, value_name = "N", value_parser = numbers::recipients)]
    pub(super) recipients: Option<u64>,
}

#[derive(clap::Args, Debug)]
pub(super) struct Schema {
    /// Print the schema of results.json instead
    #[arg(long, conflicts_with = "check")]
    pub(super) results: bool,
    /// Print the schema of what `check --format json` prints instead
    #[arg(long)]
    pub(super) check: bool,
}

#[derive(clap::Args, Debug)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(super) shell: clap_complete::Shell,
}
