//! Latencies as a histogram with three significant digits and exact sums.

use super::bins::Bins;
use super::cells::Cells;
use super::confidence::Confidence;
use super::moments::Moments;
use super::scale::Scale;
use super::squares::{sum, sum_of_squares};
use crate::units::Time;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;

/// A distribution of latencies.
///
/// The mean, variance, minimum and maximum are exact; a quantile is known to within its cell of a [`Scale`].
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Latencies {
    scale: Arc<Scale>,
    cells: Bins,
    count: u64,
    sum: u128,
    sum_of_squares: u128,
    least: i64,
    longest: i64,
}

/// A quantile and the bounds (s) within which the data place it: those of its cell.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Quantile {
    /// The middle of its cell (s).
    pub value: f64,
    /// The lower bound (s).
    pub low: f64,
    /// The upper bound (s).
    pub high: f64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self::on(&Arc::default())
    }
}

impl Latencies {
    /// An empty distribution on this scale.
    #[must_use]
    pub fn on(scale: &Arc<Scale>) -> Self {
        let (scale, cells) = (Arc::clone(scale), Bins::default());
        Self { scale, cells, count: 0, sum: 0, sum_of_squares: 0, least: i64::MAX, longest: 0 }
    }

    /// Adds latencies (µs), none of them negative.
    #[inline(always)]
    pub fn record_all(&mut self, micros: &[i64]) {
        if self.scale.is_plain() {
            micros.iter().for_each(|&latency| self.cells.add(super::scale::bucket(latency as u64)));
        } else {
            micros.iter().for_each(|&latency| self.cells.add(self.scale.cell(latency)));
        }
        self.count += micros.len() as u64;
        self.sum += sum(micros).unsigned_abs();
        self.sum_of_squares = self.sum_of_squares.saturating_add(sum_of_squares(micros));
        self.least = micros.iter().fold(self.least, |least, &latency| least.min(latency));
        self.longest = micros.iter().fold(self.longest, |longest, &latency| longest.max(latency));
    }

    /// The scale by which latencies are told apart.
    #[must_use]
    pub const fn scale(&self) -> &Arc<Scale> {
        &self.scale
    }

    /// Adds the latencies of `other`, which is on the same scale, or on one with additional atoms.
    pub fn merge(&mut self, other: &Self) {
        if Arc::ptr_eq(&self.scale, &other.scale) || self.scale == other.scale {
            self.cells.merge_used(&other.cells, other.used());
        } else {
            for (cell, count) in other.cells.iter() {
                self.cells.add_many(self.scale.cell(*other.scale.bounds(cell).start()), count);
            }
        }
        self.count += other.count;
        self.sum += other.sum;
        self.sum_of_squares = self.sum_of_squares.saturating_add(other.sum_of_squares);
        self.least = self.least.min(other.least);
        self.longest = self.longest.max(other.longest);
    }

    /// The section cell of the values of a cell.
    #[must_use]
    pub fn section_cell(&self, cell: usize) -> usize {
        super::scale::section_cell(self.scale.bounds(cell).into_inner().0 as u64)
    }

    /// Moves all latencies to `all`, which is on the same scale, except for their cells, which are returned; keeps the memory.
    pub fn move_to(&mut self, all: &mut Self) -> Cells {
        let (cells, used) = (self.cells(), self.used());
        self.cells.clear(used);
        let bins = std::mem::take(&mut self.cells);
        all.merge(self);
        *self = Self { cells: bins, ..Self::on(&self.scale) };
        cells
    }

    /// Adds the cells of latencies on `scale`, whose sums are there already: on this scale, or on one with additional atoms.
    pub fn add_cells(&mut self, scale: &Arc<Scale>, cells: &Cells) {
        if Arc::ptr_eq(&self.scale, scale) || self.scale == *scale {
            cells.iter().for_each(|(cell, count)| self.cells.add_many(cell, count));
        } else {
            cells
                .iter()
                .for_each(|(cell, count)| self.cells.add_many(self.scale.cell(*scale.bounds(cell).start()), count));
        }
    }

    /// The range of cells from the smallest latency to the largest; all others are empty.
    fn used(&self) -> Range<usize> {
        if self.count == 0 { 0..0 } else { self.scale.cell(self.least)..self.scale.cell(self.longest) + 1 }
    }

    /// The number of latencies.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The number of latencies that are zero.
    #[must_use]
    pub fn zeros(&self) -> u64 {
        let first = self.scale.cell(0);
        self.cells.iter().filter(|&(cell, _)| cell == first).map(|(_, count)| count).sum()
    }

    /// The sum of the latencies (µs).
    #[must_use]
    pub const fn sum(&self) -> u128 {
        self.sum
    }

    /// The sum of the squared latencies (µs²).
    #[must_use]
    pub const fn sum_of_squares(&self) -> u128 {
        self.sum_of_squares
    }

    /// The largest latency; `None` when there is none.
    #[must_use]
    pub fn longest(&self) -> Option<Time> {
        (self.count > 0).then(|| Time::from_micros(self.longest))
    }

    /// The mean, standard deviation and skewness (µs). The first two are exact; the skewness is computed from the middles of the
    /// cells. `None` for fewer than 3 latencies, and when the sum of squares overflows.
    #[must_use]
    pub fn moments(&self) -> Option<Moments> {
        let exact = Moments::of_sums(self.count, i128::try_from(self.sum).ok()?, self.sum_of_squares)?;
        let cubes = self.cells.rising_in(self.used()).map(|(cell, count)| {
            let (low, high) = self.scale.bounds(cell).into_inner();
            let above = 0.5 * (low as f64 + high as f64) - exact.mean;
            count as f64 * above * above * above
        });
        Some(exact.with_cubes(cubes.sum()))
    }

    /// The `p` quantile, 0 < p <= 1: the value of rank `ceil(p · n)`.
    #[must_use]
    pub fn quantile(&self, p: f64) -> Option<Quantile> {
        self.of_rank(self.rank(p))
    }

    /// The rank of the `p` quantile.
    #[must_use]
    pub fn rank(&self, p: f64) -> u64 {
        (p * self.count as f64).ceil().max(1.0) as u64
    }

    /// The value of this rank, from 1 for the smallest.
    #[must_use]
    pub fn of_rank(&self, rank: u64) -> Option<Quantile> {
        self.cell_of_rank(rank).map(|cell| self.at(cell))
    }

    /// The cell of the value of this rank.
    #[must_use]
    pub fn cell_of_rank(&self, rank: u64) -> Option<usize> {
        if rank == 0 || rank > self.count {
            return None;
        }
        self.cells.of_rank(rank, self.used().start)
    }

    /// The quantile that corresponds to this cell.
    #[must_use]
    pub fn at(&self, cell: usize) -> Quantile {
        let (low, high) = self.scale.bounds(cell).into_inner();
        let [low, high] = [low.max(self.least), high.min(self.longest)].map(|micros| micros as f64 / 1e6);
        Quantile { value: 0.5 * (low + high), low, high }
    }

    /// The distribution-free interval of the `p` quantile (s): the values of ranks `n p ± z sqrt(n p (1 - p))`, the ranks being
    /// binomial, widened to the cells that hold them; `None` when those ranks are not in the data.
    #[must_use]
    pub fn quantile_interval(&self, p: f64, confidence: Confidence) -> Option<(f64, f64)> {
        let n = self.count as f64;
        let half = confidence.normal() * (n * p * (1.0 - p)).sqrt();
        let (low, high) = ((n * p - half).floor(), (n * p + half).ceil() + 1.0);
        if low < 1.0 || high > n {
            return None;
        }
        Some((self.of_rank(low as u64)?.low, self.of_rank(high as u64)?.high))
    }

    /// The occupied cells and their counts.
    #[must_use]
    pub fn cells(&self) -> Cells {
        let used = self.used();
        match self.cells.dense(used.clone()) {
            Some(counts) => Cells::of_counts(used.start, counts),
            None => Cells::new(self.cells.rising()),
        }
    }

    /// The distribution: for each occupied cell, its upper end (s) and the number of latencies up to that end.
    #[must_use]
    pub fn cumulative(&self) -> Vec<(f64, u64)> {
        let upper = |(cell, count)| (*self.scale.bounds(cell).end() as f64 / 1e6, count);
        let mut sum = 0;
        let so_far = |(upper, count)| {
            sum += count;
            (upper, sum)
        };
        self.cells.rising_in(self.used()).map(upper).map(so_far).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(micros: &[i64]) -> Latencies {
        let mut latencies = Latencies::default();
        latencies.record_all(micros);
        latencies
    }

    fn noise(count: usize) -> Vec<i64> {
        let mut x = 1_u64;
        let mut next = || {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((x >> 33) % 1_000 * ((x >> 50) % 100_000 + 1)) as i64
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn quantiles_are_those_of_an_independent_histogram() {
        let mut theirs = hdrhistogram::Histogram::<u64>::new_with_bounds(1, 1 << 45, 3).expect("bounds are in order");
        let all = noise(20_000);
        all.iter().for_each(|&micros| theirs.record(micros as u64).expect("within bounds"));
        let ours = of(&all);
        for p in [0.001, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0] {
            let (a, b) = (ours.quantile(p).expect("not empty").value, theirs.value_at_quantile(p) as f64 / 1e6);
            assert!((a - b).abs() <= b / 1024.0 + 1e-6, "{p}: {a} and {b}");
        }
    }

    #[test]
    fn equal_latencies_are_exact() {
        let four = of(&[4_000_000; 1000]);
        assert_eq!(four.quantile(0.95), Some(Quantile { value: 4.0, low: 4.0, high: 4.0 }));
        assert_eq!(four.quantile_interval(0.5, Confidence::USUAL), Some((4.0, 4.0)));
        let beyond = four.quantile_interval(0.999, Confidence::USUAL);
        assert_eq!(beyond, None, "a thousand values cannot bound their 99.9 % quantile");
        assert_eq!(Latencies::default().quantile(0.5), None);
    }

    /// 34.000 s shares a bucket with other values close to it, and has its own cell on a scale with an atom there.
    #[test]
    fn a_quantile_on_an_atom_is_exact() {
        let all: Vec<i64> = (0..400).map(|i| 33_985_000 + 60 * i).chain([34_000_000; 600]).collect();
        let mut known = Latencies::on(&Arc::new(Scale::new([34_000_000])));
        known.record_all(&all);
        assert_eq!(known.quantile(0.5), Some(Quantile { value: 34.0, low: 34.0, high: 34.0 }));
        assert_eq!(known.quantile_interval(0.5, Confidence::USUAL), Some((34.0, 34.0)));
        let plain = of(&all).quantile(0.5).expect("not empty");
        assert!(plain.low < 34.0 && plain.high > 34.0 && plain.value != 34.0, "{plain:?}");
        let mut twice = Latencies::on(&Arc::new(Scale::new([34_000_000])));
        twice.merge(&known);
        twice.merge(&known);
        assert_eq!((twice.count(), twice.quantile(0.5)), (2_000, known.quantile(0.5)));
        let mut coarser = Latencies::default();
        coarser.merge(&known);
        assert_eq!(coarser, of(&all));
    }

    #[test]
    fn cells_can_follow_their_sums() {
        // The second time with more latencies than are kept one by one.
        let mut buffer = Latencies::default();
        for all in [noise(100), noise(900)] {
            buffer.record_all(&all);
            let (mut whole, cells) = (Latencies::default(), of(&all).cells());
            assert_eq!(buffer.move_to(&mut whole), cells);
            whole.add_cells(&Arc::default(), &cells);
            assert_eq!((&whole, &buffer), (&of(&all), &Latencies::default()));
        }
        let fine = Arc::new(Scale::new([34_000_000]));
        let mut whole = Latencies::on(&fine);
        whole.record_all(&(0..400).map(|i| 33_985_000 + 60 * i).chain([34_000_000; 600]).collect::<Vec<_>>());
        let mut coarser = Latencies::default();
        coarser.merge(&whole);
        let sums = Latencies { cells: Bins::default(), ..whole.clone() };
        for (scale, expected) in [(Arc::clone(&fine), &whole), (Arc::default(), &coarser)] {
            let mut all = Latencies::on(&scale);
            all.merge(&sums);
            all.add_cells(&fine, &whole.cells());
            assert_eq!(&all, expected);
        }
    }

    #[test]
    fn an_interval_holds_the_whole_bucket_of_an_atom() {
        let mut atoms = of(&[2_000_000; 9_600]);
        atoms.record_all(&[50_000_000; 400]);
        let (low, high) = atoms.quantile_interval(0.5, Confidence::USUAL).expect("enough values");
        assert!(low <= 2.0 && 2.0 <= high && high - low < 0.003);
        let (low, high) = atoms.quantile_interval(0.99, Confidence::USUAL).expect("enough values");
        assert!(low <= 50.0 && high == 50.0);
    }

    /// The skewness equals that of the raw values, to a thousandth.
    #[test]
    fn moments_are_those_of_the_values() {
        let all = noise(3_000);
        let values: Vec<f64> = all.iter().map(|&micros| micros as f64).collect();
        let (ours, exact) = (of(&all).moments().expect("many"), Moments::of(&values).expect("many"));
        assert!((ours.mean / exact.mean - 1.0).abs() < 1e-12 && (ours.deviation / exact.deviation - 1.0).abs() < 1e-12);
        assert!((ours.skewness / exact.skewness - 1.0).abs() < 1e-3, "{ours:?} {exact:?}");
    }
}
