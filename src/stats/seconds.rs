//! Counts of events by second.

use super::Bins;
use crate::units::Time;
use serde::{Deserialize, Serialize};

/// Events by second.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Seconds {
    /// The events within the first 12 days, by second.
    pub within: Bins,
    /// The number of events after that.
    pub beyond: u64,
}

impl Seconds {
    /// The number of seconds that are told apart: 12 days.
    const MOST: i64 = 1 << 20;

    /// Nothing counted, with memory for this many seconds.
    #[must_use]
    pub fn with_room(seconds: usize) -> Self {
        Self { within: Bins::with_room(seconds), beyond: 0 }
    }

    /// Counts an event.
    #[inline]
    pub fn add(&mut self, at: Time) {
        match at.as_micros() / 1_000_000 {
            second @ 0..Self::MOST => self.within.add(second as usize),
            _ => self.beyond += 1,
        }
    }

    /// Takes back an event that has been counted and will not happen.
    pub fn take_back(&mut self, at: Time) {
        match at.as_micros() / 1_000_000 {
            second @ 0..Self::MOST => self.within.take_back(second as usize),
            _ => self.beyond -= 1,
        }
    }

    /// Adds the events of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.within.merge(&other.within);
        self.beyond += other.beyond;
    }
}
