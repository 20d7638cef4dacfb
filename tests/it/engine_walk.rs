//! A walk over every reachable state of a flow of up to three steps, with every event in each of them.
//!
//! Time advances in whole ticks. In each state every status is reported for every attempt made so far and for one that was not
//! made, the timer fires whether it is due or not, and a tick passes if the deadline allows it. States are remembered, so
//! the walk covers *all* orders of reports and timers, including late, duplicate and out-of-order reports, without visiting
//! any state twice. Every event increases the flow's progress or changes nothing ([`Run::tell`] checks this), so the states
//! have no cycle: every order of events is a finite path of this walk.

use crate::engine_checker::{Event, Run, span, ticks};
use failsim::engine::{Flow, FlowPlan, LateDelivery, Pool, StepRules};
use failsim::status::Status::{Busy, Expired, Failed, NoAnswer, Undelivered};
use failsim::status::{FlowStatus, Status, StatusSet, SuccessFloor};
use failsim::units::{Span, Time};
use std::collections::BTreeMap;

// ---------------------------------------------------------------- the walk

/// What a walk has visited.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Count {
    plans: u64,
    states: u64,
    /// The number of events tried, ticks included.
    edges: u64,
    /// The number of states in which the flow has ended: succeeded, and failed by code 2, 3, 4.
    ended: [u64; 4],
    /// The number of states in which it only waits for reports.
    open: u64,
}

struct Walk<'p> {
    /// How many ticks the driver may be late for a deadline.
    lateness: i64,
    /// Each visited state, by what an observer knows in it; the engine's own state follows from that.
    known: BTreeMap<u128, Flow>,
    ahead: Vec<(Run<'p>, i64)>,
    count: Count,
}

impl<'p> Walk<'p> {
    fn over(plan: &'p FlowPlan, lateness: i64) -> Count {
        let count = Count { plans: 1, ..Count::default() };
        let mut walk = Self { lateness, known: BTreeMap::new(), ahead: Vec::new(), count };
        walk.come_to(Run::start(plan, Time::ZERO), 0);
        while let Some((run, now)) = walk.ahead.pop() {
            walk.try_everything(run, now);
        }
        walk.count
    }

    fn try_everything(&mut self, run: Run<'p>, now: i64) {
        for attempt in 0..=run.flow.attempts() {
            for status in Status::ALL {
                self.try_event(run, now, Event::Report(attempt, status));
            }
        }
        self.try_event(run, now, Event::Timer);
        let deadline = run.flow.deadline();
        if !deadline.is_never() && ticks(now - self.lateness) < deadline {
            self.count.edges += 1;
            self.come_to(run, now + 1);
        }
    }

    fn try_event(&mut self, mut run: Run<'p>, now: i64, event: Event) {
        self.count.edges += 1;
        if run.tell(ticks(now), event).changed {
            self.come_to(run, now);
        }
    }

    fn come_to(&mut self, run: Run<'p>, now: i64) {
        match self.known.insert(key(&run, now), run.flow) {
            Some(flow) => assert_eq!(flow, run.flow, "two flows for one history: {run:?}"),
            None => {
                self.note(&run);
                self.ahead.push((run, now));
            }
        }
    }

    fn note(&mut self, run: &Run<'p>) {
        self.count.states += 1;
        match run.flow.status() {
            FlowStatus::InProgress => self.count.open += u64::from(run.flow.deadline().is_never()),
            FlowStatus::Succeeded => self.count.ended[0] += 1,
            FlowStatus::Failed(code) => self.count.ended[code as usize - 1] += 1,
        }
    }
}

/// Encodes the book of `run` at `now` as a number.
fn key(run: &Run<'_>, now: i64) -> u128 {
    let book = &run.book;
    let retry_due = if book.retry_due.is_never() { 63 } else { book.retry_due.as_micros() };
    let over = match book.over {
        None => 0,
        Some(FlowStatus::Failed(code)) => code as i64,
        Some(_) => 1,
    };
    let times = [now, book.step_began.as_micros(), retry_due, over, book.letters().len() as i64];
    let letters = book.letters().iter().map(|l| i64::from(l.step) << 4 | l.status.map_or(0, |s| s as i64));
    times.into_iter().chain(letters).fold(0, |key, part| {
        assert!((0..64).contains(&part) && key >> 122 == 0, "the walk is too long for its keys");
        key << 6 | part as u128
    })
}

impl Count {
    fn add(&mut self, other: Self) {
        self.plans += other.plans;
        self.states += other.states;
        self.edges += other.edges;
        self.open += other.open;
        for (sum, part) in self.ended.iter_mut().zip(other.ended) {
            *sum += part;
        }
    }

    /// Ensures that the walk does not shrink unnoticed.
    fn at_least(&self, states: u64, edges: u64) {
        assert!(self.states >= states && self.edges >= edges, "the walk has shrunk: {self:?}");
        assert!(
            self.ended.iter().all(|&count| count > 0) && self.open > 0,
            "some endings were never come to: {self:?}"
        );
    }
}

// ---------------------------------------------------------------- the rules

/// A ttl of two ticks, the triggers of Viber and sms, success at delivered, one attempt.
fn usual() -> StepRules {
    StepRules::via(Pool::single(0), "viber").with_ttl(span(2))
}

fn triggered_by(triggers: &[Status]) -> StepRules {
    StepRules { failover_on: StatusSet::of(triggers), ..usual() }
}

fn patient() -> StepRules {
    StepRules { ttl: Span::UNLIMITED, ..usual() }
}

fn with_floor(success: SuccessFloor) -> StepRules {
    StepRules { success, ..usual() }
}

fn must_be_seen() -> StepRules {
    StepRules { success: SuccessFloor::Seen, expire_on_delivery: true, ..usual() }
}

fn tried(attempts: u8, retry_after: i64) -> StepRules {
    StepRules { attempts, retry_after: span(retry_after), ..usual() }
}

/// Steps that differ from the usual one in one rule each.
fn kinds_of_step() -> Vec<StepRules> {
    vec![
        usual(),
        patient(),
        triggered_by(&[]),
        triggered_by(&[Busy, NoAnswer, Failed]),
        triggered_by(&[Undelivered, Failed, Expired, Busy, NoAnswer]),
        with_floor(SuccessFloor::Accepted),
        with_floor(SuccessFloor::Sent),
        with_floor(SuccessFloor::Seen),
        must_be_seen(),
        StepRules { failover_on: StatusSet::of(&[Undelivered]), attempts: 2, ..must_be_seen() },
        tried(2, 0),
        tried(2, 1),
        tried(2, 2),
        StepRules { ttl: span(3), ..tried(3, 1) },
        StepRules { ttl: Span::UNLIMITED, ..tried(2, 3) },
    ]
}

/// Plans with both rules for late deliveries and each of these values of `give_up_after`.
fn plans(steps: &[StepRules], patience: &[Span]) -> Vec<FlowPlan> {
    let with = |late_delivery, give_up_after| {
        FlowPlan::new(steps.to_vec(), late_delivery, give_up_after).expect("rules that make sense")
    };
    let each = |&patience| [LateDelivery::Finish, LateDelivery::Ignore].map(|late| with(late, patience));
    patience.iter().flat_map(each).collect()
}

fn walk_over(plans: &[FlowPlan], lateness: i64) -> Count {
    let mut sum = Count::default();
    for plan in plans {
        sum.add(Walk::over(plan, lateness));
    }
    sum
}

// ---------------------------------------------------------------- the tests

#[test]
fn every_flow_of_one_step_keeps_the_rules_in_every_order_of_events() {
    let patience = [Span::UNLIMITED, span(1), span(2), span(3), span(5)];
    let mut sum = Count::default();
    for step in kinds_of_step() {
        for lateness in 0..=2 {
            sum.add(walk_over(&plans(std::slice::from_ref(&step), &patience), lateness));
        }
    }
    sum.at_least(35_900, 845_000);
}

#[test]
fn every_flow_of_two_steps_keeps_the_rules_in_every_order_of_events() {
    let patience = [Span::UNLIMITED, span(2), span(3)];
    let mut sum = Count::default();
    for first in kinds_of_step() {
        for second in kinds_of_step() {
            sum.add(walk_over(&plans(&[first.clone(), second], &patience), 0));
        }
    }
    sum.at_least(889_000, 31_000_000);
}

#[test]
fn flows_of_two_steps_keep_the_rules_when_their_timers_are_late() {
    let mut sum = Count::default();
    for first in kinds_of_step() {
        let late = plans(&[first, usual()], &[Span::UNLIMITED, span(3)]);
        sum.add(walk_over(&late, 2));
    }
    sum.at_least(132_000, 4_480_000);
}

#[test]
fn flows_of_three_steps_that_differ_in_the_first_keep_the_rules_in_every_order_of_events() {
    let mut sum = Count::default();
    for step in kinds_of_step() {
        for middle in [must_be_seen(), with_floor(SuccessFloor::Seen)] {
            let each = plans(&[step.clone(), middle, tried(2, 1)], &[Span::UNLIMITED, span(4)]);
            sum.add(walk_over(&each, 0));
        }
    }
    sum.at_least(1_219_000, 57_600_000);
}

#[test]
fn flows_of_three_steps_that_differ_in_the_last_keep_the_rules_in_every_order_of_events() {
    let mut sum = Count::default();
    for step in kinds_of_step() {
        let hasty = StepRules { ttl: span(1), ..with_floor(SuccessFloor::Seen) };
        let each = plans(&[triggered_by(&[Expired, Busy, NoAnswer]), hasty, step], &[Span::UNLIMITED, span(4)]);
        sum.add(walk_over(&each, 0));
    }
    sum.at_least(687_000, 29_600_000);
}
