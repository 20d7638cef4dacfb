//! One recipient's delivery, as a driver sees it: a state machine of inputs and outputs.

use super::breaker::{Breakers, CallResult, Permission, Permit};
use super::flow::{Command, Flow, Submission};
use super::notice::{Notice, Observer, TurnedDown};
use super::plan::{FlowPlan, MAX_ATTEMPTS};
use super::pool::Routing;
use crate::status::{FlowStatus, Status};
use crate::units::Time;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// One recipient's delivery under a [`FlowPlan`]: the flow, the choice of provider, rejections, circuit breakers.
///
/// > At every moment at most one attempt is current; an attempt is with one provider at a time; every permit is answered once.
///
/// How to drive it:
///
/// 1. [`Delivery::start`] when the recipient's message is requested.
/// 2. Call [`Delivery::poll`] until it returns `None`: submit each [`Output::Submit`] to its provider, recall the attempt of each
///    [`Output::Cancel`] if possible, send each [`Output::Notify`] to its listeners.
/// 3. Pass inputs to [`Delivery::handle`] in order of time: a provider's report, a rejection, or an [`Input::Tick`] when
///    [`Delivery::wake_at`] has come. At equal times the tick goes last. Then poll again.
/// 4. After the end of the flow reports may still arrive: they change messages and inform breakers. The driver can drop the
///    delivery when [`Delivery::is_over`].
///
/// | input | possible effects |
/// | --- | --- |
/// | `Report` | the step succeeds, retries or moves on, or the flow ends; a breaker receives the first final report |
/// | `Rejected` | the next provider of the pool is tried; when none is left, the attempt has `failed` |
/// | `Waits`, `Departed` | none at once; a breaker does not count an attempt as missing while it is in the sender's own queue |
/// | `Tick` | the step's ttl, a retry, giving up; a breaker counts an attempt as missing |
///
/// A step with two gateways; the first rejects, the second delivers:
///
/// ```
/// use failsim::engine::{Breakers, Delivery, FlowPlan, Input, LateDelivery, Output, Pool, StepRules};
/// use failsim::units::{Span, Time};
/// use failsim::status::{FlowStatus, Status};
/// use std::sync::Arc;
///
/// let sms = StepRules::via(Pool::first_of(vec![0, 1]), "sms").with_ttl(Span::from_secs(60));
/// let plan = Arc::new(FlowPlan::new(vec![sms], LateDelivery::Finish, Span::UNLIMITED)?);
/// let (mut breakers, at) = (Breakers::default(), |s| Time::ZERO.after(Span::from_secs(s)));
///
/// let mut delivery = Delivery::start(plan, at(0), [0; 16], &mut breakers);
/// assert_eq!(delivery.poll(), Some(Output::Submit { attempt: 0, step: 0, provider: 0 }));
/// assert_eq!(delivery.wake_at(&breakers), Some(at(60)));
/// delivery.handle(at(1), Input::Rejected { attempt: 0, provider: 0 }, &mut breakers);
/// let submit = std::iter::from_fn(|| delivery.poll()).find(|output| matches!(output, Output::Submit { .. }));
/// assert_eq!(submit, Some(Output::Submit { attempt: 0, step: 0, provider: 1 }));
/// delivery.handle(at(5), Input::Report { attempt: 0, status: Status::Delivered }, &mut breakers);
/// assert_eq!(delivery.status(), FlowStatus::Succeeded);
/// # Ok::<(), failsim::engine::PlanError>(())
/// ```
///
/// A service that restarts saves [`Delivery::state`] and continues with [`Delivery::resume`].
#[derive(Clone, PartialEq, Debug)]
pub struct Delivery {
    plan: Arc<FlowPlan>,
    state: DeliveryState,
}

/// The whole state of a delivery, apart from its plan.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct DeliveryState {
    flow: Flow,
    /// For each attempt, the draw with which a weighted pool chooses.
    draws: [u32; MAX_ATTEMPTS],
    /// The route of the latest attempt.
    routing: Routing,
    /// For each attempt, its provider and its unanswered permit.
    calls: [Call; MAX_ATTEMPTS],
    outputs: VecDeque<Output>,
}

/// An attempt submitted to a provider.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Call {
    /// `None` while no provider has it.
    provider: Option<usize>,
    /// The permit that has not been answered yet.
    permit: Option<Permit>,
    /// When it departed; `None` while it waits in the sender's own queue.
    departed: Option<Time>,
}

/// An input to a delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Input {
    /// The provider reports a status of an attempt: a delivery receipt.
    Report {
        /// The attempt, as [`Output::Submit`] named it.
        attempt: u8,
        /// Its status.
        status: Status,
    },
    /// A provider rejects an attempt: it keeps no record of it and charges nothing.
    Rejected {
        /// The attempt.
        attempt: u8,
        /// The provider; a rejection by one that no longer has the attempt is ignored.
        provider: usize,
    },
    /// The attempt waits in the sender's own queue, for example for a free telephone line. Only for drivers that have such a queue.
    Waits {
        /// The attempt.
        attempt: u8,
    },
    /// The attempt that waited has departed for its provider.
    Departed {
        /// The attempt.
        attempt: u8,
    },
    /// Time has passed.
    Tick,
}

/// An action for the driver.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Output {
    /// Submit the message to this provider, now.
    Submit {
        /// The attempt's number, from 0, which identifies its reports.
        attempt: u8,
        /// The step, from 0; its rules state the validity.
        step: u8,
        /// The provider.
        provider: usize,
    },
    /// The step has stopped waiting for this attempt. Recall it if it has not departed yet; otherwise leave it: it may still be
    /// delivered.
    Cancel {
        /// The attempt.
        attempt: u8,
        /// The provider that has it.
        provider: usize,
    },
    /// Notify the listeners.
    Notify {
        /// When it happened.
        at: Time,
        /// What happened.
        notice: Notice,
    },
}

/// Why a state does not fit a plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum StateError {
    /// It has made no attempt, or more than a flow can make.
    Attempts,
    /// An attempt belongs to a step that the plan does not have.
    Step,
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Attempts => "the state has no attempt, or more than a flow can make",
            Self::Step => "the state has attempts of steps that the plan does not have",
        })
    }
}

impl Error for StateError {}

/// Turns notices into outputs.
struct Notes<'a>(&'a mut VecDeque<Output>);

impl Observer for Notes<'_> {
    fn notice(&mut self, now: Time, notice: Notice) {
        self.0.push_back(Output::Notify { at: now, notice });
    }
}

impl Delivery {
    /// Starts a delivery at `now` with the first submission of the first step. `draws` are uniform 32-bit numbers, one for each
    /// possible attempt: weighted pools use them to choose, others ignore them.
    pub fn start(plan: Arc<FlowPlan>, now: Time, draws: [u32; MAX_ATTEMPTS], breakers: &mut Breakers) -> Self {
        let (flow, command) = Flow::start(&plan, now);
        let state = DeliveryState {
            flow,
            draws,
            routing: Routing::default(),
            calls: [Call::default(); MAX_ATTEMPTS],
            outputs: VecDeque::new(),
        };
        let mut delivery = Self { plan, state };
        delivery.carry_out(now, command, breakers);
        delivery
    }

    /// Continues a delivery from a saved state. Its breakers are saved separately.
    ///
    /// # Errors
    /// [`StateError`] when the state cannot be one of this plan.
    pub fn resume(plan: Arc<FlowPlan>, state: DeliveryState) -> Result<Self, StateError> {
        let flow = &state.flow;
        if !(1..=MAX_ATTEMPTS).contains(&usize::from(flow.attempts())) {
            return Err(StateError::Attempts);
        }
        let has_step = |step: u8| usize::from(step) < plan.steps().len();
        let steps = (0..flow.attempts()).map(|attempt| flow.step_of(attempt)).chain([flow.step()]);
        if steps.into_iter().all(has_step) { Ok(Self { plan, state }) } else { Err(StateError::Step) }
    }

    /// The state to save.
    #[must_use]
    pub const fn state(&self) -> &DeliveryState {
        &self.state
    }

    /// The status of the flow, as the engine knows it.
    #[must_use]
    pub const fn status(&self) -> FlowStatus {
        self.state.flow.status()
    }

    /// The flow: its step, its attempts, their messages.
    #[must_use]
    pub const fn flow(&self) -> &Flow {
        &self.state.flow
    }

    /// The next action; `None` when there is nothing to do until the next input.
    pub fn poll(&mut self) -> Option<Output> {
        self.state.outputs.pop_front()
    }

    /// When the next [`Input::Tick`] is due; `None` when the delivery waits only for reports.
    #[must_use]
    pub fn wake_at(&self, breakers: &Breakers) -> Option<Time> {
        let missing = (0..self.state.flow.attempts()).filter_map(|attempt| self.missing_at(attempt, breakers));
        let wake = missing.fold(self.state.flow.deadline(), Time::min);
        (!wake.is_never()).then_some(wake)
    }

    /// Whether no input can have any effect except to change a message: the flow has ended, and no breaker waits for an answer.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.status() != FlowStatus::InProgress && self.state.calls.iter().all(|call| call.permit.is_none())
    }

    /// Applies an input at `now`. Times must not decrease.
    pub fn handle(&mut self, now: Time, input: Input, breakers: &mut Breakers) {
        match input {
            Input::Report { attempt, status } => self.report(now, attempt, status, breakers),
            Input::Rejected { attempt, provider } => self.rejected(now, attempt, provider, breakers),
            Input::Waits { attempt } => self.set_departed(attempt, None),
            Input::Departed { attempt } => self.set_departed(attempt, Some(now)),
            Input::Tick => self.tick(now, breakers),
        }
    }

    fn report(&mut self, now: Time, attempt: u8, status: Status, breakers: &mut Breakers) {
        if attempt >= self.state.flow.attempts() {
            return;
        }
        if status.is_final() {
            self.answer(now, attempt, status, breakers);
        }
        let command = self.state.flow.report(&self.plan, now, attempt, status, &mut Notes(&mut self.state.outputs));
        self.carry_out(now, command, breakers);
    }

    fn rejected(&mut self, now: Time, attempt: u8, provider: usize, breakers: &mut Breakers) {
        if self.call(attempt).is_none_or(|call| call.provider != Some(provider)) {
            return;
        }
        self.answer(now, attempt, Status::Failed, breakers);
        self.turned_down(now, attempt, provider, TurnedDown::Rejected);
        self.state.calls[usize::from(attempt)].provider = None;
        if self.state.flow.current_attempt() == Some(attempt) && self.state.flow.message(attempt).is_none() {
            self.route(now, attempt, breakers);
        } else {
            // The step has moved on, so no other provider is tried.
            self.report(now, attempt, Status::Failed, breakers);
        }
    }

    fn tick(&mut self, now: Time, breakers: &mut Breakers) {
        for attempt in 0..self.state.flow.attempts() {
            if self.missing_at(attempt, breakers).is_some_and(|at| at <= now) {
                self.tell(attempt, CallResult { at: now, failed: true }, breakers);
            }
        }
        if now < self.state.flow.deadline() {
            return;
        }
        let is_under_way = |attempt: &u8| !self.state.flow.message(*attempt).is_some_and(Status::is_delivery);
        let current = self.state.flow.current_attempt().filter(is_under_way);
        let command = self.state.flow.timeout(&self.plan, now, &mut Notes(&mut self.state.outputs));
        if let Some(attempt) = current {
            self.stop_waiting_for(now, attempt, breakers);
        }
        self.carry_out(now, command, breakers);
    }

    /// Asks the driver to cancel this attempt, because a deadline passed while it was under way. If it had not departed, its permit
    /// is answered as expired.
    fn stop_waiting_for(&mut self, now: Time, attempt: u8, breakers: &mut Breakers) {
        let Some(Call { provider: Some(provider), departed, .. }) = self.call(attempt).copied() else { return };
        self.state.outputs.push_back(Output::Cancel { attempt, provider });
        if departed.is_none() {
            self.answer(now, attempt, Status::Expired, breakers);
        }
    }

    fn carry_out(&mut self, now: Time, command: Command, breakers: &mut Breakers) {
        if let Command::Submit(Submission { attempt, .. }) = command {
            self.state.routing = Routing::new(self.state.draws[usize::from(attempt)]);
            self.route(now, attempt, breakers);
        }
    }

    /// Submits the attempt to the next provider of its pool that may have it; when there is none, the attempt fails.
    fn route(&mut self, now: Time, attempt: u8, breakers: &mut Breakers) {
        let step = self.state.flow.step_of(attempt);
        let plan = Arc::clone(&self.plan);
        while let Some(candidate) = self.state.routing.next(&plan.step(step).pool, breakers, now) {
            let provider = candidate.provider;
            self.state.flow.submitted_at_rank(candidate.rank);
            match candidate.permission {
                Permission::Denied => self.turned_down(now, attempt, provider, TurnedDown::NotPermitted),
                Permission::Granted(permit) => {
                    let call = Call { provider: Some(provider), permit, departed: Some(now) };
                    self.state.calls[usize::from(attempt)] = call;
                    self.state.outputs.push_back(Output::Submit { attempt, step, provider });
                    return;
                }
            }
        }
        self.report(now, attempt, Status::Failed, breakers);
    }

    fn turned_down(&mut self, now: Time, attempt: u8, provider: usize, why: TurnedDown) {
        let notice = Notice::TurnedDown { attempt, provider, why };
        self.state.outputs.push_back(Output::Notify { at: now, notice });
    }

    fn set_departed(&mut self, attempt: u8, departed: Option<Time>) {
        if let Some(call) = self.state.calls.get_mut(usize::from(attempt)) {
            call.departed = departed;
        }
    }

    fn call(&self, attempt: u8) -> Option<&Call> {
        self.state.calls.get(usize::from(attempt))
    }

    /// When a breaker counts the attempt as missing; `None` when no breaker waits for it.
    fn missing_at(&self, attempt: u8, breakers: &Breakers) -> Option<Time> {
        let Call { provider, permit, departed } = *self.call(attempt)?;
        let rules = breakers.rules(provider?)?;
        permit.and(departed).map(|departed| rules.missing_at(departed))
    }

    /// Records the first final status of an attempt.
    fn answer(&mut self, now: Time, attempt: u8, status: Status, breakers: &mut Breakers) {
        let provider = self.call(attempt).and_then(|call| call.provider);
        if let Some(result) = provider.and_then(|provider| breakers.rules(provider)).map(|r| r.result_of(now, status)) {
            self.tell(attempt, result, breakers);
        }
    }

    /// Answers the attempt's permit, if that has not been done.
    fn tell(&mut self, attempt: u8, result: CallResult, breakers: &mut Breakers) {
        let call = &mut self.state.calls[usize::from(attempt)];
        if let (Some(provider), Some(permit)) = (call.provider, call.permit.take()) {
            breakers.record(provider, permit, result);
        }
    }
}
