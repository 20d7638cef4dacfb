//! One recipient's life under one plan, event by event.

use super::span;
use crate::engine::{Notice, Observer, Submission};
use crate::provider::Fate;
use crate::rng::Luck;
use crate::scenario::Scenario;
use crate::sim::{Cast, Handed, Life, Open, Stage, Usher, Verdict, Way, Witness, World, play, verdicts};
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
    /// A provider of the step does not take an attempt, and the next one is tried.
    TurnedDown {
        /// The attempt and its step.
        submission: Submission,
        /// The provider's index in the scenario.
        provider: usize,
        /// What it said.
        verdict: Verdict,
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
        /// What the provider says.
        verdict: Verdict,
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
    let cast = Cast::new(scenario);
    let world_luck = Luck::new(scenario.seed, whose.replication);
    let timeline = span::timeline(scenario);
    let cast = cast.in_world(world_luck, timeline.end());
    let role = &cast.streams[whose.stream];
    let luck = world_luck.of_stream(&role.name);
    let mut arrival = [SimTime::ZERO];
    Timetable::new(&role.traffic, luck).fill(whose.recipient, &mut arrival);
    let [arrival] = arrival;
    let part = cast.part(role, whose.plan).clone().with_progress();
    let recipient = whose.recipient as u32;
    let stage = Stage { cast: &cast, part: &part, luck, recipient };
    let (mut recorder, mut life) = (Recorder::default(), Life::default());
    let flow = if scenario.is_shared() {
        let world = World { cast: &cast, luck: world_luck, timeline, way: Way::Engine };
        let said = verdicts(&world, whose.plan, whose.stream, recipient);
        play(&stage, arrival, &mut life, &mut Replay(said.into_iter()), &mut recorder)
    } else {
        play(&stage, arrival, &mut life, &mut Open, &mut recorder)
    };
    recorder.finish(arrival, flow.status())
}

/// The providers say again what they have said.
struct Replay(std::vec::IntoIter<Verdict>);

impl Usher for Replay {
    fn judge(&mut self, _: usize, now: SimTime, _: SimTime) -> Verdict {
        self.0.next().unwrap_or(Verdict::Leaves(now))
    }
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

    fn submitted(&mut self, submission: Submission, handed: &Handed, fate: &Fate) {
        let Handed { provider, verdict, terms, patience, .. } = *handed;
        let event = Event::Submitted { submission, provider, verdict, ttl: terms.ttl, charge: fate.charge };
        self.said.push((terms.submitted, event));
        self.cost += fate.charge;
        let (left, withdrawn) = match verdict {
            Verdict::Leaves(leaves) if leaves > terms.submitted => (leaves, SimTime::NEVER),
            Verdict::Withdrawn => (SimTime::NEVER, patience),
            _ => (SimTime::NEVER, SimTime::NEVER),
        };
        let happens = [
            (left, Event::Left(submission)),
            (withdrawn, Event::Withdrawn(submission)),
            (fate.delivered, Event::Reached(submission)),
            (fate.seen, Event::Opened(submission)),
        ];
        self.happens.extend(happens.into_iter().filter(|(at, _)| !at.is_never()));
    }

    fn turned_down(&mut self, submission: Submission, handed: &Handed, _: &Fate) {
        let Handed { provider, verdict, .. } = *handed;
        self.said.push((handed.terms.submitted, Event::TurnedDown { submission, provider, verdict }));
    }

    fn reported(&mut self, now: SimTime, attempt: u8, status: Status) {
        self.said.push((now, Event::Reported { attempt, status }));
    }

    fn timed_out(&mut self, now: SimTime) {
        self.said.push((now, Event::TimedOut));
    }
}
