//! One recipient's delivery, as a driver sees it: a state machine of inputs and outputs.

use super::breaker::{Breakers, CallResult, Permission, Permit};
use super::flow::{Command, Flow, Submission};
use super::notice::{Notice, Observer, RetryAdvice, TurnedDown};
use super::plan::{FlowPlan, MAX_ATTEMPTS};
use super::pool::Routing;
use crate::status::{FlowStatus, Status};
use crate::units::{Span, Time};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// One recipient's flow under a [`FlowPlan`], with its routing and permits: the choice of provider, rejections, circuit breakers. Not to
/// be confused with the event that a message is delivered.
///
/// > Invariants: at most one attempt is current; an attempt is with at most one provider; the result of each circuit-breaker permit is
/// > recorded at most once.
///
/// How to drive it:
///
/// 1. [`Delivery::start`] when the recipient's message is requested.
/// 2. Call [`Delivery::poll`] until it returns `None`: submit each [`Output::Submit`] to its provider, recall the attempt of each
///    [`Output::Cancel`] if possible, send each [`Output::Notify`] to its listeners.
/// 3. Pass inputs to [`Delivery::handle`] in order of time: a provider's report, a rejection, or an [`Input::Tick`] when
///    [`Delivery::wake_at`] has come. At equal times the tick goes last. Then poll again.
/// 4. After the flow has ended, late reports still update messages, produce notices ([`Notice::Message`]) and are recorded by breakers.
///    A driver that does not need those notices can drop the delivery once [`Delivery::is_over`]: no breaker needs a report then.
///
/// | input | possible effects |
/// | --- | --- |
/// | `Report` | the step succeeds, retries or moves on, or the flow ends; a breaker records the first final report |
/// | `Rejected` | the next provider of the pool is tried; when none is left, the attempt has `failed` |
/// | `Waits`, `Departed` | no immediate effect; while an attempt waits in the sender's queue, its report is not missing (a probe's is) |
/// | `Tick` | the ttl passes, a retry is due, the flow gives up; a recall from the sender's queue; a missing report counts as a failure |
///
/// A step with two providers; the first rejects, the second delivers:
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
/// delivery.handle(at(1), Input::Rejected { attempt: 0, provider: 0, retry_after: Span::ZERO }, &mut breakers);
/// let submit = std::iter::from_fn(|| delivery.poll()).find(|output| matches!(output, Output::Submit { .. }));
/// assert_eq!(submit, Some(Output::Submit { attempt: 0, step: 0, provider: 1 }));
/// delivery.handle(at(5), Input::Report { attempt: 0, provider: 1, status: Status::Delivered }, &mut breakers);
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
    /// For each attempt, the draw with which a weighted pool chooses and the wait before it varies.
    draws: [u32; MAX_ATTEMPTS],
    /// The route of the latest attempt.
    routing: Routing,
    /// For each attempt, its latest submission.
    handovers: [Handover; MAX_ATTEMPTS],
    outputs: VecDeque<Output>,
}

/// The latest submission of an attempt.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
struct Handover {
    /// `None` before the first submission, and after a rejection.
    provider: Option<usize>,
    /// The provider's permit, until its result is recorded.
    permit: Option<Permit>,
    /// The deadline of the flow when the attempt was submitted. An attempt that is still in the sender's queue then is recalled, even if the
    /// flow has ended earlier.
    patience: Time,
    place: Place,
}

/// Where an attempt is, as far as the engine needs to know in order to act.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
enum Place {
    /// In the sender's queue.
    Waiting,
    /// Handed to the provider at this time; it may still wait in a queue there.
    Submitted(Time),
    /// Nowhere: not submitted yet, rejected, recalled from the sender's queue, or its final status has been reported.
    #[default]
    Nowhere,
}

/// An input to a delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Input {
    /// The provider reports a status of an attempt: a delivery receipt.
    Report {
        /// The attempt, as [`Output::Submit`] named it.
        attempt: u8,
        /// The provider. A report from a provider that no longer has the attempt reaches the flow like any other, but no breaker records it.
        provider: usize,
        /// Its status.
        status: Status,
    },
    /// A provider rejects an attempt: it keeps no record of it and charges nothing.
    Rejected {
        /// The attempt.
        attempt: u8,
        /// The provider; a rejection by one that no longer has the attempt is ignored.
        provider: usize,
        /// How long it asks to wait before the next attempt (`Retry-After`); zero if it does not. The step heeds the last provider of its pool
        /// that rejects an attempt.
        retry_after: Span,
    },
    /// The attempt waits in a queue on the sender's side (a dialler waiting for a free line), from which it can be recalled. Drivers
    /// without such a queue never send this.
    Waits {
        /// The attempt.
        attempt: u8,
        /// The provider that has it.
        provider: usize,
    },
    /// The attempt has left the queue on the sender's side and been handed to its provider.
    Departed {
        /// The attempt.
        attempt: u8,
        /// The provider that has it.
        provider: usize,
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
    /// The step has stopped waiting for this attempt. Recall it if it is still in a queue; otherwise nothing can be done and it may
    /// still be delivered.
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

/// Turns notices into outputs, and answers what the flow asks.
struct Notes<'a> {
    outputs: &'a mut VecDeque<Output>,
    draws: &'a [u32; MAX_ATTEMPTS],
    /// How long the provider asked to wait before the next attempt.
    hint: Span,
}

impl Observer for Notes<'_> {
    fn notice(&mut self, now: Time, notice: Notice) {
        self.outputs.push_back(Output::Notify { at: now, notice });
    }

    fn before_retry(&mut self, attempt: u8) -> RetryAdvice {
        RetryAdvice { draw: self.draws.get(usize::from(attempt)).copied().unwrap_or(0), hint: self.hint }
    }
}

impl Delivery {
    /// Starts a delivery at `now` with the first submission of the first step. `draws` are uniform 32-bit numbers, one for each
    /// possible attempt: weighted pools use them to choose, and waits with jitter to vary; others ignore them.
    pub fn start(plan: Arc<FlowPlan>, now: Time, draws: [u32; MAX_ATTEMPTS], breakers: &mut Breakers) -> Self {
        let (flow, command) = Flow::start(&plan, now);
        let state = DeliveryState {
            flow,
            draws,
            routing: Routing::default(),
            handovers: [Handover::default(); MAX_ATTEMPTS],
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
    pub fn resume(plan: Arc<FlowPlan>, mut state: DeliveryState, breakers: &Breakers) -> Result<Self, StateError> {
        let (flow, attempts) = (&state.flow, usize::from(state.flow.attempts()));
        if !(1..=MAX_ATTEMPTS).contains(&attempts) {
            return Err(StateError::Attempts);
        }
        let has_step = |step: u8| usize::from(step) < plan.steps().len();
        let steps = (0..flow.attempts()).map(|attempt| flow.step_of(attempt)).chain([flow.step()]);
        if !steps.into_iter().all(has_step) {
            return Err(StateError::Step);
        }
        let handovers_beyond = state.handovers[attempts..].iter().any(|handover| *handover != Handover::default());
        if handovers_beyond || attempts + flow.attempts_to_come(&plan) > MAX_ATTEMPTS {
            return Err(StateError::Attempts);
        }
        // Drop the permits of providers that no longer have a breaker.
        for handover in &mut state.handovers {
            handover.permit = handover
                .permit
                .filter(|_| handover.provider.is_some_and(|provider| breakers.rules(provider).is_some()));
        }
        Ok(Self { plan, state })
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

    /// The flow: its step, its attempts and their statuses.
    #[must_use]
    pub const fn flow(&self) -> &Flow {
        &self.state.flow
    }

    /// The next action; `None` when there is nothing to do until the next input.
    pub fn poll(&mut self) -> Option<Output> {
        self.state.outputs.pop_front()
    }

    /// When the next [`Input::Tick`] is due; `None` when the delivery waits only for reports, or is over.
    #[must_use]
    pub fn wake_at(&self, breakers: &Breakers) -> Option<Time> {
        let due = (0..self.state.flow.attempts()).map(|attempt| self.due(attempt, breakers));
        let wake = due.fold(self.state.flow.deadline(), Time::min);
        (!wake.is_never()).then_some(wake)
    }

    /// Whether nothing is left to do: the flow has ended, every output has been polled, no attempt waits in the sender's queue, and the
    /// result of every permit has been recorded.
    ///
    /// A report or a rejection that arrives later can only update a message and produce a notice of it ([`Notice::Message`],
    /// [`Notice::TurnedDown`]): neither the flow's status nor a breaker changes. A driver with a queue passes [`Input::Waits`] before it asks.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let is_idle = |handover: &Handover| handover.permit.is_none() && handover.place != Place::Waiting;
        let is_polled = self.state.outputs.is_empty();
        self.status() != FlowStatus::InProgress && is_polled && self.state.handovers.iter().all(is_idle)
    }

    /// Applies an input at `now`. Times must not decrease.
    pub fn handle(&mut self, now: Time, input: Input, breakers: &mut Breakers) {
        match input {
            Input::Report { attempt, provider, status } => self.report(now, attempt, provider, status, breakers),
            Input::Rejected { attempt, provider, retry_after } => {
                self.rejected(now, (attempt, provider), retry_after, breakers);
            }
            Input::Waits { attempt, provider } => self.waits(attempt, provider),
            Input::Departed { attempt, provider } => self.departed(now, attempt, provider),
            Input::Tick => self.tick(now, breakers),
        }
    }

    fn report(&mut self, now: Time, attempt: u8, provider: usize, status: Status, breakers: &mut Breakers) {
        if status.is_final() && self.has(attempt, provider) {
            self.record_status(now, attempt, status, breakers);
            self.state.handovers[usize::from(attempt)].place = Place::Nowhere;
        }
        self.report_to_flow(now, attempt, (status, Span::ZERO), breakers);
    }

    /// Passes a status on, and how long the provider asked to wait before the next attempt.
    fn report_to_flow(&mut self, now: Time, attempt: u8, (status, hint): (Status, Span), breakers: &mut Breakers) {
        let DeliveryState { flow, draws, outputs, .. } = &mut self.state;
        let command = flow.report(&self.plan, now, attempt, status, &mut Notes { outputs, draws, hint });
        self.carry_out(now, command, breakers);
    }

    fn rejected(&mut self, now: Time, (attempt, provider): (u8, usize), hint: Span, breakers: &mut Breakers) {
        let is_final = self.state.flow.message(attempt).is_some_and(Status::is_final);
        if is_final || !self.has(attempt, provider) {
            return;
        }
        self.record_status(now, attempt, Status::Failed, breakers);
        self.turned_down(now, attempt, provider, TurnedDown::Rejected);
        self.state.handovers[usize::from(attempt)] = Handover::default();
        if self.state.flow.current_attempt() == Some(attempt) && self.state.flow.message(attempt).is_none() {
            self.route(now, attempt, hint, breakers);
        } else {
            // The step has moved on, so no other provider is tried.
            self.report_to_flow(now, attempt, (Status::Failed, hint), breakers);
        }
    }

    fn waits(&mut self, attempt: u8, provider: usize) {
        if self.has(attempt, provider) && !self.state.flow.message(attempt).is_some_and(Status::is_final) {
            self.state.handovers[usize::from(attempt)].place = Place::Waiting;
        }
    }

    fn departed(&mut self, now: Time, attempt: u8, provider: usize) {
        if self.has(attempt, provider) && self.state.handovers[usize::from(attempt)].place == Place::Waiting {
            self.state.handovers[usize::from(attempt)].place = Place::Submitted(now);
        }
    }

    fn tick(&mut self, now: Time, breakers: &mut Breakers) {
        for attempt in 0..self.state.flow.attempts() {
            if self.due(attempt, breakers) <= now {
                self.handle_due(now, attempt, breakers);
            }
        }
        if now < self.state.flow.deadline() {
            return;
        }
        let is_under_way = |attempt: &u8| !self.state.flow.message(*attempt).is_some_and(Status::is_delivery);
        let current = self.state.flow.current_attempt().filter(is_under_way);
        let DeliveryState { flow, draws, outputs, .. } = &mut self.state;
        let command = flow.timeout(&self.plan, now, &mut Notes { outputs, draws, hint: Span::ZERO });
        if let Some(attempt) = current
            && let Some(&Handover { provider: Some(provider), place: Place::Submitted(_), .. }) = self.handover(attempt)
        {
            self.state.outputs.push_back(Output::Cancel { attempt, provider });
        }
        self.carry_out(now, command, breakers);
    }

    /// Acts on an attempt that is [due](Self::due). If it waits in the sender's queue, it is recalled, and the result of its permit is
    /// `expired`. If it is with the provider, its report is missing, which the breaker records as a failure.
    fn handle_due(&mut self, now: Time, attempt: u8, breakers: &mut Breakers) {
        match self.handover(attempt).copied() {
            Some(Handover { provider: Some(provider), place: Place::Waiting, .. }) => {
                self.state.outputs.push_back(Output::Cancel { attempt, provider });
                self.record_status(now, attempt, Status::Expired, breakers);
                self.state.handovers[usize::from(attempt)].place = Place::Nowhere;
            }
            _ => self.record_result(attempt, CallResult { at: now, failed: true }, breakers),
        }
    }

    fn carry_out(&mut self, now: Time, command: Command, breakers: &mut Breakers) {
        if let Command::Submit(Submission { attempt, .. }) = command {
            self.state.routing = Routing::new(self.state.draws[usize::from(attempt)]);
            self.route(now, attempt, Span::ZERO, breakers);
        }
    }

    /// Submits the attempt to the next provider of its pool whose breaker permits it; when there is none, the attempt fails. The one before
    /// asked to wait as long as `hint` before the next attempt.
    fn route(&mut self, now: Time, attempt: u8, mut hint: Span, breakers: &mut Breakers) {
        let step = self.state.flow.step_of(attempt);
        let plan = Arc::clone(&self.plan);
        while let Some(candidate) = self.state.routing.next(&plan.step(step).pool, breakers, now) {
            let provider = candidate.provider;
            self.state.flow.submitted_at_rank(candidate.rank);
            match candidate.permission {
                Permission::Denied => {
                    hint = Span::ZERO;
                    self.turned_down(now, attempt, provider, TurnedDown::NotPermitted);
                }
                Permission::Granted(permit) => {
                    let (patience, place) = (self.state.flow.deadline(), Place::Submitted(now));
                    let handover = Handover { provider: Some(provider), permit, patience, place };
                    self.state.handovers[usize::from(attempt)] = handover;
                    self.state.outputs.push_back(Output::Submit { attempt, step, provider });
                    return;
                }
            }
        }
        self.report_to_flow(now, attempt, (Status::Failed, hint), breakers);
    }

    fn turned_down(&mut self, now: Time, attempt: u8, provider: usize, why: TurnedDown) {
        let notice = Notice::TurnedDown { attempt, provider, why };
        self.state.outputs.push_back(Output::Notify { at: now, notice });
    }

    fn handover(&self, attempt: u8) -> Option<&Handover> {
        self.state.handovers.get(usize::from(attempt))
    }

    /// Whether this provider has the attempt.
    fn has(&self, attempt: u8, provider: usize) -> bool {
        self.handover(attempt).is_some_and(|handover| handover.provider == Some(provider))
    }

    /// When the engine acts on an attempt without a report: it recalls one that waits in the sender's queue when the step stops waiting,
    /// and counts the report of one that is with the provider as missing after the breaker's limit. [`Time::NEVER`] when neither applies.
    fn due(&self, attempt: u8, breakers: &Breakers) -> Time {
        match self.handover(attempt) {
            Some(Handover { place: Place::Waiting, patience, .. }) => *patience,
            Some(&Handover { provider: Some(provider), permit: Some(_), place: Place::Submitted(at), .. }) => {
                breakers.rules(provider).map_or(Time::NEVER, |rules| rules.missing_at(at))
            }
            _ => Time::NEVER,
        }
    }

    /// Records the first final status of an attempt as the result of its permit, if that has none yet.
    fn record_status(&mut self, now: Time, attempt: u8, status: Status, breakers: &mut Breakers) {
        let provider = self.handover(attempt).and_then(|handover| handover.provider);
        if let Some(result) = provider.and_then(|provider| breakers.rules(provider)).map(|r| r.result_of(now, status)) {
            self.record_result(attempt, result, breakers);
        }
    }

    /// Records the result of the attempt's permit, if that has none yet.
    fn record_result(&mut self, attempt: u8, result: CallResult, breakers: &mut Breakers) {
        let handover = &mut self.state.handovers[usize::from(attempt)];
        if let (Some(provider), Some(permit)) = (handover.provider, handover.permit.take()) {
            breakers.record(provider, permit, result);
        }
    }
}
