//! Notices for observers of a flow: the changes that webhooks carry.

use crate::status::{FlowStatus, Status};
use crate::units::{Span, Time};
use serde::{Deserialize, Serialize};

/// A change of a message, of a step, or of the flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Notice {
    /// A message has a new status.
    Message {
        /// The attempt.
        attempt: u8,
        /// The step that made the attempt.
        step: u8,
        /// The new status.
        status: Status,
    },
    /// The flow has left a step.
    Step {
        /// The step.
        step: u8,
        /// How it ended.
        end: StepEnd,
    },
    /// A provider of the step's pool does not take an attempt; the next one is tried, if there is one. Only a [`Delivery`] sends
    /// this notice.
    ///
    /// [`Delivery`]: super::Delivery
    TurnedDown {
        /// The attempt.
        attempt: u8,
        /// The provider.
        provider: usize,
        /// Why.
        why: TurnedDown,
    },
    /// The flow has ended.
    Flow {
        /// Succeeded or failed.
        status: FlowStatus,
        /// The step that ended it.
        step: u8,
    },
}

/// Why a provider does not take an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TurnedDown {
    /// It rejected the attempt.
    Rejected,
    /// Its circuit is open.
    NotPermitted,
}

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum StepEnd {
    /// A status at or above its success floor was reported: the flow succeeded here.
    Met(Status),
    /// Its message failed: by a report, or at the ttl when delivered but not seen under `expire_on_delivery`.
    Bad(Status),
    /// Its ttl passed, which says nothing about its message; counts as `expired`.
    TimedOut,
    /// A late delivery of an earlier step ended the flow.
    LateSuccess,
    /// The flow's `give_up_after` passed.
    GaveUp,
}

/// What a flow needs to know from its driver before it waits for a retry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RetryAdvice {
    /// A uniform 32-bit draw for the attempt to come: only rules with jitter use it. It may be the one with which a weighted pool chooses.
    pub draw: u32,
    /// How long the provider that rejected the failed attempt asked to wait (`Retry-After`); zero if it did not.
    pub hint: Span,
}

impl RetryAdvice {
    /// No hint, and the draw 0.
    pub const NONE: Self = Self { draw: 0, hint: Span::ZERO };
}

/// An observer of a flow, which also answers what the flow asks. The unit type ignores all notices at no cost.
pub trait Observer {
    /// Called at each change, in order.
    fn notice(&mut self, now: Time, notice: Notice);

    /// Called before the flow decides how long to wait for a retry: `attempt` is the one to come.
    #[inline]
    fn before_retry(&mut self, _attempt: u8) -> RetryAdvice {
        RetryAdvice::NONE
    }
}

impl Observer for () {
    #[inline]
    fn notice(&mut self, _: Time, _: Notice) {}
}

/// Which notices a webhook carries; the names are Routee's (<https://docs.routee.net/docs/failover-callbacks>).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Strategy {
    /// Every change of a message or of the flow.
    OnChange,
    /// Only the end of the flow.
    OnCompletion,
}

impl Strategy {
    /// Every strategy.
    pub const ALL: [Self; 2] = [Self::OnChange, Self::OnCompletion];

    /// Whether a webhook with this strategy carries `notice`. The end of a step is carried only when no change of a message shows
    /// it: when the ttl passed.
    #[must_use]
    pub const fn carries(self, notice: &Notice) -> bool {
        match self {
            Self::OnChange => match notice {
                Notice::Step { end, .. } => matches!(end, StepEnd::TimedOut),
                Notice::TurnedDown { .. } => false,
                Notice::Message { .. } | Notice::Flow { .. } => true,
            },
            Self::OnCompletion => matches!(notice, Notice::Flow { .. }),
        }
    }

    /// The word used in output.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::OnChange => "on_change",
            Self::OnCompletion => "on_completion",
        }
    }
}
