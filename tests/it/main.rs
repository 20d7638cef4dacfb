//! The integration tests, in one binary.

mod build;
mod callbacks;
mod candidates;
#[cfg(feature = "cli")]
mod cli;
mod closed_forms;
mod coverage;
mod delivery;
mod determinism;
mod driver;
mod engine_checker;
mod engine_random;
mod engine_routee;
mod engine_rules;
mod engine_story;
mod engine_walk;
mod exact;
mod examples;
mod extremes;
mod field_cases;
#[cfg(feature = "report")]
mod fuzz_targets;
#[cfg(feature = "report")]
mod fuzzing;
mod glossary;
mod house;
mod ledger;
mod limits;
mod manifest;
mod naive;
mod optimize;
mod people;
mod pools;
mod queueing;
mod random_scenario;
#[cfg(feature = "cli")]
mod readme;
#[cfg(feature = "report")]
mod revision;
mod rivals;
mod sampling;
mod scenario_files;
mod segments;
mod sharing;
mod sizing;
mod snapshot;
#[cfg(feature = "report")]
mod terminal;
mod three_plans;
mod twin;
