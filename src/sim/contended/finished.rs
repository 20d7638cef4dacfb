//! Lives that are over, on their way into the tally.

use crate::sim::batch::{BATCH, Columns, Row, count_plan};
use crate::sim::tally::PlanTally;
use crate::units::{Span, Time};

/// Gathers the rows of lives that are over until they are a batch.
pub(super) struct Finished {
    columns: Box<Columns>,
    arrivals: Vec<Time>,
    deadline: Span,
}

impl Finished {
    /// Nobody yet; a delivery within `deadline` of the arrival is in time.
    pub(super) fn new(deadline: Span) -> Self {
        Self { columns: Box::new(Columns::EMPTY), arrivals: Vec::with_capacity(BATCH), deadline }
    }

    #[inline]
    pub(super) fn add(&mut self, arrival: Time, row: Row, tally: &mut PlanTally) {
        self.columns.set(self.arrivals.len(), row);
        self.arrivals.push(arrival);
        if self.arrivals.len() == BATCH {
            self.count(tally);
        }
    }

    /// Likewise, from this `lane` of the columns of others.
    #[inline]
    pub(super) fn take(&mut self, arrival: Time, columns: &Columns, lane: usize, tally: &mut PlanTally) {
        self.columns.copy(self.arrivals.len(), columns, lane);
        self.arrivals.push(arrival);
        if self.arrivals.len() == BATCH {
            self.count(tally);
        }
    }

    /// Counts all that have been gathered.
    pub(super) fn count(&mut self, tally: &mut PlanTally) {
        count_plan(&mut self.columns, &self.arrivals, self.deadline, tally);
        self.arrivals.clear();
    }
}
