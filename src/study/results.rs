//! What a run found, as data: the shape of `results.json`.

use super::series::{FigureData, OverTime};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The value of [`Results::schema`].
pub const SCHEMA: &str = "failsim/results/1";

/// Every key of an object is always written, with null where there is nothing to say.
fn every_key_is_there(schema: &mut schemars::Schema) {
    let keys = schema.get("properties").and_then(|keys| keys.as_object());
    let keys: Option<Vec<_>> = keys.map(|keys| keys.keys().cloned().map(serde_json::Value::String).collect());
    if let Some(keys) = keys {
        schema.insert("required".to_owned(), keys.into());
    }
}

/// What a run found. With replications, counts and totals are means per replication.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct Results {
    /// Always `failsim/results/1`.
    pub schema: String,
    /// What was run.
    pub scenario: ScenarioFacts,
    /// One for each plan, in the order of the scenario file.
    pub plans: Vec<PlanResult>,
    /// One for each pair of plans: each plan against each plan before it; of more than 20 plans each against the reference.
    pub comparisons: Vec<Comparison>,
}

/// What was run.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct ScenarioFacts {
    /// The scenario's title.
    pub title: String,
    /// The SHA-256 of the scenario file, in hexadecimal.
    pub digest: String,
    /// The seed of all luck.
    pub seed: u64,
    /// The same in digits: many readers of JSON keep numbers above 2⁵³ only roughly.
    #[serde(default)]
    pub seed_text: String,
    /// Recipients per replication.
    pub recipients: u64,
    /// How often the recipients were played with luck of their own.
    pub replications: u32,
    /// The currency of every amount.
    pub currency: String,
    /// What counts as in time: first delivery at most this long after arrival (s), unless the recipient's stream of traffic says
    /// otherwise.
    pub deadline_s: f64,
    /// The names of the streams of traffic; one without a name is "".
    #[serde(default)]
    pub streams: Vec<String>,
    /// What the intervals are computed from.
    #[serde(default)]
    pub intervals: Intervals,
}

/// What intervals are computed from.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Intervals {
    /// Recipients, who are independent of one another.
    #[default]
    FromRecipients,
    /// Replications, since recipients share capacity, circuits or random outages.
    FromReplications,
    /// Nothing: recipients share them, and there are fewer than 10 replications.
    Unknown,
}

/// What one plan came to.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct PlanResult {
    /// The plan's name.
    pub name: String,
    /// Recipients per replication.
    pub recipients: u64,
    /// Recipients whom the message reached, whether or not the engine heard of it.
    pub delivered: Share,
    /// Recipients whom it reached within the deadline.
    pub in_time: Share,
    /// Recipients whose flow the engine believes to have succeeded.
    pub succeeded: Share,
    /// Recipients whom the message reached more than once.
    pub duplicates: Share,
    /// Recipients who opened the message; null when no provider of the plan models it.
    pub seen: Option<Share>,
    /// What it cost.
    pub cost: Cost,
    /// From arrival to first delivery, over the recipients whom it reached.
    pub latency_s: Latency,
    /// Why measures have no interval, by the names of those.
    #[serde(default)]
    pub no_interval: BTreeMap<String, String>,
    /// Moves to a next step.
    pub failovers: Count,
    /// When the last flow ended, since the start of the world (s); null when none did.
    pub last_end_s: Option<f64>,
    /// Flows that never ended: their last step has no ttl and heard nothing.
    pub open: Count,
    /// What a webhook would have carried.
    pub callbacks: Callbacks,
    /// One for each step of the plan.
    pub steps: Vec<StepResult>,
    /// One for each provider that the plan uses, in the order of the scenario file.
    pub providers: Vec<ProviderResult>,
    /// Where there are several streams of traffic, the same for each of them, under the stream's name.
    #[serde(default)]
    pub streams: Vec<StreamResult>,
}

/// What one stream of traffic came to under a plan.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct StreamResult {
    /// The stream's name.
    pub stream: String,
    /// What counts as in time for its recipients (s).
    pub deadline_s: f64,
    /// Its recipients, and the plan that they followed: the one that is compared, or the stream's own.
    pub result: PlanResult,
}

/// A count of recipients and its share of them all.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct Share {
    /// How many recipients.
    pub count: Count,
    /// `count` over all recipients, 0 to 1.
    pub share: f64,
    /// The lower end of the 95 % interval of the share; null where none is known.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// From replications: an interval that holds where the share is held to a bound that is not close to 0 or 1, however close the share
    /// itself is. Not written.
    #[serde(skip)]
    pub narrow: Option<(f64, f64)>,
}

/// A count, or with replications a mean of counts: written as a whole number where it is one.
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

/// What a plan cost, in units of the currency.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct Cost {
    /// For all recipients of a replication.
    pub total: f64,
    /// Per recipient.
    pub per_recipient: f64,
    /// The lower end of the 95 % interval of the cost per recipient; null where none is known.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// Total over recipients reached; null when none was.
    pub per_delivered: Option<f64>,
}

/// Latency in seconds; each null when nobody was reached.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct Latency {
    /// The mean (s).
    pub mean: Option<f64>,
    /// The median (s).
    pub p50: Option<f64>,
    /// The 90 % quantile (s).
    pub p90: Option<f64>,
    /// The 95 % quantile (s).
    pub p95: Option<f64>,
    /// The 99 % quantile (s).
    pub p99: Option<f64>,
    /// The 99.9 % quantile (s).
    pub p999: Option<f64>,
    /// The longest (s).
    pub max: Option<f64>,
    /// The 95 % intervals of the mean and of the quantiles, by name; one that the data cannot bound is left out.
    pub intervals: BTreeMap<String, Interval>,
}

/// A 95 % interval.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// What a webhook would have carried for a plan, under either strategy.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct Callbacks {
    /// Callbacks at the end of each flow (`on_completion`).
    pub on_completion: Count,
    /// The most of those within one second of the first 12 days of the virtual clock, in any replication.
    pub on_completion_peak_per_s: u64,
}

/// What one step of a plan came to.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct StepResult {
    /// Its number, from 1.
    pub step: usize,
    /// Its provider.
    pub provider: String,
    /// The provider's channel.
    pub channel: String,
    /// Submissions, retries among them.
    pub attempts: Count,
    /// Messages of the step that reached the person.
    pub delivered: Count,
    /// Those of them that did so after the flow had left the step.
    pub late: Count,
    /// How the step ended for the engine, by status; also `superseded` (a late delivery of an earlier step ended the flow),
    /// `gave_up` (`give_up_after` passed) and `open` (it never ended). They add up to the flows that came to the step.
    pub outcomes: BTreeMap<String, Count>,
    /// What its attempts cost.
    pub cost: f64,
}

/// What one provider came to.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct ProviderResult {
    /// The provider's name.
    pub provider: String,
    /// Attempts that came to it, those among them that it refused.
    #[serde(default)]
    pub attempts: Count,
    /// Messages of those that reached the person.
    #[serde(default)]
    pub delivered: Count,
    /// What they cost.
    #[serde(default)]
    pub cost: f64,
    /// The mean wait for capacity of those that left (s).
    pub wait_mean_s: f64,
    /// Its 99 % quantile (s).
    pub wait_p99_s: f64,
    /// The longest queue, of all streams of traffic together, in any replication.
    pub queue_max: u64,
    /// Attempts refused because the provider was over its limit.
    #[serde(default)]
    pub refused: Count,
    /// Attempts withdrawn because their time ran out while they waited.
    #[serde(default)]
    pub withdrawn: Count,
    /// Attempts that an open circuit kept from it.
    #[serde(default)]
    pub blocked: Count,
    /// How often its circuit opened, for all streams together.
    #[serde(default)]
    pub circuit_opened: Count,
    /// When the last of those that had to wait for 1 s or longer did so no longer, since the start of the world (s): the backlog is
    /// gone then; null where there was none.
    #[serde(default)]
    pub drained_s: Option<f64>,
}

/// One plan against another, on the same recipients with the same luck: each difference is `plan` minus `against`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct Comparison {
    /// The plan.
    pub plan: String,
    /// What it is compared with.
    pub against: String,
    /// Of the share delivered.
    pub delivered: Difference,
    /// Of the share in time.
    pub in_time: Difference,
    /// Of the share succeeded.
    pub succeeded: Difference,
    /// Of the share of duplicates.
    pub duplicates: Difference,
    /// Of the cost per recipient, in units of the currency.
    pub cost_per_recipient: Difference,
    /// Of the median latency (s); null when either reached nobody.
    pub latency_p50_s: Option<Difference>,
    /// Of the 95 % quantile of latency (s); null when either reached nobody.
    pub latency_p95_s: Option<Difference>,
    /// Where there are several streams of traffic, the same for each of them.
    #[serde(default)]
    pub streams: Vec<StreamComparison>,
}

/// One plan against another, for one stream of traffic.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct StreamComparison {
    /// The stream's name.
    pub stream: String,
    /// What it came to under the one plan against the other.
    pub comparison: Comparison,
}

/// A paired difference with its 95 % interval; the ends are null where none is known.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = every_key_is_there)]
pub struct Difference {
    /// The difference.
    pub difference: f64,
    /// The lower end of its interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

/// What a run made: the results, what the figures need, and what happened over time.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RunOutput {
    /// The results.
    pub results: Results,
    /// The plans of the results that have series, by their places there: all but where they are too many for a picture.
    pub drawn: Vec<usize>,
    /// The series of the figures, of the plans that are drawn.
    pub pictures: FigureData,
    /// Everything over time, of the plans that are drawn.
    pub over_time: OverTime,
    /// Whether a precision was asked for and not reached within the most replications.
    pub imprecise: bool,
}

impl ScenarioFacts {
    /// The seed, whoever has read and written it as a number in between.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed_text.parse().unwrap_or(self.seed)
    }
}

impl Results {
    /// The results of each stream of traffic, as if the scenario had that one alone; empty where it does have one alone.
    #[must_use]
    pub fn streams(&self) -> Vec<(String, Self)> {
        let Some(first) = self.plans.first() else { return Vec::new() };
        let view = |(i, stream): (usize, &StreamResult)| {
            let plan = |plan: &PlanResult| PlanResult { name: plan.name.clone(), ..plan.streams[i].result.clone() };
            let results = Self {
                schema: self.schema.clone(),
                scenario: ScenarioFacts {
                    recipients: stream.result.recipients,
                    deadline_s: stream.deadline_s,
                    ..self.scenario.clone()
                },
                plans: self.plans.iter().map(plan).collect(),
                comparisons: self.comparisons.iter().map(|pair| pair.streams[i].comparison.clone()).collect(),
            };
            (stream.stream.clone(), results)
        };
        first.streams.iter().enumerate().map(view).collect()
    }

    /// What counts as in time for all recipients (s); `None` where their streams of traffic have deadlines of their own.
    #[must_use]
    pub fn deadline_s(&self) -> Option<f64> {
        let streams = self.plans.first().map_or(&[][..], |plan| &plan.streams);
        let first = streams.first().map_or(self.scenario.deadline_s, |stream| stream.deadline_s);
        streams.iter().all(|stream| stream.deadline_s == first).then_some(first)
    }

    /// The plan that the stream of traffic with this index always follows; `None` for one that follows the plan that is compared.
    #[must_use]
    pub fn own_plan(&self, stream: usize) -> Option<&str> {
        let plan = self.plans.first()?;
        let followed = plan.streams.get(stream)?.result.name.as_str();
        (followed != plan.name).then_some(followed)
    }
}

impl RunOutput {
    /// The findings of the plans that are drawn alone.
    #[must_use]
    pub fn of_drawn(&self) -> Cow<'_, Self> {
        if self.drawn.len() == self.results.plans.len() {
            return Cow::Borrowed(self);
        }
        let plans: Vec<_> = self.drawn.iter().map(|&place| self.results.plans[place].clone()).collect();
        let is_drawn = |name: &str| plans.iter().any(|plan| plan.name == name);
        let comparisons = self.results.comparisons.iter();
        let comparisons = comparisons.filter(|pair| is_drawn(&pair.plan) && is_drawn(&pair.against)).cloned().collect();
        Cow::Owned(Self {
            drawn: (0..plans.len()).collect(),
            results: Results {
                schema: self.results.schema.clone(),
                scenario: self.results.scenario.clone(),
                plans,
                comparisons,
            },
            pictures: self.pictures.clone(),
            over_time: self.over_time.clone(),
            imprecise: self.imprecise,
        })
    }

    /// The findings of each stream of traffic, as if the scenario had that one alone; empty where it does have one alone.
    #[must_use]
    pub fn streams(&self) -> Vec<(String, Self)> {
        let views = self.results.streams().into_iter().zip(&self.pictures.streams);
        let view = |((name, results), pictures): ((String, Results), &FigureData)| {
            let (drawn, pictures, over_time) = (self.drawn.clone(), pictures.clone(), OverTime::default());
            (name, Self { results, drawn, pictures, over_time, imprecise: self.imprecise })
        };
        views.map(view).collect()
    }
}
