//! The latencies of a section of independent recipients, told apart just finely enough to see how sections differ.

use super::cells::Cells;
use super::scale::{SECTION_CELLS, section_cell};

/// The latencies of one section, by section cell. How they differ between sections shows how much the errors of two plans have in common; for
/// that, 32 cells to each doubling are enough where latencies are spread.
#[derive(Clone, Debug)]
pub struct SectionLatencies {
    counts: Box<[u32; SECTION_CELLS]>,
}

impl Default for SectionLatencies {
    fn default() -> Self {
        Self { counts: Box::new([0; SECTION_CELLS]) }
    }
}

impl SectionLatencies {
    /// Adds latencies (µs), none of them negative; there may be up to 2³² - 1 in a section.
    #[inline(always)]
    pub fn record_all(&mut self, micros: &[i64]) {
        micros.iter().for_each(|&latency| self.counts[section_cell(latency as u64) % SECTION_CELLS] += 1);
    }

    /// Takes all latencies out, as cells.
    pub fn take(&mut self) -> Cells {
        let is_occupied = |count: &u32| *count > 0;
        let first = self.counts.iter().position(is_occupied).unwrap_or(0);
        let end = self.counts.iter().rposition(is_occupied).map_or(0, |last| last + 1);
        let used = &mut self.counts[first..end];
        let cells = Cells::of_counts(first, &used.iter().map(|&count| count.into()).collect::<Vec<_>>());
        used.fill(0);
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_taken_out_whole() {
        let mut section = SectionLatencies::default();
        section.record_all(&[0, 31, 32, 40_000_000, 40_000_001, i64::MAX]);
        let cells = section.take();
        assert_eq!(cells.iter().map(|(_, count)| count).collect::<Vec<_>>(), [2, 1, 2, 1]);
        assert_eq!(cells.upto(section_cell(41_000_000)), 5);
        assert_eq!(section.take(), Cells::default());
    }
}
