//! The doors of the providers: who is let through, who waits, who is turned away.

use super::agenda::{Agenda, Due};
use crate::engine::{Breaker, BreakerRules, Permit};
use crate::provider::{Admission, Fate, Queue};
use crate::sim::cast::Cast;
use crate::sim::handing::{Usher, Verdict};
use crate::units::SimTime;
use crate::vocabulary::Status;

/// What all recipients share of one provider: its queue, and the circuit breaker before it.
pub(super) struct Door {
    pub(super) queue: Option<Queue>,
    breaker: Option<Circuit>,
}

/// A circuit breaker, and the results that it has yet to hear of.
struct Circuit {
    rules: BreakerRules,
    breaker: Breaker,
    results: Agenda<Outcome>,
    /// How many results there have been.
    known: u64,
}

/// The result of an attempt, in the order in which results are heard: of time, then of recipients, then of their attempts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Outcome {
    at: SimTime,
    who: u64,
    turn: u64,
    permit: Permit,
    failed: bool,
}

impl Due for Outcome {
    #[inline]
    fn at(&self) -> SimTime {
        self.at
    }
}

impl Circuit {
    /// Leave to make an attempt at `now`.
    fn permit(&mut self, now: SimTime) -> Option<Permit> {
        self.hear(now);
        self.breaker.permit(&self.rules, now)
    }

    /// Hears all results until `now`.
    fn hear(&mut self, now: SimTime) {
        while let Some(Outcome { at, permit, failed, .. }) = self.results.pop(now) {
            self.breaker.record(&self.rules, at, permit, failed);
        }
    }

    /// The result of an attempt that left then: its first final report, unless that is missing for too long.
    fn result(&self, leaves: SimTime, fate: &Fate) -> (SimTime, bool) {
        let missing = leaves.after(self.rules.missing_after);
        let is_final = |status: Status| status.is_bad() || status.is_delivery();
        let first = fate.reports().iter().filter(|report| is_final(report.status)).min();
        match first {
            Some(report) if report.at <= missing => (report.at, self.rules.failures.contains(report.status)),
            _ => (missing, true),
        }
    }
}

/// All doors, and whoever stands before one.
pub(super) struct Doors {
    pub(super) doors: Vec<Door>,
    /// The recipient who stands before a door, and its stream, as one number.
    who: u64,
    /// The permit of the attempt that was judged last.
    pub(super) permit: Option<Permit>,
    pub(super) touched: bool,
    /// Whose verdicts are kept.
    watched: Option<u64>,
    pub(super) verdicts: Vec<Verdict>,
}

/// A recipient and its stream as one number, in the order in which they come at one time.
const fn number(stream: u8, recipient: u32) -> u64 {
    (stream as u64) << 32 | recipient as u64
}

impl Doors {
    pub(super) fn new(cast: &Cast, watched: Option<(u8, u32)>) -> Self {
        let circuit =
            |rules: BreakerRules| Circuit { rules, breaker: Breaker::default(), results: Agenda::new(), known: 0 };
        let doors = cast
            .providers
            .iter()
            .zip(&cast.breakers)
            .map(|(provider, rules)| Door { queue: provider.queue(), breaker: rules.map(circuit) });
        Self {
            doors: doors.collect(),
            who: 0,
            permit: None,
            touched: false,
            watched: watched.map(|(stream, recipient)| number(stream, recipient)),
            verdicts: Vec::new(),
        }
    }

    /// The next to be judged.
    #[inline]
    pub(super) const fn receive(&mut self, stream: u8, recipient: u32) {
        self.who = number(stream, recipient);
    }

    /// What has become of the one that waits is known at last.
    pub(super) fn settle(&mut self, verdict: Verdict) {
        if self.watched == Some(self.who)
            && let Some(last) = self.verdicts.last_mut()
        {
            *last = verdict;
        }
    }

    /// The attempt that was judged last has come to this.
    fn result(&mut self, provider: usize, at: SimTime, failed: bool) {
        if let (Some(circuit), Some(permit)) = (&mut self.doors[provider].breaker, self.permit.take()) {
            circuit.known += 1;
            circuit.results.push(Outcome { at, who: self.who, turn: circuit.known, permit, failed });
        }
    }

    /// The attempt that was judged last never left, and the engine takes it to have this `status`.
    pub(super) fn never_left(&mut self, provider: usize, at: SimTime, status: Status) {
        let circuit = self.doors[provider].breaker.as_ref();
        let failed = circuit.is_some_and(|circuit| circuit.rules.failures.contains(status));
        self.result(provider, at, failed);
    }

    #[inline]
    fn decide(&mut self, provider: usize, now: SimTime, patience: SimTime) -> Verdict {
        let door = &mut self.doors[provider];
        if let Some(circuit) = &mut door.breaker {
            self.permit = circuit.permit(now);
            if self.permit.is_none() {
                return Verdict::Blocked;
            }
        }
        let Some(queue) = &mut door.queue else { return Verdict::Leaves(now) };
        match queue.admit(now, patience) {
            Admission::Leaves(leaves) => Verdict::Leaves(leaves),
            Admission::Waits => Verdict::Waits,
            Admission::Withdrawn => {
                self.never_left(provider, patience, Status::Expired);
                Verdict::Withdrawn
            }
            Admission::Refused => {
                self.never_left(provider, now, Status::Failed);
                Verdict::Refused
            }
        }
    }

    pub(super) fn longest(&self) -> Vec<u64> {
        self.doors.iter().map(|door| door.queue.as_ref().map_or(0, Queue::longest)).collect()
    }

    /// How often each circuit has opened, when all is over.
    pub(super) fn opened(&mut self) -> Vec<u64> {
        let opened = |circuit: &mut Circuit| {
            circuit.hear(SimTime::MAX);
            circuit.breaker.opened()
        };
        self.doors.iter_mut().map(|door| door.breaker.as_mut().map_or(0, opened)).collect()
    }
}

impl Usher for Doors {
    #[inline]
    fn judge(&mut self, provider: usize, now: SimTime, patience: SimTime) -> Verdict {
        let verdict = self.decide(provider, now, patience);
        self.touched |= verdict != Verdict::Leaves(now);
        if self.watched == Some(self.who) {
            self.verdicts.push(verdict);
        }
        verdict
    }

    #[inline]
    fn left(&mut self, provider: usize, leaves: SimTime, fate: &Fate) {
        let door = &mut self.doors[provider];
        if let Some(queue) = &mut door.queue {
            queue.hold(fate.released);
        }
        if let Some(circuit) = &door.breaker {
            let (at, failed) = circuit.result(leaves, fate);
            self.result(provider, at, failed);
        }
    }
}
