//! Loads scenario files and applies the flags that change their values.

use super::args::ScenarioArgs;
use super::failure::Failure;
use super::{memory, output};
use crate::scenario::{self, Change, LoadError, Override, Scenario};
use crate::{study, text};
use std::path::Path;

/// The most file names listed in a hint.
const MOST_NAMES: usize = 8;

/// Reads a scenario file.
pub(super) fn load(path: &Path) -> Result<Scenario, Failure> {
    load_changed(path, &[])
}

/// Reads a scenario file and changes some of its values.
fn load_changed(path: &Path, changes: &[Change]) -> Result<Scenario, Failure> {
    scenario::load_changed(path, changes).map_err(|error| match error {
        LoadError::Io { path, source } => Failure::unreadable(&path, &source, readable(&path)),
        LoadError::Invalid(diagnostics) => Failure::Drawn(changed(changes) + &diagnostics.render(output::watched())),
    })
}

/// A note on the values that are not from the file, for the reader of an error.
fn changed(changes: &[Change]) -> String {
    let each: Vec<_> = changes.iter().map(|Change { path, value }| format!("{path} = {value}")).collect();
    if each.is_empty() {
        String::new()
    } else {
        format!("note: this is wrong with {}\n", text::line(&each.join(" and ")))
    }
}

/// A hint that lists the scenario files in the folder of `path`, which cannot be read.
fn readable(path: &Path) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let scenarios = entries.filter(|entry| entry != path && entry.extension().is_some_and(|end| end == "toml"));
    let mut names: Vec<_> = scenarios.filter_map(|entry| Some(entry.file_name()?.display().to_string())).collect();
    names.sort();
    names.truncate(MOST_NAMES);
    match names.as_slice() {
        [] => "give the path of a scenario file".to_owned(),
        names => format!("give the path of a scenario file; {} has {}", folder.display(), names.join(", ")),
    }
}

/// Reads the scenario to simulate, changes some of its values, and applies the flags to it.
pub(super) fn for_run(args: &ScenarioArgs, changes: &[Change]) -> Result<Scenario, Failure> {
    let mut scenario = load_changed(&args.scenario, changes)?;
    if let Some(seed) = args.seed {
        scenario.seed = seed;
    }
    if let Some(recipients) = args.recipients {
        scenario.set_recipients(recipients).map_err(rejected)?;
    }
    if !args.plans.is_empty() {
        scenario.keep_plans(&args.plans).map_err(rejected)?;
    }
    Ok(scenario)
}

/// Refuses a scenario that needs more memory than is free when it is run with up to `replications` replications.
pub(super) fn check_memory(args: &ScenarioArgs, scenario: &Scenario, replications: u32) -> Result<(), Failure> {
    let threads = args.threads.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from);
    let (needed, free) = (study::footprint(scenario, replications, threads), memory::free());
    if free.is_none_or(|free| needed <= free) {
        return Ok(());
    }
    let gigabytes = |bytes: u64| format!("{:.1} GB", bytes as f64 / 1e9);
    Err(Failure::usage(
        format!(
            "this run takes about {} of memory, and {} are free: where recipients share capacity, circuits or random outages, \
             all active recipients are in memory",
            gigabytes(needed),
            gigabytes(free.unwrap_or(0)),
        ),
        "use fewer with --recipients and scale the capacities in proportion, or run one plan at a time with --threads 1",
    ))
}

/// Prints the scenario's warnings; to be called once per command.
pub(super) fn warnings(scenario: &Scenario) {
    for note in &scenario.notes {
        output::note(&format!("note: {note}"));
    }
    if let Some(warnings) = &scenario.warnings {
        output::note_drawn(&warnings.render(output::watched()));
    }
}

/// Prints the scenario's warnings, and notes that other recipients at the same capacity ask another question. To be called once per
/// command.
pub(super) fn remarks(args: &ScenarioArgs, scenario: &Scenario) {
    if !args.quiet {
        warnings(scenario);
    }
    let is_limited = scenario.used_providers().iter().any(|&i| scenario.providers[i].capacity.is_some());
    if args.recipients.is_some() && is_limited && !args.quiet {
        output::note(
            "note: --recipients changes the load but not the capacity of the providers, so queues differ from those of the file",
        );
    }
}

/// The index of the stream of traffic with this name.
pub(super) fn stream(scenario: &Scenario, name: &str) -> Result<usize, Failure> {
    let names = || scenario.streams.iter().map(|stream| stream.name.as_str());
    names().position(|known| known == name).ok_or_else(|| {
        let known: Vec<_> = names().filter(|name| !name.is_empty()).collect();
        let hint = if known.is_empty() {
            "leave --stream out: the scenario's traffic has no name".to_owned()
        } else {
            format!("its streams are {}", known.join(", "))
        };
        Failure::usage(format!("the scenario has no stream of traffic named {name:?}"), hint)
    })
}

/// A failure that says why a flag does not fit the scenario.
pub(super) fn rejected(reason: Override) -> Failure {
    match reason {
        Override::TooManyRecipients { available } => Failure::usage(
            format!("the scenario's arrivals file has {available} recipients, fewer than --recipients asks for"),
            format!("use --recipients {available} or fewer"),
        ),
        Override::TooLong { within } => Failure::usage(
            "at the scenario's rate this many recipients would take more than a year to arrive",
            format!("use --recipients {within} or fewer"),
        ),
        Override::NoSuchPlan { name, always: Some(stream), .. } => Failure::usage(
            format!("{name:?} is the plan that the stream {stream:?} always follows, not one that is compared"),
            format!(
                "leave out --plan, or name a compared plan; to see that stream alone use --stream {stream} where the command has that flag"
            ),
        ),
        Override::NoSuchPlan { name, nearest, plans, .. } => Failure::usage(
            format!("the scenario has no plan named {name:?}"),
            nearest.map_or_else(|| format!("its plans are {}", plans.join(", ")), |n| format!("did you mean {n:?}?")),
        ),
    }
}
