//! The recipients of a stream in the order in which they arrive.

use crate::rng::{LANES, Luck};
use crate::traffic::{Arrivals, Timetable, Traffic};
use crate::units::SimTime;

/// Arrivals in order of time, those at one time in order of recipients.
pub(super) struct Procession {
    timetable: Timetable,
    order: Order,
    next: u64,
    recipients: u64,
}

enum Order {
    /// The recipients come in their own order: their times are told batch by batch.
    Own { times: Vec<SimTime> },
    /// Sorted, each with its time (µs).
    Sorted(Vec<(i64, u32)>),
}

impl Procession {
    pub(super) fn new(traffic: &Traffic, luck: Luck) -> Self {
        let timetable = Timetable::new(traffic, luck);
        let recipients = traffic.recipients;
        let order = match traffic.arrivals {
            Arrivals::Blast | Arrivals::Spread { .. } => Order::Own { times: vec![SimTime::ZERO; LANES] },
            _ => Order::Sorted(sorted(&timetable)),
        };
        Self { timetable, order, next: 0, recipients }
    }

    /// The next to arrive, and when; [`SimTime::NEVER`] when all have.
    #[inline]
    pub(super) fn peek(&mut self) -> (SimTime, u32) {
        if self.next == self.recipients {
            return (SimTime::NEVER, u32::MAX);
        }
        match &mut self.order {
            Order::Sorted(all) => {
                let (at, who) = all[self.next as usize];
                (SimTime::from_micros(at), who)
            }
            Order::Own { times } => {
                let place = (self.next % LANES as u64) as usize;
                if place == 0 {
                    times.truncate((self.recipients - self.next).min(LANES as u64) as usize);
                    self.timetable.fill(self.next, times);
                }
                (times[place], self.next as u32)
            }
        }
    }

    /// The one that [`Procession::peek`] gave has arrived.
    #[inline]
    pub(super) const fn advance(&mut self) {
        self.next += 1;
    }
}

fn sorted(timetable: &Timetable) -> Vec<(i64, u32)> {
    let mut all = Vec::with_capacity(timetable.recipients() as usize);
    let mut times = [SimTime::ZERO; LANES];
    for first in (0..timetable.recipients()).step_by(LANES) {
        let count = (timetable.recipients() - first).min(LANES as u64) as usize;
        timetable.fill(first, &mut times[..count]);
        all.extend(times[..count].iter().zip(first as u32..).map(|(at, who)| (at.as_micros(), who)));
    }
    all.sort_unstable();
    all
}
