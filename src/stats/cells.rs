//! A finished histogram: its occupied cells and their cumulative counts.

use serde::{Deserialize, Serialize};

/// The occupied cells of a [`Scale`](super::Scale), in ascending order, with the cumulative count up to and including each.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Cells {
    cells: Vec<u32>,
    upto: Vec<u64>,
}

/// Cells as they are read.
#[derive(Deserialize)]
struct Unchecked {
    cells: Vec<u32>,
    upto: Vec<u64>,
}

impl TryFrom<Unchecked> for Cells {
    type Error = &'static str;

    fn try_from(Unchecked { cells, upto }: Unchecked) -> Result<Self, Self::Error> {
        let ascend = cells.is_sorted_by(|a, b| a < b) && upto.is_sorted_by(|a, b| a < b) && upto.first() != Some(&0);
        if ascend && cells.len() == upto.len() { Ok(Self { cells, upto }) } else { Err("cells do not ascend") }
    }
}

impl Cells {
    /// From cells in ascending order and their counts.
    #[must_use]
    pub fn new(counts: Vec<(usize, u64)>) -> Self {
        let mut sum = 0;
        let one = |(cell, count): (usize, u64)| {
            sum += count;
            (cell as u32, sum)
        };
        let (cells, upto) = counts.into_iter().map(one).unzip();
        Self { cells, upto }
    }

    /// The occupied cells, in ascending order, with the count of each.
    pub fn iter(&self) -> impl Iterator<Item = (usize, u64)> {
        let mut before = 0;
        self.cells
            .iter()
            .zip(&self.upto)
            .map(move |(&cell, &upto)| (cell as usize, upto - std::mem::replace(&mut before, upto)))
    }

    /// From the counts of consecutive cells, starting with `first`.
    #[must_use]
    pub fn of_counts(first: usize, counts: &[u64]) -> Self {
        let occupied = counts.iter().filter(|&&count| count > 0).count();
        let (mut cells, mut upto) = (vec![0; occupied + 1], vec![0; occupied + 1]);
        // No branch on the counts: at the ends of a histogram they are unpredictable.
        let (mut sum, mut index) = (0, 0);
        for (cell, &count) in (first as u32..).zip(counts) {
            sum += count;
            (cells[index], upto[index]) = (cell, sum);
            index += usize::from(count > 0);
        }
        cells.truncate(occupied);
        upto.truncate(occupied);
        Self { cells, upto }
    }

    /// All values of both histograms.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        let most = self.cells.len() + other.cells.len();
        let (mut cells, mut upto) = (vec![0; most], vec![0; most]);
        let (mut ours, mut theirs, mut index) = (0, 0, 0);
        let cell = |all: &[u32], at: usize| all.get(at).copied().unwrap_or(u32::MAX);
        while ours < self.cells.len() || theirs < other.cells.len() {
            // No branch on the cells, whose order is unpredictable.
            let (one, another) = (cell(&self.cells, ours), cell(&other.cells, theirs));
            ours += usize::from(one <= another);
            theirs += usize::from(another <= one);
            let before = |all: &[u64], at: usize| if at == 0 { 0 } else { all[at - 1] };
            (cells[index], upto[index]) = (one.min(another), before(&self.upto, ours) + before(&other.upto, theirs));
            index += 1;
        }
        cells.truncate(index);
        upto.truncate(index);
        Self { cells, upto }
    }

    /// All values of several histograms.
    #[must_use]
    pub fn merged_all(all: &[&Self]) -> Self {
        match all {
            [] => Self::default(),
            [one] => (*one).clone(),
            [one, other] => one.merged(other),
            _ => {
                let first = all.iter().filter_map(|cells| cells.cells.first()).min().copied().unwrap_or(0) as usize;
                let last = all.iter().filter_map(|cells| cells.cells.last()).max().copied().unwrap_or(0) as usize;
                let mut counts = vec![0; last + 1 - first];
                for cells in all {
                    cells.iter().for_each(|(cell, count)| counts[cell - first] += count);
                }
                Self::of_counts(first, &counts)
            }
        }
    }

    /// The number of values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.upto.last().copied().unwrap_or(0)
    }

    /// The number of values up to and including `cell`.
    #[must_use]
    pub fn upto(&self, cell: usize) -> u64 {
        let index = self.cells.partition_point(|&other| other as usize <= cell);
        if index == 0 { 0 } else { self.upto[index - 1] }
    }

    /// The position in [`Cells::occupied`] of the cell that holds the value with this rank, from 1 for the smallest; a rank that is
    /// too high returns the last position.
    #[must_use]
    pub fn place_of_rank(&self, rank: u64) -> usize {
        self.upto.partition_point(|&upto| upto < rank).min(self.upto.len().saturating_sub(1))
    }

    /// The occupied cells, in ascending order.
    #[must_use]
    pub fn occupied(&self) -> &[u32] {
        &self.cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_histogram_is_not_read() {
        let read = |text: &str| serde_json::from_str::<Cells>(text).map(|cells| cells.count()).ok();
        let texts = [
            r#"{"cells":[1,4],"upto":[2,9]}"#,
            r#"{"cells":[1,4],"upto":[]}"#,
            r#"{"cells":[4,1],"upto":[2,9]}"#,
            r#"{"cells":[1,4],"upto":[9,2]}"#,
            r#"{"cells":[1],"upto":[0]}"#,
        ];
        assert_eq!(texts.map(read), [Some(9), None, None, None, None]);
    }

    #[test]
    fn cells_are_merged_and_summed_up() {
        let (a, b) = (Cells::new(vec![(3, 2), (7, 1)]), Cells::new(vec![(1, 1), (7, 4), (9, 1)]));
        let both = a.merged(&b);
        assert_eq!(both, Cells::new(vec![(1, 1), (3, 2), (7, 5), (9, 1)]));
        assert_eq!(both, b.merged(&a));
        assert_eq!(Cells::merged_all(&[&a, &Cells::default(), &b]), both);
        assert_eq!(Cells::merged_all(&[]), Cells::default());
        assert_eq!([0, 1, 2, 3, 6, 7, 8, 9, 99].map(|cell| both.upto(cell)), [0, 1, 1, 3, 3, 8, 8, 9, 9]);
        assert_eq!(Cells::of_counts(1, &[1, 0, 2, 0, 0, 0, 5, 0, 1, 0]), both);
        assert_eq!(Cells::of_counts(4, &[]), Cells::default());
        assert_eq!((both.count(), both.occupied(), Cells::default().upto(5)), (9, &[1, 3, 7, 9][..], 0));
    }
}
