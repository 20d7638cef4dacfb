//! Operational laws that every run obeys, whatever its random numbers. A debug build checks every contended run that it simulates.
//!
//! Executors count by bin of time and sum over attempts, each separately; these laws tie the two together:
//!
//! - every attempt that comes to a provider departs, is rejected or expires in the queue;
//! - Little's law: the integral over time of the number of waiting attempts is the sum of their waits;
//! - the utilisation law: the integral of the number of lines in use is the sum of the times for which attempts held one;
//! - no more tokens are taken than the bucket holds and the throughput adds, but for the parts of one message; no more lines are in use than
//!   exist, no more attempts wait than the queue holds.
//!
//! Integrals are taken over the ends of bins. An attempt that is present for a time t is present at the ends of t / width bins, give or
//! take one, so that each counts for its own time to within the width of a bin.

use super::PlanRunTally;
use crate::provider::Capacity;
use crate::sim::independent::RunContext;
use crate::sim::tally::{ProviderSeries, ProviderTally, QueueTally};

/// Returns a description of the first law that a run breaks; `None` when it obeys all.
pub(super) fn broken(run: &RunContext<'_>, tally: &PlanRunTally) -> Option<String> {
    run.model.providers.iter().enumerate().find_map(|(i, provider)| {
        let capacity = provider.capacity()?;
        let whole = whole(tally, i);
        let queue = whole.queue.as_deref()?;
        let mut series = ProviderSeries::default();
        tally.streams.iter().flatten().for_each(|class| series.merge(&class.tally.series.providers[i]));
        let segments = run.model.streams.iter().flat_map(|stream| &stream.classes).map(|class| class.segment);
        let parts: Vec<u32> = segments.map(|segment| provider.parts(segment)).collect();
        let books = Books { parts, ..Books::new(run, &series, queue) };
        let law = conserved(&whole, queue).or_else(|| books.broken(capacity, tally.longest_queue[i]))?;
        Some(format!("provider {i}: {law}"))
    })
}

/// The counts of all streams together at a provider.
fn whole(tally: &PlanRunTally, provider: usize) -> ProviderTally {
    let mut whole = ProviderTally::default();
    tally.streams.iter().flatten().for_each(|class| whole.merge(&class.tally.providers[provider]));
    whole
}

fn conserved(whole: &ProviderTally, queue: &QueueTally) -> Option<String> {
    let (came, left) = (whole.attempts, queue.waits.count());
    let kept = came == left + whole.rejected + queue.unserved();
    (!kept).then(|| {
        format!("{came} came, {left} departed, {} rejected, {} never departed", whole.rejected, queue.unserved())
    })
}

/// The counts of one queue by bin of time.
struct Books<'a> {
    queue: &'a QueueTally,
    /// The width of a bin (µs).
    width: u64,
    /// The number of departures in each bin.
    left: Vec<u64>,
    /// The parts of messages, for each class.
    parts: Vec<u32>,
    /// At the end of each bin: the number of attempts that wait, and of those that hold a line.
    waiting: Vec<u64>,
    busy: Vec<u64>,
    /// Whether every event falls into a bin of its own time, and none into the last bin, which holds everything after the others.
    is_whole: bool,
}

impl<'a> Books<'a> {
    fn new(run: &RunContext<'_>, series: &ProviderSeries, queue: &'a QueueTally) -> Self {
        // The last bin holds everything after the others.
        let bins = run.timeline.bins();
        let filled = |counts: &mut dyn Iterator<Item = (usize, u64)>| {
            let mut filled = vec![0; bins + 1];
            counts.for_each(|(bin, count)| filled[bin] += count);
            filled
        };
        let [came, left] = [&series.submissions, &queue.departures]
            .map(|sums| filled(&mut sums.iter().map(|(bin, count, _)| (bin, count))));
        let [rejected, unserved, released] =
            [&queue.rejections, &queue.left_unserved, &queue.releases].map(|counts| filled(&mut counts.iter()));
        let is_whole = [&came, &left, &unserved, &released].iter().all(|counts| counts[bins] == 0);
        let waiting = there(&came, &[&left, &rejected, &unserved]);
        let busy = there(&left, &[&released]);
        let width = run.timeline.width().as_micros() as u64;
        Self { queue, width, waiting, busy, is_whole, left, parts: Vec::new() }
    }

    fn broken(&self, capacity: &Capacity, longest_queue: u64) -> Option<String> {
        let most = |counts: &[u64]| counts.iter().copied().max().unwrap_or(0);
        if longest_queue > capacity.queue || most(&self.waiting) > longest_queue {
            return Some(format!("{} wait, {longest_queue} at the most, of {}", most(&self.waiting), capacity.queue));
        }
        let lines = capacity.concurrent.filter(|&lines| most(&self.busy) > u64::from(lines));
        if let Some(lines) = lines {
            return Some(format!("{} of {lines} lines in use", most(&self.busy)));
        }
        let bins = self.left.len() - 1;
        let parts = |choose: fn(_, _) -> u32| self.parts.iter().copied().reduce(choose).unwrap_or(1);
        let spare = f64::from(capacity.tokens()) + f64::from(parts(u32::max)) - 1.0;
        let tokens = capacity.rate.map(|rate| rate.per_second() * self.width as f64 / 1e6 + spare + 0.001);
        let allowed = tokens.map(|tokens| tokens / f64::from(parts(u32::min)));
        if let Some(allowed) = allowed.filter(|&allowed| most(&self.left[..bins]) as f64 > allowed) {
            return Some(format!("{} leave in a bin, of {allowed}", most(&self.left[..bins])));
        }
        let queue = self.queue;
        let waits_end = queue.still_queued == 0;
        if !self.is_whole || !waits_end {
            return None;
        }
        let little =
            self.differ(&self.waiting, queue.waits.sum() + queue.wasted, queue.waits.count() + queue.unserved());
        let used = queue.has_lines.then(|| self.differ(&self.busy, queue.held, queue.waits.count())).flatten();
        let named =
            |law: &str, values: (u128, u128)| format!("{law}: {} µs over time, {} µs in all", values.0, values.1);
        little
            .map(|values| named("Little's law", values))
            .or_else(|| used.map(|values| named("utilisation law", values)))
    }

    /// Returns the integral of `there` over time and `sum` (µs), if they differ by more than the width of a bin for each of `count`
    /// attempts.
    fn differ(&self, there: &[u64], sum: u128, count: u64) -> Option<(u128, u128)> {
        let integral = there.iter().map(|&n| u128::from(n)).sum::<u128>() * u128::from(self.width);
        (integral.abs_diff(sum) > u128::from(count) * u128::from(self.width)).then_some((integral, sum))
    }
}

/// The number of attempts that have come by the end of each bin and have not gone.
fn there(came: &[u64], gone: &[&Vec<u64>]) -> Vec<u64> {
    let mut there = 0_u64;
    let bin = |(i, came): (usize, &u64)| {
        // An attempt that has gone before it came shows as a number that is far too large.
        there = there.wrapping_add(*came).wrapping_sub(gone.iter().map(|gone| gone[i]).sum());
        there
    };
    came.iter().enumerate().map(bin).collect()
}
