//! The queue before a provider with limited capacity: who departs when, who is rejected, who waits in vain.

use super::gate::Gate;
use super::waiting::Waiting;
use crate::provider::outage::Windows;
use crate::provider::spec::{Capacity, Discipline};
use crate::units::Time;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// What becomes of an attempt that comes to a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admission {
    /// It departs then, perhaps at once.
    Departs(Time),
    /// Its patience ends while it waits: it takes no capacity.
    Expires,
    /// The queue is full.
    Rejected,
    /// It waits, and who comes after it decides for how long.
    Waits,
}

/// What happens next to those who wait where priorities count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum QueueEvent {
    /// The next of them departs.
    Departure,
    /// Somebody's patience ends.
    Expiry,
}

/// A provider's queue and capacity, shared by all attempts of a run.
///
/// > Attempts come in order of time, and each is in the queue from then until it departs or its patience ends.
///
/// In a queue that is first in, first out, it is known when an attempt departs as soon as it comes:
///
/// 1. [`Queue::admit`] says when.
/// 2. [`Queue::hold`] is told until when it then holds its line.
///
/// Where priorities count, an attempt may have to wait for others that are still to come:
///
/// 1. [`Queue::admit`] says that it waits: [`Queue::enter`] puts it into the queue under a token.
/// 2. Before anything else comes, [`Queue::next_event`] says what happens by then, and [`Queue::take`] to whom; after a departure
///    [`Queue::hold`]. At equal times attempts depart, then patience ends, then others come.
/// 3. [`Queue::take_stuck`] gives those who wait for ever.
#[derive(Clone, Debug)]
pub struct Queue {
    gate: Gate,
    order: Discipline,
    /// How many can wait.
    limit: u64,
    /// When those who wait, and will depart, do so (µs); in order.
    departing: VecDeque<i64>,
    /// When the patience ends of those who wait in vain (µs).
    expiring: BinaryHeap<Reverse<i64>>,
    /// How many wait for ever.
    stuck: usize,
    /// Those who wait where priorities count.
    waiting: Waiting,
    longest: u64,
}

impl Queue {
    /// An empty queue before a provider with this capacity, less while these windows are open, by their factors in millionths.
    #[must_use]
    pub fn new(capacity: &Capacity, throttles: &[(Windows, u32)]) -> Self {
        Self {
            gate: Gate::new(capacity, throttles),
            order: capacity.order,
            limit: capacity.queue,
            departing: VecDeque::new(),
            expiring: BinaryHeap::new(),
            stuck: 0,
            waiting: Waiting::default(),
            longest: 0,
        }
    }

    /// Whether attempts hold lines: then [`Queue::hold`] must be told of each that departs.
    #[must_use]
    pub const fn has_lines(&self) -> bool {
        self.gate.has_lines()
    }

    /// The most that have waited at any time.
    #[must_use]
    pub const fn longest(&self) -> u64 {
        self.longest
    }

    /// An attempt comes at `now`, and stops waiting at `patience`, which is not before `now`.
    #[inline]
    pub fn admit(&mut self, now: Time, patience: Time) -> Admission {
        let departs = match self.order {
            Discipline::Fifo => self.gate.earliest(now),
            Discipline::Priority if self.waiting.count() == 0 => self.gate.earliest(now),
            Discipline::Priority => Time::NEVER,
        };
        if departs <= now {
            self.gate.take(departs);
            return Admission::Departs(departs);
        }
        self.wait(now, patience, departs)
    }

    fn wait(&mut self, now: Time, patience: Time, departs: Time) -> Admission {
        let length = self.length(now);
        if length >= self.limit {
            return Admission::Rejected;
        }
        self.longest = self.longest.max(length + 1);
        if self.order == Discipline::Priority {
            return Admission::Waits;
        }
        if departs > patience || departs.is_never() {
            match patience.is_never() {
                true => self.stuck += 1,
                false => self.expiring.push(Reverse(patience.as_micros())),
            }
            return Admission::Expires;
        }
        self.departing.push_back(departs.as_micros());
        self.gate.take(departs);
        Admission::Departs(departs)
    }

    /// How many wait at `now`.
    #[inline]
    fn length(&mut self, now: Time) -> u64 {
        let now = now.as_micros();
        while self.departing.front().is_some_and(|&at| at <= now) {
            self.departing.pop_front();
        }
        while self.expiring.peek().is_some_and(|at| at.0 <= now) {
            self.expiring.pop();
        }
        (self.departing.len() + self.expiring.len() + self.stuck + self.waiting.count()) as u64
    }

    /// The attempt that departed last holds its line until `released`.
    #[inline]
    pub fn hold(&mut self, released: Time) {
        self.gate.hold(released);
    }

    /// The attempt that was told to wait does so, behind all of the same priority, under a token that is not the highest number.
    pub fn enter(&mut self, priority: u8, patience: Time, token: u64) {
        self.waiting.enter(priority, patience, token);
    }

    /// What happens next to those who wait, and when, if nobody else comes before; asked at `now`.
    pub fn next_event(&mut self, now: Time) -> Option<(Time, QueueEvent)> {
        if self.waiting.count() == 0 {
            return None;
        }
        let departure = (self.gate.earliest(now), QueueEvent::Departure);
        let first = departure.min((self.waiting.next_expiry(), QueueEvent::Expiry));
        (!first.0.is_never()).then_some(first)
    }

    /// The token of the one to whom what [`Queue::next_event`] gave happens, now that the time has come.
    pub fn take(&mut self, at: Time, event: QueueEvent) -> Option<u64> {
        match event {
            QueueEvent::Departure => {
                let token = self.waiting.take_next()?;
                self.gate.take(at);
                Some(token)
            }
            QueueEvent::Expiry => self.waiting.take_expired(),
        }
    }

    /// When nothing more happens: somebody who waits for ever.
    pub fn take_stuck(&mut self) -> Option<u64> {
        self.waiting.take_next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Rate, Span};

    fn queue(limit: u64, order: Discipline) -> Queue {
        let rate = Rate::new(1, 0, Span::from_micros(10));
        Queue::new(&Capacity { rate, concurrent: None, queue: limit, order }, &[])
    }

    fn at(micros: i64) -> Time {
        Time::from_micros(micros)
    }

    #[test]
    fn a_queue_is_first_in_first_out_and_no_longer_than_its_limit() {
        let mut queue = queue(2, Discipline::Fifo);
        let come = [0, 0, 0, 0, 9, 10, 10, 40];
        let admitted = come.map(|now| queue.admit(at(now), Time::NEVER));
        use Admission::{Departs, Rejected};
        let expected = [
            Departs(at(0)),
            Departs(at(10)),
            Departs(at(20)),
            Rejected,
            Rejected,
            Departs(at(30)),
            Rejected,
            Departs(at(40)),
        ];
        assert_eq!(admitted, expected);
        assert_eq!(queue.longest(), 2);
    }

    #[test]
    fn who_waits_in_vain_takes_a_place_in_the_queue_but_no_capacity() {
        let mut queue = queue(3, Discipline::Fifo);
        let come = [(0, 99), (0, 99), (0, 15), (0, 20), (1, 99), (15, 99), (16, 99)];
        let admitted = come.map(|(now, patience)| queue.admit(at(now), at(patience)));
        use Admission::{Departs, Expires, Rejected};
        let expected =
            [Departs(at(0)), Departs(at(10)), Expires, Departs(at(20)), Rejected, Departs(at(30)), Departs(at(40))];
        assert_eq!(admitted, expected);
    }

    #[test]
    fn higher_priorities_depart_first_and_equals_in_turn() {
        let mut queue = queue(u64::MAX, Discipline::Priority);
        assert_eq!(queue.admit(at(0), Time::NEVER), Admission::Departs(at(0)));
        for (priority, token, patience) in [(0, 1, 99), (0, 2, 99), (5, 3, 99), (5, 4, 10), (0, 5, 99), (0, 6, 25)] {
            assert_eq!(queue.admit(at(1), Time::NEVER), Admission::Waits);
            queue.enter(priority, at(patience), token);
        }
        let mut events = Vec::new();
        let mut now = at(1);
        while let Some((next, event)) = queue.next_event(now) {
            now = next;
            events.extend(queue.take(now, event).map(|token| (now.as_micros(), event, token)));
        }
        use QueueEvent::{Departure, Expiry};
        let departures = [(10, Departure, 3), (20, Departure, 1), (30, Departure, 2), (40, Departure, 5)];
        let expected = [departures[0], (10, Expiry, 4), departures[1], (25, Expiry, 6), departures[2], departures[3]];
        assert_eq!(events, expected);
        assert_eq!(queue.longest(), 6);
    }
}
