//! Slices of a run add up to the whole, byte for byte, in any order; anything else is rejected.

use crate::build::{change_steps, stream};
use crate::random_scenario::{Case, shared_case};
use crate::three_plans::three_plans;
use failsim::engine;
use failsim::provider::Capacity;
use failsim::scenario::Scenario;
use failsim::sim::{Interrupted, Ledger, LedgerError, Progress};
use failsim::status::SuccessFloor;
use failsim::study::{Experiment, Results, ResumeError};
use failsim::traffic::Arrivals;
use failsim::units::Span;
use proptest::prelude::*;

/// Two streams: one in 32 sections, with many equal latencies, and a small one with its own plan.
fn two_streams() -> Scenario {
    let mut scenario = three_plans(4_000);
    scenario.streams[0].name = "pins".to_owned();
    let mut other = stream("promotion", 300, Arrivals::Uniform { over: Span::from_secs(300) });
    let mut own = scenario.plans[0].clone();
    change_steps(&mut own, |steps| steps.truncate(1));
    other.plan = Some(own);
    scenario.streams.push(other);
    scenario.webhook = engine::Strategy::OnChange;
    change_steps(&mut scenario.plans[1], |steps| {
        (steps[0].success, steps[0].expire_on_delivery) = (SuccessFloor::Seen, true);
    });
    scenario
}

fn experiment(scenario: &Scenario, replications: u32) -> Experiment<'_> {
    Experiment::new(scenario, replications, &Progress::default()).expect("nobody stops it")
}

fn as_text(results: &Results) -> String {
    serde_json::to_string(results).expect("results are plain data")
}

fn whole(scenario: &Scenario, replications: u32) -> (Ledger, String) {
    let mut experiment = experiment(scenario, replications);
    experiment.run(&Progress::default()).expect("nobody stops it");
    (experiment.ledger(), as_text(&experiment.results(&Progress::default()).expect("nobody stops it")))
}

/// Adds up the slices in this order.
fn added_up(scenario: &Scenario, parts: &[Ledger], order: impl IntoIterator<Item = usize>) -> Ledger {
    let mut sum = experiment(scenario, 1).empty_ledger();
    order.into_iter().for_each(|place| sum.merge(&parts[place]).expect("each part once"));
    sum
}

#[test]
fn sections_add_up_to_the_run_in_any_order() -> Result<(), Interrupted> {
    let scenario = two_streams();
    let (ledger, results) = whole(&scenario, 5);
    let playing = experiment(&scenario, 5);
    let mut parts = Vec::new();
    for replication in 0..5 {
        for part in 0..3 {
            parts.push(playing.independent_part(replication, part, 3, &Progress::default())?);
        }
    }
    for order in [(0..15).collect::<Vec<_>>(), (0..15).rev().collect(), (0..15).map(|i| i * 7 % 15).collect()] {
        let sum = added_up(&scenario, &parts, order);
        assert!(sum == ledger && sum.to_bytes() == ledger.to_bytes());
    }
    // Two halves, each added up separately.
    let mut one = added_up(&scenario, &parts, (0..15).filter(|i| i % 2 == 0));
    let other = added_up(&scenario, &parts, (0..15).filter(|i| i % 2 == 1));
    assert_eq!(one.merge(&other), Ok(()));
    assert!(one.to_bytes() == ledger.to_bytes());
    let kept = Ledger::from_bytes(&one.to_bytes()).expect("what was written is read");
    assert!(kept == ledger);
    let resumed = experiment(&scenario, 5).with_ledger(&kept).expect("it is whole");
    assert_eq!(as_text(&resumed.results(&Progress::default())?), results);
    Ok(())
}

proptest! {
    #![proptest_config(crate::build::random_cases(24))]

    /// Contended replications, with every kind of sharing.
    #[test]
    fn replications_add_up_to_the_run_in_any_order(case in shared_case(), counts_changes in any::<bool>()) {
        let Case { mut scenario, .. } = case;
        scenario.webhook = engine::Strategy::ALL[usize::from(!counts_changes)];
        let mut playing = experiment(&scenario, 4);
        playing.add_replications(4, &Progress::default()).expect("nobody stops it");
        let whole = playing.ledger();
        let alone = whole.independent.replications() > 0;
        let mut parts = Vec::new();
        for replication in 0..4 {
            if scenario.is_shared() {
                parts.push(playing.contended_part(replication, &Progress::default()).expect("nobody stops it"));
            }
            if alone {
                parts.push(playing.independent_part(replication, 0, 1, &Progress::default()).expect("nobody stops it"));
            }
        }
        let (forwards, backwards) = (0..parts.len(), (0..parts.len()).rev());
        prop_assert!(added_up(&scenario, &parts, forwards).to_bytes() == whole.to_bytes());
        prop_assert!(added_up(&scenario, &parts, backwards).to_bytes() == whole.to_bytes());
    }
}

/// Where it turns out that no recipient waits, the ledger holds both tallies.
#[test]
fn a_run_in_which_nobody_waits_holds_both_tallies() {
    let mut scenario = three_plans(2_000);
    let plenty = Capacity { concurrent: Some(100_000), ..Capacity::UNLIMITED };
    scenario.providers[0].capacity = Some(plenty);
    let (ledger, _) = whole(&scenario, 3);
    assert_eq!((ledger.independent.replications(), ledger.contended.replications()), (3, 3));
    scenario.providers[0].capacity = Some(Capacity { concurrent: Some(3), ..plenty });
    let (ledger, _) = whole(&scenario, 3);
    assert_eq!((ledger.independent.replications(), ledger.contended.replications()), (0, 3));
}

/// Few recipients are one section, and there may be more parts than sections: then some parts are empty.
#[test]
fn empty_parts_add_up_too() -> Result<(), Interrupted> {
    for (recipients, of) in [(300, 3), (4_000, 64)] {
        let scenario = three_plans(recipients);
        let (ledger, _) = whole(&scenario, 2);
        let playing = experiment(&scenario, 2);
        let mut parts = Vec::new();
        for replication in 0..2 {
            for part in 0..of {
                parts.push(playing.independent_part(replication, part, of, &Progress::default())?);
            }
        }
        let count = parts.len();
        for order in [(0..count).collect::<Vec<_>>(), (0..count).rev().collect()] {
            assert!(added_up(&scenario, &parts, order).to_bytes() == ledger.to_bytes(), "{recipients} in {of}");
        }
    }
    Ok(())
}

/// If one part finds that recipients wait for one another, the independent tallies of the other parts are dropped.
#[test]
fn one_part_with_waiting_recipients_makes_the_whole_run_contended() -> Result<(), Interrupted> {
    let mut scenario = three_plans(400);
    scenario.providers[0].capacity = Some(Capacity { concurrent: Some(2), ..Capacity::UNLIMITED });
    let playing = experiment(&scenario, 2);
    let contended = playing.contended_part(0, &Progress::default())?;
    let alone = playing.independent_part(1, 0, 1, &Progress::default())?;
    let add_up = |parts: [&Ledger; 2]| {
        let mut sum = playing.empty_ledger();
        parts.into_iter().for_each(|part| sum.merge(part).expect("each part once"));
        sum
    };
    let (one, other) = (add_up([&contended, &alone]), add_up([&alone, &contended]));
    assert!(one.to_bytes() == other.to_bytes() && one.to_bytes() == contended.to_bytes());
    Ok(())
}

#[test]
fn parts_that_do_not_fit_are_rejected() -> Result<(), Interrupted> {
    let scenario = two_streams();
    let playing = experiment(&scenario, 2);
    let part = playing.independent_part(0, 0, 2, &Progress::default())?;
    let mut sum = part.clone();
    assert_eq!(sum.merge(&part), Err(LedgerError::Twice(0)));
    assert!(sum == part, "nothing is added then");
    let all = playing.independent_part(0, 0, 1, &Progress::default())?;
    assert_eq!(sum.merge(&all), Err(LedgerError::Twice(0)));
    let mut other = scenario.clone();
    other.seed += 1;
    assert_eq!(sum.merge(&experiment(&other, 1).empty_ledger()), Err(LedgerError::OtherRun));
    let resume = |ledger| experiment(&scenario, 2).with_ledger(&ledger).map(|_| ());
    assert_eq!(resume(part), Err(ResumeError::Gaps));
    let second = playing.independent_part(1, 0, 1, &Progress::default())?;
    assert_eq!(resume(second), Err(ResumeError::Gaps), "the first replication is missing");
    Ok(())
}

#[test]
fn a_truncated_or_changed_file_is_rejected() {
    let (ledger, _) = whole(&three_plans(40), 1);
    let bytes = ledger.to_bytes();
    assert!(Ledger::from_bytes(&bytes).is_ok_and(|read| read == ledger));
    assert_eq!(Ledger::from_bytes(&bytes[..bytes.len() - 1]), Err(LedgerError::Checksum));
    let mut changed = bytes.clone();
    *changed.last_mut().expect("it has bytes") ^= 1;
    assert_eq!(Ledger::from_bytes(&changed), Err(LedgerError::Checksum));
    let newer = String::from_utf8(bytes).expect("it is text").replacen("ledger/4", "ledger/5", 1);
    assert_eq!(Ledger::from_bytes(newer.as_bytes()), Err(LedgerError::Schema("failsim/ledger/5".to_owned())));
    for nothing in ["", "{}", "no ledger\nat all"] {
        assert!(matches!(Ledger::from_bytes(nothing.as_bytes()), Err(LedgerError::Schema(_))), "{nothing:?}");
    }
}
