//! Latencies on the way into a histogram.

use super::cells::Cells;
use super::latencies::Latencies;
use super::scale::{Scale, bucket};
use std::sync::Arc;

/// Some thousands of latencies, by cell. It knows which cells are occupied, so that they leave it without a look at the others, which are ten
/// times as many; and many recipients of one kind after another can use its memory.
#[derive(Clone, Debug)]
pub struct LatencyBuffer {
    /// The count of each cell.
    counts: Vec<u32>,
    /// A bit for each cell that is occupied.
    occupied: Vec<u64>,
    /// All but the cells.
    sums: Latencies,
}

/// The number of cells for which a word of `occupied` has bits.
const WORD: usize = u64::BITS as usize;

impl LatencyBuffer {
    /// No latencies, on this scale.
    #[must_use]
    pub fn on(scale: &Arc<Scale>) -> Self {
        Self { counts: Vec::new(), occupied: Vec::new(), sums: Latencies::on(scale) }
    }

    /// Adds latencies (µs), none of them negative; there may be up to 2³² - 1 at a time.
    #[inline(always)]
    pub fn record_all(&mut self, micros: &[i64]) {
        let scale = Arc::clone(self.sums.scale());
        if scale.is_plain() {
            micros.iter().for_each(|&latency| self.count(bucket(latency as u64)));
        } else {
            micros.iter().for_each(|&latency| self.count(scale.cell(latency)));
        }
        self.sums.sum_up(micros);
    }

    #[inline(always)]
    fn count(&mut self, cell: usize) {
        match (self.counts.get_mut(cell), self.occupied.get_mut(cell / WORD)) {
            (Some(count), Some(word)) => {
                *count += 1;
                *word |= 1 << (cell % WORD);
            }
            _ => self.count_beyond(cell),
        }
    }

    #[cold]
    #[inline(never)]
    fn count_beyond(&mut self, cell: usize) {
        let words = (cell / WORD + 1).next_power_of_two();
        self.counts.resize(words * WORD, 0);
        self.occupied.resize(words, 0);
        self.count(cell);
    }

    /// Adds the sums of the latencies to `all`, which is on the same scale, and returns their cells; keeps the memory.
    pub fn move_to(&mut self, all: &mut Latencies) -> Cells {
        let used = self.sums.used();
        let most = used.len().min(usize::try_from(self.sums.count()).unwrap_or(usize::MAX));
        let mut found = Cells::with_room(most);
        for index in used.start / WORD..used.end.div_ceil(WORD) {
            let mut word = std::mem::take(&mut self.occupied[index]);
            while word != 0 {
                let cell = index * WORD + word.trailing_zeros() as usize;
                word &= word - 1;
                found.push(cell, std::mem::take(&mut self.counts[cell]).into());
            }
        }
        all.merge(&self.sums);
        self.sums = Latencies::on(self.sums.scale());
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_leave_as_they_came() {
        let scale = Arc::new(Scale::new([2_000_000, 2_000_001]));
        for scale in [Arc::default(), scale] {
            let mut buffer = LatencyBuffer::on(&scale);
            let (mut all, mut expected) = (Latencies::on(&scale), Latencies::on(&scale));
            for round in 0..3_i64 {
                let values: Vec<i64> =
                    (0..900).map(|i| 1_999_000 + i * i % 1_700 + round * 40_000_000 * (i % 2)).collect();
                buffer.record_all(&values);
                let mut alone = Latencies::on(&scale);
                alone.record_all(&values);
                expected.record_all(&values);
                let cells = buffer.move_to(&mut all);
                assert_eq!(cells, alone.cells());
                all.add_cells(&scale, &cells);
                assert_eq!(all, expected);
            }
            assert_eq!(buffer.move_to(&mut all), Cells::default());
            assert_eq!(all, expected);
        }
    }
}
