//! Scenario files, with the flags that change what they say.

use super::args::Play;
use super::failure::Failure;
use super::output;
use crate::scenario::{self, LoadError, Override, Scenario};
use std::path::Path;

/// Reads a scenario file.
pub(super) fn load(path: &Path) -> Result<Scenario, Failure> {
    scenario::load(path).map_err(|error| match error {
        LoadError::Io { path, source } => Failure::file("read", &path, &source),
        LoadError::Invalid(diagnostics) => Failure::Scenario(diagnostics.render(output::watched())),
    })
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
