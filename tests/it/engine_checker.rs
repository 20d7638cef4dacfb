//! A checker that observes one flow from outside.
//!
//! It keeps its own [`Book`] of the flow, written from the rules of the design and not from the engine, and after each event
//! compares what the engine does with what the book predicts. Independently of the rules, it checks for each event what must
//! always hold: that there is progress, that nothing goes back, and that nothing happens after the end.

use failsim::engine::{
    Command, Flow, FlowPlan, LateDelivery, MAX_ATTEMPTS, Notice, Observer, StepEnd, StepRules, Submission,
};
use failsim::status::FailureCode::{FailoverNotTriggered, GaveUp, NoNextStep};
use failsim::status::Status::{
    Answered, Busy, Delivered, Expired, Failed, Machine, NoAnswer, Queued, Seen, Sent, Undelivered,
};
use failsim::status::{FailureCode, FlowStatus, Status, SuccessFloor};
use failsim::units::{Span, Time};

/// An event of a flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    /// A provider reports the status of an attempt.
    Report(u8, Status),
    /// The driver's timer fires.
    Timer,
}

/// A time or a span in the checker's own units: whole ticks.
pub(crate) const fn ticks(count: i64) -> Time {
    Time::from_micros(count)
}

pub(crate) const fn span(ticks: i64) -> Span {
    Span::from_micros(ticks)
}

// ---------------------------------------------------------------- the rules, as tables

/// The rank of a status. Written out, so that it does not depend on the order of the engine's own statuses.
pub(crate) const fn height(status: Option<Status>) -> u8 {
    match status {
        None => 0,
        Some(Queued) => 1,
        Some(Sent) => 2,
        Some(Delivered | Answered) => 3,
        Some(Seen) => 4,
        Some(Undelivered | Failed | Expired | Busy | NoAnswer | Machine) => 5,
    }
}

const fn ends_badly(status: Status) -> bool {
    height(Some(status)) == 5
}

/// Whether a message can change from `old` to `new`.
fn is_news(old: Option<Status>, new: Status, rules: &StepRules) -> bool {
    match old {
        None => true,
        Some(Queued) => new != Queued,
        Some(Sent) => !matches!(new, Queued | Sent),
        Some(Delivered | Answered) => new == Seen || new == Expired && rules.expire_on_delivery,
        Some(Seen | Undelivered | Failed | Expired | Busy | NoAnswer | Machine) => false,
    }
}

/// Whether `status` satisfies a step.
pub(crate) fn meets(floor: SuccessFloor, status: Status) -> bool {
    let enough: &[Status] = match floor {
        SuccessFloor::Accepted => &[Queued, Sent, Delivered, Answered, Seen],
        SuccessFloor::Sent => &[Sent, Delivered, Answered, Seen],
        SuccessFloor::Delivered => &[Delivered, Answered, Seen],
        SuccessFloor::Seen => &[Seen],
    };
    enough.contains(&status)
}

/// Whether `status` ends the flow when it is reported for an attempt that is no longer current.
pub(crate) fn finishes_late(plan: &FlowPlan, floor: SuccessFloor, status: Status) -> bool {
    let delivery = matches!(status, Delivered | Answered | Seen);
    plan.late_delivery() == LateDelivery::Finish && delivery && meets(floor, status)
}

// ---------------------------------------------------------------- the book

/// What an observer knows of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Letter {
    pub(crate) step: u8,
    pub(crate) status: Option<Status>,
}

/// What an observer knows of a flow who sees the same events and knows the rules.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Book {
    pub(crate) began: Time,
    pub(crate) step_began: Time,
    pub(crate) retry_due: Time,
    pub(crate) over: Option<FlowStatus>,
    letters: [Letter; MAX_ATTEMPTS],
    count: u8,
}

/// What the rules require after an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Foretold {
    command: Command,
    notices: Notices,
}

impl Book {
    /// The first attempt of the first step is under way.
    fn open(now: Time) -> Self {
        let letters = [Letter::default(); MAX_ATTEMPTS];
        Self { began: now, step_began: now, retry_due: Time::NEVER, over: None, letters, count: 1 }
    }

    /// The attempts so far.
    pub(crate) fn letters(&self) -> &[Letter] {
        &self.letters[..usize::from(self.count)]
    }

    fn last(&self) -> Letter {
        self.letters[usize::from(self.count) - 1]
    }

    fn rules<'p>(&self, plan: &'p FlowPlan) -> &'p StepRules {
        &plan.steps()[usize::from(self.last().step)]
    }

    fn step_ends(&self, plan: &FlowPlan) -> Time {
        self.step_began.after(self.rules(plan).ttl)
    }

    fn gives_up(&self, plan: &FlowPlan) -> Time {
        self.began.after(plan.give_up_after())
    }

    /// The attempt that the flow waits for.
    fn current(&self) -> Option<u8> {
        (self.over.is_none() && self.retry_due.is_never()).then(|| self.count - 1)
    }

    /// When the timer is due.
    pub(crate) fn deadline(&self, plan: &FlowPlan) -> Time {
        if self.over.is_some() {
            return Time::NEVER;
        }
        [self.step_ends(plan), self.gives_up(plan), self.retry_due].into_iter().min().expect("there are three")
    }

    /// Records `event` and predicts its effects.
    fn foretell(&mut self, plan: &FlowPlan, now: Time, event: Event) -> Foretold {
        let mut notices = Notices::at(now);
        let command = match event {
            Event::Report(attempt, status) => self.read(plan, now, attempt, status, &mut notices),
            Event::Timer if now < self.deadline(plan) => None,
            Event::Timer => self.strike(plan, now, &mut notices),
        };
        Foretold { command: command.unwrap_or(Command::Wait), notices }
    }

    fn read(&mut self, plan: &FlowPlan, now: Time, attempt: u8, new: Status, out: &mut Notices) -> Option<Command> {
        let Letter { step, status: old } = *self.letters().get(usize::from(attempt))?;
        let rules = &plan.steps()[usize::from(step)];
        if !is_news(old, new, rules) {
            return None;
        }
        let current = self.current() == Some(attempt);
        self.turn(attempt, new, out);
        if self.over.is_some() {
            None
        } else if current && meets(rules.success, new) {
            Some(self.succeed(StepEnd::Met(new), step, out))
        } else if current && ends_badly(new) {
            self.falter(plan, now, new, out)
        } else if !current && finishes_late(plan, rules.success, new) {
            Some(self.succeed(StepEnd::LateSuccess, step, out))
        } else {
            None
        }
    }

    /// The current attempt ended badly: retry, or go to the next step.
    fn falter(&mut self, plan: &FlowPlan, now: Time, status: Status, out: &mut Notices) -> Option<Command> {
        let rules = self.rules(plan);
        let step = self.last().step;
        let tries = self.letters().iter().filter(|letter| letter.step == step).count();
        let longer = |wait: i64| (i128::from(wait) * i128::from(rules.backoff) / 1_000_000) as i64;
        let wait = (1..tries).fold(rules.retry_after.as_micros(), |wait, _| longer(wait));
        let again = now.after(Span::from_micros(wait));
        let time_left = again < self.step_ends(plan) && again < self.gives_up(plan);
        if status != Failed || tries >= usize::from(rules.attempts) || !time_left {
            return Some(self.advance(plan, now, status, StepEnd::Bad(status), out));
        }
        self.retry_due = again;
        (again == now).then(|| self.post(step))
    }

    /// The timer fires when due.
    fn strike(&mut self, plan: &FlowPlan, now: Time, out: &mut Notices) -> Option<Command> {
        if now >= self.gives_up(plan) {
            out.push(Notice::Step { step: self.last().step, end: StepEnd::GaveUp });
            return Some(self.fail(GaveUp, out));
        }
        if now < self.step_ends(plan) {
            return Some(self.post(self.last().step));
        }
        let unseen = self.rules(plan).expire_on_delivery && !self.last().status.is_some_and(ends_badly);
        if unseen {
            self.turn(self.count - 1, Expired, out);
        }
        let end = if unseen { StepEnd::Bad(Expired) } else { StepEnd::TimedOut };
        Some(self.advance(plan, now, Expired, end, out))
    }

    /// The step ended with the bad `status`.
    fn advance(&mut self, plan: &FlowPlan, now: Time, status: Status, end: StepEnd, out: &mut Notices) -> Command {
        let step = self.last().step;
        out.push(Notice::Step { step, end });
        let triggered = self.rules(plan).failover_on.iter().any(|trigger| trigger == status);
        let is_last = usize::from(step) + 1 == plan.steps().len();
        match (triggered, is_last) {
            (false, _) => self.fail(FailoverNotTriggered, out),
            (true, true) => self.fail(NoNextStep, out),
            (true, false) if now >= self.gives_up(plan) => self.fail(GaveUp, out),
            (true, false) => {
                self.step_began = now;
                self.post(step + 1)
            }
        }
    }

    fn post(&mut self, step: u8) -> Command {
        let attempt = self.count;
        self.letters[usize::from(attempt)] = Letter { step, status: None };
        self.count += 1;
        self.retry_due = Time::NEVER;
        Command::Submit(Submission { attempt, step })
    }

    fn turn(&mut self, attempt: u8, status: Status, out: &mut Notices) {
        let letter = &mut self.letters[usize::from(attempt)];
        letter.status = Some(status);
        out.push(Notice::Message { attempt, step: letter.step, status });
    }

    /// The flow succeeds; `by` is the step of the message.
    fn succeed(&mut self, end: StepEnd, by: u8, out: &mut Notices) -> Command {
        out.push(Notice::Step { step: self.last().step, end });
        self.close(FlowStatus::Succeeded, by, out)
    }

    fn fail(&mut self, code: FailureCode, out: &mut Notices) -> Command {
        self.close(FlowStatus::Failed(code), self.last().step, out)
    }

    fn close(&mut self, status: FlowStatus, step: u8, out: &mut Notices) -> Command {
        self.over = Some(status);
        out.push(Notice::Flow { status, step });
        Command::End
    }
}

// ---------------------------------------------------------------- notices

/// The notices of one event: of a message, of a step, of the flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Notices {
    now: Time,
    seen: [Option<Notice>; 4],
    count: usize,
}

impl Notices {
    fn at(now: Time) -> Self {
        Self { now, seen: [None; 4], count: 0 }
    }

    fn push(&mut self, notice: Notice) {
        assert!(self.count < self.seen.len(), "one event gives {:?} and then {notice:?}", self.seen);
        self.seen[self.count] = Some(notice);
        self.count += 1;
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Notice> {
        self.seen.into_iter().flatten()
    }
}

impl Observer for Notices {
    fn notice(&mut self, now: Time, notice: Notice) {
        assert_eq!(now, self.now, "a notice has the time of its event");
        self.push(notice);
    }
}

// ---------------------------------------------------------------- the run

/// A flow under observation. Each event goes through [`Run::tell`], which panics when something is wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'p> {
    pub(crate) plan: &'p FlowPlan,
    pub(crate) flow: Flow,
    pub(crate) book: Book,
}

/// The effects of an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) command: Command,
    pub(crate) notices: Notices,
    /// Whether the event changed anything.
    pub(crate) changed: bool,
}

impl<'p> Run<'p> {
    pub(crate) fn start(plan: &'p FlowPlan, now: Time) -> Self {
        let (flow, first) = Flow::start(plan, now);
        assert_eq!(first, Command::Submit(Submission { attempt: 0, step: 0 }));
        let run = Self { plan, flow, book: Book::open(now) };
        run.agrees_with_its_book();
        run
    }

    /// The event happens at `now`.
    pub(crate) fn tell(&mut self, now: Time, event: Event) -> Told {
        let before = *self;
        let mut notices = Notices::at(now);
        let command = match event {
            Event::Report(attempt, status) => self.flow.report(self.plan, now, attempt, status, &mut notices),
            Event::Timer => self.flow.timeout(self.plan, now, &mut notices),
        };
        let foretold = self.book.foretell(self.plan, now, event);
        assert_eq!(Foretold { command, notices }, foretold, "{event:?} at {now} in {before:?}");
        self.agrees_with_its_book();
        let told = Told { command, notices, changed: self.flow != before.flow };
        self.makes_progress(&before, now, event, &told);
        self.goes_nowhere_back(&before, &told);
        self.submits_in_order(&before, now, &told);
        self.ends_once_and_rightly(&before, now, event, &told);
        told
    }

    /// Asserts that the engine and the book agree about the flow.
    fn agrees_with_its_book(&self) {
        let Self { plan, flow, book } = self;
        assert_eq!(flow.status(), book.over.unwrap_or(FlowStatus::InProgress), "{self:?}");
        assert_eq!(flow.deadline(), book.deadline(plan), "{self:?}");
        assert_eq!(flow.current_attempt(), book.current(), "{self:?}");
        assert_eq!((flow.attempts(), flow.step()), (book.count, book.last().step), "{self:?}");
        for (attempt, letter) in (0..).zip(book.letters()) {
            assert_eq!(flow.message(attempt), letter.status, "attempt {attempt} in {self:?}");
        }
    }

    /// An event that changes something increases the flow's progress, so that no flow returns to an earlier state; an event that
    /// changes nothing causes no notice and no command. No deadline is set in the past, and a timer that was due is not due again.
    fn makes_progress(&self, before: &Self, now: Time, event: Event, told: &Told) {
        if !told.changed {
            assert_eq!((told.command, told.notices.count), (Command::Wait, 0), "{event:?} in {before:?}");
            assert!(event != Event::Timer || now < before.flow.deadline() || before.flow.deadline().is_never());
            return;
        }
        assert!(self.progress() > before.progress(), "{event:?} took {before:?} to {self:?}");
        let (old, new) = (before.flow.deadline(), self.flow.deadline());
        assert!(new >= now || new == old && event != Event::Timer, "{event:?} at {now} set a deadline at {new}");
    }

    /// A measure of progress; each component only grows.
    fn progress(&self) -> u32 {
        let heights: u32 = (0..self.flow.attempts()).map(|attempt| u32::from(self.height(attempt))).sum();
        heights + u32::from(self.flow.attempts()) + u32::from(self.flow.status() != FlowStatus::InProgress)
    }

    fn height(&self, attempt: u8) -> u8 {
        height(self.flow.message(attempt))
    }

    /// At most one message changes; its status advances, and there is a notice of it.
    fn goes_nowhere_back(&self, before: &Self, told: &Told) {
        let mut changes = (0..before.flow.attempts()).filter(|&a| self.flow.message(a) != before.flow.message(a));
        let changed = changes.next();
        assert_eq!(changes.next(), None, "two messages changed at once in {before:?}");
        if let Some(attempt) = changed {
            assert!(self.height(attempt) > before.height(attempt), "attempt {attempt} went back in {before:?}");
        }
        let noticed = told.notices.iter().find_map(|notice| match notice {
            Notice::Message { attempt, status, .. } => Some((attempt, Some(status))),
            _ => None,
        });
        assert_eq!(noticed, changed.map(|attempt| (attempt, self.flow.message(attempt))));
    }

    /// A submission takes the next number, is made while the flow is in progress and before it gives up, and only after the
    /// previous attempt is over.
    fn submits_in_order(&self, before: &Self, now: Time, told: &Told) {
        let Command::Submit(submission) = told.command else {
            assert_eq!(self.flow.attempts(), before.flow.attempts());
            return;
        };
        assert_eq!(submission.attempt, before.flow.attempts());
        assert_eq!(self.flow.attempts(), before.flow.attempts() + 1);
        assert_eq!(before.flow.status(), FlowStatus::InProgress, "submitted after the end");
        assert!(now < self.book.gives_up(self.plan), "submitted when the flow gives up");
        let left = told.notices.iter().any(|n| matches!(n, Notice::Step { step, .. } if step == before.flow.step()));
        let failed = self.flow.message(before.flow.attempts() - 1) == Some(Failed);
        assert!(left || failed, "attempt {} was still current", before.flow.attempts() - 1);
        assert_eq!(submission.step, before.flow.step() + u8::from(left));
    }

    /// The flow ends on the event that says so, with the right status.
    fn ends_once_and_rightly(&self, before: &Self, now: Time, event: Event, told: &Told) {
        let running = before.flow.status() == FlowStatus::InProgress;
        let ended = self.flow.status() != FlowStatus::InProgress;
        assert!(running || self.flow.status() == before.flow.status(), "the end changed");
        assert_eq!(told.command == Command::End, running && ended);
        if running {
            assert_eq!(
                ended.then(|| self.flow.status()),
                before.verdict(now, told),
                "{event:?} at {now} in {before:?}"
            );
        }
    }

    /// The status with which the flow must end, if it must, from the notices of its messages and its step: succeeded exactly when
    /// a message met the floor while its attempt was current, or later where late deliveries finish the flow.
    fn verdict(&self, now: Time, told: &Told) -> Option<FlowStatus> {
        told.notices.iter().find_map(|notice| match notice {
            Notice::Message { attempt, step, status } if self.earns(attempt, step, status) => {
                Some(FlowStatus::Succeeded)
            }
            Notice::Step { end: StepEnd::Bad(status), .. } => self.failure(now, status),
            Notice::Step { end: StepEnd::TimedOut, .. } => self.failure(now, Expired),
            Notice::Step { end: StepEnd::GaveUp, .. } => Some(FlowStatus::Failed(GaveUp)),
            _ => None,
        })
    }

    fn earns(&self, attempt: u8, step: u8, status: Status) -> bool {
        let floor = self.plan.steps()[usize::from(step)].success;
        let current = self.flow.current_attempt() == Some(attempt);
        if current { meets(floor, status) } else { finishes_late(self.plan, floor, status) }
    }

    /// The code of a flow whose step ended with the bad `status`; `None` when it can go on.
    fn failure(&self, now: Time, status: Status) -> Option<FlowStatus> {
        let step = usize::from(self.flow.step());
        if !self.plan.steps()[step].failover_on.contains(status) {
            Some(FlowStatus::Failed(FailoverNotTriggered))
        } else if step + 1 == self.plan.steps().len() {
            Some(FlowStatus::Failed(NoNextStep))
        } else {
            (now >= self.book.gives_up(self.plan)).then_some(FlowStatus::Failed(GaveUp))
        }
    }
}
