//! The integration tests: one binary, one file for each subject.

mod build;
mod naive;
mod random_scenario;
mod twin;
