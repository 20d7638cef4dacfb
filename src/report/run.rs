//! How a report was made: what belongs beside the results, never into them.

use serde::Serialize;

/// The birth certificate of a report, written as `run.json`, together with the names of the report's `files`.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Run {
    /// The command line, as somebody would type it again.
    pub command: String,
    /// The version of failsim.
    pub version: String,
    /// The machine: processor, cores, system.
    pub machine: String,
    /// The threads used.
    pub threads: usize,
    /// How long the plans were played, in wall time (s).
    pub seconds: f64,
}
