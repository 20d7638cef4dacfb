//! The results of a run, as data: the contents of `results.json`.

use super::series::{FigureData, OverTime};
use crate::status::Segment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The value of [`Results::schema`].
pub const SCHEMA: &str = "failsim/results/2";

/// Marks all keys as required: each is always written, with null where nothing is known.
fn every_key_is_there(schema: &mut schemars::Schema) {
    let keys = schema.get("properties").and_then(|keys| keys.as_object());
    let keys: Option<Vec<_>> = keys.map(|keys| keys.keys().cloned().map(serde_json::Value::String).collect());
    if let Some(keys) = keys {
        schema.insert("required".to_owned(), keys.into());
    }
}

/// The results of a run. With replications, counts and totals are means per replication.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct Results {
    /// Always `failsim/results/2`.
    pub schema: String,
    /// The scenario that was run.
    pub scenario: ScenarioFacts,
    /// The result of each plan for all recipients, in the order of the scenario file.
    pub plans: Vec<PlanResult>,
    /// The comparison of each pair of plans for all recipients: by default each plan with each plan before it; with more than 20 plans,
    /// each with the reference.
    pub comparisons: Vec<Comparison>,
    /// The results of each group of recipients: of each stream of traffic where there are several, then of each segment where there are
    /// several.
    pub groups: Vec<GroupResult>,
}

/// A group of recipients for which results are given.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct GroupResult {
    /// The kind of group.
    pub kind: GroupKind,
    /// The name of the stream or segment.
    pub name: String,
    /// Recipients of the group per replication; of a segment, their mean number.
    pub recipients: Count,
    /// The deadline of its recipients: a first delivery at most this long after arrival is in time (s); null for a segment whose streams have
    /// different deadlines.
    pub deadline_s: Option<f64>,
    /// The plan that its recipients always follow; null if they follow the plan that is compared.
    pub plan: Option<String>,
    /// The results of the group under each plan, in the order of the top level. If the group always follows its own plan, `steps` are
    /// those of that plan.
    pub plans: Vec<PlanResult>,
    /// The comparison of each pair of plans for the group, in the order of the top level.
    pub comparisons: Vec<Comparison>,
}

/// A kind of group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GroupKind {
    /// A stream of traffic.
    Stream,
    /// A segment of the recipients.
    Segment,
}

/// The scenario that was run.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct ScenarioFacts {
    /// The scenario's title.
    pub title: String,
    /// The SHA-256 of the scenario file, in hexadecimal.
    pub digest: String,
    /// The seed of all random numbers.
    pub seed: u64,
    /// The seed as text, because many JSON readers round integers above 2⁵³.
    pub seed_text: String,
    /// When the run starts by the clock, such as `2026-11-27T08:00:00`; null if that is not known.
    pub starts_at: Option<String>,
    /// Recipients per replication.
    pub recipients: u64,
    /// The number of replications, each with its own random numbers.
    pub replications: u32,
    /// The currency of every amount.
    pub currency: String,
    /// The deadline: a first delivery at most this long after arrival is in time (s), unless the recipient's stream has its own deadline.
    pub deadline_s: f64,
    /// The names of the streams of traffic; a stream without a name is "".
    pub streams: Vec<String>,
    /// The names of the segments; empty if there are none.
    pub segments: Vec<String>,
    /// The basis of the intervals.
    pub intervals: Intervals,
    /// Whether the plans were solved as well.
    #[serde(default)]
    pub method: Method,
}

/// Whether the plans of a scenario were solved, besides being simulated.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// None was.
    #[default]
    Simulate,
    /// Some were.
    Mixed,
    /// Each was.
    Exact,
}

/// The basis of intervals.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Intervals {
    /// Independent recipients.
    #[default]
    FromRecipients,
    /// Replications, because recipients share capacity, circuits or random outages.
    FromReplications,
    /// No intervals: recipients share capacity, circuits or random outages, and there are fewer than 10 replications.
    Unknown,
}

/// The result of one plan.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct PlanResult {
    /// The plan's name.
    pub name: String,
    /// Recipients per replication; of a segment, their mean number.
    pub recipients: Count,
    /// Recipients who received the message, whether or not the engine got a report.
    pub delivered: Share,
    /// The best single channel of a plan whose channels are taken as independent, which flatters failover: a plan of several steps, where
    /// no phone is off and no outcome of its providers is persistent; null for other plans.
    pub best_channel: Option<BestChannel>,
    /// Recipients who received it within the deadline.
    pub in_time: Share,
    /// Recipients whose flow the engine believes to have succeeded.
    pub succeeded: Share,
    /// Recipients who received the message more than once.
    pub duplicates: Share,
    /// Recipients who opened the message; null if no provider of the plan models this.
    pub seen: Option<Share>,
    /// The cost.
    pub cost: Cost,
    /// The time from arrival to first delivery, over the recipients who received the message.
    pub latency_s: Latency,
    /// The measures without an interval, each with the reason.
    pub no_interval: BTreeMap<String, String>,
    /// The measures that were solved, by name: what a simulation of infinitely many recipients would find. Null if the plan was not solved.
    #[serde(default)]
    pub exact: Option<BTreeMap<String, Exact>>,
    /// Why the plan cannot be solved; null if it was, or if nobody asked.
    #[serde(default)]
    pub not_solved: Option<String>,
    /// Moves to a next step.
    pub failovers: Count,
    /// When the last flow ended, since the start of the run (s); null if none did.
    pub last_end_s: Option<f64>,
    /// Flows that never ended: their last step has no ttl and got no final report.
    pub unresolved: Count,
    /// The callbacks that a webhook would have received.
    pub callbacks: Callbacks,
    /// One for each step of the plan. At the top level, they count only the streams that follow the plan, not those that always follow
    /// their own.
    pub steps: Vec<StepResult>,
    /// One for each provider that the plan, or the own plan of a stream, uses, in the order of the scenario file.
    pub providers: Vec<ProviderResult>,
}

/// A value that was found by numerical integration, in place of a simulation.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct Exact {
    /// The value.
    pub value: f64,
    /// Its numeric error, estimated by twice the difference between a finer and a coarser computation. There is no other error.
    pub error: f64,
}

/// The channel of a plan that could reach the most recipients by itself.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct BestChannel {
    /// The channel.
    pub channel: String,
    /// The share of the recipients that one attempt could reach (0 to 1), from the shares of its outcomes: outages, queues and ttls can only
    /// lower it.
    pub reach: f64,
}

/// A count of recipients, and their share of all recipients.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct Share {
    /// The number of recipients.
    pub count: Count,
    /// `count` divided by all recipients (0 to 1).
    pub share: f64,
    /// The lower end of the 95 % interval of the share; null without an interval.
    pub low: Option<f64>,
    /// The upper end of the 95 % interval of the share; null without an interval.
    pub high: Option<f64>,
    /// From replications: an interval that is valid for a comparison with a bound that is not close to 0 or 1, however close the share
    /// itself is. Not written.
    #[serde(skip)]
    pub narrow: Option<(f64, f64)>,
    /// Whether the share is exact, with its numeric error in place of an interval. Not written.
    #[serde(skip)]
    pub is_exact: bool,
}

/// A count, or with replications a mean of counts. Written as an integer where it is one.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug, Default, JsonSchema)]
#[schemars(transparent)]
pub struct Count(pub f64);

impl Serialize for Count {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let exact = self.0.fract() == 0.0 && self.0.abs() < 9e15;
        if exact { serializer.serialize_i64(self.0 as i64) } else { serializer.serialize_f64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer).map(Self)
    }
}

/// The cost of a plan, in units of the currency.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct Cost {
    /// The total for all recipients of a replication.
    pub total: f64,
    /// The mean cost per recipient.
    pub per_recipient: f64,
    /// The lower end of the 95 % interval of the cost per recipient; null without an interval.
    pub low: Option<f64>,
    /// The upper end of the 95 % interval of the cost per recipient; null without an interval.
    pub high: Option<f64>,
    /// The total cost divided by the recipients who received the message; null if none did.
    pub per_delivered: Option<f64>,
    /// Whether the costs are exact, with the numeric error in place of an interval. Not written.
    #[serde(skip)]
    pub is_exact: bool,
}

/// Latency in seconds; all values are null if no recipient received the message.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct Latency {
    /// The mean (s).
    pub mean: Option<f64>,
    /// The median (s).
    pub p50: Option<f64>,
    /// The 90th percentile (s).
    pub p90: Option<f64>,
    /// The 95th percentile (s).
    pub p95: Option<f64>,
    /// The 99th percentile (s).
    pub p99: Option<f64>,
    /// The 99.9th percentile (s).
    pub p999: Option<f64>,
    /// The maximum (s).
    pub max: Option<f64>,
    /// The 95 % intervals of the mean and of the quantiles, by key (`mean`, `p50`, …); those without an interval are left out.
    pub intervals: BTreeMap<String, Interval>,
}

/// A 95 % interval.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The callbacks that a webhook would have received for a plan.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct Callbacks {
    /// Callbacks at the end of each flow (`on_completion`).
    pub on_completion: Count,
    /// The highest number of those in a second of the clock, in any replication; null if some come after the first 12 days.
    pub on_completion_peak_per_s: Option<u64>,
    /// Callbacks at each change of a message, at each ttl that passes and at the end of each flow (`on_change`); null unless the scenario's
    /// `[webhook]` has that strategy.
    pub on_change: Option<Count>,
    /// The highest number of those in a second of the clock, in any replication; null as `on_change`, or if some come after the first 12
    /// days.
    pub on_change_peak_per_s: Option<u64>,
}

/// The result of one step of a plan.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct StepResult {
    /// The plan that the step belongs to, if the plan is a composite of several; null otherwise.
    pub plan: Option<String>,
    /// The number of the step in its plan, from 1.
    pub step: usize,
    /// The provider; for a pool, its members separated by commas.
    pub provider: String,
    /// The channel.
    pub channel: String,
    /// Attempts, including retries. An attempt that several providers of a pool, or none, accept counts once.
    pub attempts: Count,
    /// Messages of the step that were delivered to the recipient.
    pub delivered: Count,
    /// Deliveries after the flow had left the step.
    pub late: Count,
    /// How the step ended for the engine: by status, or `late_success` (a late delivery of an earlier step ended the flow), `gave_up`
    /// (`give_up_after` passed), `unresolved` (the step never ended). The counts add up to the flows that entered the step.
    pub outcomes: BTreeMap<String, Count>,
    /// The cost of the attempts of the step.
    pub cost: f64,
}

/// The result of one provider under a plan.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct ProviderResult {
    /// The provider's name.
    pub provider: String,
    /// Attempts submitted to it, including those that it rejected: the sum of `rejected`, `departed`, `expired_in_queue`, `cancelled` and
    /// `still_queued`.
    pub attempts: Count,
    /// Attempts that departed to the network, at once or after a wait.
    pub departed: Count,
    /// Messages that it delivered.
    pub delivered: Count,
    /// The cost of its attempts.
    pub cost: f64,
    /// The mean wait for capacity, over the attempts that departed (s).
    pub wait_mean_s: f64,
    /// The 99th percentile of this wait (s).
    pub wait_p99_s: f64,
    /// The maximum length of the queue, over all recipients and replications.
    pub queue_max: u64,
    /// Attempts that it rejected at submission: it was over its limit, or that was the outcome of the attempt.
    pub rejected: Count,
    /// Attempts whose validity ended while they waited for capacity, before the engine moved on.
    pub expired_in_queue: Count,
    /// Attempts that the engine recalled while they waited for capacity, because it moved on; also where the validity ends at that time.
    pub cancelled: Count,
    /// Attempts that wait without end: nothing ends their wait, and no capacity becomes free.
    pub still_queued: Count,
    /// Attempts that were not submitted because its circuit was open; not part of `attempts`.
    pub not_permitted: Count,
    /// How many times its circuit opened, for all recipients together.
    pub circuit_opened: Count,
    /// When the backlog was cleared: when the last attempt that had waited for 1 s or longer left the queue, since the start of the run
    /// (s); null if there was no backlog, or if attempts are still queued.
    pub backlog_cleared_s: Option<f64>,
}

/// The comparison of two plans on the same recipients with common random numbers. Each difference is `plan` minus `against`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct Comparison {
    /// The plan.
    pub plan: String,
    /// The plan that it is compared with.
    pub against: String,
    /// The difference in the share delivered.
    pub delivered: Difference,
    /// The difference in the share in time.
    pub in_time: Difference,
    /// The difference in the share succeeded.
    pub succeeded: Difference,
    /// The difference in the share of duplicates.
    pub duplicates: Difference,
    /// The difference in the cost per recipient, in units of the currency.
    pub cost_per_recipient: Difference,
    /// The difference in the median latency (s); null if either plan reached no recipient.
    pub latency_p50_s: Option<Difference>,
    /// The difference in the 95th percentile of the latency (s); null if either plan reached no recipient.
    pub latency_p95_s: Option<Difference>,
}

/// A paired difference with its 95 % interval.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct Difference {
    /// The difference.
    pub difference: f64,
    /// The lower end of the interval; null without an interval.
    pub low: Option<f64>,
    /// The upper end of the interval; null without an interval.
    pub high: Option<f64>,
    /// Whether the difference is exact, with its numeric error in place of an interval. Not written.
    #[serde(skip)]
    pub is_exact: bool,
}

/// The output of a run: results, figure data and results over time.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RunOutput {
    /// The results.
    pub results: Results,
    /// The indices of the plans with figure data: all plans, unless there are too many for a figure.
    pub drawn: Vec<usize>,
    /// The figure data of the plans in `drawn`.
    pub figure_data: FigureData,
    /// The results over time of the plans in `drawn`.
    pub over_time: OverTime,
    /// Whether a precision was asked for and not reached within the maximum number of replications.
    pub imprecise: bool,
}

impl ScenarioFacts {
    /// The exact seed, even if the results were rewritten by a program that rounds large integers.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed_text.parse().unwrap_or(self.seed)
    }
}

impl PlanResult {
    /// Whether the plan is a composite of other plans.
    #[must_use]
    pub fn is_composite(&self) -> bool {
        self.steps.iter().any(|step| step.plan.is_some())
    }
}

impl GroupResult {
    /// Whether this is the group of this kind and name.
    #[must_use]
    pub fn is(&self, kind: GroupKind, name: &str) -> bool {
        self.kind == kind && self.name == name
    }
}

impl Results {
    /// The group of the stream of traffic with this index; `None` where there is only one stream.
    #[must_use]
    pub fn stream(&self, index: usize) -> Option<&GroupResult> {
        self.groups_of(GroupKind::Stream).nth(index)
    }

    /// The group of this segment; `None` where there is only one segment, or where nobody is in it.
    #[must_use]
    pub fn segment(&self, segment: Segment) -> Option<&GroupResult> {
        let name = self.scenario.segments.get(segment.index())?;
        self.groups.iter().find(|group| group.is(GroupKind::Segment, name))
    }

    /// The results of the plans for a stream of traffic or a segment; for `None`, and where there is only one, for all recipients. `None`
    /// where nobody is in the segment.
    #[must_use]
    pub fn plans_of(&self, stream: Option<usize>, segment: Option<Segment>) -> Option<&[PlanResult]> {
        let stream = stream.and_then(|stream| self.stream(stream));
        match segment.filter(|_| self.scenario.segments.len() > 1) {
            Some(segment) => self.segment(segment).map(|group| group.plans.as_slice()),
            None => Some(stream.map_or(&self.plans, |group| &group.plans)),
        }
    }

    /// The results of a group, as if the scenario had no other recipients.
    #[must_use]
    pub fn of_group(&self, group: &GroupResult) -> Self {
        let recipients = group.recipients.0.round() as u64;
        let deadline_s = group.deadline_s.unwrap_or(self.scenario.deadline_s);
        Self {
            schema: self.schema.clone(),
            scenario: ScenarioFacts { recipients, deadline_s, ..self.scenario.clone() },
            plans: group.plans.clone(),
            comparisons: group.comparisons.clone(),
            groups: Vec::new(),
        }
    }

    /// The groups of this kind.
    pub fn groups_of(&self, kind: GroupKind) -> impl Iterator<Item = &GroupResult> {
        self.groups.iter().filter(move |group| group.kind == kind)
    }

    /// The results of each group of this kind, as if the scenario had no other recipients.
    #[must_use]
    pub fn by_group(&self, kind: GroupKind) -> Vec<(&GroupResult, Self)> {
        self.groups_of(kind).map(|group| (group, self.of_group(group))).collect()
    }

    /// The common deadline of all recipients (s); `None` where streams of traffic have different deadlines.
    #[must_use]
    pub fn deadline_s(&self) -> Option<f64> {
        let streams = || self.groups_of(GroupKind::Stream);
        let first = streams().next().map_or(Some(self.scenario.deadline_s), |group| group.deadline_s);
        first.filter(|_| streams().all(|group| group.deadline_s == first))
    }

    /// The results of the plans with these indices only.
    fn of_plans(&self, indices: &[usize]) -> Self {
        let kept = |plans: &[PlanResult]| indices.iter().map(|&i| plans[i].clone()).collect::<Vec<_>>();
        let plans = kept(&self.plans);
        let is_kept = |name: &str| plans.iter().any(|plan| plan.name == name);
        let pairs = |pairs: &[Comparison]| {
            pairs.iter().filter(|pair| is_kept(&pair.plan) && is_kept(&pair.against)).cloned().collect::<Vec<_>>()
        };
        let group = |group: &GroupResult| GroupResult {
            name: group.name.clone(),
            plan: group.plan.clone(),
            plans: kept(&group.plans),
            comparisons: pairs(&group.comparisons),
            ..*group
        };
        Self {
            schema: self.schema.clone(),
            scenario: self.scenario.clone(),
            comparisons: pairs(&self.comparisons),
            groups: self.groups.iter().map(group).collect(),
            plans,
        }
    }
}

impl RunOutput {
    /// The output for the plans in `drawn` only.
    #[must_use]
    pub fn of_drawn(&self) -> Cow<'_, Self> {
        if self.drawn.len() == self.results.plans.len() {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self {
            drawn: (0..self.drawn.len()).collect(),
            results: self.results.of_plans(&self.drawn),
            figure_data: self.figure_data.clone(),
            over_time: self.over_time.clone(),
            imprecise: self.imprecise,
        })
    }

    /// The output for each group of this kind, as if the scenario had no other recipients. Results over time exist only for all recipients
    /// together.
    #[must_use]
    pub fn by_group(&self, kind: GroupKind) -> Vec<(&GroupResult, Self)> {
        let groups = self.results.groups.iter().zip(&self.figure_data.groups).filter(|(group, _)| group.kind == kind);
        groups
            .map(|(group, figure_data)| {
                let (results, figure_data) = (self.results.of_group(group), figure_data.clone());
                let (drawn, over_time) = (self.drawn.clone(), OverTime::default());
                (group, Self { results, drawn, figure_data, over_time, imprecise: self.imprecise })
            })
            .collect()
    }
}
