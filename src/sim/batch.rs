//! A batch of recipients, played under every plan, on its way into the tally.

use super::tally::{PairTally, PlanTally, Tally};
use crate::units::{Money, SimTime};

/// The most recipients in a batch.
pub(super) const BATCH: usize = crate::provider::LANES;
const WORDS: usize = BATCH / 64;

/// What one recipient's life under one plan came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Row {
    pub(super) cost: Money,
    /// [`SimTime::NEVER`] when nothing reached the recipient.
    pub(super) first_delivery: SimTime,
    pub(super) succeeded: bool,
    pub(super) duplicate: bool,
    pub(super) seen: bool,
}

impl Row {
    pub(super) const EMPTY: Self =
        Self { cost: Money::ZERO, first_delivery: SimTime::NEVER, succeeded: false, duplicate: false, seen: false };
}

/// One bit for each recipient of a batch.
pub(super) type Bits = [u64; WORDS];

/// What the lives of a batch under one plan came to, column by column.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    /// What each cost [millionths].
    pub(super) cost: [i64; BATCH],
    /// Each first delivery [µs]; that of [`SimTime::NEVER`] for none.
    pub(super) first_delivery: [i64; BATCH],
    pub(super) succeeded: Bits,
    pub(super) duplicate: Bits,
    pub(super) seen: Bits,
    delivered: Bits,
    in_time: Bits,
}

impl Columns {
    pub(super) const EMPTY: Self = Self {
        cost: [0; BATCH],
        first_delivery: [i64::MAX; BATCH],
        succeeded: [0; WORDS],
        duplicate: [0; WORDS],
        seen: [0; WORDS],
        delivered: [0; WORDS],
        in_time: [0; WORDS],
    };

    pub(super) fn clear_bits(&mut self) {
        for bits in [&mut self.succeeded, &mut self.duplicate, &mut self.seen, &mut self.delivered, &mut self.in_time] {
            bits.fill(0);
        }
    }

    #[inline]
    pub(super) fn set(&mut self, i: usize, row: Row) {
        self.cost[i] = row.cost.as_micros();
        self.first_delivery[i] = row.first_delivery.as_micros();
        let (word, bit) = (i / 64, i % 64);
        self.succeeded[word] |= u64::from(row.succeeded) << bit;
        self.duplicate[word] |= u64::from(row.duplicate) << bit;
        self.seen[word] |= u64::from(row.seen) << bit;
    }

    /// Counts these lives into the plan's tally.
    fn count(&mut self, arrivals: &[SimTime], deadline: SimTime, tally: &mut PlanTally) {
        for (i, &arrival) in arrivals.iter().enumerate() {
            let first = self.first_delivery[i];
            if first != i64::MAX {
                let latency = SimTime::from_micros(first).since(arrival);
                tally.latencies.record(latency);
                self.delivered[i / 64] |= 1 << (i % 64);
                self.in_time[i / 64] |= u64::from(latency <= deadline) << (i % 64);
            }
            let cost = self.cost[i] as u128;
            tally.cost += cost;
            tally.cost_squared += cost * cost;
        }
        tally.delivered += ones(&self.delivered);
        tally.in_time += ones(&self.in_time);
        tally.succeeded += ones(&self.succeeded);
        tally.duplicates += ones(&self.duplicate);
        tally.seen += ones(&self.seen);
    }

    /// Counts the recipients in whom these lives differ from those under an earlier plan.
    fn compare(&self, against: &Self, recipients: usize, tally: &mut PairTally) {
        differing(&self.delivered, &against.delivered, &mut tally.delivered);
        differing(&self.in_time, &against.in_time, &mut tally.in_time);
        differing(&self.succeeded, &against.succeeded, &mut tally.succeeded);
        differing(&self.duplicate, &against.duplicate, &mut tally.duplicates);
        let pairs = self.cost[..recipients].iter().zip(&against.cost[..recipients]);
        tally.cost_difference_squared += pairs.map(|(a, b)| u128::from(a.abs_diff(*b)).pow(2)).sum::<u128>();
    }
}

fn ones(bits: &Bits) -> u64 {
    bits.iter().map(|word| u64::from(word.count_ones())).sum()
}

fn differing(ours: &Bits, theirs: &Bits, counts: &mut [u64; 2]) {
    for (a, b) in ours.iter().zip(theirs) {
        counts[0] += u64::from((a & !b).count_ones());
        counts[1] += u64::from((b & !a).count_ones());
    }
}

/// Counts a batch into the tally: each plan, and each pair of plans.
pub(super) fn count(plans: &mut [Columns], arrivals: &[SimTime], deadline: SimTime, tally: &mut Tally) {
    for (columns, plan) in plans.iter_mut().zip(&mut tally.plans) {
        columns.count(arrivals, deadline, plan);
    }
    for later in 1..plans.len() {
        for earlier in 0..later {
            plans[later].compare(&plans[earlier], arrivals.len(), &mut tally.pairs[Tally::pair(later, earlier)]);
        }
    }
}
