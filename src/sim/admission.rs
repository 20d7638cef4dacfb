//! What is said when an attempt comes to a provider: whether its circuit permits it, and whether and when it departs.

use super::recipient::RecipientId;
use crate::engine::{Breakers, Candidate, Permit, Pool, Routing};
use crate::provider::{AttemptResult, Terms};
use crate::units::Time;

/// What the recipients of a run share: circuits and capacity.
pub trait Admission {
    /// The next provider that an attempt of this recipient comes to at `now`, and whether its circuit permits it; `None` when all of the
    /// pool have turned it down.
    fn route(&mut self, who: RecipientId, routing: &mut Routing, pool: &Pool, now: Time) -> Option<Candidate>;

    /// Whether and when the provider lets the attempt depart.
    fn admit(&mut self, comer: &Comer) -> AdmissionDecision;

    /// The attempt departs then, and this becomes of it.
    #[inline]
    fn departed(&mut self, _comer: &Comer, _departs: Time, _fate: &AttemptResult) {}
}

/// An attempt that comes to a provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Comer {
    /// Whose attempt it is.
    pub who: RecipientId,
    /// The provider.
    pub provider: usize,
    /// When it comes.
    pub now: Time,
    /// It stops waiting for capacity then.
    pub patience: Time,
    /// The permit of the provider's circuit, if it has one.
    pub permit: Option<Permit>,
}

/// What becomes of an attempt that comes to a provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum AdmissionDecision {
    /// It departs then.
    Departs(Time),
    /// It waits until its patience ends, and never departs.
    Expires,
    /// It waits, and when it departs is not known yet.
    Waits,
    /// The provider is over its limit.
    Rejected,
    /// The circuit is open: the provider never sees it.
    NotPermitted,
}

/// Capacity without limits, and no circuits: every attempt departs at once.
#[derive(Debug, Default)]
pub struct Unlimited(Breakers);

impl Admission for Unlimited {
    #[inline]
    fn route(&mut self, _: RecipientId, routing: &mut Routing, pool: &Pool, now: Time) -> Option<Candidate> {
        routing.next(pool, &mut self.0, now)
    }

    #[inline]
    fn admit(&mut self, comer: &Comer) -> AdmissionDecision {
        AdmissionDecision::Departs(comer.now)
    }
}

/// An attempt and the provider of its pool that it ended with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RoutedAttempt {
    /// The provider: the one that took it, or the last that did not.
    pub provider: usize,
    /// What has been agreed.
    pub terms: Terms,
    /// What became of it there.
    pub decision: AdmissionDecision,
    /// When it stops waiting for capacity.
    pub patience: Time,
    /// The permit of the provider's circuit, if it has one.
    pub permit: Option<Permit>,
}

impl RoutedAttempt {
    /// The attempt of this recipient as it comes to the provider.
    #[must_use]
    #[inline]
    pub const fn comer(&self, who: RecipientId) -> Comer {
        let Self { provider, terms, patience, permit, .. } = *self;
        Comer { who, provider, now: terms.submitted, patience, permit }
    }
}
