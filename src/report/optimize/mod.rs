//! The output of `failsim optimize`: the winner as a block for a scenario file, JSON, CSV, a figure and a page.

mod blocks;
mod data;
mod found;
mod page;
mod race;
mod terms;
mod toml;

pub use data::{SCHEMA, csv, json};
pub use found::Findings;
pub use page::{check_ownership, write};
pub use toml::toml;
