//! A batch of recipients, simulated under every plan, on its way into the tally.

use super::pairs::Pairs;
use super::tally::{PairTally, PlanTally, Tally};
use super::timeline::Timeline;
use crate::rng::LANES;
use crate::stats::{Cells, Latencies, SectionLatencies, sum, sum_of_squares};
use crate::units::{Money, Span, Time};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// The most recipients in a batch.
pub(super) const BATCH: usize = LANES;

const NEVER: i64 = Time::NEVER.as_micros();

/// The result of one recipient under one plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Row {
    pub(super) cost: Money,
    /// [`Time::NEVER`] when nothing reached the recipient.
    pub(super) first_delivery: Time,
    pub(super) succeeded: bool,
    pub(super) duplicate: bool,
    pub(super) seen: bool,
}

impl Row {
    pub(super) const EMPTY: Self =
        Self { cost: Money::ZERO, first_delivery: Time::NEVER, succeeded: false, duplicate: false, seen: false };
}

impl Row {
    /// A hash of the result of a recipient who arrived at `arrival`, where a delivery within `deadline` is in time.
    pub(super) fn hashed(self, arrival: Time, deadline: Span) -> u64 {
        let Self { cost, first_delivery, succeeded, duplicate, seen } = self;
        let latency = (!first_delivery.is_never()).then(|| first_delivery.since(arrival));
        let in_time = latency.is_some_and(|latency| latency <= deadline);
        let mut hasher = DefaultHasher::new();
        (cost.as_micros(), latency.map(Span::as_micros), in_time, succeeded, duplicate, seen).hash(&mut hasher);
        hasher.finish()
    }
}

/// A flag for each recipient of a batch: 1 for yes, 0 for no.
pub(super) type Flags = [u8; BATCH];

/// The results of a batch under one plan, column by column.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    /// The cost of each recipient (millionths).
    pub(super) cost: [i64; BATCH],
    /// The first delivery to each recipient (µs); the value of [`Time::NEVER`] for none.
    pub(super) first_delivery: [i64; BATCH],
    pub(super) succeeded: Flags,
    pub(super) duplicate: Flags,
    pub(super) seen: Flags,
    delivered: Flags,
    in_time: Flags,
}

impl Columns {
    pub(super) const EMPTY: Self = Self {
        cost: [0; BATCH],
        first_delivery: [NEVER; BATCH],
        succeeded: [0; BATCH],
        duplicate: [0; BATCH],
        seen: [0; BATCH],
        delivered: [0; BATCH],
        in_time: [0; BATCH],
    };

    /// Clears the columns before a batch is simulated.
    pub(super) fn begin(&mut self) {
        self.cost.fill(0);
        self.first_delivery.fill(NEVER);
        for flags in [&mut self.succeeded, &mut self.duplicate, &mut self.seen] {
            flags.fill(0);
        }
    }

    #[inline]
    pub(super) fn set(&mut self, i: usize, row: Row) {
        self.cost[i] = row.cost.as_micros();
        self.first_delivery[i] = row.first_delivery.as_micros();
        self.succeeded[i] = u8::from(row.succeeded);
        self.duplicate[i] = u8::from(row.duplicate);
        self.seen[i] = u8::from(row.seen);
    }

    /// Copies the result of recipient `k` of `others` to recipient `i`.
    #[inline]
    pub(super) fn copy(&mut self, i: usize, others: &Self, k: usize) {
        self.cost[i] = others.cost[k];
        self.first_delivery[i] = others.first_delivery[k];
        self.succeeded[i] = others.succeeded[k];
        self.duplicate[i] = others.duplicate[k];
        self.seen[i] = others.seen[k];
    }

    /// As [`Columns::copy`], with whether the recipient was reached, and reached in time.
    pub(super) fn copy_judged(&mut self, i: usize, others: &Self, k: usize) {
        self.copy(i, others, k);
        self.delivered[i] = others.delivered[k];
        self.in_time[i] = others.in_time[k];
    }

    /// Counts these results into the plan's tally; where there are sections, also into those, as the results of the plan with this index.
    #[inline(always)]
    fn count(
        &mut self,
        arrivals: &[Time],
        (deadline, bin): (Span, impl Fn(usize) -> usize),
        tally: &mut PlanTally,
        sections: Option<(&mut SectionCounts<'_>, usize)>,
    ) {
        let n = arrivals.len();
        let (mut latencies, mut late) = ([0; BATCH], [0_u16; BATCH]);
        let (reached, missed) = self.judge(arrivals, deadline, &mut latencies, &mut late);
        let buffer = sections.and_then(|(sections, plan)| {
            sections.count(plan, &latencies[..reached], &self.delivered);
            sections.buffers.as_deref_mut()?.get_mut(plan)
        });
        buffer.unwrap_or(&mut tally.latencies).record_all(&latencies[..reached]);
        tally.cost += sum(&self.cost[..n]).unsigned_abs();
        tally.cost_squared = tally.cost_squared.saturating_add(sum_of_squares(&self.cost[..n]));
        tally.delivered += reached as u64;
        tally.in_time += ones(&self.in_time[..n]);
        tally.succeeded += ones(&self.succeeded[..n]);
        tally.duplicates += ones(&self.duplicate[..n]);
        tally.seen += ones(&self.seen[..n]);
        late[..missed].iter().for_each(|&i| tally.series.missed.add(bin(usize::from(i))));
    }

    /// Determines who was reached, and who in time; writes the latencies of those who were reached and the indices of those who were not
    /// reached in time, and returns the number of both.
    #[inline(always)]
    fn judge(
        &mut self,
        arrivals: &[Time],
        deadline: Span,
        latencies: &mut [i64; BATCH],
        late: &mut [u16; BATCH],
    ) -> (usize, usize) {
        let (mut reached, mut missed) = (0, 0);
        for (i, arrival) in arrivals.iter().enumerate().take(BATCH) {
            let latency = self.first_delivery[i].wrapping_sub(arrival.as_micros());
            let delivered = self.first_delivery[i] != NEVER;
            latencies[reached % BATCH] = latency;
            reached += usize::from(delivered);
            self.delivered[i] = u8::from(delivered);
            let in_time = delivered && latency <= deadline.as_micros();
            late[missed % BATCH] = i as u16;
            missed += usize::from(!in_time);
            self.in_time[i] = u8::from(in_time);
        }
        (reached, missed)
    }

    /// Counts the recipients whose results differ from those under an earlier plan.
    #[inline(always)]
    fn compare(&self, against: &Self, n: usize, tally: &mut PairTally) {
        differing(&self.delivered[..n], &against.delivered[..n], &mut tally.delivered);
        differing(&self.in_time[..n], &against.in_time[..n], &mut tally.in_time);
        differing(&self.succeeded[..n], &against.succeeded[..n], &mut tally.succeeded);
        differing(&self.duplicate[..n], &against.duplicate[..n], &mut tally.duplicates);
        let mut differences = [0; BATCH];
        for i in 0..n.min(BATCH) {
            differences[i] = self.cost[i] - against.cost[i];
        }
        let squares = sum_of_squares(&differences[..n]);
        tally.cost_difference_squared = tally.cost_difference_squared.saturating_add(squares);
    }
}

/// Counts the recipients of a batch whose results under one plan differ from those under another; both plans have been counted already.
/// Each comes with its arrival times. Returns the number in the batch of the first recipient whose result differs in any way.
pub(super) fn compare(plan: (&Columns, &[Time]), against: (&Columns, &[Time]), tally: &mut PairTally) -> Option<usize> {
    let ((ours, our_arrivals), (theirs, their_arrivals)) = (plan, against);
    ours.compare(theirs, our_arrivals.len(), tally);
    let latency = |columns: &Columns, arrival: Time, i: usize| {
        (columns.delivered[i] == 1).then(|| columns.first_delivery[i] - arrival.as_micros())
    };
    let course = |columns: &Columns, arrival: Time, i: usize| {
        let flags = (columns.in_time[i], columns.succeeded[i], columns.duplicate[i], columns.seen[i]);
        (latency(columns, arrival, i), columns.cost[i], flags)
    };
    let mut arrivals = our_arrivals.iter().zip(their_arrivals).enumerate();
    arrivals.position(|(i, (&our, &their))| course(ours, our, i) != course(theirs, their, i))
}

#[inline(always)]
fn ones(flags: &[u8]) -> u64 {
    flags.iter().map(|&flag| u64::from(flag)).sum()
}

#[inline(always)]
fn differing(ours: &[u8], theirs: &[u8], counts: &mut [u64; 2]) {
    let both = ours.iter().zip(theirs).map(|(a, b)| u64::from(a & b)).sum::<u64>();
    counts[0] += ones(ours) - both;
    counts[1] += ones(theirs) - both;
}

/// Where the latencies of a batch are counted by section.
pub(super) struct SectionCounts<'a> {
    /// The latencies of the current section under each plan.
    pub(super) current: &'a mut [SectionLatencies],
    /// For each section that ends within the batch, the number of the batch's recipients up to its end.
    pub(super) ends: &'a [usize],
    /// For each of them, its latencies under each plan.
    pub(super) ended: Vec<Vec<Cells>>,
    /// For each plan, what takes all latencies in place of the tally.
    pub(super) buffers: Option<&'a mut [Latencies]>,
}

impl<'a> SectionCounts<'a> {
    /// Counts for a batch within one section.
    pub(super) const fn within(current: &'a mut [SectionLatencies]) -> Self {
        Self { current, ends: &[], ended: Vec::new(), buffers: None }
    }

    /// Counts the latencies of those of a batch who were reached under a plan.
    #[inline(always)]
    fn count(&mut self, plan: usize, latencies: &[i64], delivered: &Flags) {
        let (mut before, mut begin) = (0, 0);
        for (&end, ended) in self.ends.iter().zip(&mut self.ended) {
            let upto = before + ones(&delivered[begin..end]) as usize;
            self.current[plan].record_all(&latencies[before..upto]);
            ended.push(self.current[plan].take());
            (before, begin) = (upto, end);
        }
        self.current[plan].record_all(&latencies[before..]);
    }
}

/// Counts a batch that was simulated under one plan, given the deadline and the bins of time.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx512cd", "x86_64+avx2"))]
pub(super) fn count_plan(
    columns: &mut Columns,
    arrivals: &[Time],
    (deadline, timeline): (Span, Timeline),
    tally: &mut PlanTally,
) {
    columns.count(arrivals, (deadline, |i| timeline.bin(arrivals[i])), tally, None);
}

/// Counts a batch, given the deadline and the bin of each arrival: each plan, and each pair of plans.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl+avx512cd", "x86_64+avx2"))]
pub(super) fn count(
    plans: &mut [Columns],
    arrivals: &[Time],
    (deadline, bins): (Span, &[u16]),
    pairs: &Pairs,
    (tally, sections): (&mut Tally, &mut SectionCounts<'_>),
) {
    for (i, (columns, plan)) in plans.iter_mut().zip(&mut tally.plans).enumerate() {
        let bin = |i: usize| usize::from(bins[i]);
        columns.count(arrivals, (deadline, bin), plan, Some((&mut *sections, i)));
    }
    for ((plan, against), tally) in pairs.iter().zip(&mut tally.pairs) {
        plans[plan].compare(&plans[against], arrivals.len(), tally);
    }
}
