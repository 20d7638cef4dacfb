//! Finished recipients on their way into the tally.

use crate::sim::batch::{BATCH, Columns, Row, count_plan};
use crate::sim::tally::PlanTally;
use crate::sim::timeline::Timeline;
use crate::units::{Span, Time};

/// Collects the rows of finished recipients until they fill a batch.
pub(super) struct Finished {
    columns: Box<Columns>,
    arrivals: Vec<Time>,
    deadline: Span,
    timeline: Timeline,
}

impl Finished {
    /// An empty batch; a delivery within `deadline` of the arrival is in time.
    pub(super) fn new(deadline: Span, timeline: Timeline) -> Self {
        let (columns, arrivals) = (Box::new(Columns::EMPTY), Vec::with_capacity(BATCH));
        Self { columns, arrivals, deadline, timeline }
    }

    #[inline]
    pub(super) fn add(&mut self, arrival: Time, row: Row, tally: &mut PlanTally) {
        self.columns.set(self.arrivals.len(), row);
        self.arrivals.push(arrival);
        if self.arrivals.len() == BATCH {
            self.count(tally);
        }
    }

    /// Adds a recipient whose row is at index `lane` of other columns.
    #[inline]
    pub(super) fn take(&mut self, arrival: Time, columns: &Columns, lane: usize, tally: &mut PlanTally) {
        self.columns.copy(self.arrivals.len(), columns, lane);
        self.arrivals.push(arrival);
        if self.arrivals.len() == BATCH {
            self.count(tally);
        }
    }

    /// Counts all recipients that have been collected.
    pub(super) fn count(&mut self, tally: &mut PlanTally) {
        count_plan(&mut self.columns, &self.arrivals, (self.deadline, self.timeline), tally);
        self.arrivals.clear();
    }
}
