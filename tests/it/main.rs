//! The integration tests, in one binary.

mod engine_routee;
mod engine_rules;
mod engine_story;
