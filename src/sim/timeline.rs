//! The bins of time into which a run's events are counted.

use crate::units::{Span, Time};

/// The maximum number of bins; one more holds everything after them.
const BINS: usize = 4096;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The widths (µs) that people read at a glance, from a second on.
const ROUND: [i64; 17] = [
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
];

/// Bins of time of equal width, which is round: 1, 2, 5, 10, 15 or 30 seconds or minutes, hours that divide a day, or days; below a second
/// 1, 2 or 5 times a power of ten.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeline {
    width: i64,
    /// A time is divided by the width by multiplying it by this and dropping the low 64 + `shift` bits: see [`Timeline::of_width`].
    factor: u64,
    shift: u32,
    end: Time,
}

impl Timeline {
    /// At most 4096 bins over the span from the start to `horizon`.
    #[must_use]
    pub fn over(horizon: Time) -> Self {
        let least = horizon.as_micros().max(1) / BINS as i64 + 1;
        Self::of_width(round_width(Span::from_micros(least), Span::from_micros(1)))
    }

    /// Bins of this width, of at least 2 µs.
    ///
    /// Division by a constant (Granlund and Montgomery, "Division by invariant integers using multiplication", PLDI 1994, theorem 4.2): with
    /// 2^(s - 1) < d ≤ 2^s and m = ceil(2^(63 + s) / d), n / d is n m / 2^(63 + s), rounded down, for every n below 2^63.
    fn of_width(width: Span) -> Self {
        let width = width.as_micros().max(2);
        let bits = (width as u64).next_power_of_two().trailing_zeros();
        let factor = (1_u128 << (63 + bits)).div_ceil(width as u128) as u64;
        Self { width, factor, shift: bits - 1, end: Time::from_micros((BINS as i64).saturating_mul(width)) }
    }

    /// The same end with a single bin up to it, for those who do not look at results over time: bins take memory.
    #[must_use]
    pub fn in_one_bin(self) -> Self {
        Self { end: self.end, ..Self::of_width(Span::from_micros(self.end.as_micros())) }
    }

    /// The bin of a time; [`Timeline::bins`] for a time after the last bin.
    #[must_use]
    #[inline]
    pub fn bin(self, at: Time) -> usize {
        let product = u128::from(at.as_micros() as u64) * u128::from(self.factor);
        ((product >> 64) as u64 >> self.shift).min(BINS as u64) as usize
    }

    /// The number of bins.
    #[must_use]
    pub const fn bins(self) -> usize {
        BINS
    }

    /// The end of the last bin that was asked for.
    #[must_use]
    pub const fn end(self) -> Time {
        self.end
    }

    /// The width of a bin.
    #[must_use]
    pub const fn width(self) -> Span {
        Span::from_micros(self.width)
    }
}

/// The smallest round width of at least `least` that is a multiple of `unit`, which is round itself.
#[must_use]
pub fn round_width(least: Span, unit: Span) -> Span {
    let below_a_second = (1..6).map(|power| 10_i64.pow(power)).flat_map(|ten| [ten, 2 * ten, 5 * ten]);
    let days = (0..16).map(|power| DAY << power);
    let mut all = below_a_second.chain(ROUND).chain(days);
    let fits = |width: &i64| *width >= least.as_micros() && width % unit.as_micros().max(1) == 0;
    Span::from_micros(all.find(fits).unwrap_or(i64::MAX / BINS as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_in_the_bin_of_the_quotient() {
        let horizons = [1, 900, 3_600_000_000, 7_200_000_001, 86_400_000_000, 40 * 86_400_000_000, i64::MAX >> 2];
        for timeline in horizons.map(|micros| Timeline::over(Time::from_micros(micros))) {
            let width = timeline.width().as_micros();
            let edges = [1, 2, 3, 1_000, 4_095, 4_096, 4_097, i64::MAX / width].map(|bin| bin.saturating_mul(width));
            let times = edges.iter().flat_map(|&edge| [edge - 1, edge, edge.saturating_add(1)]);
            for at in times.chain([0, i64::MAX - 1, i64::MAX, 123_456_789, 1 << 62]) {
                let expected = (at / width).min(BINS as i64) as usize;
                assert_eq!(timeline.bin(Time::from_micros(at)), expected, "{at} in bins of {width}");
            }
        }
    }

    #[test]
    fn widths_are_round_and_there_are_enough_of_them() {
        let width = |horizon_s: f64| Timeline::over(Time::from_secs_f64(horizon_s)).width().as_secs_f64();
        assert_eq!([0.004, 4.0, 4_000.0, 7_200.0, 20_000.0].map(width), [1e-5, 1e-3, 1.0, 2.0, 5.0]);
        assert_eq!([86_400.0, 30.0 * 86_400.0].map(width), [30.0, 900.0]);
        for micros in [1, 4_095, 4_096, 1_000_000, 20_480_000_000, 31_622_400_000_000] {
            let timeline = Timeline::over(Time::from_micros(micros));
            assert!(timeline.end().as_micros() > micros && timeline.bin(Time::from_micros(micros)) < BINS);
        }
        let shown =
            |least: f64, unit: f64| round_width(Span::from_secs_f64(least), Span::from_secs_f64(unit)).as_secs_f64();
        assert_eq!(
            [shown(2.5, 2.0), shown(30.0, 2.0), shown(31.0, 1.0), shown(100.0, 15.0)],
            [10.0, 30.0, 60.0, 120.0]
        );
    }
}
