//! When a step starts: a distribution, gathered from all paths that lead there.

/// The most times that are kept one by one.
const MOST_LOOSE: usize = 96;

/// When a step starts, over the paths that lead to it in the same state: fixed times, and cells of time.
///
/// > A cell stands for what it holds by two points within its bounds, with the same probability, mean and variance. No cell extends over a break,
/// > where what follows changes suddenly.
#[derive(Clone, Debug, Default)]
pub(super) struct Starts {
    fixed: Vec<(f64, f64)>,
    /// The first others, as long as they are few.
    loose: Vec<(f64, f64)>,
    cells: Vec<Cell>,
    /// There are two to the power of this cells for each doubling of the time since arrival.
    bits: u32,
    scale: f64,
    /// The number of the first cell.
    first: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    mass: f64,
    /// The sums of the distances from the beginning of the cell, and of their squares.
    sum: f64,
    squares: f64,
    begin: f64,
    /// The least and the greatest distance.
    ends: (f64, f64),
}

impl Cell {
    /// Two distances between the ends, each with its probability, that have the mean and the variance of the cell.
    fn points(&self) -> [(f64, f64); 2] {
        let mean = self.sum / self.mass;
        let variance = (self.squares / self.mass - mean * mean).max(0.0);
        let deviation = variance.sqrt();
        let (low, high) = (mean - deviation, mean + deviation);
        // With one of them at an end, the other one is never beyond its own.
        let at_end = |end: f64| {
            let away = end - mean;
            let mass = variance / (variance + away * away);
            [(end, mass * self.mass), (mean - variance / away, (1.0 - mass) * self.mass)]
        };
        if deviation < 1.0 {
            [(mean, self.mass), (mean, 0.0)]
        } else if low < self.ends.0 {
            at_end(self.ends.0)
        } else if high > self.ends.1 {
            at_end(self.ends.1)
        } else {
            [(low, 0.5 * self.mass), (high, 0.5 * self.mass)]
        }
    }
}

impl Starts {
    /// Starts on which a result depends with this number of digits. Times are told apart by their distance from `scale` before arrival (µs).
    pub(super) fn new(digits: f64, scale: f64) -> Self {
        let bits = (0.6 * digits + 1.0).clamp(1.0, 6.0) as u32;
        Self { bits, scale, ..Self::default() }
    }

    /// Adds a fixed time (µs) with its probability.
    pub(super) fn add_fixed(&mut self, at: f64, mass: f64) {
        match self.fixed.iter_mut().find(|fixed| fixed.0 == at) {
            Some(fixed) => fixed.1 += mass,
            None => self.fixed.push((at, mass)),
        }
    }

    /// Adds a time (µs) that is one of several. If they become many, it counts in its cell.
    pub(super) fn add(&mut self, at: f64, mass: f64, breaks: &[f64]) {
        if self.cells.is_empty() {
            self.loose.push((at, mass));
            if self.loose.len() > MOST_LOOSE {
                let loose = std::mem::take(&mut self.loose);
                loose.into_iter().for_each(|(at, mass)| self.add_to_cell(at, mass, breaks));
            }
        } else {
            self.add_to_cell(at, mass, breaks);
        }
    }

    fn add_to_cell(&mut self, at: f64, mass: f64, breaks: &[f64]) {
        // Both terms grow with the time, so that no two cells have one number.
        let number = (((at + self.scale) as f32).to_bits() >> (23 - self.bits)) as usize
            + breaks.iter().filter(|&&edge| edge <= at).count();
        if self.cells.is_empty() {
            self.first = number;
        }
        if number < self.first {
            let before = self.first - number;
            self.cells.splice(0..0, std::iter::repeat_n(Cell::default(), before));
            self.first = number;
        }
        let place = number - self.first;
        if place >= self.cells.len() {
            self.cells.resize(place + 1, Cell::default());
        }
        let cell = &mut self.cells[place];
        if cell.mass == 0.0 {
            cell.begin = at;
        }
        let distance = at - cell.begin;
        cell.ends = (cell.ends.0.min(distance), cell.ends.1.max(distance));
        cell.mass += mass;
        cell.sum += mass * distance;
        cell.squares += mass * distance * distance;
    }

    /// The times with their probabilities, and whether they are fixed.
    pub(super) fn points(&self) -> impl Iterator<Item = (f64, f64, bool)> {
        let fixed = self.fixed.iter().map(|&(at, mass)| (at, mass, true));
        let of_cell = |cell: &Cell| {
            let begin = cell.begin;
            cell.points().map(|(distance, mass)| (begin + distance, mass, false))
        };
        let cells = self.cells.iter().filter(|cell| cell.mass > 0.0);
        let loose = self.loose.iter().map(|&(at, mass)| (at, mass, false));
        fixed.chain(loose).chain(cells.flat_map(of_cell).filter(|point| point.1 > 0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_keep_probability_mean_and_variance_and_fixed_times_stay() {
        let mut starts = Starts::new(6.0, 1e4);
        let times: Vec<f64> = (1..2000).map(|i| 1e6 + f64::from(i * i) * 7.0).collect();
        times.iter().rev().for_each(|&at| starts.add(at, 1e-3, &[3e6]));
        starts.add_fixed(5e6, 0.25);
        starts.add_fixed(5e6, 0.25);
        let points: Vec<_> = starts.points().collect();
        assert_eq!(points.iter().filter(|point| point.2).collect::<Vec<_>>(), [&(5e6, 0.5, true)]);
        let moment = |power: i32| points.iter().filter(|p| !p.2).map(|p| p.1 * p.0.powi(power)).sum::<f64>();
        for power in 0..3 {
            let expected = times.iter().map(|at| 1e-3 * at.powi(power)).sum::<f64>();
            assert!((moment(power) / expected - 1.0).abs() < 1e-12, "moment {power}");
        }
        assert!(points.len() < 400, "{}", points.len());
        // What comes before the break stays before it: its probability is known.
        let early = points.iter().filter(|p| p.0 < 3e6).map(|p| p.1).sum::<f64>();
        let expected = times.iter().filter(|&&at| at < 3e6).count() as f64 * 1e-3;
        assert!((early - expected).abs() < 1e-12, "{early} {expected}");
    }
}
