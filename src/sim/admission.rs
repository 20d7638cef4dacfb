//! Admission: whether a provider's circuit permits an attempt, and whether and when the attempt departs.

use super::recipient::RecipientId;
use crate::engine::{Breakers, Candidate, Permit, Pool, Routing};
use crate::provider::{AttemptResult, Rejection, Terms};
use crate::units::Time;

/// The circuits and the capacity that the recipients of a run share.
pub trait Admission {
    /// Returns the next provider to try for an attempt of this recipient at `now`, and whether its circuit permits the attempt; `None`
    /// when all providers of the pool have turned it down.
    fn route(&mut self, who: RecipientId, routing: &mut Routing, pool: &Pool, now: Time) -> Option<Candidate>;

    /// Decides whether and when the provider lets the attempt depart.
    fn admit(&mut self, request: &AdmissionRequest) -> AdmissionDecision;

    /// Called when the provider rejects an attempt at submission, because of its outcome or an outage, so that it never asks for capacity.
    #[inline]
    fn rejected(&mut self, _request: &AdmissionRequest, _decision: AdmissionDecision) {}

    /// When the attempt is submitted again, because it was in flight when the link was lost; `None` if it is not.
    #[inline]
    fn sent_again(&self, _request: &AdmissionRequest) -> Option<Time> {
        None
    }

    /// Called when an attempt departs, with the time and the attempt's result.
    #[inline]
    fn departed(&mut self, _request: &AdmissionRequest, _departs: Time, _result: &AttemptResult) {}

    /// Called when the patience of an attempt ends, or is known to end, while it waits, with its result.
    #[inline]
    fn expired(&mut self, _request: &AdmissionRequest, _result: &AttemptResult) {}
}

/// An attempt that arrives at a provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AdmissionRequest {
    /// The recipient of the attempt.
    pub who: RecipientId,
    /// The attempt's number in its flow.
    pub attempt: u8,
    /// The provider.
    pub provider: usize,
    /// When the attempt arrives.
    pub now: Time,
    /// When it stops waiting for capacity.
    pub patience: Time,
    /// How many tokens of the throughput, and how much of the quota, it takes.
    pub parts: u32,
    /// The permit of the provider's circuit, if it has one.
    pub permit: Option<Permit>,
}

/// The decision on an attempt that arrives at a provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum AdmissionDecision {
    /// Departs at this time.
    Departs(Time),
    /// Waits until its patience ends, and never departs.
    Expires,
    /// Waits; the departure time is not known yet.
    Waits,
    /// Rejected: the provider is over its limit.
    Rejected,
    /// Rejected at submission, because that is the attempt's outcome.
    FailsAtSubmission,
    /// Rejected at submission, because the provider has an outage.
    InOutage,
    /// The circuit is open: the provider never receives the attempt.
    NotPermitted,
}

/// Unlimited capacity and no circuits: every attempt departs at once.
#[derive(Debug, Default)]
pub struct Unlimited(Breakers);

impl From<Rejection> for AdmissionDecision {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Outcome => Self::FailsAtSubmission,
            Rejection::Outage => Self::InOutage,
        }
    }
}

impl AdmissionDecision {
    /// Whether the provider rejects the attempt.
    #[must_use]
    #[inline]
    pub const fn is_rejection(self) -> bool {
        matches!(self, Self::Rejected | Self::FailsAtSubmission | Self::InOutage)
    }
}

impl Unlimited {
    /// Says how many attempts wait before a provider, for pools that go by queues.
    pub fn set_waiting(&mut self, provider: usize, attempts: u64) {
        self.0.set_waiting(provider, attempts);
    }
}

impl Admission for Unlimited {
    #[inline]
    fn route(&mut self, _: RecipientId, routing: &mut Routing, pool: &Pool, now: Time) -> Option<Candidate> {
        routing.next(pool, &mut self.0, now)
    }

    #[inline]
    fn admit(&mut self, request: &AdmissionRequest) -> AdmissionDecision {
        AdmissionDecision::Departs(request.now)
    }
}

/// An attempt and the provider of its pool where it ended up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RoutedAttempt {
    /// The attempt's number in its flow.
    pub attempt: u8,
    /// The provider that accepted it, or the last one that turned it down.
    pub provider: usize,
    /// The terms of the submission.
    pub terms: Terms,
    /// The decision on it there.
    pub decision: AdmissionDecision,
    /// When it stops waiting for capacity.
    pub patience: Time,
    /// How many tokens of the throughput, and how much of the quota, it takes.
    pub parts: u32,
    /// Whether it would wait at the provider, which does not give it back.
    pub kept: bool,
    /// The permit of the provider's circuit, if it has one.
    pub permit: Option<Permit>,
}

impl RoutedAttempt {
    /// Returns the attempt of this recipient as it arrives at the provider.
    #[must_use]
    #[inline]
    pub const fn request(&self, who: RecipientId) -> AdmissionRequest {
        let Self { attempt, provider, terms, patience, parts, permit, .. } = *self;
        AdmissionRequest { who, attempt, provider, now: terms.submitted, patience, parts, permit }
    }
}
