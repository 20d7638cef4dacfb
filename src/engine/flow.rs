//! One recipient's flow: a small state machine that takes reports and timeouts and returns submissions.

use super::notice::{Notice, Observer, StepEnd};
use super::plan::{FlowPlan, LateDelivery, StepRules};
use crate::status::{FailureCode, FlowStatus, Status};
use crate::units::{Span, Time};
use serde::{Deserialize, Serialize};

/// The state of one recipient's flow under a [`FlowPlan`].
///
/// > At every moment at most one attempt is current, and nothing is submitted once the flow has ended.
///
/// How to drive it:
///
/// 1. [`Flow::start`] at the recipient's arrival returns the flow and its first [`Command`].
/// 2. Carry out each command: on [`Command::Submit`] submit the message to the step's provider.
/// 3. Pass in events in order of time: a report to [`Flow::report`], or, when [`Flow::deadline`] is reached, [`Flow::timeout`]. At
///    equal times the report goes first. Each call returns the next command.
/// 4. After the flow has ended, reports may still be passed in: they change messages, never the flow.
///
/// | inputs | outputs | queries |
/// | --- | --- | --- |
/// | `start`, `report`, `timeout` | [`Command`], notices to an [`Observer`] | `deadline`, `status`, `step`, `message` |
///
/// With a first step of ttl 60 s on Viber and a second on sms, started at 0 s: `start` returns *submit attempt 0 of step 0*; the
/// deadline is 60 s; no report arrives, so `timeout` at 60 s returns *submit attempt 1 of step 1*; a `delivered` of attempt 1 at
/// 64 s ends the flow as succeeded. If Viber's `delivered` had arrived late, at 62 s, the flow would have ended then
/// ([`LateDelivery::Finish`]):
///
/// ```
/// use failsim::engine::{Command, Flow, FlowPlan, LateDelivery, Pool, StepRules, Submission};
/// use failsim::units::{Span, Time};
/// use failsim::status::{FlowStatus, Status};
///
/// let seconds = |s: i64| Time::ZERO.after(Span::from_secs(s));
/// let viber = StepRules::via(Pool::single(0), "viber").with_ttl(Span::from_secs(60));
/// let sms = StepRules::via(Pool::single(1), "sms").with_ttl(Span::from_secs(300));
/// let plan = FlowPlan::new(vec![viber, sms], LateDelivery::Finish, Span::UNLIMITED)?;
///
/// let (mut flow, command) = Flow::start(&plan, seconds(0));
/// assert_eq!(command, Command::Submit(Submission { attempt: 0, step: 0 }));
/// assert_eq!(flow.deadline(), seconds(60));
/// let command = flow.timeout(&plan, seconds(60), &mut ());
/// assert_eq!(command, Command::Submit(Submission { attempt: 1, step: 1 }));
/// assert_eq!(flow.report(&plan, seconds(64), 1, Status::Delivered, &mut ()), Command::End);
/// assert_eq!(flow.status(), FlowStatus::Succeeded);
/// # Ok::<(), failsim::engine::PlanError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Flow {
    /// The statuses of the attempts, four bits each; 0 where none is known.
    messages: u64,
    /// The step of each attempt, four bits each.
    attempt_steps: u64,
    /// For each attempt, the number of providers of its pool that turned it down before the current one, four bits each.
    ranks: u64,
    /// When the current step's ttl passes.
    step_deadline: Time,
    /// When the flow gives up.
    give_up: Time,
    /// When the step resubmits; [`Time::NEVER`] while an attempt is current.
    retry_at: Time,
    status: FlowStatus,
    step: u8,
    /// Attempts made so far, over all steps.
    attempts: u8,
    /// Attempts made so far by the current step.
    tries: u8,
}

/// The next action for the driver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Command {
    /// Wait for the next report or the deadline.
    Wait,
    /// Submit the message to the step's provider, now.
    Submit(Submission),
    /// The flow has just ended; there is nothing more to do.
    End,
}

/// A message to submit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Submission {
    /// The attempt's number, from 0, which identifies its reports.
    pub attempt: u8,
    /// The step, from 0.
    pub step: u8,
}

impl Flow {
    /// Starts a flow at `now` with the first submission of the first step.
    #[inline]
    pub fn start(plan: &FlowPlan, now: Time) -> (Self, Command) {
        let mut flow = Self {
            messages: 0,
            attempt_steps: 0,
            ranks: 0,
            step_deadline: Time::NEVER,
            give_up: now.after(plan.give_up_after()),
            retry_at: Time::NEVER,
            status: FlowStatus::InProgress,
            step: 0,
            attempts: 0,
            tries: 0,
        };
        let first = flow.enter_step(plan, now, 0);
        (flow, first)
    }

    /// The most attempts that may still be made: those of the current step, and of all that follow it.
    pub(super) fn attempts_to_come(&self, plan: &FlowPlan) -> usize {
        let (current, later) =
            plan.steps()[usize::from(self.step)..].split_first().map_or((0, 0), |(current, later)| {
                let later = later.iter().map(|rules| usize::from(rules.attempts)).sum();
                (usize::from(current.attempts.saturating_sub(self.tries)), later)
            });
        if self.status == FlowStatus::InProgress { current + later } else { 0 }
    }

    /// When [`Flow::timeout`] is due; [`Time::NEVER`] when the flow waits only for reports, or has ended.
    #[must_use]
    #[inline]
    pub fn deadline(&self) -> Time {
        match self.status {
            FlowStatus::InProgress => self.give_up.min(self.step_deadline).min(self.retry_at),
            _ => Time::NEVER,
        }
    }

    /// The status of the flow, as the engine knows it.
    #[must_use]
    #[inline]
    pub const fn status(&self) -> FlowStatus {
        self.status
    }

    /// The current step, or the one in which the flow ended.
    #[must_use]
    #[inline]
    pub const fn step(&self) -> u8 {
        self.step
    }

    /// The number of attempts made so far.
    #[must_use]
    #[inline]
    pub const fn attempts(&self) -> u8 {
        self.attempts
    }

    /// The attempt whose reports drive the flow: the latest, unless it has failed and waits for a retry, or the flow has ended.
    #[must_use]
    #[inline]
    pub fn current_attempt(&self) -> Option<u8> {
        let waiting = self.status == FlowStatus::InProgress && self.retry_at.is_never();
        waiting.then(|| self.attempts - 1)
    }

    /// The last known status of an attempt's message.
    #[must_use]
    pub fn message(&self, attempt: u8) -> Option<Status> {
        Status::from_u8(self.message_number(attempt))
    }

    /// The step that made `attempt`, which is below [`Flow::attempts`].
    #[must_use]
    #[inline]
    pub const fn step_of(&self, attempt: u8) -> u8 {
        self.step_of_attempt(attempt)
    }

    /// The number of providers in its step's pool that turned `attempt` down before the current one.
    #[must_use]
    #[inline]
    pub const fn rank_of(&self, attempt: u8) -> u8 {
        nibble(self.ranks, attempt)
    }

    /// Records that the latest attempt was submitted after `rank` providers of its pool had turned it down.
    #[inline]
    pub fn submitted_at_rank(&mut self, rank: u8) {
        let shift = 4 * (self.attempts - 1);
        self.ranks = self.ranks & !(15 << shift) | u64::from(rank & 15) << shift;
    }

    /// The first of these reports of `attempt`'s message, in order, that would end the flow as a late delivery once another attempt has been
    /// made; `None` if none would. A driver that needs only the end of a flow can drop all other reports of earlier attempts.
    #[must_use]
    #[inline]
    pub fn would_finish(
        &self,
        plan: &FlowPlan,
        attempt: u8,
        reports: impl IntoIterator<Item = Status>,
    ) -> Option<usize> {
        let rules = plan.step(self.step_of_attempt(attempt));
        let mut message = self.message_number(attempt);
        reports.into_iter().position(|status| {
            let is_news = rules.is_news(Status::from_u8(message), status);
            message = if is_news { status as u8 } else { message };
            is_news && is_late_success(plan, rules, status)
        })
    }

    /// The attempt whose message expires at `now` together with its step, whatever the provider reports later: under
    /// [`StepRules::expire_on_delivery`], when the ttl passes.
    #[must_use]
    #[inline]
    pub fn expiring(&self, plan: &FlowPlan, now: Time) -> Option<u8> {
        let attempt = self.attempts.checked_sub(1)?;
        let ttl_passes = self.status == FlowStatus::InProgress && self.step_deadline <= now && now < self.give_up;
        let is_over = self.message(attempt).is_some_and(Status::is_bad);
        (ttl_passes && !is_over && plan.step(self.step).expire_on_delivery).then_some(attempt)
    }

    /// Applies the provider's report that `attempt`'s message has `status`. Unknown attempts, known statuses and steps backwards
    /// have no effect.
    #[inline]
    pub fn report<O: Observer>(
        &mut self,
        plan: &FlowPlan,
        now: Time,
        attempt: u8,
        status: Status,
        watch: &mut O,
    ) -> Command {
        if attempt >= self.attempts {
            return Command::Wait;
        }
        let step = self.step_of_attempt(attempt);
        let rules = plan.step(step);
        if !rules.is_news(self.message(attempt), status) {
            return Command::Wait;
        }
        self.set_message(attempt, status);
        watch.notice(now, Notice::Message { attempt, step, status });
        if self.status != FlowStatus::InProgress {
            return Command::Wait;
        }
        if attempt + 1 == self.attempts {
            self.current_report(plan, now, status, watch)
        } else {
            self.late_report(plan, now, step, status, watch)
        }
    }

    /// Applies the deadline; has no effect before it. When several deadlines have passed, because the driver is late, giving up
    /// takes precedence over the ttl, and the ttl over a retry.
    #[inline]
    pub fn timeout<O: Observer>(&mut self, plan: &FlowPlan, now: Time, watch: &mut O) -> Command {
        if now < self.deadline() || self.status != FlowStatus::InProgress {
            return Command::Wait;
        }
        if now >= self.give_up {
            self.leave_step(now, StepEnd::GaveUp, watch);
            return self.end(now, FlowStatus::Failed(FailureCode::GaveUp), self.step, watch);
        }
        if now >= self.retry_at && now < self.step_deadline {
            return self.submit();
        }
        let end = if self.expire_message(plan, now, watch) { StepEnd::Bad(Status::Expired) } else { StepEnd::TimedOut };
        self.fail_over(plan, now, Status::Expired, end, watch)
    }

    /// Applies a new status of the latest attempt's message.
    #[inline]
    fn current_report<O: Observer>(&mut self, plan: &FlowPlan, now: Time, status: Status, watch: &mut O) -> Command {
        let rules = plan.step(self.step);
        if rules.success.met_by(status) {
            self.leave_step(now, StepEnd::Met(status), watch);
            return self.end(now, FlowStatus::Succeeded, self.step, watch);
        }
        if !status.is_bad() {
            return Command::Wait;
        }
        if status == Status::Failed && self.tries < rules.attempts {
            let wait = rules.wait_after(self.tries, watch.before_retry(self.attempts));
            if now.after(wait) < self.step_deadline.min(self.give_up) {
                return self.retry(wait, now);
            }
        }
        self.fail_over(plan, now, status, StepEnd::Bad(status), watch)
    }

    /// Applies a new status of an earlier attempt's message.
    #[inline]
    fn late_report<O: Observer>(
        &mut self,
        plan: &FlowPlan,
        now: Time,
        step: u8,
        status: Status,
        watch: &mut O,
    ) -> Command {
        if !is_late_success(plan, plan.step(step), status) {
            return Command::Wait;
        }
        self.leave_step(now, StepEnd::LateSuccess, watch);
        self.end(now, FlowStatus::Succeeded, step, watch)
    }

    fn retry(&mut self, wait: Span, now: Time) -> Command {
        if wait == Span::ZERO {
            return self.submit();
        }
        self.retry_at = now.after(wait);
        Command::Wait
    }

    /// Ends the step with the failure `status`, and moves on to the next step if the status is a trigger, there is a next step, and
    /// the flow has not reached its time to give up.
    #[inline]
    fn fail_over<O: Observer>(
        &mut self,
        plan: &FlowPlan,
        now: Time,
        status: Status,
        end: StepEnd,
        watch: &mut O,
    ) -> Command {
        self.leave_step(now, end, watch);
        let next = self.step + 1;
        if !plan.step(self.step).failover_on.contains(status) {
            return self.end(now, FlowStatus::Failed(FailureCode::FailoverNotTriggered), self.step, watch);
        }
        if usize::from(next) == plan.steps().len() {
            return self.end(now, FlowStatus::Failed(FailureCode::NoNextStep), self.step, watch);
        }
        if now >= self.give_up {
            return self.end(now, FlowStatus::Failed(FailureCode::GaveUp), self.step, watch);
        }
        self.enter_step(plan, now, next)
    }

    #[inline]
    fn enter_step(&mut self, plan: &FlowPlan, now: Time, step: u8) -> Command {
        self.step = step;
        self.tries = 0;
        self.step_deadline = now.after(plan.step(step).ttl);
        self.submit()
    }

    #[inline]
    fn submit(&mut self) -> Command {
        let attempt = self.attempts;
        self.attempts += 1;
        self.tries += 1;
        self.retry_at = Time::NEVER;
        self.attempt_steps |= u64::from(self.step) << (4 * attempt);
        Command::Submit(Submission { attempt, step: self.step })
    }

    #[inline]
    fn leave_step<O: Observer>(&mut self, now: Time, end: StepEnd, watch: &mut O) {
        watch.notice(now, Notice::Step { step: self.step, end });
    }

    #[inline]
    fn end<O: Observer>(&mut self, now: Time, status: FlowStatus, step: u8, watch: &mut O) -> Command {
        self.status = status;
        watch.notice(now, Notice::Flow { status, step });
        Command::End
    }

    /// Under `expire_on_delivery` the ttl ends the message together with the step: a message that has not been seen by then
    /// expires, delivered or not, and later reports of it are ignored. Returns whether it expired.
    #[inline]
    fn expire_message<O: Observer>(&mut self, plan: &FlowPlan, now: Time, watch: &mut O) -> bool {
        let Some(attempt) = self.expiring(plan, now) else { return false };
        self.set_message(attempt, Status::Expired);
        watch.notice(now, Notice::Message { attempt, step: self.step, status: Status::Expired });
        true
    }

    #[inline]
    const fn step_of_attempt(&self, attempt: u8) -> u8 {
        nibble(self.attempt_steps, attempt)
    }

    #[inline]
    const fn message_number(&self, attempt: u8) -> u8 {
        nibble(self.messages, attempt)
    }

    #[inline]
    fn set_message(&mut self, attempt: u8, status: Status) {
        let shift = 4 * attempt;
        self.messages = self.messages & !(15 << shift) | (status as u64) << shift;
    }
}

/// Whether a late report of `status` ends the flow; `rules` are those of the message's step.
#[inline]
fn is_late_success(plan: &FlowPlan, rules: &StepRules, status: Status) -> bool {
    plan.late_delivery() == LateDelivery::Finish && status.is_delivery() && rules.success.met_by(status)
}

/// The four bits of an attempt; 0 for one that no flow can make.
#[inline]
const fn nibble(bits: u64, attempt: u8) -> u8 {
    if attempt < 16 { (bits >> (4 * attempt)) as u8 & 15 } else { 0 }
}
