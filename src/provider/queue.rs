//! The queue before a provider with limited capacity: who leaves when, who is withdrawn, who is refused.

use super::gate::Gate;
use super::outage::Windows;
use super::spec::{Capacity, Order};
use crate::units::SimTime;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// What becomes of an attempt that comes to a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admission {
    /// It leaves then, perhaps at once.
    Leaves(SimTime),
    /// Its patience runs out while it waits: it takes no capacity.
    Withdrawn,
    /// The queue is full.
    Refused,
    /// It waits, and who comes after it decides for how long.
    Waits,
}

/// A provider's queue and capacity, shared by all attempts of a world.
///
/// > Attempts are handed over in order of time, and each is in the queue from then until it leaves or is withdrawn.
///
/// In a queue that is first in, first out, the fate of an attempt is known when it comes:
///
/// 1. [`Queue::admit`] says when it leaves.
/// 2. [`Queue::hold`] is told until when it then holds its line.
///
/// Where priorities count, an attempt may have to wait for others that are still to come:
///
/// 1. [`Queue::admit`] says that it waits: [`Queue::enter`] puts it into the queue under a token.
/// 2. When [`Queue::next_departure`] has come, [`Queue::depart`] says who leaves; then [`Queue::hold`].
/// 3. [`Queue::withdraw`] takes out one whose patience has run out.
#[derive(Clone, Debug)]
pub struct Queue {
    gate: Gate,
    order: Order,
    /// How many can wait.
    limit: u64,
    /// When those who wait, and will leave, leave (µs); in order.
    leaving: VecDeque<i64>,
    /// When those who wait, and will be withdrawn, are (µs).
    withdrawn: BinaryHeap<Reverse<i64>>,
    /// How many wait for ever.
    stuck: usize,
    /// Where priorities count: for each priority, the highest first, the tokens of those who wait and of some who have been
    /// withdrawn.
    waiting: Vec<(u8, VecDeque<u64>)>,
    /// How many of them do wait.
    present: usize,
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
            leaving: VecDeque::new(),
            withdrawn: BinaryHeap::new(),
            stuck: 0,
            waiting: Vec::new(),
            present: 0,
            longest: 0,
        }
    }

    /// Whether attempts hold lines: then [`Queue::hold`] must be told of each that leaves.
    #[must_use]
    pub const fn has_lines(&self) -> bool {
        self.gate.has_lines()
    }

    /// The most that have waited at any time.
    #[must_use]
    pub const fn longest(&self) -> u64 {
        self.longest
    }

    /// An attempt comes at `now`, and is withdrawn if it has not left by `patience`, which is not before `now`.
    #[inline]
    pub fn admit(&mut self, now: SimTime, patience: SimTime) -> Admission {
        let leaves = match self.order {
            Order::Fifo => self.gate.earliest(now),
            Order::Priority if self.present == 0 => self.gate.earliest(now),
            Order::Priority => SimTime::NEVER,
        };
        if leaves <= now {
            self.gate.take(leaves);
            return Admission::Leaves(leaves);
        }
        self.wait(now, patience, leaves)
    }

    fn wait(&mut self, now: SimTime, patience: SimTime, leaves: SimTime) -> Admission {
        let length = self.length(now);
        if length >= self.limit {
            return Admission::Refused;
        }
        self.longest = self.longest.max(length + 1);
        if self.order == Order::Priority {
            return Admission::Waits;
        }
        if leaves > patience || leaves.is_never() {
            match patience.is_never() {
                true => self.stuck += 1,
                false => self.withdrawn.push(Reverse(patience.as_micros())),
            }
            return Admission::Withdrawn;
        }
        self.leaving.push_back(leaves.as_micros());
        self.gate.take(leaves);
        Admission::Leaves(leaves)
    }

    /// How many wait at `now`.
    #[inline]
    fn length(&mut self, now: SimTime) -> u64 {
        let now = now.as_micros();
        while self.leaving.front().is_some_and(|&at| at <= now) {
            self.leaving.pop_front();
        }
        while self.withdrawn.peek().is_some_and(|at| at.0 <= now) {
            self.withdrawn.pop();
        }
        (self.leaving.len() + self.withdrawn.len() + self.stuck + self.present) as u64
    }

    /// The attempt that left last holds its line until `released`.
    #[inline]
    pub fn hold(&mut self, released: SimTime) {
        self.gate.hold(released);
    }

    /// An attempt that waits, under a token by which it is known: after all of the same priority.
    pub fn enter(&mut self, priority: u8, token: u64) {
        self.present += 1;
        let place = self.waiting.partition_point(|&(other, _)| other > priority);
        if self.waiting.get(place).is_none_or(|&(other, _)| other != priority) {
            self.waiting.insert(place, (priority, VecDeque::new()));
        }
        self.waiting[place].1.push_back(token);
    }

    /// When the next of those who wait can leave, if no more come; [`SimTime::NEVER`] when nobody waits. To be asked anew after each
    /// departure, and when somebody enters an empty queue.
    pub fn next_departure(&mut self, now: SimTime) -> SimTime {
        if self.present == 0 { SimTime::NEVER } else { self.gate.earliest(now) }
    }

    /// Lets the next of those who wait leave at `now`; `is_present` says of a token whether it waits or has been withdrawn.
    pub fn depart(&mut self, now: SimTime, is_present: impl Fn(u64) -> bool) -> Option<u64> {
        let tokens = self.waiting.iter_mut().flat_map(|(_, tokens)| std::iter::from_fn(|| tokens.pop_front()));
        let first = tokens.into_iter().find(|&token| is_present(token))?;
        self.present -= 1;
        self.gate.take(now);
        Some(first)
    }

    /// One of those who wait does no longer.
    pub fn withdraw(&mut self) {
        self.present -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Rate;

    fn queue(limit: u64, order: Order) -> Queue {
        let rate = Rate::new(1, 0, SimTime::from_micros(10));
        Queue::new(&Capacity { rate, concurrent: None, queue: limit, order }, &[])
    }

    fn at(micros: i64) -> SimTime {
        SimTime::from_micros(micros)
    }

    #[test]
    fn a_queue_is_first_in_first_out_and_no_longer_than_its_limit() {
        let mut queue = queue(2, Order::Fifo);
        let come = [0, 0, 0, 0, 9, 10, 10, 40];
        let admitted = come.map(|now| queue.admit(at(now), SimTime::NEVER));
        use Admission::{Leaves, Refused};
        let expected =
            [Leaves(at(0)), Leaves(at(10)), Leaves(at(20)), Refused, Refused, Leaves(at(30)), Refused, Leaves(at(40))];
        assert_eq!(admitted, expected);
        assert_eq!(queue.longest(), 2);
    }

    #[test]
    fn who_is_withdrawn_takes_a_place_in_the_queue_but_no_capacity() {
        let mut queue = queue(3, Order::Fifo);
        let come = [(0, 99), (0, 99), (0, 15), (0, 20), (1, 99), (15, 99), (16, 99)];
        let admitted = come.map(|(now, patience)| queue.admit(at(now), at(patience)));
        use Admission::{Leaves, Refused, Withdrawn};
        let expected =
            [Leaves(at(0)), Leaves(at(10)), Withdrawn, Leaves(at(20)), Refused, Leaves(at(30)), Leaves(at(40))];
        assert_eq!(admitted, expected);
    }

    #[test]
    fn higher_priorities_leave_first_and_equals_in_turn() {
        let mut queue = queue(u64::MAX, Order::Priority);
        assert_eq!(queue.admit(at(0), SimTime::NEVER), Admission::Leaves(at(0)));
        for (priority, token) in [(0, 1), (0, 2), (5, 3), (5, 4), (0, 5)] {
            assert_eq!(queue.admit(at(1), SimTime::NEVER), Admission::Waits);
            queue.enter(priority, token);
        }
        queue.withdraw();
        let mut order = Vec::new();
        while !queue.next_departure(at(1)).is_never() {
            let now = queue.next_departure(at(1));
            order.extend(queue.depart(now, |token| token != 4).map(|token| (now.as_micros(), token)));
        }
        assert_eq!(order, [(10, 3), (20, 1), (30, 2), (40, 5)]);
        assert_eq!(queue.longest(), 5);
    }
}
