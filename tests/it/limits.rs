//! What holds of every limit, whatever the scenario: the departures of a run are those of its recipients, traced one by one.

use crate::build::random_cases;
use crate::random_scenario::{shared_case, with_segments};
use failsim::provider::{Capacity, Counts, ProviderSpec};
use failsim::scenario::Scenario;
use failsim::sim::AdmissionDecision;
use failsim::study::{Event, TraceTarget, recipients_in, trace};
use failsim::traffic::Arrivals;
use failsim::units::Time;
use proptest::prelude::*;

/// An attempt that a provider accepted and let depart.
struct Departure {
    submitted: Time,
    departs: Time,
    parts: u32,
    /// When its validity ends; [`Time::NEVER`] if the provider does not keep it.
    valid_until: Time,
}

/// The departures from each provider under a plan, in order of time.
fn departures(scenario: &Scenario, plan: usize) -> Vec<Vec<Departure>> {
    let mut all: Vec<Vec<Departure>> = scenario.providers.iter().map(|_| Vec::new()).collect();
    for (stream, traffic) in scenario.streams.iter().enumerate() {
        for recipient in 0..recipients_in(scenario, stream, 0) {
            let course = trace(scenario, TraceTarget { plan, stream, recipient, replication: 0 });
            let flow = &scenario.plan_of(traffic, plan).in_segment(course.segment).flow;
            for (submitted, event) in course.events {
                let Event::Submitted { submission, provider, decision: AdmissionDecision::Departs(departs), .. } =
                    event
                else {
                    continue;
                };
                let spec = scenario.providers[provider].of(course.segment);
                let validity = flow.step(submission.step).validity;
                let valid_until = if spec.honours_ttl { submitted.after(validity) } else { Time::NEVER };
                all[provider].push(Departure { submitted, departs, parts: spec.price.parts, valid_until });
            }
        }
    }
    all.iter_mut().for_each(|departures| departures.sort_by_key(|departure| departure.departs));
    all
}

/// How much of a limit a departure takes.
fn weight(capacity: &Capacity, departure: &Departure) -> u64 {
    if capacity.counts == Counts::Parts { departure.parts.into() } else { 1 }
}

/// In any span of time the tokens taken are no more than those of a full bucket, those that have come since, and what the last message took
/// below zero. A departure is in the microsecond within which its tokens are there.
fn keeps_its_rate(capacity: &Capacity, departures: &[Departure]) -> Result<(), TestCaseError> {
    let Some(rate) = capacity.rate else { return Ok(()) };
    for (i, first) in departures.iter().enumerate() {
        let mut taken = 0;
        for departure in &departures[i..] {
            taken += weight(capacity, departure);
            let micros = 1 + departure.departs.since(first.departs).as_micros() as u64;
            let come = u128::from(rate.events()) * u128::from(micros) / u128::from(rate.micros()) + 1;
            let most = u128::from(capacity.tokens()) + come + u128::from(weight(capacity, departure)) - 1;
            prop_assert!(u128::from(taken) <= most, "{} tokens in {} µs, at most {}", taken, micros, most);
        }
    }
    Ok(())
}

/// In no window of the calendar is there more than the quota: of attempts accepted if it rejects, of departures if it queues.
fn keeps_its_quota(capacity: &Capacity, departures: &[Departure]) -> Result<(), TestCaseError> {
    let Some(quota) = capacity.quota else { return Ok(()) };
    let mut windows = std::collections::BTreeMap::new();
    for departure in departures {
        let at = if quota.rejects { departure.submitted } else { departure.departs };
        let window = (at.as_micros() + quota.phase.as_micros()) / quota.per.as_micros();
        *windows.entry(window).or_insert(0) += weight(capacity, departure);
    }
    let fullest = windows.values().max().copied().unwrap_or(0);
    prop_assert!(fullest <= quota.limit, "{} in a window of {}", fullest, quota.limit);
    Ok(())
}

fn keeps_its_limits(spec: &ProviderSpec, departures: &[Departure]) -> Result<(), TestCaseError> {
    let Some(capacity) = &spec.capacity else { return Ok(()) };
    keeps_its_rate(capacity, departures)?;
    keeps_its_quota(capacity, departures)?;
    for Departure { departs, valid_until, .. } in departures {
        prop_assert!(departs <= valid_until, "{:?} departs after its validity, {:?}", departs, valid_until);
    }
    Ok(())
}

proptest! {
    #![proptest_config(random_cases(48))]

    /// Also under throttles and random outages, for parts, with breakers and pools; half of the time all come at once.
    #[test]
    fn limits_are_kept(case in shared_case().prop_flat_map(with_segments), at_once in any::<bool>()) {
        let mut scenario = case.scenario;
        scenario.set_recipients(scenario.streams.len() as u64 * 18).expect("it can be so few");
        if at_once {
            scenario.streams.iter_mut().for_each(|stream| stream.traffic.arrivals = Arrivals::Blast);
        }
        for plan in 0..scenario.plans.len() {
            for (spec, departures) in scenario.providers.iter().zip(departures(&scenario, plan)) {
                keeps_its_limits(spec, &departures)?;
            }
        }
    }
}

/// The properties above can fail: with limits a little lower than those that were simulated, they do.
#[test]
fn limits_that_are_not_kept_are_seen() {
    use crate::build::{constant, outcome, paced, plan, provider, scenario, span, step};
    use failsim::provider::Quota;
    use failsim::status::Status::Delivered;
    use failsim::units::Span;

    let mut sms = provider("sms", vec![outcome(Delivered, 1.0, constant(1.0))]);
    let quota = Quota { limit: 30, per: span(60.0), phase: Span::ZERO, rejects: false };
    let capacity = Capacity { burst: Some(5), quota: Some(quota), ..paced(2) };
    sms.capacity = Some(capacity);
    let scenario = scenario(80, vec![sms], vec![plan("p", vec![(0, step(span(600.0)))])]);
    let departures = &departures(&scenario, 0)[0];
    assert!(departures.len() == 80 && keeps_its_limits(&scenario.providers[0], departures).is_ok());
    let lower = Quota { limit: 29, ..quota };
    assert!(keeps_its_quota(&Capacity { quota: Some(lower), ..capacity }, departures).is_err());
    assert!(keeps_its_rate(&Capacity { burst: Some(2), ..capacity }, departures).is_err());
    assert!(keeps_its_rate(&Capacity { rate: paced(1).rate, ..capacity }, departures).is_err());
}
