//! All attempts at one provider on their way through its queue.

use super::cohort::CohortCursor;
use super::departure::Departure;
use crate::provider::{Admission, Discipline, Provider, Queue, QueueEvent, Terms};
use crate::rng::{LANES, RngKey};
use crate::sim::progress::{Interrupted, Progress};
use crate::sim::step_buffers::FastStep;
use crate::status::Segment;
use crate::units::Time;

/// A provider's queue, and the lines before it. Who comes at one time with others goes in order of lines, then of recipients.
pub(super) struct QueuePass<'a> {
    exit: Exit<'a>,
    lines: Vec<Comers<'a>>,
    touched: bool,
}

/// Where attempts depart.
struct Exit<'a> {
    provider: &'a Provider,
    queue: Queue,
    /// Is told of each line for calls that is taken: the stream, from when, until when.
    held: &'a mut dyn FnMut(usize, Time, Time),
}

/// Those who come to one step of one stream.
pub(super) struct Comers<'a> {
    pub(super) step: FastStep,
    pub(super) luck: RngKey,
    pub(super) priority: u8,
    pub(super) march: CohortCursor<'a>,
}

/// What a queue came to.
pub(super) struct Passed {
    /// The most that have waited at any time.
    pub(super) longest: u64,
    /// Whether anybody waited or was rejected.
    pub(super) touched: bool,
}

impl<'a> QueuePass<'a> {
    pub(super) fn new(
        provider: &'a Provider,
        queue: Queue,
        lines: Vec<Comers<'a>>,
        held: &'a mut dyn FnMut(usize, Time, Time),
    ) -> Self {
        Self { exit: Exit { provider, queue, held }, lines, touched: false }
    }

    /// Lets all of them through.
    pub(super) fn pass(mut self, progress: &Progress) -> Result<Passed, Interrupted> {
        match self.exit.provider.order() {
            Some(Discipline::Priority) => self.pass_by_priority(progress)?,
            _ => self.pass_in_turn(progress)?,
        }
        Ok(Passed { longest: self.exit.queue.longest(), touched: self.touched })
    }

    /// First in, first out: the fate of an attempt is known when it comes.
    fn pass_in_turn(&mut self, progress: &Progress) -> Result<(), Interrupted> {
        loop {
            if progress.stopped() {
                return Err(Interrupted);
            }
            // The line whose next attempt is first, and until when no other has one.
            let mut firsts: Vec<_> =
                self.lines.iter_mut().enumerate().map(|(i, line)| (line.march.peek(), i)).collect();
            firsts.sort_unstable();
            let (at, which) = firsts[0];
            if at == i64::MAX {
                return Ok(());
            }
            let until = firsts.get(1).map_or(i64::MAX, |&(other, i)| other.saturating_add(i64::from(i > which)));
            self.admit_before(until, which);
        }
    }

    /// Lets those of a line's next attempts that come before `until` through the queue.
    fn admit_before(&mut self, until: i64, which: usize) {
        let comers = &self.lines[which];
        let Comers { step, march, .. } = comers;
        let (mut departures, mut count) = ([Departure::EXPIRED; LANES], 0);
        for &at in march.before(until) {
            let terms = Terms { submitted: Time::from_micros(at), ..step.terms };
            let admission = self.exit.queue.admit(terms.submitted, patience(self.exit.provider, &terms));
            self.touched |= admission != Admission::Departs(terms.submitted);
            departures[count] = match admission {
                Admission::Departs(departs) => {
                    self.exit.depart(departs, comers, march.rank() + count);
                    Departure::at(departs)
                }
                Admission::Expires | Admission::Waits => Departure::EXPIRED,
                Admission::Rejected => Departure::REJECTED,
            };
            count += 1;
        }
        self.lines[which].march.pass(&departures[..count]);
    }

    /// Higher priorities first: what happens in the queue by the time of an arrival happens before it.
    fn pass_by_priority(&mut self, progress: &Progress) -> Result<(), Interrupted> {
        let mut now = Time::ZERO;
        for round in 0_usize.. {
            if round.is_multiple_of(LANES) && progress.stopped() {
                return Err(Interrupted);
            }
            let firsts = self.lines.iter_mut().enumerate().map(|(i, line)| (line.march.peek(), i));
            let Some((at, which)) = firsts.min().filter(|&(at, _)| at != i64::MAX) else { break };
            let at = Time::from_micros(at);
            self.advance_queue(now, at);
            self.admit(at, which);
            now = at;
        }
        // Who still waits then does so without end, and has expired all along.
        self.advance_queue(now, Time::MAX);
        Ok(())
    }

    /// An attempt of this line comes at `now`.
    fn admit(&mut self, now: Time, which: usize) {
        let Comers { step, priority, march, .. } = &mut self.lines[which];
        let terms = Terms { submitted: now, ..step.terms };
        let patience = patience(self.exit.provider, &terms);
        let admission = self.exit.queue.admit(now, patience);
        self.touched |= admission != Admission::Departs(now);
        let rank = march.rank();
        march.pass(&[match admission {
            Admission::Departs(departs) => Departure::at(departs),
            Admission::Rejected => Departure::REJECTED,
            Admission::Expires | Admission::Waits => Departure::EXPIRED,
        }]);
        match admission {
            Admission::Departs(departs) => self.exit.depart(departs, &self.lines[which], rank),
            Admission::Waits => self.exit.queue.enter(*priority, patience, (which as u64) << 32 | rank as u64),
            Admission::Expires | Admission::Rejected => {}
        }
    }

    /// Lets happen what happens to those who wait, from `now` on up to `until`.
    fn advance_queue(&mut self, mut now: Time, until: Time) {
        while let Some((at, event)) = self.exit.queue.next_event(now).filter(|&(at, _)| at <= until) {
            now = at;
            // Until an attempt departs, it is taken to wait in vain.
            if let (Some(token), QueueEvent::Departure) = (self.exit.queue.take(at, event), event) {
                let (which, rank) = place_of(token);
                self.lines[which].march.settle(rank, Departure::at(at));
                self.exit.depart(at, &self.lines[which], rank);
            }
        }
    }
}

impl Exit<'_> {
    /// The attempt of this rank departs at `now`, and takes its line for calls, if there are any.
    #[inline]
    fn depart(&mut self, now: Time, comers: &Comers<'_>, rank: usize) {
        if self.queue.has_lines() {
            let Comers { step, luck, march, .. } = comers;
            let terms = Terms { submitted: march.comes(rank), ..step.terms };
            let draws = luck.draws(self.provider.key(), march.recipient(rank), step.use_number);
            let released = self.provider.submit(now, &terms, Segment::WHOLE, draws).released;
            self.queue.hold(released);
            (self.held)(march.stream, now, released);
        }
    }
}

/// When an attempt stops waiting.
fn patience(provider: &Provider, terms: &Terms) -> Time {
    provider.patience(terms, Segment::WHOLE, terms.submitted.after(terms.ttl))
}

/// The line and the rank that a token of the queue stands for.
const fn place_of(token: u64) -> (usize, usize) {
    ((token >> 32) as usize, token as u32 as usize)
}
