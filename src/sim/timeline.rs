//! The bins of time into which a run's events are counted.

use crate::units::{Span, Time};

/// The maximum number of bins; one more holds everything after them.
const BINS: usize = 4096;

/// Bins of time of equal width, a power of two in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timeline {
    width_bits: u32,
}

impl Timeline {
    /// At most 4096 bins over the span from the start to `horizon`.
    #[must_use]
    pub fn over(horizon: Time) -> Self {
        let micros = horizon.as_micros().max(1) as u64;
        let width_bits = (0..63).find(|bits| micros >> bits < BINS as u64).unwrap_or(63);
        Self { width_bits }
    }

    /// The bin of a time; [`Timeline::bins`] for a time after the last bin.
    #[must_use]
    #[inline]
    pub fn bin(self, at: Time) -> usize {
        ((at.as_micros() >> self.width_bits) as usize).min(BINS)
    }

    /// The number of bins.
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
