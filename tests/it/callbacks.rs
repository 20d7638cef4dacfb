//! The load of callbacks under both strategies.

use crate::build::{constant, outcome, plan, provider, scenario, span, step};
use failsim::engine::Strategy;
use failsim::provider::Capacity;
use failsim::scenario::Scenario;
use failsim::sim::Progress;
use failsim::status::Status::Delivered;
use failsim::study::{PlanResult, compare};
use failsim::traffic::Arrivals;
use failsim::units::{Rate, Span};

const N: u64 = 10_000;

/// Viber delivers four in five after 10.5 s and says nothing of the others; after 30 s follows SMS, which delivers after 5 s.
fn viber_then_sms() -> Scenario {
    let viber = provider("viber", vec![outcome(Delivered, 0.8, constant(10.5))]);
    let sms = provider("sms", vec![outcome(Delivered, 1.0, constant(5.0))]);
    let steps = vec![(0, step(span(30.0))), (1, step(span(60.0)))];
    let mut scenario = scenario(N, vec![viber, sms], vec![plan("viber-sms", steps)]);
    scenario.webhook = Strategy::OnChange;
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
    assert_eq!(plan.callbacks.on_completion_peak_per_s as f64, by_viber);
}

/// Counting them changes nothing else.
#[test]
fn whoever_listens_changes_no_other_result() {
    let mut scenario = viber_then_sms();
    scenario.streams[0].traffic.arrivals = Arrivals::Uniform { over: span(100.0) };
    let rate = Rate::new(90, 0, Span::from_micros(1_000_000));
    for capacity in [None, Some(Capacity { rate, ..Capacity::UNLIMITED })] {
        scenario.providers[0].capacity = capacity;
        scenario.webhook = Strategy::OnChange;
        let mut heard = result(&scenario);
        scenario.webhook = Strategy::OnCompletion;
        let unheard = result(&scenario);
        assert!(heard.callbacks.on_change.is_some() && unheard.callbacks.on_change.is_none());
        heard.callbacks = unheard.callbacks;
        assert_eq!(heard, unheard);
    }
}
