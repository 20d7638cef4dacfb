//! When an outage hits an attempt, and what it does to it.

use super::spec::{Effect, Outage};
use crate::rng::{Draws, purpose};
use crate::units::SimTime;

impl Outage {
    /// Whether the window, or a recurrence of it, is open at `at`.
    #[must_use]
    #[inline]
    pub fn is_open(&self, at: SimTime) -> bool {
        if at < self.from {
            return false;
        }
        let since = at.since(self.from).as_micros();
        let within = if self.every.is_never() { since } else { since % self.every.as_micros() };
        within < self.to.since(self.from).as_micros()
    }
}

/// The longest latency that outages make of one, over two years: the times of a flow then stay below 2⁵³ µs.
const SLOWEST: SimTime = SimTime::from_micros(1 << 46);

/// What all outages together do to one attempt.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Trouble {
    pub refused: bool,
    pub silent: bool,
    pub reports_lost: bool,
    factor: f64,
    delay: SimTime,
}

impl Trouble {
    pub(super) const NONE: Self =
        Self { refused: false, silent: false, reports_lost: false, factor: 1.0, delay: SimTime::ZERO };

    /// The latency under this trouble.
    #[inline]
    pub(super) fn stretch(&self, latency: SimTime) -> SimTime {
        let slowed = if self.factor == 1.0 {
            latency
        } else {
            SimTime::from_micros((latency.as_micros() as f64 * self.factor).round() as i64)
        };
        slowed.min(SLOWEST).after(self.delay).min(SLOWEST)
    }

    fn add(&mut self, effect: Effect) {
        match effect {
            Effect::Silent => self.silent = true,
            Effect::Fail => self.refused = true,
            Effect::ReportsLost => self.reports_lost = true,
            Effect::Slow { factor, delay } => {
                // Bounded, so that no product is infinite.
                self.factor = (self.factor * factor).min(1e12);
                self.delay = self.delay.after(delay).min(SLOWEST);
            }
        }
    }
}

/// What `outages` do to an attempt that leaves the provider at `at`. Each has its own draw, so that two that
/// overlap hit independently; `first` is the draw for the first of them, which comes with the attempt's own.
#[inline]
pub(super) fn trouble(outages: &[(Outage, u64)], at: SimTime, first: u32, draws: Draws) -> Trouble {
    let mut trouble = Trouble::NONE;
    for (i, (outage, threshold)) in outages.iter().enumerate() {
        if outage.is_open(at) {
            let draw = if i == 0 { first } else { draws.draw(purpose::FURTHER_OUTAGES + i as u16 - 1) };
            if u64::from(draw) < *threshold {
                trouble.add(outage.effect);
            }
        }
    }
    trouble
}
