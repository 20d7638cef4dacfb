//! The bins of time into which a world's events are counted.

use crate::units::{Span, Time};

/// How many bins there are at the most; one more holds what comes after them.
const BINS: usize = 4096;

/// Bins of time of equal width, a power of two in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeline {
    width_bits: u32,
}

impl Timeline {
    /// Bins, 4096 at the most, over the span from the start to `horizon`.
    #[must_use]
    pub fn over(horizon: Time) -> Self {
        let micros = horizon.as_micros().max(1) as u64;
        let width_bits = (0..63).find(|bits| micros >> bits < BINS as u64).unwrap_or(63);
        Self { width_bits }
    }

    /// The bin of a point of time; [`Timeline::bins`] for what comes after the last.
    #[must_use]
    #[inline]
    pub fn bin(self, at: Time) -> usize {
        ((at.as_micros() >> self.width_bits) as usize).min(BINS)
    }

    /// How many bins there are.
    #[must_use]
    pub const fn bins(self) -> usize {
        BINS
    }

    /// The end of the last bin.
    #[must_use]
    pub const fn end(self) -> Time {
        Time::from_micros((BINS as i64) << self.width_bits)
    }

    /// The width of a bin.
    #[must_use]
    pub const fn width(self) -> Span {
        Span::from_micros(1 << self.width_bits)
    }
}
