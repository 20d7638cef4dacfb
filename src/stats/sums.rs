//! Counts and amounts by index, side by side.

/// How often each index occurred, and the sum of the amounts that came with it. Merging is exact, in any order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sums {
    all: Vec<Sum>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Sum {
    count: u64,
    amount: u128,
}

impl Sum {
    const fn add(&mut self, other: Self) {
        self.count += other.count;
        self.amount += other.amount;
    }
}

impl Sums {
    /// Counts one more of `index`, with this amount.
    #[inline]
    pub fn add(&mut self, index: usize, amount: u64) {
        self.add_sum(index, Sum { count: 1, amount: u128::from(amount) });
    }

    /// Counts all of these, quickly where equal ones follow one another.
    #[inline]
    pub fn add_all(&mut self, all: impl Iterator<Item = (usize, u64)>) {
        let (mut current, mut run) = (0, Sum::default());
        for (index, amount) in all {
            if index != current {
                self.add_sum(current, run);
                (current, run) = (index, Sum::default());
            }
            run.add(Sum { count: 1, amount: u128::from(amount) });
        }
        if run.count > 0 {
            self.add_sum(current, run);
        }
    }

    #[inline]
    fn add_sum(&mut self, index: usize, sum: Sum) {
        if index >= self.all.len() {
            self.grow(index);
        }
        self.all[index].add(sum);
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, index: usize) {
        self.all.resize((index + 1).next_power_of_two().max(64), Sum::default());
    }

    /// Adds the sums of `other`.
    pub fn merge(&mut self, other: &Self) {
        if self.all.len() < other.all.len() {
            self.all.resize(other.all.len(), Sum::default());
        }
        self.all.iter_mut().zip(&other.all).for_each(|(ours, theirs)| ours.add(*theirs));
    }

    /// The counts from index 0 on; those beyond the end are zero.
    pub fn counts(&self) -> impl DoubleEndedIterator<Item = u64> + ExactSizeIterator {
        self.all.iter().map(|sum| sum.count)
    }

    /// The amounts, likewise.
    pub fn amounts(&self) -> impl DoubleEndedIterator<Item = u128> + ExactSizeIterator {
        self.all.iter().map(|sum| sum.amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_count_as_their_members_do() {
        let all = [(3, 5), (3, 1), (0, 2), (0, 0), (700, 9), (3, 1)];
        let (mut runs, mut single, mut halves) = (Sums::default(), Sums::default(), Sums::default());
        runs.add_all(all.into_iter());
        all.into_iter().for_each(|(index, amount)| single.add(index, amount));
        halves.add_all(all[..3].iter().copied());
        let mut rest = Sums::default();
        rest.add_all(all[3..].iter().copied());
        halves.merge(&rest);
        for sums in [&runs, &single, &halves] {
            assert_eq!(sums.counts().take(4).collect::<Vec<_>>(), [2, 0, 0, 3]);
            assert_eq!(sums.amounts().take(4).collect::<Vec<_>>(), [2, 0, 0, 7]);
            assert_eq!((sums.counts().nth(700), sums.amounts().nth(700)), (Some(1), Some(9)));
        }
    }

    #[test]
    fn sums_of_the_largest_amounts_are_exact() {
        let mut sums = Sums::default();
        sums.add_all([(1, u64::MAX - 1), (1, 5)].into_iter());
        let mut twice = sums.clone();
        twice.merge(&sums);
        assert_eq!(twice.amounts().nth(1), Some(2 * (u128::from(u64::MAX) + 4)));
    }
}
