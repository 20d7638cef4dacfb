//! Plans that join an experiment later have the results of an experiment that had them from the start.

use crate::build::{change_steps, plan, random_cases, step};
use crate::random_scenario::{case, shared_case};
use crate::three_plans::three_plans;
use failsim::provider::{Capacity, Discipline};
use failsim::scenario::Scenario;
use failsim::sim::{LedgerError, Progress};
use failsim::study::{Experiment, PlansError, ResumeError};
use failsim::units::{Rate, Span};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

fn progress() -> Progress {
    Progress::default()
}

/// An experiment that starts with the first of the plans, and is joined by the others one by one. Each is compared with the first plan.
fn joined(start: &Scenario, all: &Scenario, replications: u32) -> (Vec<u8>, String) {
    let mut experiment = Experiment::new(start, replications, &progress()).expect("nobody stops it");
    experiment.run(&progress()).expect("nobody stops it");
    for (index, plan) in all.plans.iter().enumerate().skip(start.plans.len()) {
        experiment.add_plans(vec![plan.clone()], &[(index, 0)], &progress()).expect("they are valid");
    }
    outputs(&experiment)
}

/// The ledgers and the results of an experiment.
fn outputs(experiment: &Experiment<'_>) -> (Vec<u8>, String) {
    let results = experiment.results(&progress()).expect("nobody stops it");
    (experiment.ledger().to_bytes(), serde_json::to_string(&results).expect("results are plain data"))
}

fn from_the_start(all: &Scenario, replications: u32) -> (Vec<u8>, String) {
    let pairs: Vec<_> = (1..all.plans.len()).map(|plan| (plan, 0)).collect();
    let mut experiment = Experiment::with_pairs(all, &pairs, replications, &progress()).expect("they are valid");
    experiment.run(&progress()).expect("nobody stops it");
    outputs(&experiment)
}

fn first_plan(all: &Scenario) -> Scenario {
    Scenario { plans: all.plans[..1].to_vec(), checks: Vec::new(), ..all.clone() }
}

fn joins_as_if_from_the_start(all: &Scenario, replications: u32) -> Result<(), TestCaseError> {
    let all = Scenario { checks: Vec::new(), ..all.clone() };
    let (ledger, results) = joined(&first_plan(&all), &all, replications);
    let (fresh_ledger, fresh_results) = from_the_start(&all, replications);
    prop_assert!(results == fresh_results, "{results}\n{fresh_results}");
    prop_assert!(ledger == fresh_ledger, "ledgers differ");
    Ok(())
}

proptest! {
    #![proptest_config(random_cases(24))]

    #[test]
    fn plans_may_join_independent_recipients(case in case()) {
        joins_as_if_from_the_start(&case.scenario, 2)?;
    }

    #[test]
    fn plans_may_join_contended_recipients(case in shared_case()) {
        joins_as_if_from_the_start(&case.scenario, 3)?;
    }
}

/// Plans of equal length, so that nothing is simulated anew: capacity that is never reached, and capacity that is.
#[test]
fn plans_may_join_a_shared_run_whether_or_not_anybody_waits() {
    for events in [1_000_000, 3] {
        let mut all = three_plans(3_000);
        for plan in &mut all.plans {
            change_steps(plan, |steps| steps.truncate(2));
        }
        let rate = Rate::new(events, 0, Span::from_secs(1));
        all.providers[1].capacity = Some(Capacity { rate, order: Discipline::Priority, ..Capacity::UNLIMITED });
        joins_as_if_from_the_start(&all, 12).expect("equal");
    }
}

/// The new plan is the first to use a limited provider: the earlier plans are simulated anew.
#[test]
fn a_plan_may_be_the_first_that_shares_anything() {
    let mut all = three_plans(2_000);
    all.plans =
        vec![plan("viber", vec![(0, step(Span::from_secs(30)))]), plan("sms", vec![(1, step(Span::from_secs(30)))])];
    let rate = Rate::new(1, 0, Span::from_secs(1));
    all.providers[1].capacity = Some(Capacity { rate, queue: 9, ..Capacity::UNLIMITED });
    joins_as_if_from_the_start(&all, 3).expect("equal");
}

#[test]
fn only_the_pairs_asked_for_are_compared() {
    let all = three_plans(1_000);
    let pairs = [(2, 1)];
    let mut experiment = Experiment::with_pairs(&all, &pairs, 1, &progress()).expect("they are valid");
    experiment.run(&progress()).expect("nobody stops it");
    let few = experiment.results(&progress()).expect("nobody stops it").comparisons;
    let usual = failsim::study::compare(&all, 1, &progress()).expect("nobody stops it").results.comparisons;
    assert_eq!((few.len(), usual.len()), (1, 3));
    assert_eq!(few[0], usual[2]);
    let resumed = Experiment::with_pairs(&all, &pairs, 1, &progress()).expect("they are valid");
    let resumed = resumed.with_ledger(&experiment.ledger()).expect("it is of the same pairs");
    assert!(outputs(&resumed) == outputs(&experiment));
    let other_pairs = Experiment::new(&all, 1, &progress()).expect("nobody stops it").with_ledger(&experiment.ledger());
    assert!(matches!(other_pairs, Err(ResumeError::Ledger(LedgerError::OtherRun))));
    for (plan, against) in [(1, 1), (3, 0)] {
        let invalid = Experiment::with_pairs(&all, &[(plan, against)], 1, &progress());
        assert!(matches!(invalid, Err(PlansError::InvalidPair(..))));
    }
}

/// The caller can resume an experiment that plans have joined: it has the scenario and the pairs.
#[test]
fn a_joined_experiment_is_resumed_from_its_ledger() {
    let all = three_plans(1_000);
    let first = first_plan(&all);
    let mut experiment = Experiment::new(&first, 2, &progress()).expect("nobody stops it");
    experiment.run(&progress()).expect("nobody stops it");
    experiment.add_plans(all.plans[1..].to_vec(), &[(2, 1)], &progress()).expect("they are valid");
    let (scenario, pairs): (_, Vec<_>) = (experiment.scenario().clone(), experiment.pairs().iter().collect());
    let resumed = Experiment::with_pairs(&scenario, &pairs, 2, &progress()).expect("they are valid");
    assert!(outputs(&resumed.with_ledger(&experiment.ledger()).expect("it is the same")) == outputs(&experiment));
}

#[test]
fn invalid_plans_and_pairs_are_rejected_and_nothing_changes() {
    let all = three_plans(500);
    let mut experiment = Experiment::new(&all, 1, &progress()).expect("nobody stops it");
    experiment.run(&progress()).expect("nobody stops it");
    let before = outputs(&experiment);
    let new = |name, provider| vec![plan(name, vec![(provider, step(Span::from_secs(9)))])];
    for (plans, pairs, error, text) in [
        (
            new("sms-only", 0),
            [(3, 0)],
            PlansError::DuplicateName("sms-only".to_owned()),
            "duplicate plan name `sms-only`",
        ),
        (new("new", 7), [(3, 0)], PlansError::UnknownProvider("new".to_owned(), 7), "no provider 7"),
        (new("new", 0), [(1, 0)], PlansError::InvalidPair(1, 0), "(1, 0) is not a pair of plans"),
        (new("new", 0), [(3, 3)], PlansError::InvalidPair(3, 3), "(3, 3)"),
        (new("new", 0), [(4, 0)], PlansError::InvalidPair(4, 0), "(4, 0)"),
    ] {
        assert!(error.to_string().contains(text), "{error}");
        assert_eq!(experiment.add_plans(plans, &pairs, &progress()), Err(error));
        assert!(outputs(&experiment) == before);
    }
    let stopped = progress();
    stopped.stop();
    assert_eq!(experiment.add_plans(new("new", 0), &[], &stopped), Err(PlansError::Interrupted));
    assert!(outputs(&experiment) == before);
}
