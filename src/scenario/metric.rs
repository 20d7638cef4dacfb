//! The measures of a plan: name, unit, and which direction is better. Checks, baselines, goals and sweeps refer to them by name.

use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;

/// A measure of a plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Metric {
    /// The share of recipients who received the message.
    Delivered,
    /// The share of recipients who received it within the deadline.
    InTime,
    /// The share of recipients whose flow the engine believes to have succeeded.
    Succeeded,
    /// The share of recipients who received it more than once.
    Duplicates,
    /// The share of recipients who opened it.
    Seen,
    /// The total cost.
    CostTotal,
    /// The cost per recipient.
    CostPerRecipient,
    /// The cost per recipient who received the message.
    CostPerDelivered,
    /// The mean latency (s).
    #[serde(rename = "latency_mean_s")]
    LatencyMean,
    /// The median latency (s).
    #[serde(rename = "latency_p50_s")]
    LatencyP50,
    /// The 90th percentile of the latency (s).
    #[serde(rename = "latency_p90_s")]
    LatencyP90,
    /// The 95th percentile of the latency (s).
    #[serde(rename = "latency_p95_s")]
    LatencyP95,
    /// The 99th percentile of the latency (s).
    #[serde(rename = "latency_p99_s")]
    LatencyP99,
    /// The 99.9th percentile of the latency (s).
    #[serde(rename = "latency_p999_s")]
    LatencyP999,
    /// The maximum latency (s).
    #[serde(rename = "latency_max_s")]
    LatencyMax,
    /// The number of moves to a next step.
    Failovers,
    /// When the last flow ended (s).
    #[serde(rename = "last_end_s")]
    LastEnd,
    /// The number of callbacks at the ends of flows.
    #[serde(rename = "callbacks_on_completion")]
    CallbacksOnCompletion,
    /// The most of them in a second of the clock.
    #[serde(rename = "callbacks_on_completion_peak_per_s")]
    CallbacksOnCompletionPeak,
    /// The number of callbacks at every change; nothing unless they are counted.
    #[serde(rename = "callbacks_on_change")]
    CallbacksOnChange,
    /// The most of them in a second of the clock.
    #[serde(rename = "callbacks_on_change_peak_per_s")]
    CallbacksOnChangePeak,
}

/// The unit of a measure, which determines how it is shown.
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

/// The properties of a measure.
struct Entry {
    metric: Metric,
    name: &'static str,
    /// Its path in the results, if different from its name: an alias.
    path: Option<&'static str>,
    unit: Unit,
    more_is_better: bool,
}

const fn entry(
    metric: Metric,
    name: &'static str,
    path: Option<&'static str>,
    unit: Unit,
    more_is_better: bool,
) -> Entry {
    Entry { metric, name, path, unit, more_is_better }
}

/// All measures, in the order in which they are listed.
const TABLE: [Entry; 21] = [
    entry(Metric::Delivered, "delivered", None, Unit::Share, true),
    entry(Metric::InTime, "in_time", None, Unit::Share, true),
    entry(Metric::Succeeded, "succeeded", None, Unit::Share, true),
    entry(Metric::Duplicates, "duplicates", None, Unit::Share, false),
    entry(Metric::Seen, "seen", None, Unit::Share, true),
    entry(Metric::CostTotal, "cost_total", Some("cost.total"), Unit::Money, false),
    entry(Metric::CostPerRecipient, "cost_per_recipient", Some("cost.per_recipient"), Unit::Money, false),
    entry(Metric::CostPerDelivered, "cost_per_delivered", Some("cost.per_delivered"), Unit::Money, false),
    entry(Metric::LatencyMean, "latency_mean_s", Some("latency_s.mean"), Unit::Seconds, false),
    entry(Metric::LatencyP50, "latency_p50_s", Some("latency_s.p50"), Unit::Seconds, false),
    entry(Metric::LatencyP90, "latency_p90_s", Some("latency_s.p90"), Unit::Seconds, false),
    entry(Metric::LatencyP95, "latency_p95_s", Some("latency_s.p95"), Unit::Seconds, false),
    entry(Metric::LatencyP99, "latency_p99_s", Some("latency_s.p99"), Unit::Seconds, false),
    entry(Metric::LatencyP999, "latency_p999_s", Some("latency_s.p999"), Unit::Seconds, false),
    entry(Metric::LatencyMax, "latency_max_s", Some("latency_s.max"), Unit::Seconds, false),
    entry(Metric::Failovers, "failovers", None, Unit::Count, false),
    entry(Metric::LastEnd, "last_end_s", None, Unit::Seconds, false),
    entry(
        Metric::CallbacksOnCompletion,
        "callbacks_on_completion",
        Some("callbacks.on_completion"),
        Unit::Count,
        false,
    ),
    entry(
        Metric::CallbacksOnCompletionPeak,
        "callbacks_on_completion_peak_per_s",
        Some("callbacks.on_completion_peak_per_s"),
        Unit::Count,
        false,
    ),
    entry(Metric::CallbacksOnChange, "callbacks_on_change", Some("callbacks.on_change"), Unit::Count, false),
    entry(
        Metric::CallbacksOnChangePeak,
        "callbacks_on_change_peak_per_s",
        Some("callbacks.on_change_peak_per_s"),
        Unit::Count,
        false,
    ),
];

/// The number of measures whose path in the results differs from their name.
const PATHS: usize = 14;

/// All spellings of measures in scenario files: their names, then their paths in the results.
pub(super) const SPELLINGS: [&str; TABLE.len() + PATHS] = {
    let mut all = [""; TABLE.len() + PATHS];
    let (mut i, mut next) = (0, TABLE.len());
    while i < TABLE.len() {
        all[i] = TABLE[i].name;
        if let Some(path) = TABLE[i].path {
            all[next] = path;
            next += 1;
        }
        i += 1;
    }
    assert!(next == all.len(), "PATHS counts them");
    all
};

/// The names of [`Metric::COMPARED`].
pub(super) const COMPARED_NAMES: [&str; Metric::COMPARED.len()] = {
    let mut names = [""; Metric::COMPARED.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = Metric::COMPARED[i].name();
        i += 1;
    }
    names
};

impl Metric {
    /// The measures compared between runs.
    pub const COMPARED: [Self; 8] = [
        Self::Delivered,
        Self::InTime,
        Self::Succeeded,
        Self::Duplicates,
        Self::CostPerRecipient,
        Self::LatencyP50,
        Self::LatencyP95,
        Self::LatencyP99,
    ];

    /// Returns all measures, in the order in which they are listed.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|entry| entry.metric)
    }

    /// Returns the measure with this name, or this path in the results.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|entry| entry.name == name || entry.path == Some(name)).map(|entry| entry.metric)
    }

    const fn entry(self) -> &'static Entry {
        &TABLE[self as usize]
    }

    /// Returns its name in files, flags and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.entry().name
    }

    /// Returns its unit.
    #[must_use]
    pub const fn unit(self) -> Unit {
        self.entry().unit
    }

    /// Whether it is of callbacks that are counted only where `[webhook]` asks for them.
    #[must_use]
    pub const fn is_of_changes(self) -> bool {
        matches!(self, Self::CallbacksOnChange | Self::CallbacksOnChangePeak)
    }

    /// Whether higher is better; for the others lower is better.
    #[must_use]
    pub const fn more_is_better(self) -> bool {
        self.entry().more_is_better
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_row_for_each_measure_in_order() {
        for (place, metric) in Metric::all().enumerate() {
            assert_eq!((metric as usize, metric.entry().metric), (place, metric));
            assert_eq!(serde_json::to_value(metric).expect("a string"), metric.name());
        }
    }

    #[test]
    fn every_spelling_names_a_measure() {
        assert!(SPELLINGS.iter().all(|name| Metric::named(name).is_some()));
        assert_eq!(Metric::named("latency_s.p95"), Some(Metric::LatencyP95));
        assert_eq!(Metric::named("latency_p95_s"), Some(Metric::LatencyP95));
        assert_eq!(Metric::named("latency_p95"), None);
        assert_eq!(COMPARED_NAMES[4..6], ["cost_per_recipient", "latency_p50_s"]);
    }
}
