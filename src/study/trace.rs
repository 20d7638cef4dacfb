//! One recipient's life under one plan, event by event.

use super::horizon;
use crate::engine::{Candidate, Notice, Observer, Permission, Pool, Routing, Submission};
use crate::provider::AttemptResult;
use crate::rng::RngKey;
use crate::scenario::Scenario;
use crate::sim::{
    Admission, AdmissionDecision, Comer, ExecutionMode, Model, PendingReports, Recipient, RecipientContext,
    RecipientId, Recorder, RoutedAttempt, RunContext, Unlimited, decisions, simulate_recipient,
};
use crate::status::{FlowStatus, Status};
use crate::traffic::Timetable;
use crate::units::{Money, Span, Time};

/// A life.
#[derive(Clone, PartialEq, Debug)]
pub struct Trace {
    /// When the recipient arrived.
    pub arrival: Time,
    /// What happened, in order.
    pub events: Vec<(Time, Event)>,
    /// How the flow ended.
    pub status: FlowStatus,
    /// What it cost.
    pub cost: Money,
    /// When the message first reached the person; [`Time::NEVER`] if it never did.
    pub first_delivery: Time,
    /// How often it reached the person.
    pub deliveries: usize,
}

/// Something that happens in a life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A provider of the step does not take an attempt, and the next one is tried.
    TurnedDown {
        /// The attempt and its step.
        submission: Submission,
        /// The provider's index in the scenario.
        provider: usize,
        /// What became of it there.
        decision: AdmissionDecision,
    },
    /// An attempt has waited for capacity and leaves.
    Left(Submission),
    /// An attempt is withdrawn, its time having run out while it waited.
    Withdrawn(Submission),
    /// An attempt is handed to a provider of a step.
    Submitted {
        /// The attempt and its step.
        submission: Submission,
        /// The provider's index in the scenario.
        provider: usize,
        /// What becomes of it there.
        decision: AdmissionDecision,
        /// How long the engine will wait in the step.
        ttl: Span,
        /// What the attempt will have cost.
        charge: Money,
    },
    /// The message of an attempt reaches the person.
    Reached(Submission),
    /// The person opens it.
    Opened(Submission),
    /// A report arrives.
    Reported {
        /// The attempt.
        attempt: u8,
        /// What it says.
        status: Status,
    },
    /// A timer runs down.
    TimedOut,
    /// The engine tells of a change.
    Noticed(Notice),
}

/// Whose life is traced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Whose {
    /// The plan that is compared, by its index.
    pub plan: usize,
    /// The stream of traffic, by its index.
    pub stream: usize,
    /// The recipient, below the stream's number of them.
    pub recipient: u64,
    /// The replication.
    pub replication: u32,
}

/// Plays one recipient's life. Where recipients share capacity or circuits the whole world is played for it, and this life once more,
/// with what the providers said to it.
#[must_use]
pub fn trace(scenario: &Scenario, whose: Whose) -> Trace {
    let model = Model::new(scenario);
    let run_rng = RngKey::new(scenario.seed, whose.replication);
    let timeline = horizon::timeline(scenario);
    let model = model.in_replication(run_rng, timeline.end());
    let class = &model.streams[whose.stream];
    let rng = run_rng.of_stream(&class.name);
    let mut arrival = [Time::ZERO];
    Timetable::new(&class.traffic, rng).fill(whose.recipient, &mut arrival);
    let [arrival] = arrival;
    let compiled = model.compiled(class, whose.plan).clone().with_progress();
    let who = RecipientId { stream: whose.stream as u8, index: whose.recipient as u32 };
    let recipient = Recipient::new(who.index);
    let context = RecipientContext { model: &model, compiled: &compiled, rng, stream: who.stream, recipient };
    let (mut writer, mut pending) = (TraceRecorder::default(), PendingReports::default());
    let flow = if scenario.is_shared() {
        let run = RunContext { model: &model, rng: run_rng, timeline, way: ExecutionMode::Engine };
        let mut replay = Replay::of(decisions(&run, whose.plan, who));
        simulate_recipient(&context, arrival, &mut pending, &mut replay, &mut writer)
    } else {
        simulate_recipient(&context, arrival, &mut pending, &mut Unlimited::default(), &mut writer)
    };
    writer.finish(arrival, flow.status())
}

/// Decides again as has been decided.
struct Replay {
    decisions: std::iter::Peekable<std::vec::IntoIter<AdmissionDecision>>,
    unlimited: Unlimited,
}

impl Replay {
    fn of(decisions: Vec<AdmissionDecision>) -> Self {
        Self { decisions: decisions.into_iter().peekable(), unlimited: Unlimited::default() }
    }
}

impl Admission for Replay {
    fn route(&mut self, who: RecipientId, routing: &mut Routing, pool: &Pool, now: Time) -> Option<Candidate> {
        let candidate = self.unlimited.route(who, routing, pool, now)?;
        let denied = self.decisions.next_if_eq(&AdmissionDecision::NotPermitted);
        let permission = if denied.is_some() { Permission::Denied } else { candidate.permission };
        Some(Candidate { permission, ..candidate })
    }

    fn admit(&mut self, comer: &Comer) -> AdmissionDecision {
        self.decisions.next().unwrap_or(AdmissionDecision::Departs(comer.now))
    }
}

/// Writes down everything.
#[derive(Default)]
struct TraceRecorder {
    /// What engine and providers say, in the order in which they say it.
    said: Vec<(Time, Event)>,
    /// What happens to the person, known beforehand.
    happens: Vec<(Time, Event)>,
    cost: Money,
}

impl TraceRecorder {
    /// Both stories as one, in order of time; what happens comes before what is said of it at the same time.
    fn finish(mut self, arrival: Time, status: FlowStatus) -> Trace {
        self.happens.sort_by_key(|(at, _)| *at);
        let reached = self.happens.iter().filter(|(_, event)| matches!(event, Event::Reached(_)));
        let (first_delivery, deliveries) = (reached.clone().next().map_or(Time::NEVER, |e| e.0), reached.count());
        let events = merge(self.happens, self.said);
        Trace { arrival, events, status, cost: self.cost, first_delivery, deliveries }
    }
}

/// Two stories in order of time as one; at equal times `a` before `b`, but for what `b` submits then.
fn merge(a: Vec<(Time, Event)>, b: Vec<(Time, Event)>) -> Vec<(Time, Event)> {
    let mut merged = Vec::with_capacity(a.len() + b.len());
    let mut a = a.into_iter().peekable();
    for said in b {
        let before = |happens: &(Time, Event)| happens.0 < said.0 || happens.0 == said.0 && !is_submission(&said.1);
        while let Some(happens) = a.next_if(before) {
            merged.push(happens);
        }
        merged.push(said);
    }
    merged.extend(a);
    merged
}

fn is_submission(event: &Event) -> bool {
    matches!(event, Event::Submitted { .. })
}

impl Observer for TraceRecorder {
    fn notice(&mut self, now: Time, notice: Notice) {
        self.said.push((now, Event::Noticed(notice)));
    }
}

impl Recorder for TraceRecorder {
    const AFTER_THE_END: bool = true;

    fn submitted(&mut self, submission: Submission, attempt: &RoutedAttempt, fate: &AttemptResult) {
        let RoutedAttempt { provider, decision, terms, patience, .. } = *attempt;
        let event = Event::Submitted { submission, provider, decision, ttl: terms.ttl, charge: fate.charge };
        self.said.push((terms.submitted, event));
        self.cost += fate.charge;
        let (left, withdrawn) = match decision {
            AdmissionDecision::Departs(departs) if departs > terms.submitted => (departs, Time::NEVER),
            AdmissionDecision::Expires => (Time::NEVER, patience),
            _ => (Time::NEVER, Time::NEVER),
        };
        let happens = [
            (left, Event::Left(submission)),
            (withdrawn, Event::Withdrawn(submission)),
            (fate.delivered, Event::Reached(submission)),
            (fate.seen, Event::Opened(submission)),
        ];
        self.happens.extend(happens.into_iter().filter(|(at, _)| !at.is_never()));
    }

    fn turned_down(&mut self, submission: Submission, attempt: &RoutedAttempt, _: &AttemptResult) {
        let RoutedAttempt { provider, decision, terms, .. } = *attempt;
        self.said.push((terms.submitted, Event::TurnedDown { submission, provider, decision }));
    }

    fn reported(&mut self, now: Time, attempt: u8, status: Status) {
        self.said.push((now, Event::Reported { attempt, status }));
    }

    fn timed_out(&mut self, now: Time) {
        self.said.push((now, Event::TimedOut));
    }
}
