//! What a search has found as TOML, whichever way it went.

use super::found::Findings;
use super::{blocks, race};
use crate::study::Search;

/// What was found as TOML: a table in comments, then the best plan as a `[[plans]]` block, or each of several. Ends with a line feed.
#[must_use]
pub fn toml(search: &Search<'_>, findings: &Findings<'_>) -> String {
    match *findings {
        Findings::Solved { optimum, confirmed } => blocks::optimum(search, optimum, confirmed),
        Findings::BySegment { optima, confirmed } => blocks::segment_optima(search, optima, confirmed),
        Findings::Raced { race, obstacles } => race::race(search, race, obstacles),
    }
}
