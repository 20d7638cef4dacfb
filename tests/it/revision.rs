//! The simulation revision must increase with every change of results: otherwise sweeps would trust points cached by an earlier
//! build.

use crate::build::span;
use crate::three_plans::three_plans;
use failsim::engine::BreakerRules;
use failsim::provider::{Capacity, Discipline, Effect, Outage, When};
use failsim::report;
use failsim::scenario::Scenario;
use failsim::sim::{Progress, REVISION};
use failsim::study::compare;
use failsim::units::{Probability, Rate, Span};
use sha2::{Digest, Sha256};

/// The digest of the results of the scenarios below, for this revision.
const KNOWN: (u32, &str) = (9, "7f2894fe02937b9ed6a2c0f644c8618e");

/// Queues with both disciplines, a breaker, random outages, and two streams.
fn shared(order: Discipline) -> Scenario {
    let mut scenario = three_plans(4_000);
    for (provider, events) in scenario.providers.iter_mut().zip([9, 5, 2]) {
        let rate = Rate::new(events, 0, Span::from_micros(1_000_000));
        provider.capacity = Some(Capacity { rate, queue: 400, order, ..Capacity::UNLIMITED });
    }
    let when = When::Random { between: span(400.0), lasting: span(60.0) };
    scenario.providers[0].outages.push(Outage {
        when,
        effect: Effect::Fail,
        share: Probability::ONE,
        segments: failsim::status::SegmentSet::ALL,
    });
    scenario.breakers[1] = (order == Discipline::Priority).then_some(BreakerRules::DEFAULT);
    let mut other = scenario.streams[0].clone();
    scenario.streams[0].name = "pins".to_owned();
    (other.name, other.priority) = ("promotion".to_owned(), 1);
    scenario.streams.push(other);
    scenario
}

#[test]
fn the_revision_rises_with_every_change_of_results() {
    let mut digest = Sha256::new();
    for (scenario, replications) in
        [(three_plans(20_000), 1), (shared(Discipline::Fifo), 12), (shared(Discipline::Priority), 12)]
    {
        let found = compare(&scenario, replications, &Progress::default()).expect("nobody stops it");
        digest.update(report::json(&found.results));
    }
    let digest: String = digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        (REVISION, digest.as_str()),
        KNOWN,
        "results have changed: raise sim::REVISION (unless this commit has), and write both here"
    );
}
