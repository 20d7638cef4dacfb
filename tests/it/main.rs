//! The integration tests, in one binary.

mod cli;
mod engine_checker;
mod engine_random;
mod engine_routee;
mod engine_rules;
mod engine_story;
mod engine_walk;
mod scenario_files;
