//! When an attempt departs, if it does.

use crate::provider::Admission;
use crate::units::Time;

/// When an attempt departs from a queue, in eight bytes: one is kept for each recipient.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Departure(i64);

impl Departure {
    /// The queue was full.
    pub(super) const REJECTED: Self = Self(i64::MIN);
    /// Its patience ended while it waited, or it waits without end.
    pub(super) const EXPIRED: Self = Self(i64::MAX);

    /// Departs at this time, at once or after a wait.
    pub(super) const fn at(at: Time) -> Self {
        Self(at.as_micros())
    }

    /// When it departs; `None` if it does not.
    #[inline]
    pub(super) fn time(self) -> Option<Time> {
        (self != Self::REJECTED && self != Self::EXPIRED).then_some(Time::from_micros(self.0))
    }
}

/// Of an attempt that waits it is not known yet: until it departs, it is marked as expired.
impl From<Admission> for Departure {
    #[inline]
    fn from(admission: Admission) -> Self {
        match admission {
            Admission::Departs(at) => Self::at(at),
            Admission::Rejected => Self::REJECTED,
            Admission::Expires | Admission::Waits => Self::EXPIRED,
        }
    }
}
