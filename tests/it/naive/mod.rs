//! The simulation a second time, as plainly as it can be written: one heap of events for all recipients of a plan, the whole
//! history of every message kept, and everything counted from the histories afterwards.
//!
//! It shares with the product only the draws, the samplers, the timetable and the plain data types.

mod counts;
mod engine;
mod history;
mod provider;

use failsim::rng::{Luck, ProviderKey};
use failsim::scenario::{Plan, Scenario};
use failsim::traffic::Timetable;
use failsim::units::SimTime;
use failsim::vocabulary::{Status, SuccessFloor};
use history::{Attempt, Stay};
use provider::{Errand, Samplers};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

pub(crate) use counts::{BinsOfTime, Counts, PairCounts, PlanCounts, StepCounts, pair_counts, plan_counts};
pub(crate) use history::History;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Event {
    at: SimTime,
    kind: Kind,
    recipient: u32,
    attempt: usize,
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    Report,
    Timer,
}

/// What a report says, or what a timer is for. The end of the flow's patience comes before that of a step's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum What {
    Status(Status),
    GiveUp,
    Retry,
    Ttl,
}

/// Plays all recipients of `scenario` under its plan number `plan`.
pub(crate) fn play(scenario: &Scenario, plan: usize, luck: Luck) -> Vec<History> {
    let samplers = scenario.providers.iter().map(Samplers::new).collect();
    let histories = arrivals(scenario, luck).into_iter().map(History::new).collect();
    let plan = &scenario.plans[plan];
    let mut world = World { scenario, plan, luck, samplers, histories, events: BinaryHeap::new() };
    for recipient in 0..world.histories.len() {
        world.begin(recipient as u32);
    }
    while let Some(Reverse(event)) = world.events.pop() {
        world.handle(event);
    }
    world.histories
}

/// When each recipient arrives.
pub(crate) fn arrivals(scenario: &Scenario, luck: Luck) -> Vec<SimTime> {
    let mut times = vec![SimTime::ZERO; scenario.traffic.recipients as usize];
    Timetable::new(&scenario.traffic, luck).fill(0, &mut times);
    times
}

struct World<'a> {
    scenario: &'a Scenario,
    plan: &'a Plan,
    luck: Luck,
    samplers: Vec<Samplers>,
    histories: Vec<History>,
    events: BinaryHeap<Reverse<Event>>,
}

impl World<'_> {
    fn begin(&mut self, recipient: u32) {
        let arrival = self.histories[recipient as usize].arrival;
        self.timer(arrival.after(self.plan.flow.give_up_after), recipient, 0, What::GiveUp);
        self.enter(arrival, recipient, 0);
    }

    fn timer(&mut self, at: SimTime, recipient: u32, attempt: usize, what: What) {
        if at != SimTime::NEVER {
            self.events.push(Reverse(Event { at, kind: Kind::Timer, recipient, attempt, what }));
        }
    }

    fn enter(&mut self, now: SimTime, recipient: u32, step: usize) {
        let history = &mut self.histories[recipient as usize];
        assert_eq!(history.steps.len(), step, "steps are entered in order");
        history.steps.push(Stay { entered: now, left: None, tries: 0 });
        let first_attempt = history.attempts.len();
        self.timer(now.after(self.plan.flow.steps[step].ttl), recipient, first_attempt, What::Ttl);
        self.submit(now, recipient);
    }

    fn submit(&mut self, now: SimTime, recipient: u32) {
        let history = &mut self.histories[recipient as usize];
        let step = history.steps.len() - 1;
        history.steps[step].tries += 1;
        let rules = &self.plan.flow.steps[step];
        let carrier = self.plan.carriers[step];
        let spec = &self.scenario.providers[carrier.provider];
        let used_before = history.attempts.iter().filter(|attempt| attempt.provider == carrier.provider).count();
        let errand = Errand {
            spec,
            samplers: &self.samplers[carrier.provider],
            now,
            ttl: rules.ttl,
            validity: carrier.validity,
            progress: rules.success < SuccessFloor::Delivered,
            draws: self.luck.draws(ProviderKey::of_name(&spec.name), recipient, used_before as u16),
        };
        let result = errand.carry_out();
        let attempt = history.attempts.len();
        for (at, status) in result.reports {
            let what = What::Status(status);
            self.events.push(Reverse(Event { at, kind: Kind::Report, recipient, attempt, what }));
        }
        let (delivered, seen, charge) = (result.delivered, result.seen, result.charge);
        history.attempts.push(Attempt { step, provider: carrier.provider, delivered, seen, charge, known: Vec::new() });
    }

    fn handle(&mut self, event: Event) {
        let Event { at, recipient, attempt, what, .. } = event;
        match what {
            What::Status(status) => self.hear(at, recipient, attempt, status),
            What::GiveUp => self.give_up(at, recipient),
            What::Retry => self.retry(at, recipient, attempt),
            What::Ttl => self.time_out(at, recipient, attempt),
        }
    }
}
