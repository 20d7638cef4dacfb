//! `failsim validate`: read files, play nothing.

use super::args::Validate;
use super::failure::Failure;
use super::{load, output};
use crate::report;
use crate::scenario::Scenario;
use std::path::Path;

/// Reads every file, says what is wrong with each, and ends with the worst of it.
pub(super) fn validate(args: &Validate) -> Result<(), Failure> {
    let mut worst = None;
    for path in &args.scenarios {
        match load::load(path) {
            Ok(scenario) => output::print(&summary(path, &scenario))?,
            Err(failure) => {
                if let Some(earlier) = worst.replace(failure) {
                    earlier.report();
                }
            }
        }
    }
    worst.map_or(Ok(()), Err)
}

fn summary(path: &Path, scenario: &Scenario) -> String {
    let count = |n: u64, word: &str| format!("{} {word}{}", report::count(n), if n == 1 { "" } else { "s" });
    format!(
        "{}: valid; {}, {}, {}, {}\n",
        path.display(),
        count(scenario.plans.len() as u64, "plan"),
        count(scenario.providers.len() as u64, "provider"),
        count(scenario.traffic.recipients, "recipient"),
        count(scenario.checks.len() as u64, "check"),
    )
}
