//! The load of callbacks under both strategies.

use crate::build::{constant, outcome, plan, provider, random_cases, scenario, span, step};
use crate::random_scenario::{shared_case, with_segments};
use failsim::engine;
use failsim::scenario::Scenario;
use failsim::sim::Progress;
use failsim::status::Status::Delivered;
use failsim::study::{Callbacks, PlanResult, compare};
use proptest::prelude::*;

const N: u64 = 10_000;

/// Viber delivers four in five after 10.5 s and says nothing of the others; after 30 s follows SMS, which delivers after 5 s.
fn viber_then_sms() -> Scenario {
    let viber = provider("viber", vec![outcome(Delivered, 0.8, constant(10.5))]);
    let sms = provider("sms", vec![outcome(Delivered, 1.0, constant(5.0))]);
    let steps = vec![(0, step(span(30.0))), (1, step(span(60.0)))];
    let mut scenario = scenario(N, vec![viber, sms], vec![plan("viber-sms", steps)]);
    scenario.webhook = engine::Strategy::OnChange;
    scenario
}

fn result(scenario: &Scenario) -> PlanResult {
    compare(scenario, 1, &Progress::default()).expect("nobody stops it").results.plans.remove(0)
}

/// Whoever Viber reaches makes four callbacks (queued, sent, delivered, and the end of the flow), the others six: queued, the ttl, queued,
/// sent, delivered, the end.
#[test]
fn each_change_and_each_end_makes_a_callback() {
    let plan = result(&viber_then_sms());
    let by_sms = plan.failovers.0;
    assert!(by_sms > 0.0 && by_sms < N as f64);
    assert_eq!(plan.callbacks.on_completion.0, N as f64);
    assert_eq!(plan.callbacks.on_change.map(|count| count.0), Some(4.0 * N as f64 + 2.0 * by_sms));
    // All arrive at once: they are queued in the first second, and for those that Viber reaches it is also sent. Their flows end ten seconds later.
    let by_viber = N as f64 - by_sms;
    assert_eq!(plan.callbacks.on_change_peak_per_s.map(|peak| peak as f64), Some(N as f64 + by_viber));
    assert_eq!(plan.callbacks.on_completion_peak_per_s.map(|peak| peak as f64), Some(by_viber));
}

proptest! {
    #![proptest_config(random_cases(48))]

    /// Counting them changes nothing else: with breakers, reports that go wrong, any success floor, limits and segments.
    #[test]
    fn counting_changes_leaves_other_results_alone(case in shared_case().prop_flat_map(with_segments)) {
        let mut scenario = case.scenario;
        let results = |scenario: &Scenario| compare(scenario, 2, &Progress::default()).expect("nobody stops it").results;
        let unheard = results(&scenario);
        scenario.webhook = engine::Strategy::OnChange;
        let mut heard = results(&scenario);
        let groups = heard.groups.iter_mut().flat_map(|group| &mut group.plans);
        for plan in heard.plans.iter_mut().chain(groups) {
            prop_assert!(plan.callbacks.on_change.is_some());
            (plan.callbacks.on_change, plan.callbacks.on_change_peak_per_s) = (None, None);
        }
        prop_assert_eq!(heard, unheard);
    }

    /// In each stream, those who arrived in the bins are all recipients, and those of them who were reached in time are those of the results.
    #[test]
    fn bins_of_arrivals_add_up_to_the_results(case in shared_case().prop_flat_map(with_segments)) {
        let output = compare(&case.scenario, 2, &Progress::default()).expect("nobody stops it");
        for (p, over_time) in output.over_time.plans.iter().enumerate() {
            for (s, (name, arrivals)) in output.over_time.arrivals.iter().enumerate() {
                let group = output.results.stream(s).map_or(&output.results.plans[p], |group| &group.plans[p]);
                let sum = |bins: &[f64]| bins.iter().sum::<f64>();
                prop_assert!((sum(arrivals) - group.recipients.0).abs() < 1e-6, "arrivals of {}", name);
                prop_assert!((sum(&over_time.in_time[s]) - group.in_time.count.0).abs() < 1e-6, "{} in time", name);
            }
        }
    }
}

/// A peak is that of the first twelve days; where there is more after them, none is told.
#[test]
fn no_peak_is_told_of_callbacks_that_are_not_told_apart() {
    let mut scenario = viber_then_sms();
    let sms = &mut scenario.providers[1];
    (sms.outcomes[0].after, sms.honours_ttl) = (constant(1_300_000.0), false);
    let plan = result(&scenario);
    let Callbacks { on_completion_peak_per_s, on_change, on_change_peak_per_s, .. } = plan.callbacks;
    let (by_sms, peak) = (plan.failovers.0, on_completion_peak_per_s.map(|peak| peak as f64));
    assert_eq!(peak, Some(N as f64 - by_sms), "all flows end within minutes");
    assert_eq!(on_change_peak_per_s, None, "reports come two weeks later");
    // Where the ttl of SMS passes too: queued, the ttl, queued, sent, the ttl, the end, and in the end delivered.
    assert_eq!(on_change.map(|count| count.0), Some(4.0 * N as f64 + 3.0 * by_sms));
}
