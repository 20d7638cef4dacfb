//! The capacities that can be tried.

use super::Limit;

/// The n-th rung of the ladder of capacities that can be tried. Capacities have three significant digits, so that neighbours from 100 on
/// differ by at most 1 %: the n-th is n up to 999, then 1000, 1010, 1020 and so on.
pub(super) const fn rung(n: u32) -> u64 {
    if n < 1000 {
        return n as u64;
    }
    let (k, decade) = ((n - 1000) % 900, 1 + (n - 1000) / 900);
    (100 + k as u64) * 10_u64.pow(decade)
}

/// The top of the ladder: a billion a second, or a hundred million lines.
pub(super) const TOP: [u32; 2] = [1000 + 900 * 9, 1000 + 900 * 5];
/// The number of rungs that about halves or doubles the capacity.
pub(super) const DOUBLING: u32 = 271;
/// The lowest rung of capacities of this kind that is at least `least`, or the top of the ladder.
pub(super) fn rung_at(limit: Limit, least: u64) -> u32 {
    let (mut low, mut high) = (1, TOP[limit as usize]);
    while low < high {
        let middle = low + (high - low) / 2;
        if rung(middle) < least { low = middle + 1 } else { high = middle }
    }
    low
}

/// The capacity of a rung: a rate (1/s), which the ladder counts in thousandths, or a number of lines.
pub(super) fn value(limit: Limit, n: u32) -> f64 {
    match limit {
        Limit::Rate => rung(n) as f64 / 1e3,
        Limit::Concurrent => rung(n) as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ladder_rises_by_three_digits() {
        assert_eq!([1, 999, 1000, 1001, 1899, 1900, 1901].map(rung), [1, 999, 1000, 1010, 9990, 10_000, 10_100]);
        assert_eq!(TOP.map(rung), [1_000_000_000_000, 100_000_000]);
        assert!((1..TOP[0]).all(|n| rung(n) < rung(n + 1)));
    }
}
