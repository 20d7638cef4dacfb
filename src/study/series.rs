//! What the figures and the CSV of time lines show beside the results, as data.

use serde::Serialize;

/// What the figures show beside the results.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct FigureData {
    /// One for each plan, in the order of the results.
    pub plans: Vec<PlanFigureData>,
    /// The width of a bin of the time lines (s).
    pub bin_s: f64,
    /// Recipients who arrived, by bin of time, per replication.
    pub arrivals: Vec<f64>,
    /// The outage windows, each recurrence within the time shown for itself; random ones where there is one replication.
    pub outages: Vec<OutageWindow>,
    /// Where there are several streams of traffic, the same for each of them.
    pub streams: Vec<Self>,
}

/// The series of one plan.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PlanFigureData {
    /// Time since arrival (s), rising, and the share of all recipients delivered by then.
    pub curve: Vec<(f64, f64)>,
    /// Each channel of the plan in order of first use, with its deliveries by bin of time, per replication.
    pub deliveries: Vec<(String, Vec<f64>)>,
    /// Moves to a next step by bin of time, per replication.
    pub failovers: Vec<f64>,
    /// The share of recipients whose first delivery came by each step; what is left of 1 was not reached.
    pub first_by_step: Vec<f64>,
}

/// One window of an outage.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct OutageWindow {
    /// The provider.
    pub provider: String,
    /// The effect's word.
    pub effect: String,
    /// Its start (s).
    pub from_s: f64,
    /// Its end (s).
    pub to_s: f64,
    /// The share of the traffic that it hits.
    pub share: f64,
}

/// What happened over time, per replication, in bins of equal width.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct OverTime {
    /// The width of a bin (s).
    pub bin_s: f64,
    /// For each stream of traffic, by name, arrivals in each bin.
    pub arrivals: Vec<(String, Vec<f64>)>,
    /// One for each plan.
    pub plans: Vec<PlanOverTime>,
}

/// What happened under one plan.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PlanOverTime {
    /// The plan's name.
    pub plan: String,
    /// One for each provider that it, or a stream's own plan beside it, uses.
    pub providers: Vec<ProviderOverTime>,
}

/// What happened at one provider.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ProviderOverTime {
    /// The provider's name.
    pub provider: String,
    /// Attempts that came in each bin.
    pub submissions: Vec<f64>,
    /// Messages that reached the person in each bin.
    pub deliveries: Vec<f64>,
    /// Reports of a bad end in each bin.
    pub failures: Vec<f64>,
    /// What the attempts of each bin cost, in units of the currency.
    pub cost: Vec<f64>,
    /// What happened in its queue, where its capacity is limited.
    pub queue: Option<QueueOverTime>,
}

/// What happened in the queue before one provider.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct QueueOverTime {
    /// Its usual throughput (1/s), where that is limited.
    pub rate_per_s: Option<f64>,
    /// How many lines it usually has, where it has lines.
    pub concurrent: Option<u32>,
    /// Attempts that left in each bin.
    pub departures: Vec<f64>,
    /// Attempts that waited at the end of each bin.
    pub waiting: Vec<f64>,
    /// Lines in use at the end of each bin, where it has lines.
    pub busy: Option<Vec<f64>>,
    /// How long those that left in each bin had waited on average (s); nothing where none left.
    pub wait_s: Vec<Option<f64>>,
    /// The throughput that it had in the middle of each bin (1/s), where that is limited; with random throttles in several
    /// replications, what it had without.
    pub limit_per_s: Option<Vec<f64>>,
    /// Likewise its lines.
    pub lines: Option<Vec<f64>>,
    /// The part of its throughput, and of its lines, that was used while recipients arrived, in whichever of them was used more;
    /// nothing where all arrive at once.
    pub utilisation: Option<f64>,
    /// The part of all attempts that left without having waited.
    pub at_once: Option<f64>,
}
