//! The tables that a report shows: the results of the plans first, the rest after the figures.

use super::grid::{self, Grid};
use crate::study::{GroupKind, GroupResult, Results, RunOutput};

/// The results of the plans: one table, or, where there are several streams of traffic, one for each and one for all together.
pub(super) fn heads(results: &Results) -> Vec<Grid> {
    let groups = results.by_group(GroupKind::Stream);
    if groups.is_empty() {
        return vec![grid::plans(results)];
    }
    let of_group = |(group, view): &(&GroupResult, Results)| {
        let own = group.plan.as_ref().map(|plan| format!(" (always follows {plan})")).unwrap_or_default();
        Grid { caption: format!("{}{own}", group.name), ..grid::plans(view) }
    };
    let all = Grid { caption: "All streams together".to_owned(), ..grid::plans(results) };
    groups.iter().map(of_group).chain([all]).collect()
}

/// The tables after the figures: how plans differ, what each step did, and how capacity was used.
pub(super) fn rest(output: &RunOutput) -> Vec<Grid> {
    let results = &output.results;
    let groups = results.by_group(GroupKind::Stream);
    let named = |name: &str, grid: Grid| Grid { caption: format!("{name}: {}", grid.caption), ..grid };
    let mut tables: Vec<_> = grid::segments(results).into_iter().collect();
    if groups.is_empty() {
        tables.extend([grid::comparisons(results), Some(grid::steps(results))].into_iter().flatten());
    }
    // A stream with its own plan is there only for its effect on the others.
    for (group, view) in groups.iter().filter(|(group, _)| group.plan.is_none()) {
        let both = [grid::comparisons(view), Some(grid::steps(view))];
        tables.extend(both.into_iter().flatten().map(|grid| named(&group.name, grid)));
    }
    tables.extend(grid::capacity(output));
    tables.extend(grid::callbacks(results));
    tables
}
