//! How a report was made: facts that belong beside the results, never in them.

use serde::Serialize;

/// The record of how a report was made, written to `run.json` together with the names of the report's `files`.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Run {
    /// The command line, quoted so that it can be run again.
    pub command: String,
    /// The version of failsim.
    pub version: String,
    /// The machine: processor, cores, system.
    pub machine: String,
    /// The threads used.
    pub threads: usize,
    /// How long the simulation took, in wall time (s).
    pub seconds: f64,
}
