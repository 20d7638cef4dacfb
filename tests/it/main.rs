//! The integration tests.

mod scenario_files;
