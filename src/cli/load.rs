//! Scenario files, with the flags that change what they say.

use super::args::Play;
use super::failure::Failure;
use super::output;
use crate::scenario::{self, LoadError, Override, Scenario};
use std::path::Path;

/// No more file names than this are given in a hint.
const MOST_NAMES: usize = 8;

/// Reads a scenario file.
pub(super) fn load(path: &Path) -> Result<Scenario, Failure> {
    scenario::load(path).map_err(|error| match error {
        LoadError::Io { path, source } => Failure::unreadable(&path, &source, readable(&path)),
        LoadError::Invalid(diagnostics) => Failure::Scenario(diagnostics.render(output::watched())),
    })
}

/// The scenario files beside `path`, which cannot be read.
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

/// Reads the scenario that is to be played and applies the flags to it.
pub(super) fn played(args: &Play) -> Result<Scenario, Failure> {
    let mut scenario = load(&args.scenario)?;
    if let Some(seed) = args.seed {
        scenario.seed = seed;
    }
    if let Some(recipients) = args.recipients {
        scenario.set_recipients(recipients).map_err(refused)?;
    }
    if !args.plans.is_empty() {
        scenario.keep_plans(&args.plans).map_err(refused)?;
    }
    Ok(scenario)
}

/// How often the scenario is to be played.
pub(super) fn replications(args: &Play, scenario: &Scenario) -> u32 {
    args.replications.unwrap_or(scenario.replications)
}

/// Says why a flag does not fit the scenario.
pub(super) fn refused(reason: Override) -> Failure {
    match reason {
        Override::TooManyRecipients { available } => Failure::usage(
            format!("the scenario's arrivals file has {available} rows, fewer than --recipients asks for"),
            format!("use --recipients {available} or fewer"),
        ),
        Override::TooLong { within } => Failure::usage(
            "at the scenario's rate so many recipients would arrive for more than a year",
            format!("use --recipients {within} or fewer"),
        ),
        Override::NoSuchPlan { name, nearest, plans } => Failure::usage(
            format!("the scenario has no plan named {name:?}"),
            nearest.map_or_else(|| format!("its plans are {}", plans.join(", ")), |n| format!("did you mean {n:?}?")),
        ),
    }
}
