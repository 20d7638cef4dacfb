//! The waiting attempts of a queue in which a later arrival may depart earlier.

use crate::provider::spec::Discipline;
use crate::units::Time;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Waiting attempts, each with a priority, the time at which its patience ends, its parts, and a token by which the caller identifies it.
///
/// They are numbered in order of arrival. Numbers of attempts that have left are dropped lazily, when they reach the front.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    /// The tokens and the parts of the attempts from number `first` on; the token is [`GONE`] for those that have left.
    attempts: VecDeque<(u64, u32)>,
    first: u64,
    /// For each priority, highest first, the numbers of the waiting attempts, and of some that have left.
    classes: Vec<(u8, VecDeque<u64>)>,
    deadlines: Deadlines,
    count: usize,
    /// Whether the last one goes first, whatever its priority; otherwise the first of the highest priority does.
    newest_first: bool,
}

/// Replaces the token of an attempt that has left.
const GONE: u64 = u64::MAX;

impl Waiting {
    pub(super) fn new(order: Discipline) -> Self {
        Self { newest_first: order == Discipline::NewestFirst, ..Self::default() }
    }

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// Adds an attempt, a token and its parts, behind all of the same priority, waiting until `patience` at most; the token is not
    /// `u64::MAX`.
    pub(super) fn enter(&mut self, priority: u8, patience: Time, attempt: (u64, u32)) {
        let priority = if self.newest_first { 0 } else { priority };
        let number = self.first + self.attempts.len() as u64;
        self.attempts.push_back(attempt);
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

    /// The number of the next attempt, once those that have left are out of its way, and the place of its class.
    fn next(&mut self) -> Option<(usize, u64)> {
        for place in 0..self.classes.len() {
            loop {
                let class = &self.classes[place].1;
                let Some(&number) = (if self.newest_first { class.back() } else { class.front() }) else { break };
                if self.waits(number) {
                    return Some((place, number));
                }
                self.drop_next(place);
            }
        }
        None
    }

    fn drop_next(&mut self, place: usize) {
        let class = &mut self.classes[place].1;
        _ = if self.newest_first { class.pop_back() } else { class.pop_front() };
    }

    /// The parts of the next attempt.
    pub(super) fn next_parts(&mut self) -> Option<u32> {
        let (_, number) = self.next()?;
        Some(self.attempts[(number - self.first) as usize].1)
    }

    /// Removes the next attempt, and returns its token and its parts.
    pub(super) fn take_next(&mut self) -> Option<(u64, u32)> {
        let (place, number) = self.next()?;
        self.drop_next(place);
        self.leave(number)
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
            if let Some((token, _)) = self.leave(number) {
                return Some(token);
            }
        }
        None
    }

    fn waits(&self, number: u64) -> bool {
        let place = number.checked_sub(self.first).map(|place| place as usize);
        place.and_then(|place| self.attempts.get(place)).is_some_and(|&(token, _)| token != GONE)
    }

    /// Removes the attempt with this number, if it is still waiting.
    fn leave(&mut self, number: u64) -> Option<(u64, u32)> {
        if !self.waits(number) {
            return None;
        }
        let attempt = std::mem::replace(&mut self.attempts[(number - self.first) as usize], (GONE, 0));
        self.count -= 1;
        while self.attempts.front().is_some_and(|&(token, _)| token == GONE) {
            self.attempts.pop_front();
            self.first += 1;
        }
        Some(attempt)
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
        fn waiting_matches_a_plain_list(
            newest_first in any::<bool>(),
            moves in prop::collection::vec((0_u8..5, 0_u8..3, 0_i64..40), 1..400),
        ) {
            let order = if newest_first { Discipline::NewestFirst } else { Discipline::Priority };
            let (mut waiting, mut list) = (Waiting::new(order), Vec::<(u8, Time, u64)>::new());
            for (token, (kind, priority, span)) in (0_u64..).zip(moves) {
                let patience = if span == 0 { Time::NEVER } else { Time::from_micros(token as i64 / 3 + span) };
                match kind {
                    0 => {
                        let by_priority = |&i: &usize| (Reverse(list[i].0), list[i].2);
                        let next = match newest_first {
                            true => list.len().checked_sub(1),
                            false => (0..list.len()).min_by_key(by_priority),
                        };
                        prop_assert_eq!(waiting.next_parts(), next.map(|i| list[i].2 as u32));
                        prop_assert_eq!(waiting.take_next(), next.map(|i| list.remove(i).2).map(|at| (at, at as u32)));
                    }
                    1 => {
                        let first = (0..list.len()).filter(|&i| !list[i].1.is_never()).min_by_key(|&i| (list[i].1, list[i].2));
                        prop_assert_eq!(waiting.next_expiry(), first.map_or(Time::NEVER, |i| list[i].1));
                        prop_assert_eq!(waiting.take_expired(), first.map(|i| list.remove(i).2));
                    }
                    _ => {
                        waiting.enter(priority, patience, (token, token as u32));
                        list.push((priority, patience, token));
                    }
                }
                prop_assert_eq!(waiting.count(), list.len());
            }
        }
    }
}
