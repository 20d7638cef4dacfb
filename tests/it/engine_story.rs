//! A small DSL for engine tests: scripted flows on a virtual clock, in seconds.

use failsim::engine::{
    Command, Flow, FlowPlan, LateDelivery, Notice, Observer, Pool, StepEnd, StepRules, Strategy, Submission,
};
use failsim::status::{FailureCode, FlowStatus, Status, StatusSet, SuccessFloor};
use failsim::units::{Span, Time};

/// The time `count` seconds after the start.
pub(crate) const fn seconds(count: i64) -> Time {
    Time::from_micros(count * 1_000_000)
}

/// A span of this many seconds.
pub(crate) const fn span(seconds: i64) -> Span {
    Span::from_secs(seconds)
}

/// A step on `channel` with its default triggers, no ttl, one attempt, and success at `delivered`.
pub(crate) fn step(channel: &str) -> Step {
    Step(StepRules::via(Pool::single(0), channel).with_ttl(Span::UNLIMITED))
}

pub(crate) fn viber() -> Step {
    step("viber")
}

pub(crate) fn sms() -> Step {
    step("sms")
}

pub(crate) fn voice() -> Step {
    step("voice")
}

/// Builds [`StepRules`].
#[derive(Clone)]
pub(crate) struct Step(StepRules);

impl Step {
    pub(crate) fn ttl(mut self, seconds: i64) -> Self {
        self.0.ttl = span(seconds);
        self
    }

    pub(crate) fn failover_on(mut self, triggers: &[Status]) -> Self {
        self.0.failover_on = StatusSet::of(triggers);
        self
    }

    pub(crate) fn success(mut self, floor: SuccessFloor) -> Self {
        self.0.success = floor;
        self
    }

    /// Delivery is not enough: a message not seen by the end of the ttl expires.
    pub(crate) fn expire_on_delivery(mut self) -> Self {
        self.0.expire_on_delivery = true;
        self.success(SuccessFloor::Seen)
    }

    pub(crate) fn attempts(mut self, count: u8, retry_after: i64) -> Self {
        self.0.attempts = count;
        self.0.retry_after = span(retry_after);
        self
    }

    /// Each further wait is this many times as long as the previous one.
    pub(crate) fn backoff(mut self, times: u32) -> Self {
        self.0.backoff = times * StepRules::STEADY;
        self
    }
}

/// A plan of these steps, in which a late delivery finishes the flow and which never gives up.
pub(crate) fn plan<const N: usize>(steps: [Step; N]) -> Plan {
    let steps = steps.into_iter().map(|step| step.0).collect();
    Plan { steps, late_delivery: LateDelivery::default(), give_up_after: Span::UNLIMITED }
}

/// Builds a [`FlowPlan`].
#[derive(Clone)]
pub(crate) struct Plan {
    steps: Vec<StepRules>,
    late_delivery: LateDelivery,
    give_up_after: Span,
}

impl Plan {
    pub(crate) fn ignoring_late_deliveries(mut self) -> Self {
        self.late_delivery = LateDelivery::Ignore;
        self
    }

    pub(crate) fn give_up_after(mut self, seconds: i64) -> Self {
        self.give_up_after = span(seconds);
        self
    }

    /// Starts the flow at 0 s with attempt 0 of step 0.
    pub(crate) fn start(self) -> ScriptedFlow {
        self.start_at(0)
    }

    pub(crate) fn start_at(self, time: i64) -> ScriptedFlow {
        let plan = FlowPlan::new(self.steps, self.late_delivery, self.give_up_after).expect("a valid plan");
        let (flow, first) = Flow::start(&plan, seconds(time));
        assert_eq!(first, Command::Submit(Submission { attempt: 0, step: 0 }), "how the flow starts");
        ScriptedFlow { plan, flow, now: time, notices: Notices::default() }
    }
}

/// The notices of a flow with their times [s], in order.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Notices(Vec<(i64, Notice)>);

impl Observer for Notices {
    fn notice(&mut self, now: Time, notice: Notice) {
        self.0.push((now.as_micros() / 1_000_000, notice));
    }
}

/// One flow on a virtual clock, its plan, and its notices so far.
#[derive(Clone)]
pub(crate) struct ScriptedFlow {
    plan: FlowPlan,
    pub(crate) flow: Flow,
    now: i64,
    notices: Notices,
}

impl ScriptedFlow {
    /// Advances the clock to `time` [s]; no deadline may be earlier.
    pub(crate) fn at(&mut self, time: i64) -> &mut Self {
        assert!(time >= self.now, "the clock at {} s cannot go back to {time} s", self.now);
        let deadline = self.flow.deadline();
        assert!(deadline >= seconds(time), "the deadline at {deadline} comes before {time} s");
        self.at_unchecked(time)
    }

    /// Advances the clock to `time` [s], even past the deadline, as with a slow driver.
    pub(crate) fn at_unchecked(&mut self, time: i64) -> &mut Self {
        self.now = time;
        self
    }

    /// The provider reports that the message of `attempt` has `status`.
    pub(crate) fn report(&mut self, attempt: u8, status: Status) -> Reply<'_> {
        self.reply(|flow, plan, now, notices| flow.report(plan, now, attempt, status, notices))
    }

    /// As [`ScriptedFlow::report`], without an observer; returns the flow afterwards.
    pub(crate) fn report_unwatched(&mut self, attempt: u8, status: Status) -> Flow {
        let _ = self.flow.report(&self.plan, seconds(self.now), attempt, status, &mut ());
        self.flow
    }

    /// The timer fires.
    pub(crate) fn timeout(&mut self) -> Reply<'_> {
        self.reply(|flow, plan, now, notices| flow.timeout(plan, now, notices))
    }

    fn reply(&mut self, tell: impl FnOnce(&mut Flow, &FlowPlan, Time, &mut Notices) -> Command) -> Reply<'_> {
        let (before, notices_before) = (self.flow, self.notices.0.len());
        let command = tell(&mut self.flow, &self.plan, seconds(self.now), &mut self.notices);
        Reply { script: self, before, notices_before, command }
    }

    /// Asserts that the next timer is due at `time` [s].
    pub(crate) fn is_due_at(&self, time: i64) -> &Self {
        assert_eq!(self.flow.deadline(), seconds(time), "when the next timer is due");
        self
    }

    /// Asserts that the flow is in progress and has no timer.
    pub(crate) fn waits_only_for_reports(&self) -> &Self {
        assert_eq!((self.flow.status(), self.flow.deadline()), (FlowStatus::InProgress, Time::NEVER));
        self
    }

    /// Asserts that `status` is the last known one of `attempt`.
    pub(crate) fn has_status(&self, attempt: u8, status: Status) -> &Self {
        assert_eq!(self.flow.message(attempt), Some(status), "the status of attempt {attempt}");
        self
    }

    /// The notices that a webhook with this strategy would have sent so far.
    pub(crate) fn sent_by(&self, strategy: Strategy) -> Vec<(i64, Notice)> {
        self.notices.0.iter().copied().filter(|(_, notice)| strategy.carries(notice)).collect()
    }

    /// All notices so far, with their times [s].
    pub(crate) fn notices(&self) -> &[(i64, Notice)] {
        &self.notices.0
    }
}

/// The engine's reaction to a report or a timer. Every reply must be checked.
#[must_use]
pub(crate) struct Reply<'a> {
    script: &'a mut ScriptedFlow,
    before: Flow,
    notices_before: usize,
    command: Command,
}

impl<'a> Reply<'a> {
    /// Asserts that the input was ignored.
    pub(crate) fn changes_nothing(self) -> &'a mut ScriptedFlow {
        assert_eq!(self.command, Command::Wait);
        assert_eq!(self.script.flow, self.before, "the flow should be as it was");
        assert_eq!(self.script.notices.0.len(), self.notices_before, "there should be no new notice");
        self.script
    }

    pub(crate) fn command(&self) -> Command {
        self.command
    }

    /// Asserts that the flow has changed, and that the command is [`Command::Wait`].
    pub(crate) fn keeps_waiting(self) -> &'a mut ScriptedFlow {
        assert_eq!(self.command, Command::Wait);
        assert_ne!(self.script.flow, self.before, "something should have changed");
        self.script
    }

    /// Asserts that the command is to submit this attempt of this step.
    pub(crate) fn submits(self, attempt: u8, step: u8) -> &'a mut ScriptedFlow {
        assert_eq!(self.command, Command::Submit(Submission { attempt, step }));
        assert_eq!(self.script.flow.current_attempt(), Some(attempt));
        assert_eq!(self.script.flow.step(), step);
        self.script
    }

    pub(crate) fn succeeds(self) -> &'a mut ScriptedFlow {
        self.ends(FlowStatus::Succeeded)
    }

    pub(crate) fn fails(self, code: FailureCode) -> &'a mut ScriptedFlow {
        self.ends(FlowStatus::Failed(code))
    }

    fn ends(self, status: FlowStatus) -> &'a mut ScriptedFlow {
        assert_eq!((self.command, self.script.flow.status()), (Command::End, status));
        assert_eq!(self.script.flow.current_attempt(), None);
        assert!(self.script.flow.deadline().is_never(), "no timer after the end");
        self.script
    }
}

/// A message notice.
pub(crate) const fn message(attempt: u8, step: u8, status: Status) -> Notice {
    Notice::Message { attempt, step, status }
}

/// A notice that a step has ended.
pub(crate) const fn step_ended(step: u8, end: StepEnd) -> Notice {
    Notice::Step { step, end }
}

/// A notice that the flow has ended.
pub(crate) const fn flow_ended(step: u8, status: FlowStatus) -> Notice {
    Notice::Flow { status, step }
}
