//! How plans and their measures are written in short.

use crate::engine::{LateDelivery, StepRules};
use crate::report::words;
use crate::scenario::{Metric, Plan, Scenario, Unit};
use crate::study::{Exact, Measured};

/// The names of plans that are taken.
pub(super) struct Names(Vec<String>);

impl Names {
    pub(super) fn of(scenario: &Scenario) -> Self {
        Self(scenario.plans.iter().map(|plan| plan.name.clone()).collect())
    }

    /// A name that no plan has yet, which is taken then: with a number after it, if need be.
    pub(super) fn free(&mut self, name: &str) -> String {
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let mut names = [name.to_owned()].into_iter().chain(numbered);
        let free = names.find(|name| !self.0.contains(name)).unwrap_or_default();
        self.0.push(free.clone());
        free
    }
}

/// The steps of a plan in short: `viber 30s, sms 5m`.
pub(super) fn steps(scenario: &Scenario, plan: &Plan) -> String {
    let all: Vec<String> = plan
        .flow
        .steps()
        .iter()
        .enumerate()
        .map(|(place, rules)| {
            let name = &scenario.providers[rules.pool.members()[0]].name;
            let is_last = place + 1 == plan.flow.steps().len();
            let attempts = if rules.attempts > 1 { format!(" x{}", rules.attempts) } else { String::new() };
            let ttl = if is_last { String::new() } else { format!(" {}", rules.ttl) };
            let triggers = unusual_triggers(scenario, rules).filter(|_| !is_last);
            let triggers = triggers.map_or(String::new(), |words| format!(" on {}", words.join("+")));
            format!("{name}{attempts}{ttl}{triggers}")
        })
        .collect();
    let ignores = plan.flow.late_delivery() == LateDelivery::Ignore && plan.flow.steps().len() > 1;
    format!("{}{}", all.join(", "), if ignores { " (ignores late deliveries)" } else { "" })
}

/// What triggers failover from a step, if that is not what is usual on its channel.
pub(super) fn unusual_triggers(scenario: &Scenario, rules: &StepRules) -> Option<Vec<&'static str>> {
    let channel = &scenario.providers[rules.pool.members()[0]].channel;
    let is_usual = rules.failover_on == StepRules::default_failover_on(channel);
    (!is_usual).then(|| rules.failover_on.iter().map(|status| status.word()).collect())
}

/// The interval of a measure of a race, within what is possible.
pub(super) fn interval(metric: Metric, Exact { value, error }: Exact) -> Measured {
    let (least, most) = if metric.unit() == Unit::Share { (0.0, 1.0) } else { (0.0, f64::INFINITY) };
    let interval = Some(((value - error).max(least), (value + error).min(most)));
    Measured { value, interval, narrow: None, plain: false, is_exact: false, resolution: 0.0 }
}

/// A value of a measure; shares with two decimals, since bounds often differ in the second.
pub(super) fn plainly(metric: Metric, value: f64) -> String {
    if metric.unit() == Unit::Share { words::percent(value, 2) } else { words::measured_plainly(metric.unit(), value) }
}

/// A difference of a measure, points of a share with two decimals, other amounts in their unit with two significant digits.
pub(super) fn difference(metric: Metric, value: f64) -> String {
    match metric.unit() {
        Unit::Share => format!("{} points", words::decimal(100.0 * value, 2)),
        _ => words::decimal(value, words::decimals_of(value, 2)),
    }
}
