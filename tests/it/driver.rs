//! The engine as a service drives it: `examples/tokio_driver.rs` under a paused clock.

#[allow(dead_code, unreachable_pub)]
#[path = "../../examples/tokio_driver.rs"]
mod tokio_driver;

use failsim::engine::{BreakerRules, Breakers};
use failsim::status::{FailureCode, FlowStatus, Status};
use failsim::units::Time;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;
use tokio_driver::{Provider, Service, deliver, providers, viber_then_sms};

fn service(providers: Vec<Provider>, breakers: Breakers) -> Service {
    Service { providers, breakers: Mutex::new(breakers), started: Instant::now() }
}

fn seconds(s: f64) -> Time {
    Time::from_secs_f64(s)
}

/// Compares a time with its expected value. The paused clock jumps to the next timer once all tasks wait, in whole milliseconds, so a
/// time may be late by that much.
fn is_about(at: Time, expected: f64) {
    assert!((at.as_secs_f64() - expected).abs() < 0.005, "{at}, expected {expected} s");
}

#[tokio::test(start_paused = true)]
async fn a_silent_channel_and_a_gateway_that_rejects_are_passed_over() {
    let service = service(providers(), Breakers::default());
    let (status, at) = deliver(&service, viber_then_sms().expect("a plan")).await;
    assert_eq!(status, FlowStatus::Succeeded);
    is_about(at, 3.0);
}

#[tokio::test(start_paused = true)]
async fn a_late_report_finishes_the_flow() {
    let mut all = providers();
    all[0].reports.push((Duration::from_millis(2_500), Status::Delivered));
    let (status, at) = deliver(&service(all, Breakers::default()), viber_then_sms().expect("a plan")).await;
    assert_eq!(status, FlowStatus::Succeeded);
    is_about(at, 2.5);
}

#[tokio::test(start_paused = true)]
async fn when_every_gateway_rejects_the_flow_fails_at_once() {
    let mut all = providers();
    all[2].reports.clear();
    let (status, at) = deliver(&service(all, Breakers::default()), viber_then_sms().expect("a plan")).await;
    assert_eq!(status, FlowStatus::Failed(FailureCode::NoNextStep));
    is_about(at, 2.0);
}

/// Four flows, one after the other, share the circuit of Viber, which opens after two silent attempts of a second each: the third
/// and the fourth go to SMS at once.
#[tokio::test(start_paused = true)]
async fn flows_share_the_circuits() {
    let rules =
        BreakerRules { at_least: 2, missing_after: failsim::units::Span::from_secs(1), ..BreakerRules::DEFAULT };
    let service = service(providers(), Breakers::new(&[Some(rules)]).expect("rules that make sense"));
    let mut took = Vec::new();
    for _ in 0..4 {
        let before = service.started.elapsed().as_secs_f64();
        let (status, at) = deliver(&service, viber_then_sms().expect("a plan")).await;
        assert_eq!(status, FlowStatus::Succeeded);
        took.push((at.as_secs_f64() - before).round());
    }
    assert_eq!(took, [3.0, 3.0, 1.0, 1.0]);
    assert!(service.breakers.lock().expect("nobody panics").is_open(0, seconds(8.0)));
}
