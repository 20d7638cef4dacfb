//! The integration tests: one binary, one file for each subject.

mod build;
mod closed_forms;
mod coverage;
mod determinism;
mod naive;
mod random_scenario;
mod sampling;
mod three_plans;
mod twin;
