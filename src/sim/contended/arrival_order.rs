//! The recipients of a stream in order of arrival.

use super::time_order::TimeOrder;
use crate::rng::{LANES, RngKey};
use crate::traffic::{Arrivals, Timetable, Traffic};
use crate::units::Time;

/// The arrivals of a stream in order of time; at equal times, in order of recipients.
pub(super) enum ArrivalOrder {
    /// The recipients arrive in the order of their numbers.
    Own(Timetable),
    /// The recipients arrive in this order.
    Sorted(TimeOrder),
}

impl ArrivalOrder {
    pub(super) fn new(traffic: &Traffic, rng: RngKey) -> Self {
        let timetable = Timetable::new(traffic, rng);
        match traffic.arrivals {
            Arrivals::Blast | Arrivals::Spread { .. } => Self::Own(timetable),
            _ => Self::Sorted(TimeOrder::of(times(&timetable).iter().copied())),
        }
    }

    /// Writes the arrivals from this rank on, one for each element of `times` and `recipients`.
    pub(super) fn fill(&self, rank: u64, times: &mut [Time], recipients: &mut [u32]) {
        match self {
            Self::Own(timetable) => {
                timetable.fill(rank, times);
                recipients.iter_mut().zip(rank as u32..).for_each(|(recipient, number)| *recipient = number);
            }
            Self::Sorted(order) => {
                for (i, (time, recipient)) in times.iter_mut().zip(recipients).enumerate() {
                    let (at, number) = order.get(rank as usize + i);
                    (*time, *recipient) = (Time::from_micros(at), number);
                }
            }
        }
    }
}

/// All arrival times (µs), in the order of the recipients.
fn times(timetable: &Timetable) -> Vec<i64> {
    let mut all = Vec::with_capacity(timetable.recipients() as usize);
    let mut times = [Time::ZERO; LANES];
    for first in (0..timetable.recipients()).step_by(LANES) {
        let times = &mut times[..(timetable.recipients() - first).min(LANES as u64) as usize];
        timetable.fill(first, times);
        all.extend(times.iter().map(|at| at.as_micros()));
    }
    all
}

/// A cursor over the arrivals, one by one.
pub(super) struct ArrivalCursor {
    arrival_order: ArrivalOrder,
    recipients: u64,
    next: u64,
    times: [Time; LANES],
    numbers: [u32; LANES],
}

impl ArrivalCursor {
    pub(super) fn new(traffic: &Traffic, rng: RngKey) -> Self {
        Self {
            arrival_order: ArrivalOrder::new(traffic, rng),
            recipients: traffic.recipients,
            next: 0,
            times: [Time::ZERO; LANES],
            numbers: [0; LANES],
        }
    }

    /// Returns the time and the number of the next recipient to arrive; the time is [`Time::NEVER`] when all have arrived.
    #[inline]
    pub(super) fn peek(&mut self) -> (Time, u32) {
        if self.next == self.recipients {
            return (Time::NEVER, u32::MAX);
        }
        let index = (self.next % LANES as u64) as usize;
        if index == 0 {
            let count = (self.recipients - self.next).min(LANES as u64) as usize;
            self.arrival_order.fill(self.next, &mut self.times[..count], &mut self.numbers[..count]);
        }
        (self.times[index], self.numbers[index])
    }

    /// The number of recipients that have arrived.
    pub(super) const fn arrived(&self) -> u64 {
        self.next
    }

    /// Moves past the arrival that [`ArrivalCursor::peek`] returned.
    #[inline]
    pub(super) const fn advance(&mut self) {
        self.next += 1;
    }
}
