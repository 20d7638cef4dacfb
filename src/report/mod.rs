//! The results of a run, for people and for programs: terminal table, JSON, CSV, figures, page. This module formats; it computes no
//! results.
//!
//! [`write()`] makes the whole report folder; each part of the report has a function of its own.

mod assumptions;
mod brief;
mod cells;
mod csv;
mod digits;
mod figures;
mod finding;
#[cfg(test)]
pub(crate) mod fixture;
mod folder;
pub mod gate;
mod grid;
mod json;
mod layout;
mod markdown;
mod notes;
pub mod optimize;
mod ownership;
mod page;
mod run;
pub mod sizing;
mod spans;
pub mod sweep;
mod table;
mod tables;
mod timeline;
mod trace;
mod wide;
mod words;

pub use self::csv::csv;
pub use crate::text::number;
pub use figures::{Figure, FigureError, figures};
pub use finding::finding;
pub use folder::{check_ownership, write};
pub use json::{json, pretty};
pub use markdown::readme;
pub use notes::{independence, notes};
pub use page::page;
pub use run::Run;
pub use table::{Terminal, table};
pub use timeline::timeline;
pub use trace::trace;
pub use wide::CsvForm;

pub use words::whole as count;
