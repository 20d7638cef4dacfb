//! The output of `failsim capacity`: the answer in a sentence, the curve as a table, figures, JSON, CSV and a page.

mod answer;
mod data;
pub mod frontier;
mod page;
mod terms;

pub use answer::{Answer, finding, table};
pub use data::{SCHEMA, csv, json};
pub use page::{check_ownership, write};
