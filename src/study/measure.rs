//! The measures of a plan by name, as used by checks and baselines.

use super::results::{Intervals, Latency, PlanResult, Results, Share};
use crate::scenario::Metric;

/// A measure of a plan, with its 95 % interval where one is known.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Measured {
    /// The value.
    pub value: f64,
    /// The ends of the interval; `None` where none is known.
    pub interval: Option<(f64, f64)>,
    /// A narrower interval that replaces `interval` where the bound is far enough from 0 and 1.
    pub narrow: Option<(f64, f64)>,
    /// Whether this is a measure without intervals, which is judged by its value.
    pub plain: bool,
    /// Whether the value is exact, and the interval its numeric error.
    pub is_exact: bool,
    /// Values closer than this cannot be told apart, however large the sample.
    pub resolution: f64,
}

impl Measured {
    /// A value without an interval, which is judged by itself.
    #[must_use]
    pub const fn exactly(value: f64) -> Self {
        Self { value, interval: None, narrow: None, plain: true, is_exact: false, resolution: 0.0 }
    }

    fn with(value: f64, low: Option<f64>, high: Option<f64>) -> Self {
        Self { interval: low.zip(high), plain: false, ..Self::exactly(value) }
    }

    fn of_share(share: &Share) -> Self {
        Self { narrow: share.narrow, is_exact: share.is_exact, ..Self::with(share.share, share.low, share.high) }
    }

    /// A quantile, whose resolution is at best one cell of the histogram: 1/1024 of its value.
    fn of_quantile(value: f64, low: Option<f64>, high: Option<f64>) -> Self {
        Self { resolution: value / 1024.0, ..Self::with(value, low, high) }
    }
}

/// A measure of `plan`; `None` when there is nothing to measure, such as the latency of a plan that reached no recipient.
#[must_use]
pub fn measure(plan: &PlanResult, metric: Metric) -> Option<Measured> {
    let share = Measured::of_share;
    let cost = &plan.cost;
    let n = plan.recipients.0;
    match metric {
        Metric::Delivered => Some(share(&plan.delivered)),
        Metric::InTime => Some(share(&plan.in_time)),
        Metric::Succeeded => Some(share(&plan.succeeded)),
        Metric::Duplicates => Some(share(&plan.duplicates)),
        Metric::Seen => plan.seen.as_ref().map(share),
        Metric::CostTotal => {
            // An exact total is that of the expected number of recipients, not of those who happened to be simulated.
            let n = if cost.is_exact && cost.per_recipient > 0.0 { cost.total / cost.per_recipient } else { n };
            let total = Measured::with(cost.total, cost.low.map(|x| x * n), cost.high.map(|x| x * n));
            Some(Measured { is_exact: cost.is_exact, ..total })
        }
        Metric::CostPerRecipient => {
            let measured = Measured::with(cost.per_recipient, cost.low, cost.high);
            Some(Measured { is_exact: cost.is_exact, ..measured })
        }
        Metric::CostPerDelivered => cost.per_delivered.map(Measured::exactly),
        Metric::Failovers => Some(Measured::exactly(plan.failovers.0)),
        Metric::LastEnd => plan.last_end_s.map(Measured::exactly),
        Metric::CallbacksOnCompletion => Some(Measured::exactly(plan.callbacks.on_completion.0)),
        Metric::CallbacksOnCompletionPeak => peak(plan.callbacks.on_completion_peak_per_s),
        Metric::CallbacksOnChange => plan.callbacks.on_change.map(|count| Measured::exactly(count.0)),
        Metric::CallbacksOnChangePeak => peak(plan.callbacks.on_change_peak_per_s),
        Metric::LatencyMean => mean(&plan.latency_s),
        Metric::LatencyP50 => quantile(&plan.latency_s, "p50", plan.latency_s.p50),
        Metric::LatencyP90 => quantile(&plan.latency_s, "p90", plan.latency_s.p90),
        Metric::LatencyP95 => quantile(&plan.latency_s, "p95", plan.latency_s.p95),
        Metric::LatencyP99 => quantile(&plan.latency_s, "p99", plan.latency_s.p99),
        Metric::LatencyP999 => quantile(&plan.latency_s, "p999", plan.latency_s.p999),
        Metric::LatencyMax => plan.latency_s.max.map(Measured::exactly),
    }
}

/// The number of recipients, or of replications, that the intervals of `results` come from.
pub(super) fn sample_size(results: &Results) -> f64 {
    let facts = &results.scenario;
    let replications = f64::from(facts.replications);
    match facts.intervals {
        Intervals::FromRecipients => facts.recipients as f64 * replications,
        Intervals::FromReplications | Intervals::Unknown => replications,
    }
}

fn peak(peak: Option<u64>) -> Option<Measured> {
    peak.map(|peak| Measured::exactly(peak as f64))
}

fn mean(latency: &Latency) -> Option<Measured> {
    let interval = latency.intervals.get("mean");
    latency.mean.map(|value| Measured::with(value, interval.map(|i| i.low), interval.map(|i| i.high)))
}

/// A quantile with this value; its interval is looked up by `name`.
fn quantile(latency: &Latency, name: &str, value: Option<f64>) -> Option<Measured> {
    let interval = latency.intervals.get(name);
    value.map(|value| Measured::of_quantile(value, interval.map(|i| i.low), interval.map(|i| i.high)))
}
