//! One recipient's life under one plan, event by event.

use crate::engine::{Notice, Observer, Submission};
use crate::provider::{Fate, Terms};
use crate::rng::Luck;
use crate::scenario::Scenario;
use crate::sim::{Cast, Life, Witness, play};
use crate::traffic::Timetable;
use crate::units::{Money, SimTime};
use crate::vocabulary::{FlowStatus, Status};

/// A life.
#[derive(Clone, PartialEq, Debug)]
pub struct Trace {
    /// When the recipient arrived.
    pub arrival: SimTime,
    /// What happened, in order.
    pub events: Vec<(SimTime, Event)>,
    /// How the flow ended.
    pub status: FlowStatus,
    /// What it cost.
    pub cost: Money,
    /// When the message first reached the person; [`SimTime::NEVER`] if it never did.
    pub first_delivery: SimTime,
    /// How often it reached the person.
    pub deliveries: usize,
}

/// Something that happens in a life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// An attempt is handed to the provider of a step.
    Submitted {
        /// The attempt and its step.
        submission: Submission,
        /// How long the engine will wait in the step.
        ttl: SimTime,
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

/// Plays `recipient`, below the scenario's number of them, in `replication`, under the plan with this index.
#[must_use]
pub fn trace(scenario: &Scenario, plan: usize, recipient: u64, replication: u32) -> Trace {
    let cast = Cast::new(scenario);
    let luck = Luck::new(scenario.seed, replication);
    let mut arrival = [SimTime::ZERO];
    Timetable::new(&scenario.traffic, luck).fill(recipient, &mut arrival);
    let [arrival] = arrival;
    let part = cast.plans[plan].clone().with_progress();
    let mut recorder = Recorder::default();
    let flow = play(&cast, &part, luck, (recipient as u32, arrival), &mut Life::default(), &mut recorder);
    recorder.finish(arrival, flow.status())
}

/// Writes down everything.
#[derive(Default)]
struct Recorder {
    /// What engine and providers say, in the order in which they say it.
    said: Vec<(SimTime, Event)>,
    /// What happens to the person, known beforehand.
    happens: Vec<(SimTime, Event)>,
    cost: Money,
}

impl Recorder {
    /// Both stories as one, in order of time; what happens comes before what is said of it at the same time.
    fn finish(mut self, arrival: SimTime, status: FlowStatus) -> Trace {
        self.happens.sort_by_key(|(at, _)| *at);
        let reached = self.happens.iter().filter(|(_, event)| matches!(event, Event::Reached(_)));
        let (first_delivery, deliveries) = (reached.clone().next().map_or(SimTime::NEVER, |e| e.0), reached.count());
        let events = merge(self.happens, self.said);
        Trace { arrival, events, status, cost: self.cost, first_delivery, deliveries }
    }
}

/// Two stories in order of time as one; at equal times `a` before `b`, but for what `b` submits then.
fn merge(a: Vec<(SimTime, Event)>, b: Vec<(SimTime, Event)>) -> Vec<(SimTime, Event)> {
    let mut merged = Vec::with_capacity(a.len() + b.len());
    let mut a = a.into_iter().peekable();
    for said in b {
        let before = |happens: &(SimTime, Event)| happens.0 < said.0 || happens.0 == said.0 && !is_submission(&said.1);
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

impl Observer for Recorder {
    fn notice(&mut self, now: SimTime, notice: Notice) {
        self.said.push((now, Event::Noticed(notice)));
    }
}

impl Witness for Recorder {
    const TO_THE_LAST: bool = true;

    fn submitted(&mut self, submission: Submission, terms: &Terms, fate: &Fate) {
        let event = Event::Submitted { submission, ttl: terms.ttl, charge: fate.charge };
        self.said.push((terms.submitted, event));
        self.cost += fate.charge;
        for (at, event) in [(fate.delivered, Event::Reached(submission)), (fate.seen, Event::Opened(submission))] {
            if !at.is_never() {
                self.happens.push((at, event));
            }
        }
    }

    fn reported(&mut self, now: SimTime, attempt: u8, status: Status) {
        self.said.push((now, Event::Reported { attempt, status }));
    }

    fn timed_out(&mut self, now: SimTime) {
        self.said.push((now, Event::TimedOut));
    }
}
