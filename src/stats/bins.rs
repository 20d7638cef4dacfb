//! Counts by index that grow as needed.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::Range;

/// The number of counts kept as a list before an array is allocated: most bins of most plans are nearly empty.
const FEW: usize = 128;

/// The number of counts summed up at a time.
const BLOCK: usize = 128;

/// How often each index occurred. Merging is exact, in any order.
#[derive(Clone, Debug, Default)]
pub struct Bins {
    counts: Vec<u64>,
    /// The first indices that occurred, one by one, as long as there are few and `counts` is empty.
    few: Vec<u32>,
}

impl Bins {
    /// Nothing counted.
    pub const EMPTY: Self = Self { counts: Vec::new(), few: Vec::new() };

    /// Allocates an array for indices below `room`, so that it need not grow; pages that are never touched use no memory.
    #[must_use]
    pub fn with_room(room: usize) -> Self {
        Self { counts: vec![0; room], few: Vec::new() }
    }

    /// Counts one more of `index`, which is below 2³².
    #[inline]
    pub fn add(&mut self, index: usize) {
        if let Some(count) = self.counts.get_mut(index) {
            *count += 1;
        } else {
            self.add_beyond(index);
        }
    }

    /// Takes back one of `index`, which has been counted.
    pub fn take_back(&mut self, index: usize) {
        if let Some(count) = self.counts.get_mut(index).filter(|count| **count > 0) {
            *count -= 1;
        } else if let Some(place) = self.few.iter().rposition(|&few| few as usize == index) {
            self.few.swap_remove(place);
        } else {
            debug_assert!(false, "{index} was not counted");
        }
    }

    /// Counts `count` more of `index`.
    #[inline]
    pub fn add_many(&mut self, index: usize, count: u64) {
        if let Some(counted) = self.counts.get_mut(index) {
            *counted += count;
        } else if count > 0 {
            self.make_room(index + 1);
            self.counts[index] += count;
        }
    }

    #[cold]
    #[inline(never)]
    fn add_beyond(&mut self, index: usize) {
        if self.counts.is_empty() && self.few.len() < FEW {
            self.few.push(index as u32);
            return;
        }
        self.make_room(index + 1);
        self.counts[index] += 1;
    }

    /// Makes room for indices below `room`, and moves the list into the array.
    fn make_room(&mut self, room: usize) {
        let room = self.few.iter().fold(room, |room, &index| room.max(index as usize + 1));
        if self.counts.len() < room {
            self.counts.resize(room.next_power_of_two().max(64), 0);
        }
        for index in self.few.drain(..) {
            self.counts[index as usize] += 1;
        }
    }

    /// Sets every count to zero and keeps the array. The counts outside `used` must be zero already.
    pub fn clear(&mut self, used: Range<usize>) {
        let used = used.start..used.end.min(self.counts.len());
        self.counts.get_mut(used).unwrap_or_default().fill(0);
        self.few.clear();
    }

    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.merge_used(other, 0..other.counts.len());
    }

    /// Adds the counts of `other`, which must be zero outside `used`.
    pub fn merge_used(&mut self, other: &Self, used: Range<usize>) {
        other.few.iter().for_each(|&index| self.add(index as usize));
        let used = used.start..used.end.min(other.counts.len());
        if used.is_empty() {
            return;
        }
        if self.counts.len() < other.counts.len() {
            self.make_room(other.counts.len());
        }
        let (ours, theirs) = (&mut self.counts[used.clone()], &other.counts[used]);
        ours.iter_mut().zip(theirs).for_each(|(count, more)| *count += more);
    }

    /// The indices that occurred and their counts, in no particular order; an index may appear more than once.
    pub fn iter(&self) -> impl Iterator<Item = (usize, u64)> {
        let few = self.few.iter().map(|&index| (index as usize, 1));
        few.chain(self.counts.iter().copied().enumerate().filter(|&(_, count)| count > 0))
    }

    /// The indices that occurred and their counts, in ascending order.
    #[must_use]
    pub fn rising(&self) -> Vec<(usize, u64)> {
        self.rising_in(0..self.counts.len()).collect()
    }

    /// The indices that occurred and their counts, in ascending order, provided that no index outside `used` occurred.
    pub fn rising_in(&self, used: Range<usize>) -> impl Iterator<Item = (usize, u64)> {
        let dense = self.dense(used.clone());
        let listed = if dense.is_some() { Vec::new() } else { self.listed() };
        used.zip(dense.unwrap_or_default().iter().copied()).filter(|&(_, count)| count > 0).chain(listed)
    }

    /// The counts of those indices that are kept as a list.
    fn listed(&self) -> Vec<(usize, u64)> {
        let mut all: Vec<_> = self.few.iter().map(|&index| (index as usize, 1)).collect();
        all.sort_unstable();
        all.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            kept.1 += if is_same { next.1 } else { 0 };
            is_same
        });
        all
    }

    /// The counts of the indices in `used`; `None` while the counts are kept as a list.
    #[must_use]
    pub fn dense(&self, used: Range<usize>) -> Option<&[u64]> {
        let used = used.start..used.end.min(self.counts.len());
        self.few.is_empty().then(|| self.counts.get(used).unwrap_or_default())
    }

    /// The index of the value with this rank; ranks start at 1. No index below `from` may have occurred.
    #[must_use]
    pub fn of_rank(&self, rank: u64, from: usize) -> Option<usize> {
        let mut before = 0;
        let reached = |before: &mut u64, count: u64| {
            *before += count;
            *before >= rank
        };
        if !self.few.is_empty() {
            return self.rising().into_iter().find(|&(_, count)| reached(&mut before, count)).map(|(index, _)| index);
        }
        let counts = self.counts.get(from..)?;
        // Whole blocks are skipped first, since a sum over many counts vectorises.
        let mut start = 0;
        for block in counts.chunks(BLOCK) {
            let sum = block.iter().sum::<u64>();
            if before + sum >= rank {
                break;
            }
            (before, start) = (before + sum, start + block.len());
        }
        counts[start..].iter().position(|&count| reached(&mut before, count)).map(|position| from + start + position)
    }

    /// Whether nothing has been counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.few.is_empty() && self.counts.iter().all(|&count| count == 0)
    }

    /// The sum of all counts.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.iter().map(|(_, count)| count).sum()
    }

    /// The largest count.
    #[must_use]
    pub fn peak(&self) -> u64 {
        if self.few.is_empty() {
            return self.counts.iter().copied().max().unwrap_or(0);
        }
        self.rising().into_iter().map(|(_, count)| count).max().unwrap_or(0)
    }
}

/// Equal if every index has the same count.
impl PartialEq for Bins {
    fn eq(&self, other: &Self) -> bool {
        self.rising() == other.rising()
    }
}

impl Eq for Bins {}

/// Serialised as pairs of index and count, in ascending order, so that equal counts have equal bytes.
impl Serialize for Bins {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rising().serialize(serializer)
    }
}

/// The largest index accepted on input: no time bin, second or histogram cell goes beyond it.
const LAST: usize = 1 << 24;

impl<'de> Deserialize<'de> for Bins {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut bins = Self::default();
        for (index, count) in Vec::<(usize, u64)>::deserialize(deserializer)? {
            if index > LAST {
                return Err(serde::de::Error::custom("a bin beyond all bins"));
            }
            bins.add_many(index, count);
        }
        Ok(bins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bins(indices: &[usize]) -> Bins {
        let mut bins = Bins::default();
        indices.iter().for_each(|&index| bins.add(index));
        bins
    }

    #[test]
    fn few_are_counted_as_many_are() {
        let few: Vec<usize> = (0..100).map(|i| i * i % 700).collect();
        let many: Vec<usize> = (0..5_000).map(|i| i * i % 700).collect();
        for (one, other) in [(&few, &few), (&few, &many), (&many, &few), (&many, &many)] {
            let mut sum = bins(one);
            sum.merge(&bins(other));
            let all: Vec<usize> = one.iter().chain(other).copied().collect();
            assert_eq!(sum, bins(&all));
            assert_eq!((sum.total(), sum.peak()), (all.len() as u64, bins(&all).peak()));
            let mut sorted = all.clone();
            sorted.sort_unstable();
            for rank in [1, 2, all.len() / 3, all.len()] {
                assert_eq!(sum.of_rank(rank as u64, 0), Some(sorted[rank - 1]));
            }
            assert_eq!(sum.of_rank(all.len() as u64 + 1, 0), None);
        }
        assert_eq!(bins(&[5, 7, 5]).rising(), [(5, 2), (7, 1)]);
        assert_ne!(bins(&[5, 7, 5]), bins(&[5, 7, 7]));
    }

    #[test]
    fn what_has_been_counted_can_be_taken_back() {
        for (all, left) in [
            (vec![3, 3, 9], vec![3, 9]),
            ((0..1_000).map(|i| i % 7).chain([3]).collect(), (0..1_000).map(|i| i % 7).collect()),
        ] {
            let mut counted = bins(&all);
            counted.take_back(3);
            assert_eq!(counted, bins(&left));
        }
    }

    #[test]
    fn room_is_kept_and_counts_are_not() {
        let mut cleared = Bins::with_room(10);
        [3, 9, 12].into_iter().for_each(|index| cleared.add(index));
        cleared.clear(3..13);
        assert_eq!((cleared.total(), cleared), (0, Bins::default()));
    }
}
