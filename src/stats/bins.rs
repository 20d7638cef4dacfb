//! Counts by index that grow as far as they are needed.

use std::ops::Range;

/// How often each index occurred. Merging is exact, in any order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Bins {
    counts: Vec<u64>,
}

impl Bins {
    /// With room for indices below `room`, so that it need not grow; untouched room costs no memory.
    #[must_use]
    pub fn with_room(room: usize) -> Self {
        Self { counts: vec![0; room] }
    }

    /// Counts one more of `index`.
    #[inline]
    pub fn add(&mut self, index: usize) {
        if let Some(count) = self.counts.get_mut(index) {
            *count += 1;
        } else {
            self.grow(index);
            self.counts[index] += 1;
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, index: usize) {
        self.counts.resize((index + 1).next_power_of_two().max(64), 0);
    }

    /// Sets every count to zero, of which those outside `used` are already, and keeps the room.
    pub fn clear(&mut self, used: Range<usize>) {
        let used = used.start..used.end.min(self.counts.len());
        self.counts.get_mut(used).unwrap_or_default().fill(0);
    }

    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.merge_used(other, 0..other.counts.len());
    }

    /// Adds the counts of `other`, of which those outside `used` are zero.
    pub fn merge_used(&mut self, other: &Self, used: Range<usize>) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        let used = used.start..used.end.min(other.counts.len());
        let (ours, theirs) = (self.counts.get_mut(used.clone()), other.counts.get(used));
        for (count, more) in ours.unwrap_or_default().iter_mut().zip(theirs.unwrap_or_default()) {
            *count += more;
        }
    }

    /// The counts from index 0 on; those beyond the end are zero.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// The largest count.
    #[must_use]
    pub fn peak(&self) -> u64 {
        self.counts.iter().copied().max().unwrap_or(0)
    }
}
