//! The queue of a provider with limited capacity: which attempts depart and when, which are rejected, and which expire.

use super::gate::Gate;
use super::quota::Quota;
use super::waiting::Waiting;
use crate::provider::outage::Windows;
use crate::provider::spec::{Capacity, Discipline};
use crate::units::Time;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// The admission decision for an attempt that arrives at a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admission {
    /// Departs at this time, perhaps at once.
    Departs(Time),
    /// Expires in the queue: its patience ends while it waits, and it uses no capacity.
    Expires,
    /// Rejected, because the queue is full.
    Rejected,
    /// Waits; later arrivals decide for how long.
    Waits,
}

/// The next event in a queue that is not first in, first out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum QueueEvent {
    /// The next attempt departs.
    Departure,
    /// An attempt's patience ends.
    Expiry,
}

/// A provider's queue and capacity, shared by all attempts of a run.
///
/// > Attempts arrive in order of time, and each stays in the queue until it departs or its patience ends.
///
/// In a first-in, first-out queue the departure time of an attempt is known on arrival:
///
/// 1. [`Queue::admit`] returns it.
/// 2. [`Queue::hold`] records how long the attempt then holds its line.
///
/// In a queue with another order an attempt may have to wait for others that arrive later:
///
/// 1. When [`Queue::admit`] returns [`Admission::Waits`], call [`Queue::enter`] to put the attempt into the queue under a token.
/// 2. Before the next arrival, [`Queue::next_event`] returns what happens by then, and [`Queue::take`] the attempt concerned; after
///    a departure, call [`Queue::hold`]. At equal times departures come first, then expiries, then arrivals.
/// 3. At the end of the run, [`Queue::take_stuck`] returns the attempts that never leave the queue.
#[derive(Clone, Debug)]
pub struct Queue {
    gate: Gate,
    order: Discipline,
    /// The maximum queue length.
    limit: u64,
    /// The departure times (µs) of the waiting attempts that will depart, in order.
    departing: VecDeque<i64>,
    /// When the patience ends (µs) of the waiting attempts that will expire.
    expiring: BinaryHeap<Reverse<i64>>,
    /// When the last of those has left the queue: nothing passes it, though a message with fewer parts might find its tokens earlier.
    blocked: Time,
    /// The quota that rejects attempts.
    quota: Option<Quota>,
    /// The number of attempts that never leave the queue.
    stuck: usize,
    /// The waiting attempts of a queue that is not first in, first out.
    waiting: Waiting,
    longest_queue: u64,
}

impl Queue {
    /// An empty queue for a provider with this capacity, reduced while these windows are open, by their factors in millionths.
    #[must_use]
    pub fn new(capacity: &Capacity, throttles: &[(Windows, u32)]) -> Self {
        Self {
            gate: Gate::new(capacity, throttles),
            order: capacity.order,
            limit: capacity.queue,
            departing: VecDeque::new(),
            expiring: BinaryHeap::new(),
            blocked: Time::ZERO,
            quota: capacity.quota.as_ref().filter(|quota| quota.rejects).map(Quota::new),
            stuck: 0,
            waiting: Waiting::new(capacity.order),
            longest_queue: 0,
        }
    }

    /// Whether attempts hold lines; if so, [`Queue::hold`] must be called after each departure.
    #[must_use]
    pub const fn has_lines(&self) -> bool {
        self.gate.has_lines()
    }

    /// The maximum queue length so far.
    #[must_use]
    pub const fn longest_queue(&self) -> u64 {
        self.longest_queue
    }

    /// Admits an attempt that arrives at `now` and stops waiting at `patience`, which is not before `now`. It has `parts` parts: what the
    /// capacity counts.
    #[inline(always)]
    pub fn admit(&mut self, now: Time, patience: Time, parts: u32) -> Admission {
        if self.quota.is_some() {
            return self.admit_within_quota(now, patience, parts);
        }
        self.admit_in_turn(now, patience, parts)
    }

    /// Rejects an attempt for which the quota has no room.
    #[inline(never)]
    fn admit_within_quota(&mut self, now: Time, patience: Time, parts: u32) -> Admission {
        if self.quota.as_ref().is_some_and(|quota| !quota.has_room(now, parts)) {
            return Admission::Rejected;
        }
        let admission = self.admit_in_turn(now, patience, parts);
        if let Some(quota) = self.quota.as_mut().filter(|_| admission != Admission::Rejected) {
            quota.take(now.as_micros(), parts);
        }
        admission
    }

    #[inline(always)]
    fn admit_in_turn(&mut self, now: Time, patience: Time, parts: u32) -> Admission {
        let departs = match self.order {
            Discipline::Fifo => self.gate.earliest(now, parts).max(self.blocked),
            _ if self.waiting.count() == 0 => self.gate.earliest(now, parts),
            _ => Time::NEVER,
        };
        if departs <= now {
            self.gate.take(departs, parts);
            return Admission::Departs(departs);
        }
        self.wait(now, patience, (departs, parts))
    }

    fn wait(&mut self, now: Time, patience: Time, (departs, parts): (Time, u32)) -> Admission {
        let length = self.length(now);
        if length >= self.limit {
            return Admission::Rejected;
        }
        self.longest_queue = self.longest_queue.max(length + 1);
        if self.order != Discipline::Fifo {
            return Admission::Waits;
        }
        if departs > patience || departs.is_never() {
            match patience.is_never() {
                true => self.stuck += 1,
                false => self.expiring.push(Reverse(patience.as_micros())),
            }
            self.blocked = self.blocked.max(patience);
            return Admission::Expires;
        }
        self.departing.push_back(departs.as_micros());
        self.gate.take(departs, parts);
        Admission::Departs(departs)
    }

    /// The queue length at `now`.
    #[inline]
    pub fn length(&mut self, now: Time) -> u64 {
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

    /// Puts an attempt that was told to wait into the queue, behind all of the same priority, under a token other than `u64::MAX`.
    pub fn enter(&mut self, priority: u8, patience: Time, (token, parts): (u64, u32)) {
        self.waiting.enter(priority, patience, (token, parts));
    }

    /// The next event in the queue and its time, queried at `now`, provided that nothing arrives before.
    pub fn next_event(&mut self, now: Time) -> Option<(Time, QueueEvent)> {
        let parts = self.waiting.next_parts()?;
        let departure = (self.gate.earliest(now, parts), QueueEvent::Departure);
        let first = departure.min((self.waiting.next_expiry(), QueueEvent::Expiry));
        (!first.0.is_never()).then_some(first)
    }

    /// Carries out the event that [`Queue::next_event`] returned, now that its time has come, and returns the token of the attempt
    /// concerned.
    pub fn take(&mut self, at: Time, event: QueueEvent) -> Option<u64> {
        match event {
            QueueEvent::Departure => {
                let (token, parts) = self.waiting.take_next()?;
                self.gate.take(at, parts);
                Some(token)
            }
            QueueEvent::Expiry => self.waiting.take_expired(),
        }
    }

    /// Takes out an attempt that never leaves the queue, when there are no more events.
    pub fn take_stuck(&mut self) -> Option<u64> {
        self.waiting.take_next().map(|(token, _)| token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Rate, Span};

    fn queue(limit: u64, order: Discipline) -> Queue {
        let rate = Rate::new(1, 0, Span::from_micros(10));
        Queue::new(&Capacity { rate, queue: limit, order, ..Capacity::UNLIMITED }, &[])
    }

    fn at(micros: i64) -> Time {
        Time::from_micros(micros)
    }

    #[test]
    fn a_queue_is_first_in_first_out_and_no_longer_than_its_limit() {
        let mut queue = queue(2, Discipline::Fifo);
        let come = [0, 0, 0, 0, 9, 10, 10, 40];
        let admitted = come.map(|now| queue.admit(at(now), Time::NEVER, 1));
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
        assert_eq!(queue.longest_queue(), 2);
    }

    #[test]
    fn expiring_attempts_occupy_the_queue_but_use_no_capacity() {
        let mut queue = queue(3, Discipline::Fifo);
        let come = [(0, 99), (0, 99), (0, 15), (0, 20), (1, 99), (15, 99), (16, 99)];
        let admitted = come.map(|(now, patience)| queue.admit(at(now), at(patience), 1));
        use Admission::{Departs, Expires, Rejected};
        let expected =
            [Departs(at(0)), Departs(at(10)), Expires, Departs(at(20)), Rejected, Departs(at(30)), Departs(at(40))];
        assert_eq!(admitted, expected);
    }

    #[test]
    fn higher_priorities_depart_first_and_equals_in_turn() {
        let mut queue = queue(u64::MAX, Discipline::Priority);
        assert_eq!(queue.admit(at(0), Time::NEVER, 1), Admission::Departs(at(0)));
        for (priority, token, patience) in [(0, 1, 99), (0, 2, 99), (5, 3, 99), (5, 4, 10), (0, 5, 99), (0, 6, 25)] {
            assert_eq!(queue.admit(at(1), Time::NEVER, 1), Admission::Waits);
            queue.enter(priority, at(patience), (token, 1));
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
        assert_eq!(queue.longest_queue(), 6);
    }
}
