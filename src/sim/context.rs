//! One recipient under one plan: where its attempts go, and their results.

use super::admission::{Admission, AdmissionDecision, AdmissionRequest, RoutedAttempt};
use super::model::{CompiledPlan, Model};
use super::recipient::{Recipient, RecipientId};
use super::recorder::Recorder;
use super::sender::Sender;
use crate::engine::{Flow, Routing, Submission};
use crate::provider::{AttemptResult, Rejection, SingleUse, Terms};
use crate::rng::RngKey;
use crate::units::{Span, Time};

/// A recipient under a plan.
#[derive(Clone, Copy)]
pub struct RecipientContext<'a> {
    /// The scenario.
    pub model: &'a Model,
    /// The plan.
    pub compiled: &'a CompiledPlan,
    /// The random numbers of the recipient's stream.
    pub rng: RngKey,
    /// The index of the stream.
    pub stream: u8,
    /// The recipient.
    pub recipient: Recipient,
    /// When the recipient arrived.
    pub arrival: Time,
}

impl RecipientContext<'_> {
    /// The recipient and its stream.
    #[inline]
    const fn who(&self) -> RecipientId {
        RecipientId { stream: self.stream, index: self.recipient.index }
    }

    /// Submits the attempt that `flow` has just made, at `now`, to the first provider of its pool that accepts it. Returns the routed
    /// attempt and its result; for an attempt that waits, the result is not known yet.
    #[inline(always)]
    pub fn submit<A: Admission, R: Recorder>(
        &self,
        flow: &mut Flow,
        (now, submission): (Time, Submission),
        admission: &mut A,
        recorder: &mut R,
    ) -> (RoutedAttempt, AttemptResult) {
        let terms = Terms { submitted: now, ..self.compiled.terms[usize::from(submission.step)] };
        let pool = &self.compiled.flow.step(submission.step).pool;
        let mut routing = Routing::new(if pool.is_weighted() { self.choice(submission.attempt) } else { 0 });
        let mut turned_down: Option<(RoutedAttempt, AttemptResult)> = None;
        while let Some(candidate) = admission.route(self.who(), &mut routing, pool, now) {
            if let Some((attempt, result)) = turned_down {
                recorder.turned_down(submission, &attempt, &result);
            }
            flow.submitted_at_rank(candidate.rank);
            let (provider, permit) = (candidate.provider, candidate.permit());
            let (spec, segment) = (&self.model.providers[provider], self.recipient.segment);
            let (patience, parts) = (spec.patience(&terms, segment, flow.deadline()), spec.parts(segment));
            let kept = spec.keeps_queued();
            let decision = AdmissionDecision::NotPermitted;
            let attempt = submission.attempt;
            let mut attempt = RoutedAttempt { attempt, provider, terms, decision, patience, parts, kept, permit };
            if candidate.is_permitted() {
                let request = attempt.request(self.who());
                attempt.decision = match self.rejection(flow, submission, &request) {
                    Some(rejection) => {
                        admission.rejected(&request, rejection.into());
                        rejection.into()
                    }
                    None => admission.admit(&request),
                };
            }
            let result = match attempt.decision {
                AdmissionDecision::Departs(departs) => self.depart(flow, &attempt, departs, admission),
                AdmissionDecision::Expires => self.expire(flow, &attempt, flow.deadline(), admission),
                AdmissionDecision::Waits => return (attempt, AttemptResult::rejected(terms.submitted)),
                AdmissionDecision::Rejected
                | AdmissionDecision::FailsAtSubmission
                | AdmissionDecision::InOutage
                | AdmissionDecision::NotPermitted => AttemptResult::rejected(terms.submitted),
            };
            if !result.rejected {
                recorder.submitted(submission, &attempt, &result);
                return (attempt, result);
            }
            turned_down = Some((attempt, result));
        }
        // The last provider that turned it down keeps the attempt: it has failed there.
        let (attempt, result) = turned_down.expect("a pool has members");
        recorder.submitted(submission, &attempt, &result);
        (attempt, result)
    }

    /// Returns the result of an attempt that departs.
    #[inline]
    pub fn depart<A: Admission>(
        &self,
        flow: &Flow,
        attempt: &RoutedAttempt,
        departs: Time,
        admission: &mut A,
    ) -> AttemptResult {
        let provider = &self.model.providers[attempt.provider];
        let of = self.single_use(flow, attempt.attempt, attempt.provider);
        let request = attempt.request(self.who());
        let mut result = provider.submit(departs, &attempt.terms, &of);
        if !provider.lost_links().is_empty()
            && let Some(again) = admission.sent_again(&request)
        {
            result = provider.submit_again(&result, again, &attempt.terms, &of);
        }
        admission.departed(&request, departs, &result);
        result
    }

    /// Returns the result of an attempt whose patience ends while it waits; when it was submitted, the engine had this `deadline`.
    pub fn expire<A: Admission>(
        &self,
        flow: &Flow,
        attempt: &RoutedAttempt,
        deadline: Time,
        admission: &mut A,
    ) -> AttemptResult {
        let provider = &self.model.providers[attempt.provider];
        let of = self.single_use(flow, attempt.attempt, attempt.provider);
        let result = provider.expire_in_queue(&attempt.terms, &of, deadline);
        admission.expired(&attempt.request(self.who()), &result);
        result
    }

    /// Why the provider rejects the attempt at submission, if it does, because of its outcome or an outage.
    #[inline]
    fn rejection(&self, flow: &Flow, submission: Submission, request: &AdmissionRequest) -> Option<Rejection> {
        let provider = &self.model.providers[request.provider];
        let may_reject = provider.may_reject(self.recipient.segment);
        let of = may_reject.then(|| self.single_use(flow, submission.attempt, request.provider))?;
        provider.rejection(&of, request.now)
    }

    /// Returns the recipient's next use of the provider. Each earlier attempt that came to the provider is a use, including those that it
    /// turned down, so that a recipient that it rejects once has new draws when it is tried again.
    #[inline]
    fn single_use(&self, flow: &Flow, attempt: u8, provider: usize) -> SingleUse {
        let came = |earlier: &u8| {
            let pool = &self.compiled.flow.step(flow.step_of(*earlier)).pool;
            if pool.is_single() {
                return pool.members()[0] == provider;
            }
            // Where the order depends on other recipients, a use of one member counts as one of each.
            if pool.is_by_queue() {
                return pool.members().contains(&provider);
            }
            let draw = if pool.is_weighted() { self.choice(*earlier) } else { 0 };
            let tried = 1 + usize::from(flow.rank_of(*earlier));
            pool.candidates(draw).take(tried).any(|candidate| candidate == provider)
        };
        SingleUse { number: (0..attempt).filter(came).count() as u16, ..self.first_use() }
    }

    /// Returns the recipient's first use of any provider.
    #[must_use]
    #[inline]
    pub fn first_use(&self) -> SingleUse {
        let Recipient { index, segment } = self.recipient;
        SingleUse { rng: self.rng, recipient: index, number: 0, segment, phone_back: self.phone_back() }
    }

    /// Returns when the recipient's phone is on again.
    #[inline]
    fn phone_back(&self) -> Time {
        let phones = self.model.phones.as_ref();
        phones.map_or(Time::ZERO, |phones| phones.back(self.rng, self.recipient.index, self.arrival))
    }

    /// Returns the draw that chooses from a weighted pool.
    fn choice(&self, attempt: u8) -> u32 {
        self.sender_told(Span::ZERO).draw(attempt)
    }

    /// Returns what the flow may ask after this attempt.
    #[inline]
    pub(super) fn sender(&self, attempt: &RoutedAttempt) -> Sender {
        let asks = matches!(attempt.decision, AdmissionDecision::Rejected | AdmissionDecision::InOutage);
        self.sender_told(if asks { self.model.providers[attempt.provider].retry_after_hint() } else { Span::ZERO })
    }

    #[inline]
    const fn sender_told(&self, hint: Span) -> Sender {
        Sender { rng: self.rng, recipient: self.recipient.index, hint }
    }
}
