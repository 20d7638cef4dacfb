//! The waiting attempts of a priority queue, in which a later arrival may depart earlier.

use crate::units::Time;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Waiting attempts, each with a priority, the time at which its patience ends, and a token by which the caller identifies it.
///
/// They are numbered in order of arrival. Numbers of attempts that have left are dropped lazily, when they reach the front.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    /// The tokens of the attempts from number `first` on; [`GONE`] for those that have left.
    tokens: VecDeque<u64>,
    first: u64,
    /// For each priority, highest first, the numbers of the waiting attempts, and of some that have left.
    classes: Vec<(u8, VecDeque<u64>)>,
    deadlines: Deadlines,
    count: usize,
}

/// Replaces the token of an attempt that has left.
const GONE: u64 = u64::MAX;

impl Waiting {
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// Adds an attempt behind all of the same priority, waiting until `patience` at most; `token` is not `u64::MAX`.
    pub(super) fn enter(&mut self, priority: u8, patience: Time, token: u64) {
        let number = self.first + self.tokens.len() as u64;
        self.tokens.push_back(token);
        self.count += 1;
        let place = self.classes.partition_point(|&(other, _)| other > priority);
        if self.classes.get(place).is_none_or(|&(other, _)| other != priority) {
            self.classes.insert(place, (priority, VecDeque::new()));
        }
        self.classes[place].1.push_back(number);
        if !patience.is_never() {
            self.deadlines.push(patience, number);
        }
    }

    /// Removes the next attempt: the first of the highest priority.
    pub(super) fn take_next(&mut self) -> Option<u64> {
        for place in 0..self.classes.len() {
            while let Some(number) = self.classes[place].1.pop_front() {
                if let Some(token) = self.leave(number) {
                    return Some(token);
                }
            }
        }
        None
    }

    /// When the earliest patience ends; [`Time::NEVER`] if none does.
    pub(super) fn next_expiry(&mut self) -> Time {
        while let Some((at, number)) = self.deadlines.first() {
            if self.waits(number) {
                return at;
            }
            self.deadlines.pop();
        }
        Time::NEVER
    }

    /// Removes the attempt whose patience ends first.
    pub(super) fn take_expired(&mut self) -> Option<u64> {
        while let Some((_, number)) = self.deadlines.first() {
            self.deadlines.pop();
            if let Some(token) = self.leave(number) {
                return Some(token);
            }
        }
        None
    }

    fn waits(&self, number: u64) -> bool {
        let place = number.checked_sub(self.first).map(|place| place as usize);
        place.and_then(|place| self.tokens.get(place)).is_some_and(|&token| token != GONE)
    }

    /// Removes the attempt with this number, if it is still waiting.
    fn leave(&mut self, number: u64) -> Option<u64> {
        if !self.waits(number) {
            return None;
        }
        let token = std::mem::replace(&mut self.tokens[(number - self.first) as usize], GONE);
        self.count -= 1;
        while self.tokens.front() == Some(&GONE) {
            self.tokens.pop_front();
            self.first += 1;
        }
        Some(token)
    }
}

/// The maximum number of ascending sequences; times that fit none of them go into a heap.
const SEQUENCES: usize = 8;

/// Times with numbers, removed earliest first. Attempts of one step arrive in order of time with the same patience, so their times
/// ascend and a few sequences hold them without a heap.
#[derive(Clone, Debug, Default)]
struct Deadlines {
    rising: Vec<VecDeque<(Time, u64)>>,
    others: BinaryHeap<Reverse<(Time, u64)>>,
}

impl Deadlines {
    fn push(&mut self, at: Time, number: u64) {
        let fits = |sequence: &VecDeque<(Time, u64)>| sequence.back().is_none_or(|&(last, _)| last <= at);
        match self.rising.iter().position(fits) {
            Some(place) => self.rising[place].push_back((at, number)),
            None if self.rising.len() < SEQUENCES => self.rising.push(VecDeque::from([(at, number)])),
            None => self.others.push(Reverse((at, number))),
        }
    }

    fn first(&self) -> Option<(Time, u64)> {
        let rising = self.rising.iter().filter_map(|sequence| sequence.front().copied());
        rising.chain(self.others.peek().map(|other| other.0)).min()
    }

    fn pop(&mut self) {
        let Some(first) = self.first() else { return };
        match self.rising.iter_mut().find(|sequence| sequence.front() == Some(&first)) {
            Some(sequence) => sequence.pop_front().is_some(),
            None => self.others.pop().is_some(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Compared with a plain list that is searched each time.
        #[test]
        fn waiting_matches_a_plain_list(moves in prop::collection::vec((0_u8..5, 0_u8..3, 0_i64..40), 1..400)) {
            let (mut waiting, mut list) = (Waiting::default(), Vec::<(u8, Time, u64)>::new());
            for (token, (kind, priority, span)) in (0_u64..).zip(moves) {
                let patience = if span == 0 { Time::NEVER } else { Time::from_micros(token as i64 / 3 + span) };
                match kind {
                    0 => {
                        let next = (0..list.len()).min_by_key(|&i| (Reverse(list[i].0), list[i].2));
                        prop_assert_eq!(waiting.take_next(), next.map(|i| list.remove(i).2));
                    }
                    1 => {
                        let first = (0..list.len()).filter(|&i| !list[i].1.is_never()).min_by_key(|&i| (list[i].1, list[i].2));
                        prop_assert_eq!(waiting.next_expiry(), first.map_or(Time::NEVER, |i| list[i].1));
                        prop_assert_eq!(waiting.take_expired(), first.map(|i| list.remove(i).2));
                    }
                    _ => {
                        waiting.enter(priority, patience, token);
                        list.push((priority, patience, token));
                    }
                }
                prop_assert_eq!(waiting.count(), list.len());
            }
        }
    }
}
