//! Quantiles of a distribution that is known by its distribution function.

use super::quadrature::Level;
use super::{Exact, Obstacle};

/// The first and the last time at which a quantile is sought (µs), and the steps between them for each factor of ten.
const FROM: f64 = 1e3;
const DECADES: usize = 11;
const STEPS: usize = 3;

/// The most rounds of a search.
const MOST_ROUNDS: usize = 60;

/// A quantile in search: it lies above `low` and up to `high` (µs), where the distribution function is that much below and above its share.
#[derive(Clone, Copy)]
struct Search {
    share: f64,
    low: (f64, f64),
    high: (f64, f64),
    /// Whether the last step moved the upper end.
    moved_high: Option<bool>,
}

impl Search {
    /// Whether it is found: to so small a part of it, or to the microsecond where many are delivered at the same time.
    fn is_found(&self, part: f64) -> bool {
        let width = self.high.0 - self.low.0;
        let is_jump = self.high.1 - self.low.1 > 1e-7;
        width <= 0.5 || (width <= part * self.high.0 && (part > 1e-6 || !is_jump))
    }

    /// Where to look next: the false position (the Illinois method), or in every third round the middle.
    fn next(&self, round: usize) -> f64 {
        let (low, high) = (self.low.0, self.high.0);
        let position = low - self.low.1 * (high - low) / (self.high.1 - self.low.1);
        let margin = 0.01 * (high - low).min(1e-6 * high);
        if round % 3 == 2 || !position.is_finite() {
            0.5 * (low + high)
        } else {
            position.clamp(low + margin, high - margin)
        }
    }

    fn look(&mut self, at: f64, value: f64) {
        let above = value - self.share;
        let is_high = above >= 0.0;
        if is_high {
            self.high = (at, above);
        } else {
            self.low = (at, above);
        }
        // An end that stays twice counts half.
        if self.moved_high == Some(is_high) {
            let stays = if is_high { &mut self.low } else { &mut self.high };
            stays.1 *= 0.5;
        }
        self.moved_high = Some(is_high);
    }
}

/// Narrows all searches down to a `part` of their quantiles.
fn narrow(all: &mut [Search], part: f64, by: impl Fn(&[f64]) -> Result<Vec<f64>, Obstacle>) -> Result<(), Obstacle> {
    for round in 0..MOST_ROUNDS {
        let open: Vec<usize> = (0..all.len()).filter(|&i| !all[i].is_found(part)).collect();
        if open.is_empty() {
            break;
        }
        let times: Vec<f64> = open.iter().map(|&i| all[i].next(round)).collect();
        let values = by(&times)?;
        open.iter().zip(times.iter().zip(values)).for_each(|(&i, (&at, value))| all[i].look(at, value));
    }
    Ok(())
}

/// Widens the searches until the distribution function at their ends is on both sides of their shares.
fn widen(all: &mut [Search], by: impl Fn(&[f64]) -> Result<Vec<f64>, Obstacle>) -> Result<(), Obstacle> {
    let mut by_how_much = 1e-3;
    for _ in 0..MOST_ROUNDS {
        let ends: Vec<f64> = all.iter().flat_map(|search| [search.low.0, search.high.0]).collect();
        let values = by(&ends)?;
        let mut is_done = true;
        for (search, values) in all.iter_mut().zip(values.chunks(2)) {
            (search.low.1, search.high.1) = (values[0] - search.share, values[1] - search.share);
            search.moved_high = None;
            if search.low.1 >= 0.0 {
                search.low.0 *= 1.0 - by_how_much;
                is_done = false;
            }
            if search.high.1 < 0.0 {
                search.high.0 *= 1.0 + by_how_much;
                is_done = false;
            }
        }
        if is_done {
            break;
        }
        by_how_much = (2.0 * by_how_much).min(0.5);
    }
    Ok(())
}

/// The quantiles (s) of these shares, with their errors. `by(times, level)` is the distribution function at these times (µs). They are sought at
/// the first of the levels, and found at the last; the error is that of the one between.
pub(super) fn find(
    shares: &[f64],
    levels: [Level; 3],
    by: impl Fn(&[f64], Level) -> Result<Vec<f64>, Obstacle>,
) -> Result<Vec<Exact>, Obstacle> {
    let [rough, coarse, fine] = levels;
    let grid: Vec<f64> = (0..=DECADES * STEPS).map(|step| FROM * libm::exp10(step as f64 / STEPS as f64)).collect();
    let on_grid = by(&grid, rough)?;
    let begin = |&share: &f64| {
        let place = on_grid.partition_point(|&value| value < share).min(grid.len() - 1);
        let end = |place: usize| (grid[place], on_grid[place] - share);
        let low = if place == 0 { (0.0, -share) } else { end(place - 1) };
        Search { share, low, high: end(place), moved_high: None }
    };
    let mut all: Vec<Search> = shares.iter().map(begin).collect();
    widen(&mut all, |times| by(times, rough))?;
    narrow(&mut all, 1e-3, |times| by(times, rough))?;
    widen(&mut all, |times| by(times, fine))?;
    narrow(&mut all, 1e-8, |times| by(times, fine))?;
    let value = |search: &Search| {
        if search.high.0 - search.low.0 <= 0.5 { search.high.0.floor() } else { search.high.0 }
    };
    let found: Vec<f64> = all.iter().map(value).collect();
    // The error of the function, over its slope.
    let nearby: Vec<f64> = found.iter().flat_map(|at| [at * 0.999, *at, at * 1.001]).collect();
    let (by_fine, by_coarse) = (by(&nearby, fine)?, by(&nearby, coarse)?);
    let error = |i: usize| {
        let slope = (by_fine[3 * i + 2] - by_fine[3 * i]) / (0.002 * found[i]);
        let difference = (by_fine[3 * i + 1] - by_coarse[3 * i + 1]).abs();
        let error = if slope > 0.0 { 2.0 * difference / slope } else { 0.0 };
        error + 1e-8 * found[i]
    };
    Ok((0..found.len()).map(|i| Exact { value: found[i] / 1e6, error: error(i) / 1e6 }).collect())
}
