//! The cells of a latency histogram: buckets of three significant digits, and cells for single values that occur often.

use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// Each doubling is divided into this many buckets, so a bucket is at most 1/1024 of its value wide.
const BUCKETS: u64 = 1 << BUCKET_BITS;
const BUCKET_BITS: u32 = 10;

/// The cells of a histogram, numbered from the shortest span (µs) to the longest. The buckets are those of Tene's HdrHistogram with
/// 3 significant digits and a unit of 1 µs (<http://hdrhistogram.org>): exact below 2 ms, then 1024 to each doubling. A value
/// shared by many observations, an *atom*, has its own cell, which splits its bucket in two, so that a quantile at that value is
/// known exactly.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<i64>", into = "Vec<i64>")]
pub struct Scale {
    /// The atoms (µs), in ascending order, and the cell of each.
    atoms: Vec<i64>,
    cells: Vec<usize>,
    /// For each bucket up to that of the last atom, the number of atoms in lower buckets.
    below: Vec<u16>,
}

/// The maximum number of atoms in a scale.
pub const MAX_ATOMS: usize = 1024;

/// Builds the scale with these atoms.
impl From<Vec<i64>> for Scale {
    fn from(atoms: Vec<i64>) -> Self {
        Self::new(atoms.into_iter().map(|atom| atom.max(0)))
    }
}

impl From<Scale> for Vec<i64> {
    fn from(scale: Scale) -> Self {
        scale.atoms
    }
}

impl Scale {
    /// Buckets plus a cell for each of these atoms (µs), none of them negative; beyond [`MAX_ATOMS`] only the first are used.
    #[must_use]
    pub fn new(atoms: impl IntoIterator<Item = i64>) -> Self {
        let mut atoms: Vec<i64> = atoms.into_iter().take(MAX_ATOMS).collect();
        atoms.sort_unstable();
        atoms.dedup();
        let buckets = atoms.last().map_or(0, |&last| bucket(last as u64) + 2);
        let mut below = vec![0_u16; buckets];
        for &atom in &atoms {
            below[bucket(atom as u64) + 1] += 1;
        }
        let mut sum = 0;
        for count in &mut below {
            sum += *count;
            *count = sum;
        }
        let cells = atoms.iter().enumerate().map(|(i, &atom)| bucket(atom as u64) + 2 * i + 1).collect();
        Self { atoms, cells, below }
    }

    /// Whether there are no atoms, so that every cell is a bucket.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.atoms.is_empty()
    }

    /// The cell of a value (µs).
    #[inline]
    #[must_use]
    pub fn cell(&self, value: i64) -> usize {
        let bucket = bucket(value as u64);
        let (below, here) = self.atoms_of(bucket);
        let cut = |cell: usize, &atom: &i64| cell + usize::from(value >= atom) + usize::from(value > atom);
        here.iter().fold(bucket + 2 * below, cut)
    }

    /// The number of atoms below a bucket, and the atoms in it.
    #[inline]
    fn atoms_of(&self, bucket: usize) -> (usize, &[i64]) {
        let all = self.atoms.len();
        let below = |bucket: usize| self.below.get(bucket).map_or(all, |&count| usize::from(count));
        let (from, to) = (below(bucket), below(bucket + 1));
        (from, &self.atoms[from..to])
    }

    /// The smallest and the largest value (µs) of a cell; an empty range for a cell between two adjacent atoms.
    #[must_use]
    pub fn bounds(&self, cell: usize) -> RangeInclusive<i64> {
        // The number of atoms whose cells precede this one.
        let before = self.cells.partition_point(|&other| other < cell);
        if self.cells.get(before) == Some(&cell) {
            return self.atoms[before]..=self.atoms[before];
        }
        let bucket = cell - 2 * before;
        let here = |&atom: &i64| self::bucket(atom as u64) == bucket;
        let (low, high) = (lowest(bucket) as i64, lowest(bucket + 1) as i64 - 1);
        let last = self.atoms[..before].last().copied().filter(here);
        let next = self.atoms.get(before).copied().filter(here);
        last.map_or(low, |atom| atom + 1)..=next.map_or(high, |atom| atom - 1)
    }
}

/// The bucket of a value.
#[inline]
pub(super) const fn bucket(value: u64) -> usize {
    let doubling = (value | (2 * BUCKETS - 1)).ilog2() - BUCKET_BITS;
    ((doubling as u64 * BUCKETS) + (value >> doubling)) as usize
}

/// The section cell of a value (µs): 32 to each doubling, whatever the scale. How sections differ is seen well enough that way.
#[inline]
pub(super) const fn section_cell(value: u64) -> usize {
    bucket(value) >> SECTION_BITS
}

const SECTION_BITS: u32 = 5;

/// The number of section cells that values up to the largest time need.
pub(super) const SECTION_CELLS: usize = section_cell(i64::MAX as u64) + 1;

/// The smallest value of a bucket.
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
    fn cells_follow_one_another_without_gap() {
        // Alone in a bucket, side by side in one, at both ends of one, and where buckets are exact anyway.
        let edges = [lowest(9_000), lowest(9_001) - 1].map(|edge| edge as i64);
        let atoms = [7, 2_000, 34_000_000, 34_000_001, 34_000_400, edges[0], edges[1], 600_000_000];
        let scale = Scale::new(atoms);
        let last = scale.cell(700_000_000);
        let mut next = 0;
        for cell in 0..=last {
            let bounds = scale.bounds(cell);
            assert!(bounds.is_empty() || *bounds.start() == next, "{cell}: {bounds:?}, not from {next} on");
            for value in [*bounds.start(), *bounds.end()].into_iter().filter(|_| !bounds.is_empty()) {
                assert_eq!(scale.cell(value), cell, "{value} in {bounds:?}");
            }
            next = next.max(bounds.end() + 1);
        }
        for atom in atoms {
            assert_eq!(scale.bounds(scale.cell(atom)), atom..=atom);
        }
    }

    #[test]
    fn a_plain_scale_has_buckets_alone() {
        let scale = Scale::default();
        for value in [0, 2_047, 2_048, 34_000_000, 1 << 50] {
            assert_eq!(scale.cell(value), bucket(value as u64));
            assert!(scale.bounds(scale.cell(value)).contains(&value));
        }
    }
}
