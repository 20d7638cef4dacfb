//! The results of the recipients of a class or a group: counts that add up, and what is kept by section.

use super::tally::{Tally, gather_series};
use crate::stats::{Cells, Latencies, SectionLatencies};

/// Once there are this many lists of cells of a class, they are added up.
const MOST_LISTS: usize = 32;

/// The results of a class or a group of recipients. How its latencies are divided between `tally` and `cells` depends on the number of
/// threads; [`GroupTally::whole`] does not.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct GroupTally {
    /// All counts; the number and the sums of all latencies, but the cells of only some of them.
    pub tally: Tally,
    /// The cells of the other latencies: one list for each time that some of them were moved, with cells for each plan.
    pub cells: Vec<Vec<Cells>>,
    /// For each section, in order: its number, and its latencies under each plan, by section cell.
    pub sections: Vec<(usize, Vec<Cells>)>,
}

impl GroupTally {
    /// All counts, with the cells of all latencies.
    #[must_use]
    pub fn whole(mut self) -> Tally {
        self.fold();
        self.tally
    }

    /// Moves all cells to the tally.
    fn fold(&mut self) {
        std::mem::take(&mut self.cells).iter().for_each(|cells| self.tally.add_cells(cells));
    }

    /// Takes all latencies under each plan out of these buffers. Their cells are kept as a list until there are many lists.
    pub(super) fn take_latencies(&mut self, buffers: &mut [Latencies]) {
        let plans = self.tally.plans.iter_mut().zip(buffers);
        self.cells.push(plans.map(|(plan, buffer)| buffer.move_to(&mut plan.latencies)).collect());
        if self.cells.len() == MOST_LISTS {
            self.fold();
        }
    }

    /// Adds the latencies of a section, which has ended.
    pub(super) fn end_section(&mut self, section: usize, latencies: &mut [SectionLatencies]) {
        self.sections.push((section, latencies.iter_mut().map(SectionLatencies::take).collect()));
    }
}

/// The results of each class, from those of each thread; `None` if there are no threads.
pub(super) fn merged(of_threads: Vec<Vec<GroupTally>>) -> Option<Vec<GroupTally>> {
    let mut all = of_threads.into_iter().reduce(|mut all, part| {
        for (ours, theirs) in all.iter_mut().zip(part) {
            ours.tally.merge(&theirs.tally);
            ours.cells.extend(theirs.cells);
            ours.sections.extend(theirs.sections);
        }
        all
    })?;
    for class in &mut all {
        class.sections.sort_unstable_by_key(|&(section, _)| section);
        class.tally.plans.iter_mut().for_each(|plan| plan.first_costs.sort_unstable());
    }
    for plan in 0..all.first().map_or(0, |class| class.tally.plans.len()) {
        gather_series(all.iter_mut().map(|class| &mut class.tally.plans[plan]));
    }
    Some(all)
}
