//! When a provider's capacity is reduced.

use crate::provider::outage::Windows;
use crate::units::Time;

/// The number of millionths in a whole.
pub(super) const WHOLE: u64 = 1_000_000;

/// When a provider's capacity is reduced.
#[derive(Clone, Debug)]
pub(super) struct Throttle {
    /// The windows, with their factors [millionths].
    windows: Vec<(Windows, u32)>,
    /// The period examined last.
    period: Period,
}

/// A period with a constant factor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Period {
    /// Where it begins, or was first examined (µs).
    from: i64,
    /// Where it ends (µs).
    pub(super) to: i64,
    /// The product of the factors of the open windows [millionths].
    pub(super) factor: u64,
}

impl Throttle {
    pub(super) fn new(windows: &[(Windows, u32)]) -> Self {
        Self { windows: windows.to_vec(), period: Period { from: 0, to: 0, factor: WHOLE } }
    }

    /// The period that holds `at` (µs).
    pub(super) fn at(&mut self, at: i64) -> Period {
        if !(self.period.from..self.period.to).contains(&at) {
            let now = Time::from_micros(at);
            let open = self.windows.iter().filter(|(windows, _)| windows.is_open(now));
            let factor = open.fold(WHOLE, |product, (_, factor)| product * u64::from(*factor) / WHOLE);
            let changes = self.windows.iter().map(|(windows, _)| windows.next_change(now).as_micros());
            self.period = Period { from: at, to: changes.min().unwrap_or(i64::MAX), factor };
        }
        self.period
    }
}
