//! The data behind the figures and the timeline CSV, in addition to the results.

use crate::calendar::Moment;
use serde::Serialize;

/// The data that figures show in addition to the results.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct FigureData {
    /// One entry for each plan, in the order of the results.
    pub plans: Vec<PlanFigureData>,
    /// The width of a time bin (s).
    pub bin_s: f64,
    /// Arrivals of recipients per time bin, per replication.
    pub arrivals: Vec<f64>,
    /// The outage windows, with each recurrence within the shown time listed separately; random ones only with a single replication.
    pub outages: Vec<OutageWindow>,
    /// The shares in time over time; `None` where no stream has arrivals at several times.
    pub in_time: Option<InTimeData>,
    /// For each group of the results, the curve and the first deliveries by step under each plan; all else is known for everybody alone.
    pub groups: Vec<Self>,
}

/// The share of those who arrive in each bin of time that is reached in time.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct InTimeData {
    /// The width of a bin (s).
    pub bin_s: f64,
    /// For each stream of traffic, by name, the shares under each plan (0 to 1), in the order of the results; `None` in bins in which nobody
    /// arrives.
    pub streams: Vec<(String, Vec<Vec<Option<f64>>>)>,
}

/// The series of one plan.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PlanFigureData {
    /// Points of time since arrival (s), ascending, and the share of all recipients delivered by then.
    pub curve: Vec<(f64, f64)>,
    /// Each channel of the plan in order of first use, with its deliveries per time bin, per replication.
    pub deliveries: Vec<(String, Vec<f64>)>,
    /// Failovers to a next step per time bin, per replication.
    pub failovers: Vec<f64>,
    /// The share of recipients whose first delivery came from each step; the remainder to 1 was not reached.
    pub first_by_step: Vec<f64>,
}

/// One window of an outage.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct OutageWindow {
    /// The provider.
    pub provider: String,
    /// The name of the effect.
    pub effect: String,
    /// Its start (s).
    pub from_s: f64,
    /// Its end (s).
    pub to_s: f64,
    /// The share of the traffic that it affects.
    pub share: f64,
}

/// Results over time, per replication, in bins of equal width.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct OverTime {
    /// When the run starts by the clock, if that is known.
    pub starts_at: Option<Moment>,
    /// The width of a bin (s).
    pub bin_s: f64,
    /// The arrivals in each bin, for each stream of traffic, by name.
    pub arrivals: Vec<(String, Vec<f64>)>,
    /// One entry for each plan.
    pub plans: Vec<PlanOverTime>,
}

/// The results of one plan over time.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PlanOverTime {
    /// The plan's name.
    pub plan: String,
    /// For each stream of traffic, in the order of [`OverTime::arrivals`], how many of those who arrived in each bin were reached in time.
    pub in_time: Vec<Vec<f64>>,
    /// One entry for each provider that the plan, or the own plan of a stream, uses.
    pub providers: Vec<ProviderOverTime>,
}

/// The results of one provider over time.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ProviderOverTime {
    /// The provider's name.
    pub provider: String,
    /// Attempts submitted in each bin.
    pub submissions: Vec<f64>,
    /// Messages delivered to recipients in each bin.
    pub deliveries: Vec<f64>,
    /// Reports of failures in each bin.
    pub failures: Vec<f64>,
    /// The cost of the attempts submitted in each bin, in units of the currency.
    pub cost: Vec<f64>,
    /// Its queue over time, where its capacity is limited.
    pub queue: Option<QueueOverTime>,
}

/// The queue of one provider over time.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct QueueOverTime {
    /// The provider's usual throughput (1/s), where it is limited.
    pub rate_per_s: Option<f64>,
    /// Whether throughput, burst and quota count parts of messages; otherwise they count messages.
    pub counts_parts: bool,
    /// How many of these its bucket holds, where the scenario says so and it holds more than one.
    pub burst: Option<u32>,
    /// Its quota: how many of these within how long (s).
    pub quota: Option<(u64, f64)>,
    /// The usual number of lines, where they are limited.
    pub concurrent: Option<u32>,
    /// Attempts that departed from the queue in each bin.
    pub departures: Vec<f64>,
    /// Attempts waiting at the end of each bin.
    pub waiting: Vec<f64>,
    /// Lines in use at the end of each bin, where lines are limited.
    pub lines_in_use: Option<Vec<f64>>,
    /// The mean wait (s) of the attempts that departed in each bin; `None` where none did.
    pub wait_s: Vec<Option<f64>>,
    /// The throughput limit in the middle of each bin (messages of the provider's usual number of parts per s), where it is limited; with random throttles in several replications, the limit
    /// without them.
    pub limit_per_s: Option<Vec<f64>>,
    /// The number of lines in the middle of each bin, where it is limited; with random throttles in several replications, the number
    /// without them.
    pub line_limit: Option<Vec<f64>>,
    /// The share of the throughput or of the lines that was used while recipients arrived, whichever is higher; `None` where all arrive at
    /// once.
    pub utilisation: Option<f64>,
    /// The share of all attempts that departed without waiting.
    pub at_once: Option<f64>,
}
