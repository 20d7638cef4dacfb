//! The token bucket of a provider's throughput: it fills at the rate, up to the burst, and is full at the start.
//!
//! An attempt departs when the bucket holds as many tokens as the message has parts, or is full, and takes all of its parts: the level may
//! fall below zero. Levels are exact. A token is `micros` units of work and each microsecond does `events` of them, so that an attempt departs in
//! the microsecond within which its tokens are there.

use super::throttle::{Throttle, WHOLE};
use super::{FAR, MAX_CHANGES};
use crate::units::Rate;

/// A bucket that fills at a constant rate. It is known by the time at which it is full again: the theoretical arrival time of the generic cell
/// rate algorithm (ITU-T I.371).
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    /// The microsecond in which the bucket is full ...
    full: i64,
    /// ... and the offset within it, in units of 1/`events`.
    within: u64,
    /// What the attempt examined last takes.
    charge: Charge,
    fill: Fill,
}

/// How a bucket fills.
#[derive(Clone, Copy, Debug)]
struct Fill {
    /// The work of a microsecond.
    events: u64,
    /// The work of a token.
    micros: u64,
    /// The tokens in a full bucket.
    burst: u64,
}

/// What it means to take some tokens.
#[derive(Clone, Copy, Debug)]
struct Charge {
    parts: u32,
    /// How long it takes until they are there again: whole microseconds, and the remainder in units of 1/`events`.
    refill: (i64, u64),
    /// How long before the bucket is full there are enough of them.
    lead: (i64, u64),
}

impl Fill {
    const fn new(rate: Rate, burst: u32) -> Self {
        Self { events: rate.events(), micros: rate.micros(), burst: burst as u64 }
    }

    /// The number of tokens that must be there for a message of `parts` parts.
    fn needed(&self, parts: u32) -> u64 {
        u64::from(parts).min(self.burst)
    }

    /// How long it takes to fill in `tokens` tokens, at most [`i64::MAX`].
    fn takes(&self, tokens: u64) -> (i64, u64) {
        let work = u128::from(tokens) * u128::from(self.micros);
        let (whole, rest) = (work / u128::from(self.events), work % u128::from(self.events));
        (i64::try_from(whole).unwrap_or(i64::MAX), rest as u64)
    }

    #[cold]
    fn charge(&self, parts: u32) -> Charge {
        let lead = self.takes(self.burst - self.needed(parts));
        Charge { parts, refill: self.takes(u64::from(parts)), lead }
    }
}

impl Bucket {
    pub(super) fn new(rate: Rate, burst: u32) -> Self {
        let fill = Fill::new(rate, burst);
        Self { full: 0, within: 0, charge: fill.charge(1), fill }
    }

    #[inline(always)]
    fn examine(&mut self, parts: u32) {
        if self.charge.parts != parts {
            self.charge = self.fill.charge(parts);
        }
    }

    /// When there are enough tokens for an attempt (µs), if no other takes any.
    #[inline(always)]
    pub(super) fn ready(&mut self, parts: u32) -> i64 {
        self.examine(parts);
        let (whole, rest) = self.charge.lead;
        self.full.saturating_sub(whole) - i64::from(self.within < rest)
    }

    /// An attempt takes its tokens at `at` (µs).
    #[inline(always)]
    pub(super) fn take(&mut self, at: i64, parts: u32) {
        self.examine(parts);
        let (whole, rest) = self.charge.refill;
        let within = if at > self.full { 0 } else { self.within } + rest;
        let carry = within >= self.fill.events;
        self.within = if carry { within - self.fill.events } else { within };
        self.full = at.max(self.full).saturating_add(whole).saturating_add(i64::from(carry));
    }
}

/// A bucket that fills more slowly, or not at all, while a throttle is on. It is known by its level.
#[derive(Clone, Debug)]
pub(super) struct ThrottledBucket {
    /// When the level was as follows (µs).
    at: i64,
    /// The level, in units of work times millionths.
    level: i128,
    fill: Fill,
}

impl ThrottledBucket {
    pub(super) fn new(rate: Rate, burst: u32) -> Self {
        let fill = Fill::new(rate, burst);
        Self { at: 0, level: fill.level(fill.burst), fill }
    }

    /// When there are enough tokens for an attempt (µs), from `now` on, if no other takes any; [`i64::MAX`] for never.
    pub(super) fn ready(&mut self, now: i64, parts: u32, throttle: &mut Throttle) -> i64 {
        if !self.advance(now, throttle) {
            return i64::MAX;
        }
        let mut bucket = self.clone();
        let needed = self.fill.level(self.fill.needed(parts));
        for _ in 0..MAX_CHANGES {
            let period = throttle.at(bucket.at);
            let speed = self.fill.speed(period.factor);
            if bucket.level >= needed || speed > 0 && bucket.level + speed > needed {
                return bucket.at;
            }
            let wait = if speed == 0 { i128::MAX } else { (needed - bucket.level) / speed };
            if wait < i128::from(period.to) - i128::from(bucket.at) {
                return bucket.at + wait as i64;
            }
            if period.to > FAR {
                break;
            }
            bucket.fill_until(period.to, speed);
        }
        i64::MAX
    }

    /// An attempt takes its tokens at `at` (µs).
    pub(super) fn take(&mut self, at: i64, parts: u32, throttle: &mut Throttle) {
        if self.advance(at, throttle) {
            self.level -= self.fill.level(u64::from(parts));
        }
    }

    /// Fills the bucket until `until` (µs). Returns whether that is not too far away.
    fn advance(&mut self, until: i64, throttle: &mut Throttle) -> bool {
        for _ in 0..MAX_CHANGES {
            if self.level == self.fill.level(self.fill.burst) {
                self.at = self.at.max(until);
            }
            if self.at >= until {
                return true;
            }
            let period = throttle.at(self.at);
            self.fill_until(period.to.min(until), self.fill.speed(period.factor));
        }
        false
    }

    fn fill_until(&mut self, until: i64, speed: i128) {
        let filled = self.level + speed * i128::from(until - self.at);
        (self.at, self.level) = (until, filled.min(self.fill.level(self.fill.burst)));
    }
}

impl Fill {
    /// So many tokens, in units of work times millionths.
    fn level(&self, tokens: u64) -> i128 {
        i128::from(tokens) * i128::from(self.micros) * i128::from(WHOLE)
    }

    /// The work of a microsecond times the factor in millionths.
    fn speed(&self, factor: u64) -> i128 {
        i128::from(self.events) * i128::from(factor)
    }
}
