//! `failsim validate`: reads files without simulating anything.

use super::args::Validate;
use super::failure::Failure;
use super::{ending, load, output};
use crate::report;
use crate::scenario::Scenario;
use std::path::Path;

/// Reads every file and says what is wrong with each; a file that cannot be read at all determines the exit code.
pub(super) fn validate(args: &Validate) -> Result<(), Failure> {
    let mut worst = None;
    for path in &args.scenarios {
        match load::load(path) {
            Ok(scenario) => {
                load::warnings(&scenario);
                output::print(&summary(path, &scenario))?;
            }
            Err(failure) => {
                ending::report(&failure);
                worst = Some(ending::code(&failure).min(worst.unwrap_or(u8::MAX)));
            }
        }
    }
    worst.map_or(Ok(()), |code| Err(Failure::AlreadyReported(code)))
}

fn summary(path: &Path, scenario: &Scenario) -> String {
    let count = |n: u64, word: &str| format!("{} {word}{}", report::count(n), if n == 1 { "" } else { "s" });
    format!(
        "{}: valid; {}, {}, {}, {}\n",
        path.display(),
        count(scenario.plans.len() as u64, "plan"),
        count(scenario.providers.len() as u64, "provider"),
        count(scenario.recipients(), "recipient"),
        count(scenario.checks.len() as u64, "check"),
    )
}
