//! The course of one recipient under one plan, event by event.

use super::horizon;
use crate::engine::{Candidate, Flow, Notice, Observer, Permission, Pool, Routing, Submission};
use crate::provider::{AttemptResult, PersistentOutcome};
use crate::rng::RngKey;
use crate::scenario::Scenario;
use crate::sim::{
    Admission, AdmissionDecision, AdmissionRequest, Decisions, ExecutionMode, Model, PendingReports, Recipient,
    RecipientContext, RecipientId, Recorder, ReportQueue, RoutedAttempt, RunContext, Unlimited, decisions,
    simulate_recipient,
};
use crate::status::{FlowStatus, Segment, Status};
use crate::traffic::Timetable;
use crate::units::{Money, Span, Time};

/// The course of one recipient.
#[derive(Clone, PartialEq, Debug)]
pub struct Trace {
    /// When the recipient arrived.
    pub arrival: Time,
    /// The recipient's segment.
    pub segment: Segment,
    /// When the recipient's phone is on again: [`Time::ZERO`] if it is always on, [`Time::NEVER`] if it stays off.
    pub phone_back: Time,
    /// What becomes of every attempt for this recipient, by provider of the plan (its index in the scenario), where that is so.
    pub persistent: Vec<(usize, PersistentOutcome)>,
    /// What happened, in order.
    pub events: Vec<(Time, Event)>,
    /// How the flow ended.
    pub status: FlowStatus,
    /// The total cost.
    pub cost: Money,
    /// When the recipient first received the message; [`Time::NEVER`] if that did not happen.
    pub first_delivery: Time,
    /// How many times the recipient received the message.
    pub deliveries: usize,
}

/// An event in a recipient's course.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A provider of the step does not take an attempt, and the next provider is tried.
    TurnedDown {
        /// The attempt and its step.
        submission: Submission,
        /// The provider's index in the scenario.
        provider: usize,
        /// The provider's decision.
        decision: AdmissionDecision,
    },
    /// An attempt waits for capacity; if it is `kept`, at the provider, from which it cannot be recalled.
    Waits {
        /// The attempt and its step.
        submission: Submission,
        /// Whether it waits at the provider.
        kept: bool,
    },
    /// An attempt that waited for capacity departs.
    Departed(Submission),
    /// The validity of an attempt ends while it waits for capacity.
    ExpiredInQueue(Submission),
    /// The engine moves on and recalls an attempt that waits for capacity.
    Cancelled(Submission),
    /// An attempt is submitted to a provider of a step.
    Submitted {
        /// The attempt and its step.
        submission: Submission,
        /// The provider's index in the scenario.
        provider: usize,
        /// The provider's decision.
        decision: AdmissionDecision,
        /// How long the engine will wait in the step.
        ttl: Span,
        /// The final cost of the attempt.
        charge: Money,
    },
    /// The message of an attempt is delivered to the recipient.
    Reached(Submission),
    /// The recipient opens the message.
    Opened(Submission),
    /// A report arrives.
    Reported {
        /// The attempt.
        attempt: u8,
        /// The status that it reports.
        status: Status,
    },
    /// A timer expires.
    TimedOut,
    /// The engine notifies of a change.
    Noticed(Notice),
}

/// Which recipient is traced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TraceTarget {
    /// The plan that is compared, by its index.
    pub plan: usize,
    /// The stream of traffic, by its index.
    pub stream: usize,
    /// The recipient's index, below the number of recipients in the stream.
    pub recipient: u64,
    /// The replication.
    pub replication: u32,
}

/// How many recipients come in a stream in a replication: where recipients share capacity, circuits or random outages, that may be random.
#[must_use]
pub fn recipients_in(scenario: &Scenario, stream: usize, replication: u32) -> u64 {
    let stream = &scenario.streams[stream];
    let rng = RngKey::new(scenario.seed, replication).of_stream(&stream.name);
    if scenario.is_shared() { stream.traffic.in_replication(rng).recipients } else { stream.traffic.recipients }
}

/// Traces one recipient. Where recipients share capacity or circuits, the whole run is simulated first, and then this recipient once more,
/// with the providers' decisions from that run.
#[must_use]
pub fn trace(scenario: &Scenario, target: TraceTarget) -> Trace {
    let model = Model::new(scenario);
    let run_rng = RngKey::new(scenario.seed, target.replication);
    let timeline = horizon::timeline(scenario);
    let model = model.in_replication(run_rng, timeline.end());
    let class = &model.streams[target.stream];
    let rng = run_rng.of_stream(&class.name);
    let mut arrival = [Time::ZERO];
    Timetable::new(&class.traffic, rng).fill(target.recipient, &mut arrival);
    let [arrival] = arrival;
    let segment = class.segments.of(rng, target.recipient as u32);
    let compiled = class.classes[segment.index()].plan(target.plan).clone().with_progress();
    let who = RecipientId { stream: target.stream as u8, index: target.recipient as u32 };
    let recipient = Recipient::new(who.index, segment);
    let context = RecipientContext { model: &model, compiled: &compiled, rng, stream: who.stream, recipient, arrival };
    let (mut writer, mut pending) = (TraceRecorder::default(), PendingReports::default());
    let flow = if scenario.is_shared() {
        let run = RunContext { model: &model, rng: run_rng, timeline, mode: ExecutionMode::Engine };
        let mut replay = Replay::of(decisions(&run, target.plan, who));
        simulate_recipient(&context, &mut pending, &mut replay, &mut writer)
    } else {
        simulate_recipient(&context, &mut pending, &mut Unlimited::default(), &mut writer)
    };
    let person = Person::of(&context);
    writer.finish(person, arrival, flow.status())
}

/// What is so for the recipient whatever happens.
struct Person {
    segment: Segment,
    phone_back: Time,
    persistent: Vec<(usize, PersistentOutcome)>,
}

impl Person {
    /// The recipient of `context`, at the providers of its plan.
    fn of(context: &RecipientContext<'_>) -> Self {
        let mut used: Vec<_> =
            context.compiled.flow.steps().iter().flat_map(|rules| rules.pool.members()).copied().collect();
        used.sort_unstable();
        used.dedup();
        let outcome = |provider: usize| {
            let of = context.first_use();
            Some((provider, context.model.providers[provider].persistent_outcome(&of)?))
        };
        let (segment, phone_back) = (context.recipient.segment, context.first_use().phone_back);
        Self { segment, phone_back, persistent: used.into_iter().filter_map(outcome).collect() }
    }
}

/// Repeats the decisions of an earlier run.
struct Replay {
    decisions: std::iter::Peekable<std::vec::IntoIter<AdmissionDecision>>,
    waiting: std::vec::IntoIter<u64>,
    again: Vec<(usize, u8, Time)>,
    unlimited: Unlimited,
}

impl Replay {
    fn of(Decisions { made, waiting, again }: Decisions) -> Self {
        let (decisions, waiting) = (made.into_iter().peekable(), waiting.into_iter());
        Self { decisions, waiting, again, unlimited: Unlimited::default() }
    }
}

impl Admission for Replay {
    fn route(&mut self, who: RecipientId, routing: &mut Routing, pool: &Pool, now: Time) -> Option<Candidate> {
        if pool.is_by_queue() && routing.is_new() {
            for (&provider, attempts) in pool.members().iter().zip(&mut self.waiting) {
                self.unlimited.set_waiting(provider, attempts);
            }
        }
        let candidate = self.unlimited.route(who, routing, pool, now)?;
        let denied = self.decisions.next_if_eq(&AdmissionDecision::NotPermitted);
        let permission = if denied.is_some() { Permission::Denied } else { candidate.permission };
        Some(Candidate { permission, ..candidate })
    }

    fn admit(&mut self, comer: &AdmissionRequest) -> AdmissionDecision {
        self.decisions.next().unwrap_or(AdmissionDecision::Departs(comer.now))
    }

    fn sent_again(&self, request: &AdmissionRequest) -> Option<Time> {
        let is_this =
            |(provider, attempt, _): &&(usize, u8, Time)| (*provider, *attempt) == (request.provider, request.attempt);
        self.again.iter().find(is_this).map(|(_, _, at)| *at)
    }

    fn rejected(&mut self, _: &AdmissionRequest, decision: AdmissionDecision) {
        self.decisions.next_if_eq(&decision);
    }
}

/// Records all events.
#[derive(Default)]
struct TraceRecorder {
    /// The events of the engine and the providers, in order.
    said: Vec<(Time, Event)>,
    /// What happens to the messages, known in advance.
    happens: Vec<(Time, Event)>,
    cost: Money,
}

impl TraceRecorder {
    /// Merges both lists in order of time. At equal times, an event comes before the reports of it.
    fn finish(mut self, person: Person, arrival: Time, status: FlowStatus) -> Trace {
        self.happens.sort_by_key(|(at, _)| *at);
        let reached = self.happens.iter().filter(|(_, event)| matches!(event, Event::Reached(_)));
        let (first_delivery, deliveries) = (reached.clone().next().map_or(Time::NEVER, |e| e.0), reached.count());
        let events = merge(self.happens, self.said);
        let Person { segment, phone_back, persistent } = person;
        Trace { arrival, segment, phone_back, persistent, events, status, cost: self.cost, first_delivery, deliveries }
    }
}

/// Merges two lists that are in order of time; at equal times `a` goes before `b`, except that submissions in `b` go first.
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
    matches!(event, Event::Submitted { .. } | Event::Waits { .. })
}

impl Observer for TraceRecorder {
    fn notice(&mut self, now: Time, notice: Notice) {
        self.said.push((now, Event::Noticed(notice)));
    }
}

impl Recorder for TraceRecorder {
    const AFTER_THE_END: bool = true;

    fn submitted(&mut self, submission: Submission, attempt: &RoutedAttempt, result: &AttemptResult) {
        let RoutedAttempt { provider, decision, terms, patience, .. } = *attempt;
        let event = Event::Submitted { submission, provider, decision, ttl: terms.ttl, charge: result.charge };
        self.said.push((terms.submitted, event));
        self.cost += result.charge;
        let waits = matches!(decision, AdmissionDecision::Expires | AdmissionDecision::Waits)
            || matches!(decision, AdmissionDecision::Departs(departs) if departs > terms.submitted);
        if waits {
            self.said.push((terms.submitted, Event::Waits { submission, kept: attempt.kept }));
        }
        let left_queue = match decision {
            AdmissionDecision::Departs(departs) if departs > terms.submitted => (departs, Event::Departed(submission)),
            AdmissionDecision::Expires if attempt.kept || result.is_reported_expired() => {
                (patience, Event::ExpiredInQueue(submission))
            }
            AdmissionDecision::Expires => (patience, Event::Cancelled(submission)),
            _ => (Time::NEVER, Event::Departed(submission)),
        };
        let happens = [
            left_queue,
            (result.delivered, Event::Reached(submission)),
            (result.again, Event::Reached(submission)),
            (result.seen, Event::Opened(submission)),
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

    fn timed_out<Q: ReportQueue>(&mut self, now: Time, _: &Flow, _: &Q) {
        self.said.push((now, Event::TimedOut));
    }
}
