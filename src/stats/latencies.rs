//! Latencies as a histogram of three significant digits, with exact sums.

use super::bins::Bins;
use super::squares::{sum, sum_of_squares};
use crate::units::SimTime;
use std::ops::Range;

/// Each doubling is cut into this many buckets, so that a bucket is at most 1/1024 of its value wide.
const BUCKETS: u64 = 1 << BUCKET_BITS;
const BUCKET_BITS: u32 = 10;

/// How long deliveries took.
///
/// The buckets are those of Tene's HdrHistogram with 3 significant digits and a unit of 1 µs (<http://hdrhistogram.org>):
/// exact below 2 ms, then 1024 to each doubling. Mean, variance, least and longest are exact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Latencies {
    buckets: Bins,
    count: u64,
    sum: u128,
    sum_of_squares: u128,
    least: i64,
    longest: i64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { buckets: Bins::default(), count: 0, sum: 0, sum_of_squares: 0, least: i64::MAX, longest: 0 }
    }
}

impl Latencies {
    /// Counts latencies (µs); none is negative.
    #[inline(always)]
    pub fn record_all(&mut self, micros: &[i64]) {
        for &latency in micros {
            self.buckets.add(bucket(latency as u64));
        }
        self.count += micros.len() as u64;
        self.sum += sum(micros).unsigned_abs();
        self.sum_of_squares = self.sum_of_squares.saturating_add(sum_of_squares(micros));
        self.least = micros.iter().fold(self.least, |least, &latency| least.min(latency));
        self.longest = micros.iter().fold(self.longest, |longest, &latency| longest.max(latency));
    }

    /// Forgets all, and keeps the room.
    pub fn clear(&mut self) {
        let mut buckets = std::mem::take(&mut self.buckets);
        buckets.clear(self.used());
        *self = Self { buckets, ..Self::default() };
    }

    /// Adds the latencies of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.buckets.merge_used(&other.buckets, other.used());
        self.count += other.count;
        self.sum += other.sum;
        self.sum_of_squares = self.sum_of_squares.saturating_add(other.sum_of_squares);
        self.least = self.least.min(other.least);
        self.longest = self.longest.max(other.longest);
    }

    /// The buckets from the least to the longest; all others are empty.
    fn used(&self) -> Range<usize> {
        if self.count == 0 { 0..0 } else { bucket(self.least as u64)..bucket(self.longest as u64) + 1 }
    }

    /// How many.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// How many are zero.
    #[must_use]
    pub fn zeros(&self) -> u64 {
        self.buckets.counts().first().copied().unwrap_or(0)
    }

    /// Their sum (µs).
    #[must_use]
    pub const fn sum(&self) -> u128 {
        self.sum
    }

    /// The sum of their squares (µs²).
    #[must_use]
    pub const fn sum_of_squares(&self) -> u128 {
        self.sum_of_squares
    }

    /// The longest; `None` when there is none.
    #[must_use]
    pub fn longest(&self) -> Option<SimTime> {
        (self.count > 0).then(|| SimTime::from_micros(self.longest))
    }

    /// The `p` quantile (s), 0 < p <= 1: the value of rank `ceil(p · n)`, to the middle of its bucket.
    #[must_use]
    pub fn quantile(&self, p: f64) -> Option<f64> {
        self.of_rank((p * self.count as f64).ceil().max(1.0) as u64)
    }

    /// The value (s) of this rank, from 1 for the least: the middle of its bucket.
    #[must_use]
    pub fn of_rank(&self, rank: u64) -> Option<f64> {
        let (low, high) = self.bounds_of_rank(rank)?;
        Some(0.5 * (low + high))
    }

    /// Between which values (s) the one of this rank lies.
    fn bounds_of_rank(&self, rank: u64) -> Option<(f64, f64)> {
        if rank == 0 || rank > self.count {
            return None;
        }
        let (mut seen, first) = (0, self.used().start);
        let index = self.buckets.counts()[first..].iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        let (low, high) = (lowest(first + index) as i64, lowest(first + index + 1) as i64 - 1);
        Some((low.max(self.least) as f64 / 1e6, high.min(self.longest) as f64 / 1e6))
    }

    /// The distribution-free 95 % interval of the `p` quantile (s): the values of ranks `n p ± z sqrt(n p (1 - p))`, the ranks
    /// being binomial, with the buckets that they lie in; `None` where those ranks are not in the data.
    #[must_use]
    pub fn quantile_interval(&self, p: f64) -> Option<(f64, f64)> {
        let n = self.count as f64;
        let half = super::Z95 * (n * p * (1.0 - p)).sqrt();
        let (low, high) = ((n * p - half).floor(), (n * p + half).ceil() + 1.0);
        if low < 1.0 || high > n {
            return None;
        }
        Some((self.bounds_of_rank(low as u64)?.0, self.bounds_of_rank(high as u64)?.1))
    }

    /// The distribution: for each bucket that holds any, its upper end (s) and how many latencies are no longer.
    pub fn cumulative(&self) -> impl Iterator<Item = (f64, u64)> {
        let counts = self.buckets.counts().iter().enumerate().filter(|&(_, &count)| count > 0);
        counts.scan(0, |sum, (index, &count)| {
            *sum += count;
            Some(((lowest(index + 1) - 1) as f64 / 1e6, *sum))
        })
    }
}

/// The bucket of a value.
#[inline]
const fn bucket(value: u64) -> usize {
    let doubling = (value | (2 * BUCKETS - 1)).ilog2() - BUCKET_BITS;
    ((doubling as u64 * BUCKETS) + (value >> doubling)) as usize
}

/// The least value of a bucket.
const fn lowest(index: usize) -> u64 {
    let index = index as u64;
    if index < 2 * BUCKETS {
        return index;
    }
    let doubling = index / BUCKETS - 1;
    (index - doubling * BUCKETS) << doubling
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_one_another_without_gap() {
        for index in 0..30_000 {
            assert_eq!(bucket(lowest(index)), index);
            assert_eq!(bucket(lowest(index + 1) - 1), index);
        }
    }

    #[test]
    fn quantiles_are_those_of_an_independent_histogram() {
        let mut ours = Latencies::default();
        let mut theirs = hdrhistogram::Histogram::<u64>::new_with_bounds(1, 1 << 45, 3).expect("bounds are in order");
        let mut x = 1_u64;
        for _ in 0..20_000 {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let micros = (x >> 33) % 1_000 * ((x >> 50) % 100_000 + 1);
            ours.record_all(&[micros as i64]);
            theirs.record(micros).expect("within bounds");
        }
        for p in [0.001, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0] {
            let (a, b) = (ours.quantile(p).expect("not empty"), theirs.value_at_quantile(p) as f64 / 1e6);
            assert!((a - b).abs() <= b / 1024.0 + 1e-6, "{p}: {a} and {b}");
        }
    }

    #[test]
    fn equal_latencies_give_themselves() {
        let mut four = Latencies::default();
        four.record_all(&[4_000_000; 1000]);
        assert_eq!(four.quantile(0.95), Some(4.0));
        assert_eq!(four.quantile_interval(0.5), Some((4.0, 4.0)));
        assert_eq!(four.quantile_interval(0.999), None, "a thousand values cannot bound their 99.9 % quantile");
        assert_eq!(Latencies::default().quantile(0.5), None);
    }

    #[test]
    fn an_interval_holds_the_whole_bucket_of_an_atom() {
        let mut atoms = Latencies::default();
        atoms.record_all(&[2_000_000; 9_600]);
        atoms.record_all(&[50_000_000; 400]);
        let (low, high) = atoms.quantile_interval(0.5).expect("enough values");
        assert!(low <= 2.0 && 2.0 <= high && high - low < 0.003);
        let (low, high) = atoms.quantile_interval(0.99).expect("enough values");
        assert!(low <= 50.0 && high == 50.0);
    }
}
