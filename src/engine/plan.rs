//! The rules that the engine follows: those of each step and of the whole flow.

use super::notice::RetryAdvice;
use super::pool::{MAX_MEMBERS, Pool};
use crate::status::{Status, StatusSet, SuccessFloor};
use crate::units::Span;
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::fmt;

/// The maximum number of attempts in one flow, over all its steps: the engine keeps four bits of state for each.
pub const MAX_ATTEMPTS: usize = 16;

/// The longest wait between two submissions of a step without a ttl: 366 days.
const MAX_WAIT: Span = Span::from_secs(366 * 86_400);

/// One step: the providers for its attempts, how long to wait, and which statuses trigger failover.
///
/// [`StepRules::via`] returns the usual rules; change those that differ.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct StepRules {
    /// The providers to choose from.
    pub pool: Pool,
    /// How long the provider itself keeps trying, from each submission; [`Span::UNLIMITED`] for no limit.
    pub validity: Span,
    /// How long the engine waits in the step, from its first submission; [`Span::UNLIMITED`] for no limit.
    pub ttl: Span,
    /// The statuses that trigger failover to the next step.
    pub failover_on: StatusSet,
    /// The status from which on the step counts as successful.
    pub success: SuccessFloor,
    /// Whether a message that has not been seen when the ttl passes becomes `expired`, delivered or not: a `seen` that is reported
    /// later has no effect. The success floor is then [`SuccessFloor::Seen`].
    ///
    /// Routee's `expireOnDelivery` turns a delivered message without `seen` into `EXPIRED` at the ttl; one that has not been
    /// delivered by then is expired by the ttl itself (<https://docs.routee.net/docs/failover-callbacks>).
    pub expire_on_delivery: bool,
    /// The maximum number of submissions by the step; at least 1.
    pub attempts: u8,
    /// The wait after the first `failed` before the next submission of the same step.
    pub retry_after: Span,
    /// The factor by which each further wait grows, in millionths, rounded down; [`StepRules::STEADY`] for equal waits.
    pub backoff: u32,
    /// How much each wait varies at random, in millionths of it: uniformly from (1 - jitter) to (1 + jitter) times the wait; at most
    /// [`StepRules::STEADY`].
    pub jitter: u32,
}

impl StepRules {
    /// Whether a report of `new` changes what is known of a message of this step, given its last known status.
    ///
    /// A status never returns to a lower rank, and a failure is final. A delivered message cannot fail, with one exception: under
    /// `expire_on_delivery` it may expire unseen.
    #[must_use]
    #[inline]
    pub fn is_news(&self, known: Option<Status>, new: Status) -> bool {
        let Some(known) = known else { return true };
        if known.is_bad() {
            return false;
        }
        if new.is_bad() && known.is_delivery() {
            return new == Status::Expired && known != Status::Seen && self.expire_on_delivery;
        }
        new.rank() > known.rank()
    }
}

/// The effect of a delivery report that arrives after the flow has moved on from its step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LateDelivery {
    /// It ends the flow as succeeded.
    #[default]
    Finish,
    /// It changes the message's status, not the flow.
    Ignore,
}

/// The rules of a flow, validated on construction: a flow that follows a plan cannot meet an invalid rule.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct FlowPlan {
    steps: Vec<StepRules>,
    late_delivery: LateDelivery,
    give_up_after: Span,
}

/// A plan as serialised, before validation.
#[derive(Deserialize)]
struct Unchecked {
    steps: Vec<StepRules>,
    late_delivery: LateDelivery,
    give_up_after: Span,
}

impl TryFrom<Unchecked> for FlowPlan {
    type Error = PlanError;

    fn try_from(Unchecked { steps, late_delivery, give_up_after }: Unchecked) -> Result<Self, PlanError> {
        Self::new(steps, late_delivery, give_up_after)
    }
}

/// Why rules do not form a valid plan. Steps are numbered from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PlanError {
    /// There are no steps.
    NoSteps,
    /// The steps make more than [`MAX_ATTEMPTS`] attempts together.
    TooManyAttempts(usize),
    /// A step makes no attempts.
    NoAttempts(usize),
    /// A step has no provider, more than [`MAX_MEMBERS`], or one of them twice.
    Pool(usize),
    /// A weight is not a number above 0.
    Weight(usize),
    /// A span is negative.
    NegativeSpan(usize),
    /// The flow gives up before it starts.
    NegativeGiveUpAfter,
    /// A jitter above 1.
    Jitter(usize),
    /// `expire_on_delivery` without the floor `seen`.
    ExpiresUnseen(usize),
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSteps => f.write_str("a plan needs at least one step"),
            Self::TooManyAttempts(all) => {
                write!(f, "the steps make up to {all} attempts together, expected at most {MAX_ATTEMPTS}")
            }
            Self::NoAttempts(step) => write!(f, "step {} makes no attempt", step + 1),
            Self::Pool(step) => {
                write!(f, "step {} needs 1 to {MAX_MEMBERS} providers, each of them once", step + 1)
            }
            Self::Weight(step) => write!(f, "step {} has a weight that is not a number above 0", step + 1),
            Self::NegativeSpan(step) => write!(f, "step {} has a negative span", step + 1),
            Self::Jitter(step) => write!(f, "step {} has a jitter above 1", step + 1),
            Self::NegativeGiveUpAfter => f.write_str("the flow gives up before it starts"),
            Self::ExpiresUnseen(step) => {
                write!(f, "step {}: `expire_on_delivery` needs the success floor `seen`", step + 1)
            }
        }
    }
}

impl Error for PlanError {}

impl FlowPlan {
    /// The plan with these steps, in the order in which they are tried. The flow ends as failed `give_up_after` its start, whatever
    /// it is waiting for; [`Span::UNLIMITED`] for no bound.
    ///
    /// # Errors
    /// [`PlanError`] when the rules are invalid.
    pub fn new(steps: Vec<StepRules>, late_delivery: LateDelivery, give_up_after: Span) -> Result<Self, PlanError> {
        let attempts = steps.iter().map(|rules| usize::from(rules.attempts)).sum();
        if steps.is_empty() {
            return Err(PlanError::NoSteps);
        }
        if attempts > MAX_ATTEMPTS {
            return Err(PlanError::TooManyAttempts(attempts));
        }
        if give_up_after < Span::ZERO {
            return Err(PlanError::NegativeGiveUpAfter);
        }
        steps.iter().enumerate().try_for_each(|(step, rules)| rules.check(step))?;
        Ok(Self { steps, late_delivery, give_up_after })
    }

    /// The steps, in the order in which they are tried: from 1 to [`MAX_ATTEMPTS`].
    #[must_use]
    #[inline]
    pub fn steps(&self) -> &[StepRules] {
        &self.steps
    }

    /// The rules of a step, from 0.
    ///
    /// # Panics
    /// When there is no step with this number.
    #[must_use]
    #[inline]
    pub fn step(&self, step: u8) -> &StepRules {
        &self.steps[usize::from(step)]
    }

    /// The effect of late delivery reports.
    #[must_use]
    #[inline]
    pub const fn late_delivery(&self) -> LateDelivery {
        self.late_delivery
    }

    /// The time from its start after which the flow ends as failed, whatever it is waiting for.
    #[must_use]
    #[inline]
    pub const fn give_up_after(&self) -> Span {
        self.give_up_after
    }

    /// The same plan with this rule for late deliveries.
    #[must_use]
    pub fn with_late_delivery(self, late_delivery: LateDelivery) -> Self {
        Self { late_delivery, ..self }
    }

    /// The same plan with this time to give up.
    ///
    /// # Errors
    /// [`PlanError::NegativeGiveUpAfter`].
    pub fn with_give_up_after(self, give_up_after: Span) -> Result<Self, PlanError> {
        Self::new(self.steps, self.late_delivery, give_up_after)
    }

    /// The same plan with each pool in the order of these prices, where its order is that of prices.
    #[must_use]
    pub fn at_prices<P: Ord>(&self, price: impl Fn(&usize) -> P) -> Self {
        let at_prices = |rules: &StepRules| StepRules { pool: rules.pool.at_prices(&price), ..rules.clone() };
        Self { steps: self.steps.iter().map(at_prices).collect(), ..*self }
    }

    /// The same plan with other steps.
    ///
    /// # Errors
    /// [`PlanError`] when the steps are invalid.
    pub fn with_steps(self, steps: Vec<StepRules>) -> Result<Self, PlanError> {
        Self::new(steps, self.late_delivery, self.give_up_after)
    }
}

/// A bijection that leaves no trace of the draw: a weighted pool chooses by the same one. (The finalizer of MurmurHash3.)
const fn mix(draw: u32) -> u32 {
    let draw = (draw ^ draw >> 16).wrapping_mul(0x85eb_ca6b);
    let draw = (draw ^ draw >> 13).wrapping_mul(0xc2b2_ae35);
    draw ^ draw >> 16
}

impl StepRules {
    /// The backoff factor for equal waits.
    pub const STEADY: u32 = 1_000_000;

    /// A step over these providers with the default rules: one attempt, success at `delivered`, the default ttl and triggers of the
    /// `channel`, and a validity equal to the ttl.
    #[must_use]
    pub fn via(pool: Pool, channel: &str) -> Self {
        let ttl = Self::default_ttl(channel);
        Self {
            pool,
            validity: ttl,
            ttl,
            failover_on: Self::default_failover_on(channel),
            success: SuccessFloor::Delivered,
            expire_on_delivery: false,
            attempts: 1,
            retry_after: Span::ZERO,
            backoff: Self::STEADY,
            jitter: 0,
        }
    }

    /// The same step with this ttl, and a validity equal to it.
    #[must_use]
    pub fn with_ttl(self, ttl: Span) -> Self {
        Self { ttl, validity: ttl, ..self }
    }

    /// Checks the rules of the step with this number.
    fn check(&self, step: usize) -> Result<(), PlanError> {
        if self.attempts == 0 {
            return Err(PlanError::NoAttempts(step));
        }
        self.check_pool(step)?;
        if [self.validity, self.ttl, self.retry_after].iter().any(|&span| span < Span::ZERO) {
            return Err(PlanError::NegativeSpan(step));
        }
        if self.jitter > Self::STEADY {
            return Err(PlanError::Jitter(step));
        }
        if self.expire_on_delivery && self.success != SuccessFloor::Seen {
            return Err(PlanError::ExpiresUnseen(step));
        }
        Ok(())
    }

    fn check_pool(&self, step: usize) -> Result<(), PlanError> {
        let (members, weights) = (self.pool.members(), self.pool.weights());
        let is_repeated = |(place, member): (usize, &usize)| members[..place].contains(member);
        if !(1..=MAX_MEMBERS).contains(&members.len()) || members.iter().enumerate().any(is_repeated) {
            return Err(PlanError::Pool(step));
        }
        let is_weight = |weight: &f64| weight.is_finite() && *weight > 0.0;
        let has_all = weights.is_empty() || weights.len() == members.len();
        if has_all && weights.iter().all(is_weight) { Ok(()) } else { Err(PlanError::Weight(step)) }
    }

    /// The wait before the next submission after this many have failed: at least as long as the provider asked for.
    #[inline]
    pub(super) fn wait_after(&self, tries: u8, RetryAdvice { draw, hint }: RetryAdvice) -> Span {
        let wait = self.usual_wait(tries);
        let wait = if self.jitter == 0 { wait } else { self.jittered(wait, draw) };
        wait.max(hint)
    }

    /// The wait before the next submission after this many have failed, without jitter and whatever the provider asked for.
    #[must_use]
    pub fn usual_wait(&self, tries: u8) -> Span {
        if self.backoff == Self::STEADY { self.retry_after } else { self.backed_off(tries) }
    }

    /// A wait between (1 - jitter) and (1 + jitter) times `wait`.
    fn jittered(&self, wait: Span, draw: u32) -> Span {
        let spread = (u64::from(self.jitter) * 2 * u64::from(mix(draw))) >> 32;
        let factor = i128::from(Self::STEADY - self.jitter) + i128::from(spread);
        let micros = i128::from(wait.as_micros()) * factor / i128::from(Self::STEADY);
        Span::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    fn backed_off(&self, tries: u8) -> Span {
        let times = i128::from(self.backoff);
        let longer = |wait: i64, _| i64::try_from(i128::from(wait) * times / 1_000_000).unwrap_or(i64::MAX);
        Span::from_micros((1..tries).fold(self.retry_after.as_micros(), longer))
    }

    /// Whether its waits between submissions are not longer than 366 days, unless a ttl ends them before.
    #[must_use]
    pub fn has_valid_waits(&self) -> bool {
        !self.ttl.is_unlimited() || self.longest_wait() <= MAX_WAIT
    }

    /// The longest wait between two of its submissions that no provider asked for: the one before the last.
    #[must_use]
    pub fn longest_wait(&self) -> Span {
        let wait = if self.attempts > 1 { self.usual_wait(self.attempts - 1) } else { Span::ZERO };
        let longest = i128::from(wait.as_micros()) * i128::from(Self::STEADY + self.jitter) / i128::from(Self::STEADY);
        Span::from_micros(i64::try_from(longest).unwrap_or(i64::MAX))
    }

    /// The statuses that trigger failover by default on `channel`.
    ///
    /// Viber: Routee's documented default (<https://docs.routee.net/reference/send-a-transactional-failover-message>). Sms:
    /// Routee's `undelivered, failed`, and `expired`, which Routee reports as undelivered with the detailed status "Expired"
    /// (<https://docs.routee.net/docs/statuses-callbacks>). Voice: Routee's `busy, no_answer`, and `failed`, which triggers
    /// failover in its published truth table (<https://docs.routee.net/docs/failover-statuses>), and `machine`, which Routee does not
    /// have. Any other channel: as Viber.
    #[must_use]
    pub fn default_failover_on(channel: &str) -> StatusSet {
        match channel {
            "voice" => StatusSet::of(&[Status::Busy, Status::NoAnswer, Status::Machine, Status::Failed]),
            _ => StatusSet::of(&[Status::Undelivered, Status::Failed, Status::Expired]),
        }
    }

    /// The default ttl on `channel`: Routee's documented defaults, 10 minutes for Viber and 1200 minutes for sms
    /// (<https://docs.routee.net/docs/failover-callbacks>); no limit on any other channel.
    #[must_use]
    pub fn default_ttl(channel: &str) -> Span {
        match channel {
            "viber" => Span::from_micros(10 * 60 * 1_000_000),
            "sms" => Span::from_micros(1200 * 60 * 1_000_000),
            _ => Span::UNLIMITED,
        }
    }
}
