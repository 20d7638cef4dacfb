//! The verbs and flags.

use super::choices::{self, Choices, Triggers};
use super::goal::{NamedBound, NamedGoal};
use super::indifference::Indifference;
use super::replications::ReplicationArgs;
use super::tolerance::NamedTolerance;
use super::{numbers, paths};
use crate::scenario::{Axis, Metric};
use crate::units::Span;
use clap::{Parser, Subcommand, ValueEnum, ValueHint};
use std::path::PathBuf;

/// Simulates failover plans (Viber, SMS, voice, ...) against channel providers and compares them on delivery, latency and cost
#[derive(Parser, Debug)]
#[command(name = "failsim", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 I/O error, 2 invalid usage or scenario, 3 a check failed, 130 interrupted (129 by SIGHUP, 143 by SIGTERM)"
)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) verb: Verb,
}

#[derive(Subcommand, Debug)]
pub(super) enum Verb {
    /// Simulate every plan of a scenario on the same recipients, compare them, and write a report
    Run(Run),
    /// For CI: check a scenario against its [[checks]], an earlier run or another scenario; exit 3 if a check fails
    Check(Check),
    /// Find the smallest throughput, or number of lines, of a provider or of two with which a plan meets its goals; exit 3 if none is enough
    Capacity(Capacity),
    /// Vary one or two values of a scenario and compare the results
    Sweep(Sweep),
    /// Find the best order of providers and the best waits, triggers and attempts, exactly or by a race of simulations; exit 3 if no plan meets the bounds
    Optimize(Optimize),
    /// Check scenario files for errors without running them
    Validate(Validate),
    /// Show what happens to one recipient under one plan, event by event
    Trace(Trace),
    /// Print the JSON Schema of scenario files, for editors
    Schema(Schema),
    /// Print a completion script for a shell
    Completions(Completions),
}

/// The scenario and how it is run.
#[derive(clap::Args, Debug)]
pub(super) struct ScenarioArgs {
    /// The scenario file
    #[arg(value_name = "SCENARIO", value_hint = ValueHint::FilePath)]
    pub(super) scenario: PathBuf,
    /// Simulate this many recipients instead of the scenario's number
    #[arg(long, value_name = "N", value_parser = numbers::recipients)]
    pub(super) recipients: Option<u64>,
    /// Use this random seed instead of the scenario's
    #[arg(long, value_name = "S", value_parser = numbers::any)]
    pub(super) seed: Option<u64>,
    /// Use this many threads; results do not depend on it [default: one for each core]
    #[arg(long, value_name = "T", value_parser = numbers::threads)]
    pub(super) threads: Option<u16>,
    /// Run only this plan; may be given more than once
    #[arg(long = "plan", value_name = "NAME")]
    pub(super) plans: Vec<String>,
    /// Write neither progress nor notes to standard error
    #[arg(long, short)]
    pub(super) quiet: bool,
}

#[derive(clap::Args, Debug)]
pub(super) struct Run {
    #[command(flatten)]
    pub(super) input: ScenarioArgs,
    #[command(flatten)]
    pub(super) repeat: ReplicationArgs,
    /// Write the report into this folder [default: reports/<scenario name>]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = paths::folder(), conflicts_with = "no_report")]
    pub(super) out: Option<PathBuf>,
    /// Write no report
    #[arg(long)]
    pub(super) no_report: bool,
    /// Solve the plans whose recipients share nothing, besides simulating all (auto); solve none (simulate); fail if one cannot be solved (exact)
    #[arg(long, value_enum, default_value_t = Method::Auto)]
    pub(super) method: Method,
    /// The output format
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
    /// Write CSV for spreadsheets: all numbers of a plan, or of a time, in one row
    #[arg(long)]
    pub(super) wide: bool,
}

/// How plans are measured.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Method {
    Auto,
    Simulate,
    Exact,
}

/// The formats that `run` prints.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Format {
    /// Tables
    Table,
    /// Results as JSON, as in the report folder
    Json,
    /// Results as CSV, as in the report folder
    Csv,
}

#[derive(clap::Args, Debug)]
#[command(group(clap::ArgGroup::new("other").args(["baseline", "against"]).multiple(true)))]
pub(super) struct Check {
    #[command(flatten)]
    pub(super) input: ScenarioArgs,
    #[command(flatten)]
    pub(super) repeat: ReplicationArgs,
    /// Compare each plan with this results.json of an earlier run
    #[arg(long, value_name = "RESULTS", value_hint = ValueHint::FilePath, value_parser = paths::file(), conflicts_with = "precision")]
    pub(super) baseline: Option<PathBuf>,
    /// Run this scenario too, on the same recipients, and fail if a plan is shown to be worse than there
    #[arg(long, value_name = "OTHER", value_hint = ValueHint::FilePath, value_parser = paths::file(), conflicts_with = "precision")]
    pub(super) against: Option<PathBuf>,
    /// Tolerate that a measure is this much worse than in the other run, such as in_time=0.1pp, cost_per_recipient=0.5%rel or latency_p95_s=500ms; may be given more than once [default: the scenario's [baseline], else none]
    #[arg(long = "tolerance", value_name = "MEASURE=AMOUNT", requires = "other", value_delimiter = ',')]
    pub(super) tolerances: Vec<NamedTolerance>,
    /// For each plan that differs from the other scenario's, trace the first recipient who differs under both
    #[arg(long, requires = "against")]
    pub(super) explain: bool,
    /// Fail inconclusive checks too
    #[arg(long)]
    pub(super) strict: bool,
    /// Solve the plans whose recipients share nothing, besides simulating all (auto); solve none (simulate); fail if one cannot be solved (exact)
    #[arg(long, value_enum, default_value_t = Method::Auto)]
    pub(super) method: Method,
    /// The output format
    #[arg(long, value_enum, default_value_t = GateFormat::Text)]
    pub(super) format: GateFormat,
}

/// The formats that `check` prints.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum GateFormat {
    /// Lines of text, failed checks first
    Text,
    /// JSON
    Json,
    /// JUnit XML
    Junit,
    /// A Markdown table for a comment or a job summary
    Markdown,
    /// Annotations of a GitHub workflow, and its job summary
    Github,
}

#[derive(clap::Args, Debug)]
pub(super) struct Capacity {
    #[command(flatten)]
    pub(super) input: ScenarioArgs,
    /// The provider whose capacity is sized; given twice, pairs of capacities are sought that are enough together
    #[arg(long = "provider", value_name = "NAME", required = true)]
    pub(super) providers: Vec<String>,
    /// Size its throughput [default: the limit that it has in the scenario]
    #[arg(long, conflicts_with = "concurrent")]
    pub(super) rate: bool,
    /// Size its number of lines
    #[arg(long)]
    pub(super) concurrent: bool,
    /// The goal to meet, such as in_time>=0.99, latency_p95_s<=30s or, in 95 % of the replications, 'in_time>=0.99 on 0.95'; may be given more than once [default: the plan's checks that more capacity can help to meet]
    #[arg(long = "goal", value_name = "GOAL")]
    pub(super) goals: Vec<NamedGoal>,
    /// The stream of traffic that has to meet it [default: all together]
    #[arg(long, value_name = "NAME")]
    pub(super) stream: Option<String>,
    /// Also find how much more traffic the capacity of the scenario bears, or the smallest that is enough if that is not
    #[arg(long)]
    pub(super) headroom: bool,
    /// Also find the cheapest capacity, by the fees of the provider and the cost of this many replications in a month
    #[arg(long, value_name = "N", value_parser = numbers::times)]
    pub(super) per_month: Option<f64>,
    /// Run each capacity with this many replications, at least 30, more where a goal or random outages need them, and up to four times as many where the outcome is inconclusive and for the answer [default: as the scenario says]
    #[arg(long, value_name = "R", value_parser = numbers::enough_replications)]
    pub(super) replications: Option<u32>,
    /// Write the report into this folder [default: reports/<scenario name>-capacity]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = paths::folder(), conflicts_with = "no_report")]
    pub(super) out: Option<PathBuf>,
    /// Write no report
    #[arg(long)]
    pub(super) no_report: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
}

#[derive(clap::Args, Debug)]
pub(super) struct Sweep {
    #[command(flatten)]
    pub(super) input: ScenarioArgs,
    #[command(flatten)]
    pub(super) repeat: ReplicationArgs,
    /// The value to vary and its values: plans.sms-first.steps.1.ttl=15s,30s,60s or providers.sms.capacity.rate=100/s..1000/s:10, with :10log for logarithmic spacing; may be given twice
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
    /// The output format
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,
    /// Write CSV for spreadsheets: all measures of a plan at a point in one row
    #[arg(long)]
    pub(super) wide: bool,
}

#[derive(clap::Args, Debug)]
#[command(group(clap::ArgGroup::new("objective").args(["minimize", "maximize"]).multiple(true).required(true)))]
pub(super) struct Optimize {
    #[command(flatten)]
    pub(super) input: ScenarioArgs,
    /// Make this measure as small as possible, such as cost_per_recipient; with two objectives, find the plans that no other beats in both
    #[arg(long, value_name = "MEASURE", value_parser = numbers::measure)]
    pub(super) minimize: Vec<Metric>,
    /// Make this measure as large as possible, such as in_time
    #[arg(long, value_name = "MEASURE", value_parser = numbers::measure)]
    pub(super) maximize: Vec<Metric>,
    /// A bound that a plan has to meet, such as in_time>=0.99, duplicates<=0.002 or latency_p95_s<=30s; may be given more than once
    #[arg(long, value_name = "BOUND")]
    pub(super) subject_to: Vec<NamedBound>,
    /// Try only these providers [default: all of the scenario]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(super) providers: Vec<String>,
    /// Try plans of up to this many steps, each with another provider
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=8))]
    pub(super) steps: u8,
    /// How long a step may wait, such as 10s,30s,1m or viber=10s..60s:6; may be given more than once; the last step waits as long as it does in the scenario [default: twelfths of the deadline]
    #[arg(long, value_name = "[PROVIDER=]SPANS", value_parser = choices::ttls)]
    pub(super) ttls: Vec<Choices<Span>>,
    /// Keep to the waits that are named, and do not look for a better one between them
    #[arg(long)]
    pub(super) no_refinement: bool,
    /// Which statuses may trigger failover, such as usual,failed+expired or viber=undelivered+failed+expired; may be given more than once [default: those that are usual on the channel]
    #[arg(long, value_name = "[PROVIDER=]STATUSES", value_parser = choices::triggers)]
    pub(super) triggers: Vec<Choices<Triggers>>,
    /// How many attempts a step may make, such as 1,2; retries wait as they do in the scenario, or not at all
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "1", value_parser = numbers::attempts)]
    pub(super) attempts: Vec<u8>,
    /// Where plans cannot be solved, they race in simulations until none is better than the winner by more than this, such as 0.05pp or 0.0001 [default: 0.1pp, or a hundredth of the cost]
    #[arg(long, value_name = "AMOUNT")]
    pub(super) indifference: Option<Indifference>,
    /// Find the best plan for each segment, with the bounds in each of them, and the composite of these plans
    #[arg(long)]
    pub(super) by_segment: bool,
    /// What a late delivery does to the flow
    #[arg(long, value_enum, default_value_t = LateRule::Finish)]
    pub(super) late_delivery: LateRule,
    /// Write the report into this folder [default: reports/<scenario name>-optimize]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = paths::folder(), conflicts_with = "no_report")]
    pub(super) out: Option<PathBuf>,
    /// Write no report
    #[arg(long)]
    pub(super) no_report: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t = PlanFormat::Toml)]
    pub(super) format: PlanFormat,
}

/// The formats that `optimize` prints.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum PlanFormat {
    /// Plans for the scenario file, with a table in comments before them
    Toml,
    /// JSON, as in the report folder
    Json,
    /// CSV, as in the report folder
    Csv,
}

/// What late deliveries may do in the plans that are tried.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum LateRule {
    /// They end the flow
    Finish,
    /// They do not
    Ignore,
    /// Try both
    Both,
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
    /// Use this random seed instead of the scenario's
    #[arg(long, value_name = "S", value_parser = numbers::any)]
    pub(super) seed: Option<u64>,
    /// The replication, from 0
    #[arg(long, value_name = "R", default_value_t = 0, value_parser = numbers::replication)]
    pub(super) replication: u32,
    /// Simulate this many recipients instead of the scenario's number
    #[arg(long, value_name = "N", value_parser = numbers::recipients)]
    pub(super) recipients: Option<u64>,
}

#[derive(clap::Args, Debug)]
pub(super) struct Schema {
    /// Print the schema of results.json instead
    #[arg(long, conflicts_with = "check")]
    pub(super) results: bool,
    /// Print the schema of `check --format json` instead
    #[arg(long)]
    pub(super) check: bool,
}

#[derive(clap::Args, Debug)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(super) shell: clap_complete::Shell,
}
