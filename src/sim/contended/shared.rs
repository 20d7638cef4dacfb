//! What all recipients of a run share: the queues of the providers, and the circuit breakers before them.

use super::event_queue::{EventQueue, Scheduled};
use crate::engine::{Breakers, CallResult, Candidate, Permit, Pool, Routing};
use crate::provider::{self, AttemptResult, Queue};
use crate::sim::admission::{Admission, AdmissionDecision, Comer};
use crate::sim::model::Model;
use crate::sim::recipient::RecipientId;
use crate::status::Status;
use crate::units::Time;

/// The queues and breakers of all providers.
pub(super) struct Shared {
    /// For each provider, its queue, if its capacity is limited.
    pub(super) queues: Vec<Option<Queue>>,
    breakers: Breakers,
    /// For each provider, the results that its breaker has yet to hear of; none for one without a breaker.
    results: Vec<Option<PendingResults>>,
    /// Whether anybody had to wait, was rejected or was not permitted.
    pub(super) contended: bool,
    /// Whose decisions are kept.
    watched: Option<RecipientId>,
    pub(super) decisions: Vec<AdmissionDecision>,
}

/// Results of attempts that are known before the breaker hears of them: a simulation knows them as soon as an attempt departs.
struct PendingResults {
    queue: EventQueue<PendingResult>,
    /// How many results there have been.
    known: u64,
}

/// The result of an attempt, in the order in which results are heard: of time, then of recipients, then of their attempts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct PendingResult {
    result: CallResult,
    who: RecipientId,
    number: u64,
    permit: Permit,
}

impl Scheduled for PendingResult {
    #[inline]
    fn at(&self) -> Time {
        self.result.at
    }
}

impl Shared {
    pub(super) fn new(model: &Model, watched: Option<RecipientId>) -> Self {
        let results = |rules: &Option<_>| rules.map(|_| PendingResults { queue: EventQueue::new(), known: 0 });
        Self {
            queues: model.providers.iter().map(provider::Provider::queue).collect(),
            breakers: Breakers::new(&model.breakers),
            results: model.breakers.iter().map(results).collect(),
            contended: false,
            watched,
            decisions: Vec::new(),
        }
    }

    /// What has become of the one that waited is known at last.
    pub(super) fn settle(&mut self, who: RecipientId, decision: AdmissionDecision) {
        if self.watched == Some(who)
            && let Some(last) = self.decisions.last_mut()
        {
            *last = decision;
        }
    }

    /// The breaker of `provider` hears all results until `now`.
    fn hear(&mut self, provider: usize, now: Time) {
        if let Some(results) = &mut self.results[provider] {
            while let Some(PendingResult { result, permit, .. }) = results.queue.pop(now) {
                self.breakers.record(provider, permit, result);
            }
        }
    }

    /// The attempt has come, or will come, to this result.
    fn expect(&mut self, comer: &Comer, result: CallResult) {
        if let (Some(results), Some(permit)) = (&mut self.results[comer.provider], comer.permit) {
            results.known += 1;
            results.queue.push(PendingResult { result, who: comer.who, number: results.known, permit });
        }
    }

    /// The attempt never departs, and the engine takes it to have this `status` from then on.
    pub(super) fn never_departs(&mut self, comer: &Comer, at: Time, status: Status) {
        if let Some(rules) = self.breakers.rules(comer.provider) {
            let result = rules.result_of(at, status);
            self.expect(comer, result);
        }
    }

    #[inline]
    fn decide(&mut self, comer: &Comer) -> AdmissionDecision {
        let Comer { provider, now, patience, .. } = *comer;
        let Some(queue) = &mut self.queues[provider] else { return AdmissionDecision::Departs(now) };
        match queue.admit(now, patience) {
            provider::Admission::Departs(departs) => AdmissionDecision::Departs(departs),
            provider::Admission::Waits => AdmissionDecision::Waits,
            provider::Admission::Expires => {
                self.never_departs(comer, patience, Status::Expired);
                AdmissionDecision::Expires
            }
            provider::Admission::Rejected => {
                self.never_departs(comer, now, Status::Failed);
                AdmissionDecision::Rejected
            }
        }
    }

    fn watch(&mut self, who: RecipientId, decision: AdmissionDecision) {
        if self.watched == Some(who) {
            self.decisions.push(decision);
        }
    }

    pub(super) fn longest(&self) -> Vec<u64> {
        self.queues.iter().map(|queue| queue.as_ref().map_or(0, Queue::longest)).collect()
    }

    /// How often each circuit has opened, when all is over.
    pub(super) fn opened(&mut self) -> Vec<u64> {
        (0..self.queues.len()).for_each(|provider| self.hear(provider, Time::MAX));
        (0..self.queues.len()).map(|provider| self.breakers.opened(provider)).collect()
    }
}

impl Admission for Shared {
    #[inline]
    fn route(&mut self, who: RecipientId, routing: &mut Routing, pool: &Pool, now: Time) -> Option<Candidate> {
        pool.members().iter().for_each(|&provider| self.hear(provider, now));
        let candidate = routing.next(pool, &mut self.breakers, now)?;
        if !candidate.is_permitted() {
            self.contended = true;
            self.watch(who, AdmissionDecision::NotPermitted);
        }
        Some(candidate)
    }

    #[inline]
    fn admit(&mut self, comer: &Comer) -> AdmissionDecision {
        let decision = self.decide(comer);
        self.contended |= decision != AdmissionDecision::Departs(comer.now);
        self.watch(comer.who, decision);
        decision
    }

    #[inline]
    fn departed(&mut self, comer: &Comer, departs: Time, attempt_result: &AttemptResult) {
        if let Some(queue) = &mut self.queues[comer.provider] {
            queue.hold(attempt_result.released);
        }
        if let Some(rules) = self.breakers.rules(comer.provider) {
            let finals = attempt_result.reports().iter().filter(|report| report.status.is_final());
            let first = finals.min().map(|report| (report.at, report.status));
            let result = rules.result(departs, first);
            self.expect(comer, result);
        }
    }
}
