//! The measures of a plan by name, as checks, baselines and goals ask for them, and their units.

/// The measures that a check can name: where they stand in the results, and two short names for
/// the ones named so in the comparisons.
pub const METRICS: [&str; 19] = [
    "delivered",
    "in_time",
    "succeeded",
    "duplicates",
    "seen",
    "cost.total",
    "cost.per_recipient",
    "cost.per_delivered",
    "cost_per_recipient",
    "latency_s.mean",
    "latency_s.p50",
    "latency_s.p90",
    "latency_s.p95",
    "latency_s.p99",
    "latency_s.p999",
    "latency_s.max",
    "latency_p95_s",
    "failovers",
    "last_end_s",
];

/// The measures in which a run is compared with another.
pub const BASELINE_METRICS: [&str; 8] = [
    "delivered",
    "in_time",
    "succeeded",
    "duplicates",
    "cost.per_recipient",
    "latency_s.p50",
    "latency_s.p95",
    "latency_s.p99",
];

/// The same measures as keys of a table, in the same order: a dot would begin a table of its own.
pub(super) const BASELINE_KEYS: [&str; 8] = [
    "delivered",
    "in_time",
    "succeeded",
    "duplicates",
    "cost_per_recipient",
    "latency_p50_s",
    "latency_p95_s",
    "latency_p99_s",
];

/// The measure of [`BASELINE_METRICS`] that a key of `[baseline]` stands for.
#[must_use]
pub fn baseline_metric(key: &str) -> Option<&'static str> {
    BASELINE_KEYS.iter().zip(BASELINE_METRICS).find(|(known, _)| **known == key).map(|(_, metric)| metric)
}

/// The unit of a measure, which says how to show it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// A share of the recipients.
    Share,
    /// An amount of money.
    Money,
    /// A span in seconds.
    Seconds,
    /// A count.
    Count,
}

/// The unit of the measure with this name.
#[must_use]
pub fn unit(metric: &str) -> Unit {
    match metric {
        "delivered" | "in_time" | "succeeded" | "duplicates" | "seen" => Unit::Share,
        "failovers" => Unit::Count,
        _ if metric.starts_with("cost") => Unit::Money,
        _ => Unit::Seconds,
    }
}

/// Whether more of the measure with this name is better; less of the others is.
#[must_use]
pub fn more_is_better(metric: &str) -> bool {
    matches!(metric, "delivered" | "in_time" | "succeeded" | "seen")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_a_baseline_stands_for_a_measure_that_can_be_checked() {
        for (key, metric) in BASELINE_KEYS.into_iter().zip(BASELINE_METRICS) {
            assert_eq!(baseline_metric(key), Some(metric));
            assert!(METRICS.contains(&metric) && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{key}");
        }
        assert_eq!(baseline_metric("latency_s.p95"), None);
    }
}
