//! Sorted times, each with its index.

/// The bits of a radix digit: 2048 counts fit into the L1 cache.
const DIGIT: u32 = 11;

/// Times in order, each with its index among the times given; equal times stay in the order in which they were given.
///
/// Time, from the earliest on, and index share 64 bits where they fit, as they do for a million times within 200 days: sorting then
/// moves half the memory.
#[derive(Clone, Debug)]
pub(super) enum TimeOrder {
    /// The time since `first` in the high bits, the index in the low ones.
    Packed {
        first: i64,
        index_bits: u32,
        all: Vec<u64>,
    },
    Wide(Vec<(i64, u32)>),
}

impl TimeOrder {
    /// Sorts these times (µs), of which there are fewer than 2³².
    pub(super) fn of(times: impl Iterator<Item = i64> + Clone) -> Self {
        let span = times
            .clone()
            .fold((i64::MAX, i64::MIN, 0_u64), |(least, most, count), at| (least.min(at), most.max(at), count + 1));
        let (first, last, count) = span;
        let index_bits = u64::BITS - count.saturating_sub(1).leading_zeros();
        let time_bits = u64::BITS - (last.wrapping_sub(first).max(0) as u64).leading_zeros();
        if index_bits + time_bits > u64::BITS {
            let mut all: Vec<_> = times.zip(0..).collect();
            all.sort_unstable();
            return Self::Wide(all);
        }
        let packed = times.zip(0..).map(|(at, position): (i64, u64)| ((at - first) as u64) << index_bits | position);
        let mut all: Vec<u64> = packed.collect();
        sort_by_high_bits(&mut all, index_bits, time_bits);
        Self::Packed { first, index_bits, all }
    }

    /// The number of times.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Packed { all, .. } => all.len(),
            Self::Wide(all) => all.len(),
        }
    }

    /// The time of this rank, and its index among the times given.
    #[inline]
    pub(super) fn get(&self, rank: usize) -> (i64, u32) {
        match self {
            Self::Packed { first, index_bits, all } => {
                let one = all[rank];
                let time = one.checked_shr(*index_bits).unwrap_or(0);
                (first + time as i64, (one & ((1_u64 << index_bits) - 1)) as u32)
            }
            Self::Wide(all) => all[rank],
        }
    }

    /// Orders equal times by the value of `rank_of` for their indices.
    pub(super) fn break_ties(&mut self, rank_of: impl Fn(u32) -> u32) {
        let mut from = 0;
        while from < self.len() {
            let at = self.get(from).0;
            let to = (from + 1..self.len()).find(|&rank| self.get(rank).0 != at).unwrap_or(self.len());
            if to > from + 1 {
                match self {
                    Self::Packed { index_bits, all, .. } => {
                        let index_mask = (1_u64 << *index_bits) - 1;
                        all[from..to].sort_unstable_by_key(|&one| rank_of((one & index_mask) as u32));
                    }
                    Self::Wide(all) => all[from..to].sort_unstable_by_key(|&(_, position)| rank_of(position)),
                }
            }
            from = to;
        }
    }
}

/// Sorts numbers, whose low bits are in ascending order already, by the `bits` above those: digit by digit from the lowest, each pass
/// keeping the order of the one before (LSD radix sort; Knuth, TAOCP 5.2.5).
fn sort_by_high_bits(all: &mut Vec<u64>, low_bits: u32, bits: u32) {
    if all.is_sorted() {
        return;
    }
    let mut other = vec![0; all.len()];
    for shift in (low_bits..low_bits + bits).step_by(DIGIT as usize) {
        let digit = |one: u64| (one >> shift) as usize & ((1 << DIGIT) - 1);
        let mut starts = [0_usize; 1 << DIGIT];
        all.iter().for_each(|&one| starts[digit(one)] += 1);
        let mut sum = 0;
        for start in &mut starts {
            (*start, sum) = (sum, sum + *start);
        }
        for &one in all.iter() {
            let start = &mut starts[digit(one)];
            other[*start] = one;
            *start += 1;
        }
        std::mem::swap(all, &mut other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(count: usize, below: i64) -> Vec<i64> {
        let mut x = 1_u64;
        let mut next = || {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((x >> 2) as i64) % below
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn times_come_in_order_and_equals_as_they_were_given() {
        for (count, below) in
            [(0, 1), (1, 9), (2, 1), (5_000, 40), (5_000, 1 << 40), (70_000, 3_600_000_000), (300, 1 << 60)]
        {
            let times: Vec<i64> = noise(count, below).into_iter().map(|at| at + 17).collect();
            let mut expected: Vec<_> = times.iter().copied().zip(0_u32..).collect();
            expected.sort_unstable();
            let order = TimeOrder::of(times.iter().copied());
            let ours: Vec<_> = (0..order.len()).map(|rank| order.get(rank)).collect();
            assert_eq!(ours, expected, "{count} below {below}");
        }
        let far = TimeOrder::of(noise(5_000, 1 << 60).into_iter());
        assert!(matches!(far, TimeOrder::Wide(_)) && (1..5_000).all(|i| far.get(i - 1) < far.get(i)));
    }

    #[test]
    fn ties_are_broken_as_told() {
        for below in [7, 1 << 60] {
            let times: Vec<i64> = noise(4_000, below).into_iter().map(|at| at / (below / 7).max(1)).collect();
            let mut order = TimeOrder::of(times.iter().copied());
            order.break_ties(|position| 4_000 - position);
            for rank in 1..order.len() {
                let ((a, i), (b, j)) = (order.get(rank - 1), order.get(rank));
                assert!(a < b || a == b && i > j);
            }
        }
    }
}
