//! Laws that every world obeys, whatever its luck. A debug build holds each world that it plays to them.
//!
//! Executors count by bin of time and add up over attempts, each for itself; these laws tie the two together:
//!
//! - what comes to a provider leaves its queue, is refused or is withdrawn;
//! - Little's law: the integral over time of how many wait is the sum of how long each waits;
//! - the utilisation law: the integral of how many lines are in use is the sum of how long each attempt held one;
//! - no more leave than the throughput allows, no more lines are in use than there are, no more wait than may.
//!
//! Integrals are taken over the ends of bins. Whoever is there for a time of t is there at the ends of t / width bins, to one, so that each
//! counts for its own time to the width of a bin.

use super::PlanRunTally;
use crate::provider::Capacity;
use crate::sim::independent::RunContext;
use crate::sim::tally::{ProviderTally, QueueTally};

/// The first law that a world breaks, in words; `None` when it obeys all.
pub(super) fn broken(run: &RunContext<'_>, tally: &PlanRunTally) -> Option<String> {
    run.model.providers.iter().enumerate().find_map(|(i, provider)| {
        let capacity = provider.capacity()?;
        let whole = whole(tally, i);
        let queue = whole.queue.as_deref()?;
        let books = Books::new(run, &whole, queue);
        let law = conserved(&whole, queue).or_else(|| books.broken(capacity, tally.longest[i]))?;
        Some(format!("provider {i}: {law}"))
    })
}

/// What all streams together did at a provider.
fn whole(tally: &PlanRunTally, provider: usize) -> ProviderTally {
    let mut whole = ProviderTally::default();
    tally.streams.iter().for_each(|stream| whole.merge(&stream.providers[provider]));
    whole
}

fn conserved(whole: &ProviderTally, queue: &QueueTally) -> Option<String> {
    let (came, left) = (whole.attempts, queue.waits.count());
    let kept = came == left + queue.refused + queue.withdrawn;
    (!kept).then(|| format!("{came} came, {left} left, {} refused, {} withdrawn", queue.refused, queue.withdrawn))
}

/// The counts of one queue by bin of time.
struct Books<'a> {
    queue: &'a QueueTally,
    /// The width of a bin (µs).
    width: u64,
    /// Who left in each bin.
    left: Vec<u64>,
    /// At the end of each bin: who waits, and who holds a line.
    waiting: Vec<u64>,
    busy: Vec<u64>,
    /// Whether all that happened lies in a bin of its own time.
    is_whole: bool,
}

impl<'a> Books<'a> {
    fn new(run: &RunContext<'_>, whole: &ProviderTally, queue: &'a QueueTally) -> Self {
        // The last bin holds what comes after all others.
        let bins = run.timeline.bins();
        let filled = |counts: &mut dyn Iterator<Item = (usize, u64)>| {
            let mut filled = vec![0; bins + 1];
            counts.for_each(|(bin, count)| filled[bin] += count);
            filled
        };
        let [came, left] = [&whole.submissions, &queue.departures]
            .map(|sums| filled(&mut sums.iter().map(|(bin, count, _)| (bin, count))));
        let [refused, withdrawn, released] =
            [&queue.refusals, &queue.withdrawals, &queue.releases].map(|counts| filled(&mut counts.iter()));
        let is_whole = [&came, &left, &withdrawn, &released].iter().all(|counts| counts[bins] == 0);
        let waiting = there(&came, &[&left, &refused, &withdrawn]);
        let busy = there(&left, &[&released]);
        let width = run.timeline.width().as_micros() as u64;
        Self { queue, width, waiting, busy, is_whole, left }
    }

    fn broken(&self, capacity: &Capacity, longest: u64) -> Option<String> {
        let most = |counts: &[u64]| counts.iter().copied().max().unwrap_or(0);
        if longest > capacity.queue || most(&self.waiting) > longest {
            return Some(format!("{} wait, {longest} at the most, of {}", most(&self.waiting), capacity.queue));
        }
        let lines = capacity.concurrent.filter(|&lines| most(&self.busy) > u64::from(lines));
        if let Some(lines) = lines {
            return Some(format!("{} of {lines} lines in use", most(&self.busy)));
        }
        let bins = self.left.len() - 1;
        let allowed = capacity.rate.map(|rate| rate.per_second() * self.width as f64 / 1e6 + 1.001);
        if let Some(allowed) = allowed.filter(|&allowed| most(&self.left[..bins]) as f64 > allowed) {
            return Some(format!("{} leave in a bin, of {allowed}", most(&self.left[..bins])));
        }
        let queue = self.queue;
        let waits_end = queue.withdrawals.total() == queue.withdrawn;
        if !self.is_whole || !waits_end {
            return None;
        }
        let little =
            self.differ(&self.waiting, queue.waits.sum() + queue.wasted, queue.waits.count() + queue.withdrawn);
        let used = queue.has_lines.then(|| self.differ(&self.busy, queue.held, queue.waits.count())).flatten();
        let named =
            |law: &str, values: (u128, u128)| format!("{law}: {} µs over time, {} µs in all", values.0, values.1);
        little
            .map(|values| named("Little's law", values))
            .or_else(|| used.map(|values| named("utilisation law", values)))
    }

    /// The integral of `there` over time and `sum` (µs), if they differ by more than the width of a bin for each of so many.
    fn differ(&self, there: &[u64], sum: u128, count: u64) -> Option<(u128, u128)> {
        let integral = there.iter().map(|&n| u128::from(n)).sum::<u128>() * u128::from(self.width);
        (integral.abs_diff(sum) > u128::from(count) * u128::from(self.width)).then_some((integral, sum))
    }
}

/// How many have come by the end of each bin and have not gone.
fn there(came: &[u64], gone: &[&Vec<u64>]) -> Vec<u64> {
    let mut there = 0_u64;
    let bin = |(i, came): (usize, &u64)| {
        // Who has gone before coming shows as a number that is far too large.
        there = there.wrapping_add(*came).wrapping_sub(gone.iter().map(|gone| gone[i]).sum());
        there
    };
    came.iter().enumerate().map(bin).collect()
}
