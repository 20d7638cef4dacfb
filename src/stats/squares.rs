//! Exact sums of integers and of their squares.

/// The exact sum of the squares of `values`, saturating at the largest number.
///
/// Where all of them are below 2³² in size, as amounts and latencies in millionths nearly always are, the halves of the squares are
/// summed separately, which the compiler can vectorise.
#[must_use]
#[inline(always)]
pub fn sum_of_squares(values: &[i64]) -> u128 {
    let sizes = values.iter().fold(0, |bits, value| bits | value.unsigned_abs());
    if sizes >> 32 != 0 || values.len() > u32::MAX as usize {
        let squares = values.iter().map(|value| u128::from(value.unsigned_abs()).pow(2));
        return squares.fold(0, u128::saturating_add);
    }
    let (mut low, mut high) = (0_u64, 0_u64);
    for value in values {
        let size = value.unsigned_abs() & 0xFFFF_FFFF;
        let square = size * size;
        low += square & 0xFFFF_FFFF;
        high += square >> 32;
    }
    u128::from(low) + (u128::from(high) << 32)
}

/// The exact sum of `values`.
///
/// Where all of them are below 2⁵² in size, as amounts and latencies in millionths nearly always are, they are summed in 64 bits,
/// which the compiler can vectorise.
#[must_use]
#[inline(always)]
pub fn sum(values: &[i64]) -> i128 {
    const AT_ONCE: usize = 1024;
    let sizes = values.iter().fold(0, |bits, value| bits | value.unsigned_abs());
    if sizes >> 52 == 0 {
        return values.chunks(AT_ONCE).map(|some| i128::from(some.iter().sum::<i64>())).sum();
    }
    values.iter().map(|&value| i128::from(value)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_exact_for_small_and_large() {
        let exact = |values: &[i64]| values.iter().map(|&v| (i128::from(v) * i128::from(v)) as u128).sum::<u128>();
        let small: Vec<i64> = (0..1000).map(|i| (i * 4_294_967 - 2_000_000_000) % ((1 << 32) - 1)).collect();
        assert_eq!(sum_of_squares(&small), exact(&small));
        let large = [i64::MAX / 3, i64::MIN / 5, 1 << 32, -1, 0];
        assert_eq!(sum_of_squares(&large), exact(&large));
        for values in [small, large.to_vec(), vec![(1 << 52) - 1; 3000], vec![i64::MAX; 3000], vec![i64::MIN; 3000]] {
            assert_eq!(sum(&values), values.iter().map(|&value| i128::from(value)).sum());
        }
    }
}
