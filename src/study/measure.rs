//! The measures of a plan by name, as checks and baselines ask for them.

use super::results::{Intervals, Latency, PlanResult, Results, Share};

/// A measure of a plan, with its 95 % interval where one is known.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Measured {
    /// Its value.
    pub value: f64,
    /// The ends of its interval; `None` where none is known.
    pub interval: Option<(f64, f64)>,
    /// An interval that holds in place of that where the bound is far enough from 0 and 1.
    pub narrow: Option<(f64, f64)>,
    /// Whether it is a measure without intervals, which is judged by its value.
    pub plain: bool,
    /// Values closer than this are not told apart, however many are counted.
    pub resolution: f64,
}

impl Measured {
    const fn exactly(value: f64) -> Self {
        Self { value, interval: None, narrow: None, plain: true, resolution: 0.0 }
    }

    fn with(value: f64, low: Option<f64>, high: Option<f64>) -> Self {
        Self { interval: low.zip(high), plain: false, ..Self::exactly(value) }
    }

    fn of_share(share: &Share) -> Self {
        Self { narrow: share.narrow, ..Self::with(share.share, share.low, share.high) }
    }

    /// A quantile, which is known to its cell of the histogram at best: the 1024th part of its value.
    fn of_quantile(value: f64, low: Option<f64>, high: Option<f64>) -> Self {
        Self { resolution: value / 1024.0, ..Self::with(value, low, high) }
    }
}

/// The measure of `plan` with this name, one of [`crate::scenario::METRICS`]; `None` when there is nothing to measure, such as
/// the latency of a plan that reached nobody.
#[must_use]
pub fn measure(plan: &PlanResult, metric: &str) -> Option<Measured> {
    let share = Measured::of_share;
    let cost = &plan.cost;
    let n = plan.recipients as f64;
    match metric {
        "delivered" => Some(share(&plan.delivered)),
        "in_time" => Some(share(&plan.in_time)),
        "succeeded" => Some(share(&plan.succeeded)),
        "duplicates" => Some(share(&plan.duplicates)),
        "seen" => plan.seen.as_ref().map(share),
        "cost.total" => Some(Measured::with(cost.total, cost.low.map(|x| x * n), cost.high.map(|x| x * n))),
        "cost.per_recipient" | "cost_per_recipient" => Some(Measured::with(cost.per_recipient, cost.low, cost.high)),
        "cost.per_delivered" => cost.per_delivered.map(Measured::exactly),
        "failovers" => Some(Measured::exactly(plan.failovers.0)),
        "last_end_s" => plan.last_end_s.map(Measured::exactly),
        "latency_p95_s" => latency(&plan.latency_s, "p95"),
        _ => latency(&plan.latency_s, metric.strip_prefix("latency_s.")?),
    }
}

/// How many recipients, or replications, the intervals of `results` come from.
pub(super) fn sample_size(results: &Results) -> f64 {
    let facts = &results.scenario;
    let replications = f64::from(facts.replications);
    match facts.intervals {
        Intervals::FromRecipients => facts.recipients as f64 * replications,
        Intervals::FromReplications | Intervals::Unknown => replications,
    }
}

fn latency(latency: &Latency, name: &str) -> Option<Measured> {
    let value = match name {
        "mean" => latency.mean,
        "p50" => latency.p50,
        "p90" => latency.p90,
        "p95" => latency.p95,
        "p99" => latency.p99,
        "p999" => latency.p999,
        "max" => latency.max,
        _ => None,
    };
    if name == "max" {
        return value.map(Measured::exactly);
    }
    let interval = latency.intervals.get(name);
    let of = if name == "mean" { Measured::with } else { Measured::of_quantile };
    value.map(|value| of(value, interval.map(|i| i.low), interval.map(|i| i.high)))
}
