//! The load of callbacks under both strategies, and who is in time by time of arrival.

use crate::build::{constant, outcome, plan, provider, random_cases, scenario, span, step, stream};
use crate::random_scenario::{shared_case, with_segments};
use failsim::engine;
use failsim::scenario::Scenario;
use failsim::sim::Progress;
use failsim::status::Status::Delivered;
use failsim::study::{Callbacks, Experiment, PlanResult, compare};
use failsim::traffic::Arrivals;
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

    /// Whoever is not reached in time has a bin, in each stream and for everybody.
    #[test]
    fn who_is_missed_is_kept_for_each_stream(case in shared_case().prop_flat_map(with_segments)) {
        let (scenario, progress) = (case.scenario, Progress::default());
        let mut experiment = Experiment::new(&scenario, 2, &progress).expect("nobody stops it");
        experiment.run(&progress).expect("nobody stops it");
        let (streams, segments) = (scenario.streams.len(), scenario.segment_count());
        let classes = if streams > 1 && segments > 1 { streams * segments } else { 0 };
        let of_streams = if streams > 1 { classes..classes + streams } else { 0..0 };
        let ledger = experiment.ledger();
        for mode in [&ledger.independent, &ledger.contended] {
            for position in of_streams.clone().chain([mode.groups.len() - 1]) {
                let tally = &mode.groups[position].tally;
                for plan in &tally.plans {
                    prop_assert_eq!(plan.series.missed.total(), tally.arrivals.total() - plan.in_time, "group {}", position);
                }
            }
        }
    }
}

/// Of three streams with deadlines of their own, each is in time as its results say, bin by bin.
#[test]
fn bins_of_arrivals_add_up_to_the_results() {
    let mut scenario = viber_then_sms();
    let over = Arrivals::Uniform { over: span(100.0) };
    scenario.streams = ["a", "b", "c"].map(|name| stream(name, N / 4, over.clone())).into();
    scenario.streams[1].deadline = span(11.0);
    scenario.streams[2].plan = Some(plan("own", vec![(1, step(span(60.0)))]));
    scenario.streams[2].deadline = span(4.0);
    let output = compare(&scenario, 2, &Progress::default()).expect("nobody stops it");
    let (over_time, sum) = (&output.over_time, |bins: &[f64]| bins.iter().sum::<f64>());
    for (s, (name, arrivals)) in over_time.arrivals.iter().enumerate() {
        let result = &output.results.stream(s).expect("there are several").plans[0];
        assert_eq!(sum(arrivals), result.recipients.0, "arrivals of {name}");
        assert_eq!(sum(&over_time.plans[0].in_time[s]), result.in_time.count.0, "{name} in time");
    }
    let in_time = |s: usize| sum(&over_time.plans[0].in_time[s]);
    assert!(in_time(0) == N as f64 / 4.0 && in_time(1) < in_time(0) && in_time(2) == 0.0);
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
