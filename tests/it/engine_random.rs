//! Random flows of up to five steps under random rules, with random reports at random times, under the same checker as the
//! walk; at the end of each, the whole path is checked against its history alone.

use crate::engine_checker::{Event, Run, finishes_late, height, meets, span, ticks};
use failsim::engine::{Command, FlowPlan, LateDelivery, Notice, Pool, StepRules, Submission};
use failsim::status::Status::{Busy, Expired, Failed, Machine, NoAnswer, Undelivered};
use failsim::status::{FlowStatus, Status, SuccessFloor};
use failsim::units::{Span, Time};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::TestRunner;
use std::cell::Cell;

// ---------------------------------------------------------------- random cases

fn span_or_none(longest: i64) -> impl Strategy<Value = Span> {
    prop_oneof![1 => Just(Span::UNLIMITED), 4 => (1..=longest).prop_map(span)]
}

/// The success floor, and whether unseen messages expire, which requires the floor `seen`.
fn floor() -> impl Strategy<Value = (SuccessFloor, bool)> {
    use SuccessFloor::{Accepted, Delivered, Seen, Sent};
    select(vec![(Accepted, false), (Sent, false), (Delivered, false), (Delivered, false), (Seen, false), (Seen, true)])
}

fn step_rules() -> impl Strategy<Value = StepRules> {
    let triggers = subsequence(vec![Undelivered, Failed, Expired, Busy, NoAnswer, Machine], 0..=6);
    let retries = (1..=4_u8, 0..15_i64, select(vec![StepRules::STEADY, 2_000_000, 3_000_000]));
    (span_or_none(40), triggers, floor(), retries).prop_map(|(ttl, triggers, floor, (attempts, wait, backoff))| {
        let (success, expire_on_delivery) = floor;
        let failover_on = triggers.into_iter().collect();
        let usual = StepRules::via(Pool::single(0), "viber").with_ttl(ttl);
        StepRules { failover_on, success, expire_on_delivery, attempts, retry_after: span(wait), backoff, ..usual }
    })
}

fn flow_plan() -> impl Strategy<Value = FlowPlan> {
    let late = select(vec![LateDelivery::Finish, LateDelivery::Ignore]);
    (proptest::collection::vec(step_rules(), 1..=5), late, span_or_none(120))
        .prop_filter_map("few attempts", |(steps, late, give_up_after)| FlowPlan::new(steps, late, give_up_after).ok())
}

/// A report that comes `after` the previous one, for the attempt that `target` picks among those made and the next one.
#[derive(Clone, Copy, Debug)]
struct Scripted {
    after: i64,
    target: u8,
    status: Status,
}

/// Failures come more often than successes, because they lead to further steps.
fn scripted() -> impl Strategy<Value = Scripted> {
    let status = prop_oneof![select(Status::ALL.to_vec()), select(vec![Failed, Undelivered, Expired])];
    (0..25_i64, any::<u8>(), status).prop_map(|(after, target, status)| Scripted { after, target, status })
}

/// A flow, the reports about it, and its driver.
#[derive(Clone, Debug)]
struct Case {
    plan: FlowPlan,
    starts: i64,
    script: Vec<Scripted>,
    /// How many ticks after its deadline a timer fires.
    lateness: i64,
}

fn case() -> impl Strategy<Value = Case> {
    let script = proptest::collection::vec(scripted(), 0..60);
    let lateness = prop_oneof![3 => Just(0), 1 => 1..20_i64];
    (flow_plan(), 0..1_000_i64, script, lateness).prop_map(|(plan, starts, script, lateness)| Case {
        plan,
        starts,
        script,
        lateness,
    })
}

// ---------------------------------------------------------------- running a case

/// An event of a flow, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Entry {
    Submitted(Submission),
    Noticed(Notice),
    Ended(i64),
}

struct FlowRun<'p> {
    run: Run<'p>,
    now: i64,
    lateness: i64,
    history: Vec<Entry>,
}

impl<'p> FlowRun<'p> {
    /// Runs the script, then lets all timers fire.
    fn of(case: &'p Case) -> Self {
        let run = Run::start(&case.plan, ticks(case.starts));
        let history = vec![Entry::Submitted(Submission { attempt: 0, step: 0 })];
        let mut flow_run = Self { run, now: case.starts, lateness: case.lateness, history };
        for scripted in &case.script {
            let time = flow_run.now + scripted.after;
            flow_run.let_timers_go_off_before(time);
            flow_run.now = time;
            flow_run.hear(*scripted);
        }
        flow_run.let_timers_go_off_before(i64::MAX);
        flow_run
    }

    fn hear(&mut self, scripted: Scripted) {
        let attempt = scripted.target % (self.run.flow.attempts() + 1);
        self.tell(Event::Report(attempt, scripted.status));
        self.tell(Event::Report(attempt, scripted.status));
    }

    /// At equal times the report goes in first.
    fn let_timers_go_off_before(&mut self, time: i64) {
        while let Some(due) = self.next_timer().filter(|&due| due < time) {
            self.now = due;
            self.tell(Event::Timer);
        }
    }

    fn next_timer(&self) -> Option<i64> {
        let deadline = self.run.flow.deadline();
        (!deadline.is_never()).then(|| self.now.max(deadline.as_micros() + self.lateness))
    }

    fn tell(&mut self, event: Event) {
        let told = self.run.tell(ticks(self.now), event);
        self.history.extend(told.notices.iter().map(Entry::Noticed));
        match told.command {
            Command::Wait => {}
            Command::Submit(submission) => self.history.push(Entry::Submitted(submission)),
            Command::End => self.history.push(Entry::Ended(self.now)),
        }
    }
}

// ---------------------------------------------------------------- checking the history

/// Checks the history from its first entry to its last.
fn judge(case: &Case, flow_run: &FlowRun<'_>) {
    let ends = flow_run.history.iter().filter(|entry| matches!(entry, Entry::Ended(_))).count();
    let status = flow_run.run.flow.status();
    assert_eq!(ends, usize::from(status != FlowStatus::InProgress), "the end comes once");
    submissions_are_in_order(&flow_run.history);
    no_message_goes_back(&flow_run.history);
    steps_are_left_one_by_one(flow_run);
    assert_eq!(status == FlowStatus::Succeeded, success_was_earned(case, &flow_run.history));
    ends_in_good_time(case, flow_run);
}

fn submissions_are_in_order(history: &[Entry]) {
    let end = history.iter().position(|entry| matches!(entry, Entry::Ended(_))).unwrap_or(history.len());
    let submissions = history.iter().enumerate().filter_map(|(place, entry)| match entry {
        Entry::Submitted(submission) => Some((place, submission)),
        _ => None,
    });
    for (number, (place, submission)) in submissions.enumerate() {
        assert_eq!(usize::from(submission.attempt), number);
        assert!(place < end, "submitted after the end");
    }
}

fn no_message_goes_back(history: &[Entry]) {
    let mut heights = [0; 256];
    for entry in history {
        if let Entry::Noticed(Notice::Message { attempt, status, .. }) = entry {
            let old = &mut heights[usize::from(*attempt)];
            assert!(height(Some(*status)) > *old, "attempt {attempt} went back to {status}");
            *old = height(Some(*status));
        }
    }
}

fn steps_are_left_one_by_one(flow_run: &FlowRun<'_>) {
    let left = flow_run.history.iter().filter_map(|entry| match entry {
        Entry::Noticed(Notice::Step { step, .. }) => Some(*step),
        _ => None,
    });
    let ended = flow_run.run.flow.status() != FlowStatus::InProgress;
    assert!(left.eq(0..flow_run.run.flow.step() + u8::from(ended)));
}

/// Whether, before the flow ended, a message met the floor of its step: of the latest attempt, or later where this finishes the flow.
fn success_was_earned(case: &Case, history: &[Entry]) -> bool {
    let mut latest = 0;
    for entry in history {
        match entry {
            Entry::Submitted(submission) => latest = submission.attempt,
            Entry::Noticed(Notice::Message { attempt, step, status }) => {
                let floor = case.plan.steps()[usize::from(*step)].success;
                let met =
                    if *attempt == latest { meets(floor, *status) } else { finishes_late(&case.plan, floor, *status) };
                if met {
                    return true;
                }
            }
            Entry::Ended(_) => return false,
            Entry::Noticed(_) => {}
        }
    }
    false
}

/// The flow ends within its bounds, allowing for the driver's lateness, and is unresolved only where nothing bounds it.
fn ends_in_good_time(case: &Case, flow_run: &FlowRun<'_>) {
    let Case { plan, starts, lateness, .. } = case;
    let patience = |step: &StepRules| step.ttl.plus(span(*lateness));
    let steps = plan.steps().iter().map(patience).fold(ticks(*starts), Time::after);
    let bound = steps.min(ticks(starts + lateness).after(plan.give_up_after()));
    match flow_run.history.iter().find_map(|e| if let Entry::Ended(at) = e { Some(*at) } else { None }) {
        Some(at) => assert!(ticks(at) <= bound, "ended at {at}, after {bound}"),
        None => {
            let step = &plan.steps()[usize::from(flow_run.run.flow.step())];
            assert!(step.ttl.is_unlimited() && plan.give_up_after().is_unlimited(), "left open");
        }
    }
}

// ---------------------------------------------------------------- the tests

#[test]
fn random_flows_keep_the_rules() {
    let config = ProptestConfig { cases: 30_000, failure_persistence: None, ..ProptestConfig::default() };
    let endings = Cell::new([0; 5]);
    let outcome = TestRunner::new(config).run(&case(), |case| {
        let flow_run = FlowRun::of(&case);
        judge(&case, &flow_run);
        count(&endings, flow_run.run.flow.status());
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    let endings = endings.into_inner();
    assert!(endings.iter().all(|&count| count > 0), "some endings were never come to: {endings:?}");
}

fn count(endings: &Cell<[u32; 5]>, status: FlowStatus) {
    let mut counts = endings.get();
    counts[match status {
        FlowStatus::InProgress => 0,
        FlowStatus::Succeeded => 1,
        FlowStatus::Failed(code) => code as usize,
    }] += 1;
    endings.set(counts);
}
