//! Counts and amounts by index, side by side.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The number of entries kept as a list before an array is allocated, as in [`Bins`](super::Bins).
const FEW: usize = 128;

/// The count of each index and the sum of the amounts recorded with it. Merging is exact, in any order.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    all: Vec<Sum>,
    /// The first entries, one by one, as long as there are few and `all` is empty.
    few: Vec<(u32, u64)>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
struct Sum {
    count: u64,
    amount: u128,
}

impl Sum {
    fn one(amount: u64) -> Self {
        Self { count: 1, amount: u128::from(amount) }
    }

    const fn add(&mut self, other: Self) {
        self.count += other.count;
        self.amount += other.amount;
    }
}

impl Sums {
    /// Nothing counted.
    pub const EMPTY: Self = Self { all: Vec::new(), few: Vec::new() };

    /// Counts one more of `index`, which is below 2³², and adds this amount.
    #[inline]
    pub fn add(&mut self, index: usize, amount: u64) {
        match self.all.get_mut(index) {
            Some(sum) => sum.add(Sum::one(amount)),
            None => self.add_beyond(index, amount),
        }
    }

    /// Adds all of these entries; fast when equal indices follow one another.
    #[inline]
    pub fn add_all(&mut self, all: impl Iterator<Item = (usize, u64)>) {
        let (mut current, mut run) = (0, Sum::default());
        for (index, amount) in all {
            if index >= self.all.len() {
                self.add_beyond(index, amount);
                continue;
            }
            if index != current {
                self.all[current].add(run);
                (current, run) = (index, Sum::default());
            }
            run.add(Sum::one(amount));
        }
        if let Some(sum) = self.all.get_mut(current) {
            sum.add(run);
        }
    }

    #[cold]
    #[inline(never)]
    fn add_beyond(&mut self, index: usize, amount: u64) {
        if self.all.is_empty() && self.few.len() < FEW {
            self.few.push((index as u32, amount));
            return;
        }
        self.make_room(index + 1);
        self.all[index].add(Sum::one(amount));
    }

    /// Makes room for indices below `room`, and moves the list into the array.
    fn make_room(&mut self, room: usize) {
        let room = self.few.iter().fold(room, |room, &(index, _)| room.max(index as usize + 1));
        if self.all.len() < room {
            self.all.resize(room.next_power_of_two().max(64), Sum::default());
        }
        for (index, amount) in self.few.drain(..) {
            self.all[index as usize].add(Sum::one(amount));
        }
    }

    /// Adds the sums of `other`.
    pub fn merge(&mut self, other: &Self) {
        other.few.iter().for_each(|&(index, amount)| self.add(index as usize, amount));
        if other.all.is_empty() {
            return;
        }
        if self.all.len() < other.all.len() {
            self.make_room(other.all.len());
        }
        self.all.iter_mut().zip(&other.all).for_each(|(ours, theirs)| ours.add(*theirs));
    }

    /// The indices that occurred, their counts and sums, in no particular order; an index may appear more than once.
    pub fn iter(&self) -> impl Iterator<Item = (usize, u64, u128)> {
        let few = self.few.iter().map(|&(index, amount)| (index as usize, 1, u128::from(amount)));
        let many = self.all.iter().enumerate().filter(|(_, sum)| sum.count > 0);
        few.chain(many.map(|(index, sum)| (index, sum.count, sum.amount)))
    }

    /// The indices that occurred, their counts and sums, in ascending order.
    #[must_use]
    pub fn rising(&self) -> Vec<(usize, u64, u128)> {
        let mut all: Vec<_> = self.iter().collect();
        if self.few.is_empty() {
            return all;
        }
        all.sort_unstable();
        all.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            if is_same {
                (kept.1, kept.2) = (kept.1 + next.1, kept.2 + next.2);
            }
            is_same
        });
        all
    }
}

/// Equal if every index has the same count and the same sum.
impl PartialEq for Sums {
    fn eq(&self, other: &Self) -> bool {
        self.rising() == other.rising()
    }
}

impl Eq for Sums {}

/// Serialised as index, count and amount, in ascending order, so that equal sums have equal bytes.
impl Serialize for Sums {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rising().serialize(serializer)
    }
}

/// The largest index accepted on input.
const LAST: usize = 1 << 24;

impl<'de> Deserialize<'de> for Sums {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut sums = Self::default();
        for (index, count, amount) in Vec::<(usize, u64, u128)>::deserialize(deserializer)? {
            if index > LAST {
                return Err(serde::de::Error::custom("a bin beyond all bins"));
            }
            sums.make_room(index + 1);
            sums.all[index].add(Sum { count, amount });
        }
        Ok(sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_by_one(all: &[(usize, u64)]) -> Sums {
        let mut sums = Sums::default();
        all.iter().for_each(|&(index, amount)| sums.add(index, amount));
        sums
    }

    #[test]
    fn runs_count_as_their_members_do() {
        let few = [(3, 5), (3, 1), (0, 2), (0, 0), (700, 9), (3, 1)];
        let many: Vec<(usize, u64)> = (0..3_000).map(|i| (i / 7 % 300, i as u64)).collect();
        for (one, other) in [(&few[..], &few[..]), (&few, &many), (&many, &few), (&many, &many)] {
            let (mut runs, mut halves) = (Sums::default(), one_by_one(one));
            runs.add_all(one.iter().chain(other).copied());
            halves.merge(&one_by_one(other));
            let all: Vec<_> = one.iter().chain(other).copied().collect();
            assert_eq!(runs, one_by_one(&all));
            assert_eq!(halves, one_by_one(&all));
        }
        assert_eq!(one_by_one(&few).rising(), [(0, 2, 2), (3, 3, 7), (700, 1, 9)]);
    }

    #[test]
    fn sums_of_the_largest_amounts_are_exact() {
        let mut sums = Sums::default();
        sums.add_all((0..1_000).map(|_| (1, u64::MAX)));
        let mut twice = sums.clone();
        twice.merge(&sums);
        assert_eq!(twice.rising(), [(1, 2_000, 2_000 * u128::from(u64::MAX))]);
    }
}
