//! The queue pass: all attempts at one provider on their way through its queue.

use super::cohort::CohortCursor;
use super::departure::Departure;
use crate::provider::{Admission, Discipline, Provider, Queue, QueueEvent, SingleUse, Terms};
use crate::rng::{LANES, RngKey};
use crate::sim::progress::{Interrupted, Progress};
use crate::sim::step_buffers::FastStep;
use crate::status::Segment;
use crate::traffic::Phones;
use crate::units::Time;

/// A provider's queue, and the cohorts before it. At equal times attempts go in order of cohorts, then of recipients.
pub(super) struct QueuePass<'a> {
    server: QueueServer<'a>,
    cohorts: Vec<WaitingCohort<'a>>,
    contended: bool,
}

/// The provider and its queue, from which attempts depart.
struct QueueServer<'a> {
    provider: &'a Provider,
    queue: Queue,
    /// Called for each phone line that is taken, with the class of the recipient, the start and the end.
    held: &'a mut dyn FnMut((usize, Segment), Time, Time),
}

/// The recipients of one stream who come to the provider.
pub(super) struct WaitingCohort<'a> {
    /// The step in which they come: for each segment its own if segments matter, otherwise one for all.
    pub(super) steps: Vec<FastStep>,
    pub(super) rng: RngKey,
    pub(super) priority: u8,
    /// The recipients' phones, if the provider depends on them and any is ever off.
    pub(super) phones: Option<&'a Phones>,
    pub(super) cursor: CohortCursor<'a>,
}

/// The results of a queue pass.
pub(super) struct PassResult {
    /// The greatest number of attempts that waited at any time.
    pub(super) longest_queue: u64,
    /// Whether any attempt waited or was rejected.
    pub(super) contended: bool,
}

impl<'a> QueuePass<'a> {
    pub(super) fn new(
        provider: &'a Provider,
        queue: Queue,
        cohorts: Vec<WaitingCohort<'a>>,
        held: &'a mut dyn FnMut((usize, Segment), Time, Time),
    ) -> Self {
        Self { server: QueueServer { provider, queue, held }, cohorts, contended: false }
    }

    /// Takes all attempts through the queue.
    pub(super) fn pass(mut self, progress: &Progress) -> Result<PassResult, Interrupted> {
        match self.server.provider.order() {
            Some(Discipline::Fifo) | None => self.pass_in_turn(progress)?,
            Some(_) => self.pass_in_another_order(progress)?,
        }
        Ok(PassResult { longest_queue: self.server.queue.longest_queue(), contended: self.contended })
    }

    /// First in, first out: the decision on an attempt is known when it comes.
    fn pass_in_turn(&mut self, progress: &Progress) -> Result<(), Interrupted> {
        loop {
            if progress.stopped() {
                return Err(Interrupted);
            }
            // The cohort whose next attempt is first, and the time until which no other cohort has one.
            let mut firsts: Vec<_> =
                self.cohorts.iter_mut().enumerate().map(|(i, cohort)| (cohort.cursor.peek(), i)).collect();
            firsts.sort_unstable();
            let (at, which) = firsts[0];
            if at == i64::MAX {
                return Ok(());
            }
            let until = firsts.get(1).map_or(i64::MAX, |&(other, i)| other.saturating_add(i64::from(i > which)));
            self.admit_before(until, which);
        }
    }

    /// Takes those of a cohort's next attempts that come before `until` through the queue.
    fn admit_before(&mut self, until: i64, which: usize) {
        let waiting = &self.cohorts[which];
        let WaitingCohort { cursor, .. } = waiting;
        let (mut departures, mut count) = ([Departure::EXPIRED; LANES], 0);
        for &at in cursor.before(until) {
            let rank = cursor.rank() + count;
            let (terms, patience) = waiting.terms(self.server.provider, rank, Time::from_micros(at));
            departures[count] = if self.server.rejects(waiting, rank, terms.submitted) {
                Departure::REJECTED
            } else {
                let parts = self.server.parts(waiting, rank);
                let admission = self.server.queue.admit(terms.submitted, patience, parts);
                self.contended |= admission != Admission::Departs(terms.submitted);
                if let Admission::Departs(departs) = admission {
                    self.server.depart(departs, waiting, rank);
                }
                admission.into()
            };
            count += 1;
        }
        self.cohorts[which].cursor.pass(&departures[..count]);
    }

    /// Higher priorities or newer attempts first: the events in the queue up to the time of an arrival are handled before it.
    fn pass_in_another_order(&mut self, progress: &Progress) -> Result<(), Interrupted> {
        let mut now = Time::ZERO;
        for round in 0_usize.. {
            if round.is_multiple_of(LANES) && progress.stopped() {
                return Err(Interrupted);
            }
            let firsts = self.cohorts.iter_mut().enumerate().map(|(i, cohort)| (cohort.cursor.peek(), i));
            let Some((at, which)) = firsts.min().filter(|&(at, _)| at != i64::MAX) else { break };
            let at = Time::from_micros(at);
            self.advance_queue(now, at);
            self.admit(at, which);
            now = at;
        }
        // Attempts that are still waiting now do so without end; they have been marked as expired from the start.
        self.advance_queue(now, Time::MAX);
        Ok(())
    }

    /// Admits the next attempt of this cohort, which comes at `now`.
    fn admit(&mut self, now: Time, which: usize) {
        let waiting = &self.cohorts[which];
        let rank = waiting.cursor.rank();
        let (is_rejected, parts) = (self.server.rejects(waiting, rank, now), self.server.parts(waiting, rank));
        let (_, patience) = waiting.terms(self.server.provider, rank, now);
        let WaitingCohort { priority, cursor, .. } = &mut self.cohorts[which];
        if is_rejected {
            return cursor.pass(&[Departure::REJECTED]);
        }
        let admission = self.server.queue.admit(now, patience, parts);
        self.contended |= admission != Admission::Departs(now);
        cursor.pass(&[admission.into()]);
        match admission {
            Admission::Departs(departs) => self.server.depart(departs, &self.cohorts[which], rank),
            Admission::Waits => {
                let token = (which as u64) << 32 | rank as u64;
                self.server.queue.enter(*priority, patience, (token, parts));
            }
            Admission::Expires | Admission::Rejected => {}
        }
    }

    /// Handles the events in the queue from `now` up to `until`.
    fn advance_queue(&mut self, mut now: Time, until: Time) {
        while let Some((at, event)) = self.server.queue.next_event(now).filter(|&(at, _)| at <= until) {
            now = at;
            // Until a waiting attempt departs, it is marked as expired.
            if let (Some(token), QueueEvent::Departure) = (self.server.queue.take(at, event), event) {
                let (which, rank) = place_of(token);
                self.cohorts[which].cursor.settle(rank, Departure::at(at));
                self.server.depart(at, &self.cohorts[which], rank);
            }
        }
    }
}

impl WaitingCohort<'_> {
    /// The step in which recipients of this segment come.
    #[inline]
    fn step(&self, segment: Segment) -> &FastStep {
        if let [only] = self.steps.as_slice() { only } else { &self.steps[segment.index()] }
    }

    /// The terms of the attempt of this rank, which comes at `now`, and when it stops waiting.
    #[inline]
    fn terms(&self, provider: &Provider, rank: usize, now: Time) -> (Terms, Time) {
        let segment = self.cursor.segment(rank);
        let terms = Terms { submitted: now, ..self.step(segment).terms };
        (terms, provider.patience(&terms, segment, now.after(terms.ttl)))
    }

    /// The use of the provider by the recipient of this rank.
    fn single(&self, rank: usize) -> SingleUse {
        let Self { rng, phones, cursor, .. } = self;
        let (recipient, segment) = (cursor.recipient(rank), cursor.segment(rank));
        let phone_back = phones.map_or(Time::ZERO, |phones| phones.back(*rng, recipient, cursor.arrival(rank)));
        SingleUse { rng: *rng, recipient, number: self.step(segment).use_number, segment, phone_back }
    }
}

impl QueueServer<'_> {
    /// Whether the provider rejects the attempt of this rank when it is submitted at `now`, because of its outcome or an outage.
    #[inline]
    fn rejects(&self, waiting: &WaitingCohort<'_>, rank: usize, now: Time) -> bool {
        self.provider.may_reject(waiting.cursor.segment(rank))
            && self.provider.rejection(&waiting.single(rank), now).is_some()
    }

    /// The parts of the attempt of this rank.
    #[inline]
    fn parts(&self, waiting: &WaitingCohort<'_>, rank: usize) -> u32 {
        self.provider.parts(waiting.cursor.segment(rank))
    }

    /// Lets the attempt of this rank depart at `now`; it takes a phone line if the provider has lines.
    #[inline]
    fn depart(&mut self, now: Time, waiting: &WaitingCohort<'_>, rank: usize) {
        if self.queue.has_lines() {
            let (terms, _) = waiting.terms(self.provider, rank, waiting.cursor.comes(rank));
            let released = self.provider.submit(now, &terms, &waiting.single(rank)).released;
            self.queue.hold(released);
            (self.held)((waiting.cursor.stream, waiting.cursor.segment(rank)), now, released);
        }
    }
}

/// The cohort and the rank that a token of the queue stands for.
const fn place_of(token: u64) -> (usize, usize) {
    ((token >> 32) as usize, token as u32 as usize)
}
