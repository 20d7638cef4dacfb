//! What all recipients of a run share: the queues of the providers, and the circuit breakers before them.

use super::event_queue::{EventQueue, Scheduled};
use crate::engine::{Breakers, CallResult, Candidate, Permit, Pool, Routing};
use crate::provider::{self, AttemptResult, LostLink, Queue};
use crate::sim::admission::{Admission, AdmissionDecision, AdmissionRequest};
use crate::sim::model::Model;
use crate::sim::recipient::RecipientId;
use crate::status::Status;
use crate::units::Time;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The queues and breakers of all providers.
pub(super) struct SharedState {
    /// For each provider, its queue, if its capacity is limited.
    pub(super) queues: Vec<Option<Queue>>,
    /// For each provider, whether attempts wait there rather than at the sender.
    keeps_queued: Vec<bool>,
    /// For each provider, when its link is lost.
    lost_links: Vec<Vec<LostLink>>,
    breakers: Breakers,
    /// For each provider, the results that its breaker has not received yet; `None` for a provider without a breaker.
    results: Vec<Option<PendingResults>>,
    /// The attempts that are submitted again, when their link is back.
    again: SentAgain,
    /// For each lost link, by provider and number, the last attempts that departed before, and had no result when it was lost.
    in_flight: BTreeMap<(usize, usize), VecDeque<(RecipientId, u8)>>,
    /// Whether any attempt had to wait, was rejected or was not permitted.
    pub(super) contended: bool,
    /// The recipient whose decisions are kept.
    watched: Option<RecipientId>,
    pub(super) decisions: Vec<AdmissionDecision>,
    /// How many attempts waited before each provider of a pool that goes by queues, each time the watched recipient came to it.
    pub(super) seen_waiting: Vec<u64>,
}

/// Results of attempts that the breaker has not received yet: the simulation knows them as soon as an attempt departs.
struct PendingResults {
    queue: EventQueue<PendingResult>,
    /// The number of results so far.
    known: u64,
    /// The attempts that wait at the provider, with the number of the result that they will have if no report comes in time.
    waiting: BTreeMap<(RecipientId, u8), u64>,
    /// The numbers of such results in whose place another is known now.
    replaced: BTreeSet<u64>,
}

/// The result of an attempt, in the order in which the breaker receives results: by time, then recipient, then attempt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct PendingResult {
    at: Time,
    who: RecipientId,
    attempt: u8,
    number: u64,
    failed: bool,
    permit: Permit,
}

impl Scheduled for PendingResult {
    #[inline]
    fn at(&self) -> Time {
        self.at
    }
}

/// Attempts by provider, recipient and number, with the time at which each is submitted again.
pub(super) type SentAgain = BTreeMap<(usize, RecipientId, u8), Time>;

impl SharedState {
    pub(super) fn new(model: &Model, watched: Option<RecipientId>, again: SentAgain) -> Self {
        let results = |rules: &Option<_>| {
            rules.map(|_| PendingResults {
                queue: EventQueue::new(),
                known: 0,
                waiting: BTreeMap::new(),
                replaced: BTreeSet::new(),
            })
        };
        Self {
            keeps_queued: model.providers.iter().map(provider::Provider::keeps_queued).collect(),
            queues: model.providers.iter().map(provider::Provider::queue).collect(),
            lost_links: model.providers.iter().map(|provider| provider.lost_links().to_vec()).collect(),
            contended: !again.is_empty(),
            again,
            in_flight: BTreeMap::new(),
            breakers: Breakers::new(&model.breakers).expect("a scenario's breakers are checked when it is read"),
            results: model.breakers.iter().map(results).collect(),
            watched,
            decisions: Vec::new(),
            seen_waiting: Vec::new(),
        }
    }

    /// Replaces the decision with this number, from 1, for the watched recipient, whose attempt no longer waits.
    pub(super) fn settle(&mut self, who: RecipientId, number: usize, decision: AdmissionDecision) {
        if self.watched == Some(who) {
            self.decisions[number - 1] = decision;
        }
    }

    /// Passes all results up to `now` to the breaker of `provider`.
    fn hear(&mut self, provider: usize, now: Time) {
        if let Some(results) = &mut self.results[provider] {
            while let Some(PendingResult { at, failed, permit, number, .. }) = results.queue.pop(now) {
                if results.replaced.is_empty() || !results.replaced.remove(&number) {
                    self.breakers.record(provider, permit, CallResult { at, failed });
                }
            }
        }
    }

    /// Schedules the result of an attempt for its provider's breaker; returns its number.
    fn expect(&mut self, request: &AdmissionRequest, result: CallResult) -> Option<u64> {
        let (Some(results), Some(permit)) = (&mut self.results[request.provider], request.permit) else { return None };
        results.known += 1;
        let (CallResult { at, failed }, AdmissionRequest { who, attempt, .. }) = (result, *request);
        results.queue.push(PendingResult { at, who, attempt, number: results.known, failed, permit });
        Some(results.known)
    }

    /// The attempt has come to its provider, where it waits: as far as the sender knows, its report may be missing before it departs.
    pub(super) fn waits(&mut self, request: &AdmissionRequest) {
        let Some(rules) = self.breakers.rules(request.provider).filter(|_| self.keeps_queued[request.provider]) else {
            return;
        };
        let missing = rules.result(request.now, None);
        let number = self.expect(request, missing);
        if let (Some(results), Some(number)) = (&mut self.results[request.provider], number) {
            results.waiting.insert((request.who, request.attempt), number);
        }
    }

    /// Schedules the result of an attempt that the sender handed over at this time.
    #[inline]
    fn expect_report(&mut self, request: &AdmissionRequest, handed_over: Time, result: &AttemptResult) {
        let Some(rules) = self.breakers.rules(request.provider) else { return };
        let finals = result.reports().iter().filter(|report| report.status().is_final());
        let first = finals.min().map(|report| (report.at(), report.status()));
        let known = rules.result(handed_over, first);
        let is_missing = first.is_none_or(|(at, _)| at > rules.missing_at(handed_over));
        if self.keeps_queued[request.provider]
            && let Some(results) = &mut self.results[request.provider]
            && let Some(number) = results.waiting.remove(&(request.who, request.attempt))
        {
            if is_missing {
                return;
            }
            results.replaced.insert(number);
        }
        self.expect(request, known);
    }

    /// Records that the attempt never departs; for the engine it has this `status` from the time `at` on.
    fn never_departs(&mut self, request: &AdmissionRequest, at: Time, status: Status) {
        if let Some(rules) = self.breakers.rules(request.provider) {
            let result = rules.result_of(at, status);
            self.expect(request, result);
        }
    }

    #[inline]
    fn decide(&mut self, request: &AdmissionRequest) -> AdmissionDecision {
        let AdmissionRequest { provider, now, patience, parts, .. } = *request;
        let Some(queue) = &mut self.queues[provider] else { return AdmissionDecision::Departs(now) };
        match queue.admit(now, patience, parts) {
            provider::Admission::Departs(departs) => AdmissionDecision::Departs(departs),
            provider::Admission::Waits => AdmissionDecision::Waits,
            provider::Admission::Expires => AdmissionDecision::Expires,
            provider::Admission::Rejected => {
                self.never_departs(request, now, Status::Failed);
                AdmissionDecision::Rejected
            }
        }
    }

    /// Tells the breakers how many attempts wait before each provider of the pool.
    fn measure_queues(&mut self, who: RecipientId, pool: &Pool, now: Time) {
        for &provider in pool.members() {
            let waiting = self.queues[provider].as_mut().map_or(0, |queue| queue.length(now));
            self.breakers.set_waiting(provider, waiting);
            self.contended |= waiting > 0;
            if self.watched == Some(who) {
                self.seen_waiting.push(waiting);
            }
        }
    }

    fn watch(&mut self, who: RecipientId, decision: AdmissionDecision) {
        if self.watched == Some(who) {
            self.decisions.push(decision);
        }
    }

    pub(super) fn longest_queue(&self) -> Vec<u64> {
        self.queues.iter().map(|queue| queue.as_ref().map_or(0, Queue::longest_queue)).collect()
    }

    /// Keeps an attempt in mind that may be in flight when the link is lost.
    fn take_off(&mut self, request: &AdmissionRequest, departs: Time, released: Time) {
        for (number, link) in self.lost_links[request.provider].iter().enumerate() {
            if departs < link.from && released > link.from {
                let last = self.in_flight.entry((request.provider, number)).or_default();
                last.push_back((request.who, request.attempt));
                if last.len() > link.in_flight as usize {
                    last.pop_front();
                }
            }
        }
    }

    /// The attempts that were in flight when their links were lost.
    pub(super) fn were_in_flight(&self) -> SentAgain {
        let mut all = SentAgain::new();
        for (&(provider, number), last) in &self.in_flight {
            let back = self.lost_links[provider][number].to;
            for &(who, attempt) in last {
                // A copy that is in flight when the link is lost once more is not submitted a third time.
                all.entry((provider, who, attempt)).or_insert(back);
            }
        }
        all
    }

    /// How often each circuit has opened, at the end of the run.
    pub(super) fn opened(&mut self) -> Vec<u64> {
        (0..self.queues.len()).for_each(|provider| self.hear(provider, Time::MAX));
        (0..self.queues.len()).map(|provider| self.breakers.opened(provider)).collect()
    }
}

impl Admission for SharedState {
    #[inline]
    fn route(&mut self, who: RecipientId, routing: &mut Routing, pool: &Pool, now: Time) -> Option<Candidate> {
        pool.members().iter().for_each(|&provider| self.hear(provider, now));
        if pool.is_by_queue() && routing.is_new() {
            self.measure_queues(who, pool, now);
        }
        let candidate = routing.next(pool, &mut self.breakers, now)?;
        if !candidate.is_permitted() {
            self.contended = true;
            self.watch(who, AdmissionDecision::NotPermitted);
        }
        Some(candidate)
    }

    #[inline]
    fn admit(&mut self, request: &AdmissionRequest) -> AdmissionDecision {
        let decision = self.decide(request);
        self.contended |= decision != AdmissionDecision::Departs(request.now);
        self.watch(request.who, decision);
        decision
    }

    fn rejected(&mut self, request: &AdmissionRequest, decision: AdmissionDecision) {
        self.watch(request.who, decision);
        self.never_departs(request, request.now, Status::Failed);
    }

    fn sent_again(&self, request: &AdmissionRequest) -> Option<Time> {
        self.again.get(&(request.provider, request.who, request.attempt)).copied()
    }

    #[inline]
    fn departed(&mut self, request: &AdmissionRequest, departs: Time, attempt_result: &AttemptResult) {
        if !self.lost_links[request.provider].is_empty() {
            self.take_off(request, departs, attempt_result.released);
        }
        if let Some(queue) = &mut self.queues[request.provider] {
            queue.hold(attempt_result.released);
        }
        let handed_over = if self.keeps_queued[request.provider] { request.now } else { departs };
        self.expect_report(request, handed_over, attempt_result);
    }

    fn expired(&mut self, request: &AdmissionRequest, attempt_result: &AttemptResult) {
        if self.keeps_queued[request.provider] {
            self.expect_report(request, request.now, attempt_result);
        } else {
            self.never_departs(request, request.patience, Status::Expired);
        }
    }
}
