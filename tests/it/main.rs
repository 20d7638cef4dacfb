//! The integration tests, in one binary.

mod build;
mod cli;
mod closed_forms;
mod coverage;
mod determinism;
mod engine_checker;
mod engine_random;
mod engine_routee;
mod engine_rules;
mod engine_story;
mod engine_walk;
mod extremes;
mod house;
mod naive;
mod pools;
mod queueing;
mod random_scenario;
mod readme;
mod revision;
mod rivals;
mod sampling;
mod scenario_files;
mod sharing;
mod snapshot;
mod three_plans;
mod twin;
