//! Those who wait where priorities count: for others who may still come.

use crate::engine::Permit;
use crate::units::SimTime;

/// Somebody who waits, as far as it cannot be told from the traveller.
#[derive(Clone, Copy)]
pub(super) struct Waiter {
    pub(super) submitted: SimTime,
    pub(super) provider: u32,
    pub(super) permit: Option<Permit>,
    /// How many of the step's pool had turned the attempt down before.
    pub(super) rank: u8,
}

/// Who waits, by the place of the traveller. What is asked of those who have long left as well lies close together.
#[derive(Default)]
pub(super) struct Waiting {
    /// How often somebody in this place has begun or ceased to wait: odd while somebody does.
    changes: Vec<u32>,
    patience: Vec<SimTime>,
    waiters: Vec<Waiter>,
}

/// The place of whoever waits, or has waited, under this token of a queue.
pub(super) const fn place_of(token: u64) -> usize {
    token as u32 as usize
}

impl Waiting {
    /// The traveller in this place, which waits for nothing else, begins to wait, until `patience` at most. Gives its token.
    pub(super) fn begin(&mut self, place: usize, waiter: Waiter, patience: SimTime) -> u64 {
        if self.waiters.len() <= place {
            self.changes.resize(place + 1, 0);
            self.patience.resize(place + 1, SimTime::NEVER);
            self.waiters.resize(place + 1, waiter);
        }
        self.changes[place] = self.changes[place].wrapping_add(1);
        self.patience[place] = patience;
        self.waiters[place] = waiter;
        u64::from(self.changes[place]) << 32 | place as u64
    }

    /// Whether the one with this token still waits.
    #[inline]
    pub(super) fn holds(&self, token: u64) -> bool {
        self.changes[place_of(token)] == (token >> 32) as u32
    }

    /// Whether somebody in this place waits until `patience`, which is not for ever.
    #[inline]
    pub(super) fn is_until(&self, place: usize, patience: SimTime) -> bool {
        self.patience[place] == patience
    }

    /// Whoever waits in this place no longer does; gives until when it would have at most.
    pub(super) fn end(&mut self, place: usize) -> (Waiter, SimTime) {
        self.changes[place] = self.changes[place].wrapping_add(1);
        (self.waiters[place], std::mem::replace(&mut self.patience[place], SimTime::NEVER))
    }

    /// The places of those who wait.
    pub(super) fn places(&self) -> Vec<usize> {
        let odd = |(place, changes): (usize, &u32)| (changes % 2 == 1).then_some(place);
        self.changes.iter().enumerate().filter_map(odd).collect()
    }
}
