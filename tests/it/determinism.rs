//! What results must not depend on: the number of threads, which other plans are simulated, which other providers exist, and which
//! other recipients are simulated.

use crate::build::{self, constant, outcome, provider, secs};
use crate::random_scenario::{Case, case};
use crate::three_plans::three_plans;
use failsim::engine::{Notice, Observer, Submission};
use failsim::provider::AttemptResult;
use failsim::rng::RngKey;
use failsim::scenario::Scenario;
use failsim::sim::{
    ExecutionMode, Model, PendingReports, PlanTally, Progress, Recipient, RecipientContext, Recorder, RoutedAttempt,
    RunContext, Timeline, Unlimited, simulate_independent, simulate_recipient,
};
use failsim::status::FlowStatus;
use failsim::status::Status::Delivered;
use failsim::study::{RunOutput, compare};
use failsim::traffic::Timetable;
use failsim::units::{Money, Time};
use proptest::prelude::*;

fn findings(scenario: &Scenario, replications: u32) -> RunOutput {
    compare(scenario, replications, &Progress::default()).expect("nobody stops it")
}

// ---------------------------------------------------------------- threads

#[test]
fn any_number_of_threads_finds_the_same() {
    let scenario = three_plans(50_000);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be had");
        pool.install(|| findings(&scenario, 2))
    };
    let one = with(1);
    for threads in [2, 7] {
        let many = with(threads);
        assert!(many == one, "{threads} threads find something else than one");
        let bytes = |findings: &RunOutput| serde_json::to_vec(&findings.results).expect("results are data");
        assert_eq!(bytes(&many), bytes(&one));
    }
}

// ---------------------------------------------------------------- other plans, other providers

/// The scenario with only these of its plans.
fn with_plans(scenario: &Scenario, kept: &[usize]) -> Scenario {
    Scenario { plans: kept.iter().map(|&i| scenario.plans[i].clone()).collect(), ..scenario.clone() }
}

/// All subsets of the plans, in order.
fn subsets(plans: usize) -> impl Iterator<Item = Vec<usize>> {
    (1..1_usize << plans).map(move |bits| (0..plans).filter(|i| bits >> i & 1 == 1).collect())
}

fn same_without_the_others(scenario: &Scenario) {
    let all = findings(scenario, 1).results;
    for kept in subsets(scenario.plans.len()) {
        let some = findings(&with_plans(scenario, &kept), 1).results;
        let expected: Vec<_> = kept.iter().map(|&i| all.plans[i].clone()).collect();
        assert_eq!(some.plans, expected, "plans {kept:?}");
        let is_kept = |name: &String| expected.iter().any(|plan| plan.name == *name);
        let pairs = all.comparisons.iter().filter(|pair| is_kept(&pair.plan) && is_kept(&pair.against));
        assert!(some.comparisons.iter().eq(pairs), "comparisons of plans {kept:?}");
    }
}

#[test]
fn a_plan_is_the_same_whichever_others_are_simulated() {
    same_without_the_others(&three_plans(5_000));
}

/// The scenario with an unused provider in front of all others.
fn with_a_newcomer(scenario: &Scenario) -> Scenario {
    let mut changed = scenario.clone();
    changed.breakers.insert(0, None);
    changed.providers.insert(0, provider("newcomer", vec![outcome(Delivered, 1.0, constant(1.0))]));
    for plan in &mut changed.plans {
        build::change_steps(plan, |steps| {
            for rules in steps {
                *rules = build::carried_by(rules.pool.members()[0] + 1, rules.clone());
            }
        });
    }
    changed
}

proptest! {
    #![proptest_config(build::random_cases(24))]

    #[test]
    fn random_plans_are_the_same_whichever_others_are_simulated(case in case()) {
        same_without_the_others(&case.scenario);
    }

    #[test]
    fn a_provider_that_nobody_uses_changes_nothing(case in case()) {
        prop_assert_eq!(findings(&case.scenario, 1), findings(&with_a_newcomer(&case.scenario), 1));
    }

    #[test]
    fn a_recipient_has_the_same_course_alone(case in case()) {
        recipients_add_up_to_the_run(&case)?;
    }
}

// ---------------------------------------------------------------- one recipient

/// The course of one recipient.
#[derive(Default, Debug)]
struct Diary {
    cost: Money,
    deliveries: Vec<Time>,
    attempts: u64,
    seen: bool,
    ended: Option<Time>,
}

impl Observer for Diary {
    fn notice(&mut self, now: Time, notice: Notice) {
        if matches!(notice, Notice::Flow { .. }) {
            self.ended = Some(now);
        }
    }
}

impl Recorder for Diary {
    fn submitted(&mut self, _: Submission, _: &RoutedAttempt, fate: &AttemptResult) {
        self.attempts += 1;
        self.cost += fate.charge;
        self.seen |= !fate.seen.is_never();
        self.deliveries.extend(Some(fate.delivered).filter(|at| !at.is_never()));
    }
}

/// Simulates one recipient of a case, with no state left from another recipient.
fn diary(model: &Model, plan: usize, rng: RngKey, recipient: usize, arrival: Time) -> (Diary, FlowStatus) {
    let mut diary = Diary::default();
    let recipient = Recipient::new(recipient as u32, failsim::status::Segment::WHOLE);
    let context = RecipientContext {
        model,
        compiled: model.streams[0].classes[0].plan(plan),
        rng,
        stream: 0,
        recipient,
        arrival,
    };
    let (mut pending, mut admission) = (PendingReports::default(), Unlimited::default());
    let flow = simulate_recipient(&context, &mut pending, &mut admission, &mut diary);
    (diary, flow.status())
}

/// Sums over a plan's recipients, each simulated alone: reached, succeeded, duplicates, seen, attempts, cost, latencies, last end.
fn sums(histories: &[(Diary, FlowStatus)], arrivals: &[Time]) -> [i128; 8] {
    let number = |holds: &dyn Fn(&Diary) -> bool| histories.iter().filter(|(diary, _)| holds(diary)).count() as i128;
    let latency = |((diary, _), arrival): (&(Diary, FlowStatus), &Time)| {
        diary.deliveries.iter().min().map_or(0, |first| i128::from(first.since(*arrival).as_micros()))
    };
    [
        number(&|diary| !diary.deliveries.is_empty()),
        histories.iter().filter(|(_, status)| *status == FlowStatus::Succeeded).count() as i128,
        number(&|diary| diary.deliveries.len() > 1),
        number(&|diary| diary.seen),
        histories.iter().map(|(diary, _)| i128::from(diary.attempts)).sum(),
        histories.iter().map(|(diary, _)| i128::from(diary.cost.as_micros())).sum(),
        histories.iter().zip(arrivals).map(latency).sum(),
        histories.iter().filter_map(|(diary, _)| diary.ended).max().map_or(-1, |end| i128::from(end.as_micros())),
    ]
}

/// The same sums from the run.
fn sums_of_run(tally: &PlanTally) -> [i128; 8] {
    [
        tally.delivered.into(),
        tally.succeeded.into(),
        tally.duplicates.into(),
        tally.seen.into(),
        tally.steps.iter().map(|step| i128::from(step.attempts)).sum(),
        tally.cost as i128,
        tally.latencies.sum() as i128,
        tally.last_end.map_or(-1, i128::from),
    ]
}

fn run(scenario: &Scenario, rng: RngKey) -> Vec<PlanTally> {
    let model = &Model::new(scenario);
    let context = RunContext { model, rng, timeline: Timeline::over(secs(3600.0)), mode: ExecutionMode::default() };
    simulate_independent(&context, &model.streams[0], &Progress::default())
        .expect("nobody stops it")
        .remove(0)
        .tally
        .plans
}

fn recipients_add_up_to_the_run(case: &Case) -> Result<(), TestCaseError> {
    let rng = RngKey::new(case.scenario.seed, case.replication);
    let model = Model::new(&case.scenario);
    let mut arrivals = vec![Time::ZERO; case.scenario.streams[0].traffic.recipients as usize];
    Timetable::new(&case.scenario.streams[0].traffic, rng).fill(0, &mut arrivals);
    for (plan, tally) in run(&case.scenario, rng).iter().enumerate() {
        let histories = arrivals.iter().enumerate().map(|(i, &arrival)| diary(&model, plan, rng, i, arrival));
        let histories: Vec<_> = histories.collect();
        prop_assert_eq!(sums(&histories, &arrivals), sums_of_run(tally), "plan {}", plan);
    }
    Ok(())
}

/// Adding one recipient to a run changes the results by exactly that recipient's course.
#[test]
fn an_additional_recipient_adds_exactly_its_own_course() {
    let rng = RngKey::new(20_261_127, 0);
    for recipients in [1, 15, 16, 100, 777] {
        let (fewer, more) = (three_plans(recipients), three_plans(recipients + 1));
        let model = Model::new(&more);
        let mut arrival = [Time::ZERO];
        Timetable::new(&more.streams[0].traffic, rng).fill(recipients, &mut arrival);
        let (before, after) = (run(&fewer, rng), run(&more, rng));
        for plan in 0..more.plans.len() {
            let alone = sums(&[diary(&model, plan, rng, recipients as usize, arrival[0])], &arrival);
            let (before, after) = (sums_of_run(&before[plan]), sums_of_run(&after[plan]));
            let added: Vec<i128> = after.iter().zip(before).map(|(after, before)| after - before).collect();
            assert_eq!(added[..7], alone[..7], "recipient {recipients} under plan {plan}");
            assert_eq!(after[7], before[7].max(alone[7]), "the last end with recipient {recipients} under plan {plan}");
        }
    }
}
