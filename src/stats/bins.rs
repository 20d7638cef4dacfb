//! Counts by index that grow as far as they are needed.

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
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, index: usize) {
        self.counts.resize((index + 1).next_power_of_two().max(64), 0);
        self.counts[index] += 1;
    }

    /// Sets every count to zero, and keeps the room.
    pub fn clear(&mut self) {
        self.counts.fill(0);
    }

    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
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
