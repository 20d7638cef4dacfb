//! The results of an earlier run, as a baseline.

use super::failure::Failure;
use crate::files;
use crate::report;
use crate::scenario::Scenario;
use crate::study::{self, Incomparable, Results};
use std::path::Path;

/// The largest baseline [bytes]; most have some ten thousand, and those with all pairs of hundreds of plans stay far below it.
const LONGEST: u64 = 512 << 20;
/// The most that is shown of an error in a baseline [characters], since the message may repeat the file's content.
const LONGEST_REASON: usize = 300;

/// Reads the results of an earlier run. Those of an older version of failsim are rejected with `new_baseline`, the command that makes new
/// ones.
pub(super) fn read(path: &Path, new_baseline: impl FnOnce() -> String) -> Result<Results, Failure> {
    const HINT: &str = "give the results.json of a report folder, or the output of `failsim run --format json`";
    let bytes = files::read(path, LONGEST).map_err(|error| Failure::unreadable(path, &error, HINT))?;
    parsed(&bytes).map_err(|unusable| match unusable {
        Unusable::Older(schema) => Failure::usage(
            format!("{} was written by an older version of failsim: {schema}, not {}", path.display(), study::SCHEMA),
            format!("make a new baseline: {}", new_baseline()),
        ),
        Unusable::Other(reason) => {
            let message = format!("{} is not a results file of failsim ({}): {reason}", path.display(), study::SCHEMA);
            Failure::usage(message, HINT)
        }
    })
}

/// The schema of the results that older versions wrote.
const OLDER: &str = "failsim/results/1";

/// Why a file cannot be used as a baseline.
enum Unusable {
    /// It has the schema of an older version.
    Older(String),
    Other(String),
}

fn parsed(bytes: &[u8]) -> Result<Results, Unusable> {
    #[derive(serde::Deserialize)]
    struct Marked {
        schema: String,
    }
    let invalid = |error: serde_json::Error| Unusable::Other(placed(&error));
    let Marked { schema } = serde_json::from_slice(bytes).map_err(invalid)?;
    match schema.as_str() {
        study::SCHEMA => serde_json::from_slice(bytes).map_err(invalid),
        OLDER => Err(Unusable::Older(schema)),
        _ => Err(Unusable::Other(format!("its schema is {schema:?}"))),
    }
}

/// The position of an error in the file, and its reason.
fn placed(error: &serde_json::Error) -> String {
    let (line, column, text) = (error.line(), error.column(), error.to_string());
    let place = format!(" at line {line} column {column}");
    let reason: String = text.strip_suffix(&place).unwrap_or(&text).chars().take(LONGEST_REASON).collect();
    format!("line {line}, column {column}: {reason}")
}

/// Why the baseline cannot be compared with runs of `scenario`. Where no flag would help, the hint is the command for a new one.
pub(super) fn incomparable(reason: &Incomparable, scenario: &Scenario, new_baseline: String) -> Failure {
    let anew = || format!("make a new baseline: {new_baseline}");
    let (what, hint) = match reason {
        Incomparable::NoCommonPlan => ("it has none of these plans".to_owned(), anew()),
        Incomparable::Currency => ("it uses another currency".to_owned(), anew()),
        Incomparable::Seed(seed) => (format!("it was run with seed {seed}"), format!("use --seed {seed}")),
        Incomparable::Recipients(n) => {
            let plural = if *n == 1 { "" } else { "s" };
            // With several streams of traffic, the flag would not restore the number in each of them.
            let hint = if scenario.streams.len() > 1 { anew() } else { format!("use --recipients {n}") };
            (format!("it was run with {} recipient{plural}", report::count(*n)), hint)
        }
        Incomparable::Stream { name, recipients } => {
            (format!("its stream {name} has {} recipients", report::count(*recipients)), anew())
        }
        Incomparable::Replications(r) => {
            let plural = if *r == 1 { "" } else { "s" };
            (format!("it was run with {r} replication{plural}"), format!("use --replications {r}"))
        }
    };
    Failure::usage(format!("this run cannot be compared with the baseline: {what}"), hint)
}
