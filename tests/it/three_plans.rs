//! A scenario with a bit of everything, for tests that need one and do not care which.

use crate::build::{
    constant, exponential, lognormal, money, outcome, plan, provider, recurring, scenario, seen_by, span, step,
};
use failsim::provider::{Effect, Price, ProviderSpec};
use failsim::scenario::Scenario;
use failsim::status::Status::{Answered, Busy, Delivered, Failed, NoAnswer, Undelivered};
use failsim::traffic::Arrivals;

/// Viber, sms and voice with every feature that varies between recipients, and three plans; recipients arrive over a quarter of an hour.
pub(crate) fn three_plans(recipients: u64) -> Scenario {
    let mut scenario = scenario(recipients, vec![viber(), sms(), voice()], Vec::new());
    let order = |name, providers: &[usize]| plan(name, providers.iter().map(|&p| (p, step(span(30.0)))).collect());
    scenario.plans = vec![order("viber-first", &[0, 1, 2]), order("sms-first", &[1, 0, 2]), order("sms-only", &[1, 1])];
    scenario.streams[0].traffic.arrivals = Arrivals::Uniform { over: span(900.0) };
    scenario
}

fn viber() -> ProviderSpec {
    let delivered = seen_by(0.7, exponential(40.0), outcome(Delivered, 0.62, lognormal(2.5, 0.8)));
    let outcomes =
        vec![delivered, outcome(Undelivered, 0.23, lognormal(6.0, 0.6)), outcome(Failed, 0.05, exponential(0.4))];
    let recurring = recurring(100.0, 150.0, span(200.0), Effect::ReportsLost, 0.7);
    let price = Price { delivered: money(0.015), ..Price::default() };
    ProviderSpec { price, honours_ttl: false, outages: vec![recurring], ..provider("viber", outcomes) }
}

fn sms() -> ProviderSpec {
    let outcomes =
        vec![outcome(Delivered, 0.93, lognormal(4.0, 1.0)), outcome(Undelivered, 0.04, lognormal(30.0, 0.8))];
    let price = Price { submitted: money(0.045), parts: 2, ..Price::default() };
    ProviderSpec { price, report_delay: exponential(1.0), ..provider("sms", outcomes) }
}

fn voice() -> ProviderSpec {
    let mut answered = outcome(Answered, 0.68, exponential(8.0));
    answered.talk = Some(exponential(20.0));
    let outcomes = vec![answered, outcome(Busy, 0.10, constant(4.0)), outcome(NoAnswer, 0.22, constant(30.0))];
    let price = Price { per_minute: money(0.09), ..Price::default() };
    ProviderSpec { price, ..provider("voice", outcomes) }
}
