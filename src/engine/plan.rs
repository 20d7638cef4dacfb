//! What the engine is told beforehand: the rules of each step and of the whole flow.

use crate::units::SimTime;
use crate::vocabulary::{Status, StatusSet, SuccessFloor};

/// The most attempts one flow can make, over all its steps: the engine keeps four bits of state for each.
pub const MAX_ATTEMPTS: usize = 16;

/// What to wait for in one step, and what moves on to the next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StepRules {
    /// How long the engine waits in the step, from its first submission; [`SimTime::NEVER`] for no limit.
    pub ttl: SimTime,
    /// The statuses that move on to the next step.
    pub failover_on: StatusSet,
    /// The status from which on the step counts as successful.
    pub success: SuccessFloor,
    /// Whether a message that has not been seen when the ttl passes becomes `expired`, delivered or not: a `seen` that is reported
    /// later changes nothing. The success floor is then [`SuccessFloor::Seen`].
    ///
    /// Routee's `expireOnDelivery` turns a delivered message without `seen` into `EXPIRED` at the ttl; one that has not been delivered
    /// by then is expired by the ttl itself (<https://docs.routee.net/docs/failover-callbacks>).
    pub expire_on_delivery: bool,
    /// How many submissions the step makes at the most; at least 1.
    pub attempts: u8,
    /// How long to wait after the first `failed` before the next submission of the same step.
    pub retry_after: SimTime,
    /// After each further `failed` it is so many times as long as before (in millionths), rounded down; [`StepRules::STEADY`] for equal waits.
    pub backoff: u32,
}

/// What a delivery report does that comes after the flow has moved on from its step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum LateDelivery {
    /// It ends the flow as succeeded.
    #[default]
    Finish,
    /// It changes the message's status, not the flow.
    Ignore,
}

/// The rules of a flow: its steps in order, at least one, with at most [`MAX_ATTEMPTS`] attempts in all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FlowPlan {
    /// The steps, in the order in which they are tried.
    pub steps: Vec<StepRules>,
    /// What late delivery reports do.
    pub late_delivery: LateDelivery,
    /// The flow ends as failed this long after its start, whatever it is waiting for; [`SimTime::NEVER`] for no bound.
    pub give_up_after: SimTime,
}

impl StepRules {
    /// Every wait is as long as the one before.
    pub const STEADY: u32 = 1_000_000;

    /// How long to wait before the next submission once this many have failed.
    #[inline]
    pub(super) fn wait_after(&self, tries: u8) -> SimTime {
        if self.backoff == Self::STEADY { self.retry_after } else { self.backed_off(tries) }
    }

    fn backed_off(&self, tries: u8) -> SimTime {
        let times = i128::from(self.backoff);
        let longer = |wait: i64, _| i64::try_from(i128::from(wait) * times / 1_000_000).unwrap_or(i64::MAX);
        SimTime::from_micros((1..tries).fold(self.retry_after.as_micros(), longer))
    }

    /// The longest wait between two of its submissions: that before the last.
    #[must_use]
    pub fn longest_wait(&self) -> SimTime {
        if self.attempts > 1 { self.wait_after(self.attempts - 1) } else { SimTime::ZERO }
    }

    /// The statuses that move on to the next step on `channel` when a plan does not say.
    ///
    /// Viber: Routee's documented default
    /// (<https://docs.routee.net/reference/send-a-transactional-failover-message>). Sms: Routee's `undelivered, failed`,
    /// and `expired`, which Routee reports as undelivered with the detailed status "Expired"
    /// (<https://docs.routee.net/docs/statuses-callbacks>). Voice: Routee's `busy, no_answer`, and `failed`, on which its
    /// published truth table moves on (<https://docs.routee.net/docs/failover-statuses>). Any other channel: as Viber.
    #[must_use]
    pub fn default_failover_on(channel: &str) -> StatusSet {
        match channel {
            "voice" => StatusSet::of(&[Status::Busy, Status::NoAnswer, Status::Failed]),
            _ => StatusSet::of(&[Status::Undelivered, Status::Failed, Status::Expired]),
        }
    }

    /// The ttl on `channel` when a plan does not say: Routee's documented defaults, 10 minutes for Viber and 1200 minutes
    /// for sms (<https://docs.routee.net/docs/failover-callbacks>); no limit on any other channel.
    #[must_use]
    pub fn default_ttl(channel: &str) -> SimTime {
        match channel {
            "viber" => SimTime::from_micros(10 * 60 * 1_000_000),
            "sms" => SimTime::from_micros(1200 * 60 * 1_000_000),
            _ => SimTime::NEVER,
        }
    }
}
