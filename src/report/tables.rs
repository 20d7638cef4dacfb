//! The tables that a report shows: the results of the plans first, the rest after the figures.

use super::grid::{self, Grid};
use crate::study::{Results, RunOutput};

/// The results of the plans: one table, or, where there are several streams of traffic, one for each and one for all together.
pub(super) fn heads(results: &Results) -> Vec<Grid> {
    let streams = results.streams();
    if streams.is_empty() {
        return vec![grid::plans(results)];
    }
    let of_stream = |(place, (name, view)): (usize, &(String, Results))| {
        let own = results.own_plan(place).map(|plan| format!(", always under {plan}")).unwrap_or_default();
        Grid { caption: format!("{name}{own}"), ..grid::plans(view) }
    };
    let all = Grid { caption: "All streams together".to_owned(), ..grid::plans(results) };
    streams.iter().enumerate().map(of_stream).chain([all]).collect()
}

/// The tables after the figures: how plans differ, what each step did, and how capacity was used.
pub(super) fn rest(findings: &RunOutput) -> Vec<Grid> {
    let results = &findings.results;
    let streams = results.streams();
    let named = |name: &str, grid: Grid| Grid { caption: format!("{name}: {}", grid.caption), ..grid };
    let mut tables = Vec::new();
    if streams.is_empty() {
        tables.extend([grid::comparisons(results), Some(grid::steps(results))].into_iter().flatten());
    }
    for (name, view) in &streams {
        let both = [grid::comparisons(view), Some(grid::steps(view))];
        tables.extend(both.into_iter().flatten().map(|grid| named(name, grid)));
    }
    tables.extend(grid::capacity(findings));
    tables
}
