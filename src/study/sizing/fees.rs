//! What capacities cost in a month, and which is the cheapest.

use super::ladder::{DOUBLING, TOP, value};
use super::{Limit, Question};
use crate::provider::Capacity;
use crate::scenario::{Metric, Scenario};
use crate::sim::{Interrupted, Progress};
use crate::stats::{Confidence, Moments};
use crate::study::counted::of_replications;
use crate::study::ready::Ready;
use crate::units::Rate;
use std::borrow::Cow;

/// The cheapest capacity.
#[derive(Clone, PartialEq, Debug)]
pub struct Cheapest {
    /// The capacity: a rate (1/s), or a number of lines.
    pub capacity: f64,
    /// The replications in a month.
    pub per_month: f64,
    /// The fees of a month, of all providers that the plan uses, in units of the currency.
    pub fees: f64,
    /// What providers charge for messages and calls in a month, in units of the currency.
    pub messages: f64,
    /// What was tried, in ascending order.
    pub trials: Vec<Priced>,
}

/// What a capacity costs.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Priced {
    /// The capacity.
    pub capacity: f64,
    /// What a month costs in all, in units of the currency.
    pub cost: f64,
    /// How much more that is than with the cheapest.
    pub more: f64,
    /// The 95 % interval of `more`, from the paired differences of the replications; not adjusted for how many capacities are compared.
    pub interval: (f64, f64),
}

impl Priced {
    /// Whether it is not shown to be dearer than the cheapest.
    #[must_use]
    pub fn may_be_cheapest(&self) -> bool {
        self.interval.0 <= 0.0
    }
}

/// The fees of a month of the providers that the plans use, in units of the currency, each for the capacity that it has; nothing for what is not limited.
#[must_use]
pub fn fees(scenario: &Scenario) -> f64 {
    let used = scenario.used_providers().into_iter().map(|provider| &scenario.providers[provider]);
    let of = |spec: &crate::provider::ProviderSpec| {
        let (fees, capacity) = (spec.fees?, spec.capacity.unwrap_or(Capacity::UNLIMITED));
        let rate = capacity.rate.map_or(0.0, Rate::per_second);
        let lines = capacity.concurrent.map_or(0.0, f64::from);
        Some(fees.per_month.as_units() + fees.per_rate.as_units() * rate + fees.per_line.as_units() * lines)
    };
    used.filter_map(of).sum()
}

/// Searches for the cheapest capacity of those from `smallest` on, which are enough, at this many replications in a month: by doubling it and then by golden
/// sections, on the assumption that costs first fall and then rise. More capacity may save money where it keeps messages from dearer channels.
///
/// # Errors
/// [`Interrupted`] when `progress` was asked to stop before the end.
pub fn cheapest(
    question: &Question<'_>,
    smallest: f64,
    per_month: f64,
    progress: &Progress,
) -> Result<Cheapest, Interrupted> {
    let limit = question.limit;
    let least = question.rung_of(smallest).unwrap_or(1);
    let mut costs =
        Costs { question, progress, replications: question.judge().first_look, per_month, tried: Vec::new() };
    let (mut low, mut high) = (least, least);
    loop {
        let next = (high + DOUBLING).min(TOP[limit as usize]);
        if next == high || costs.of(next)? >= costs.of(high)? {
            high = next;
            break;
        }
        (low, high) = (high, next);
    }
    while high - low > 2 {
        let part = |share: f64| low + (share * f64::from(high - low)) as u32;
        let (left, right) = (part(0.382), part(0.618).max(part(0.382) + 1));
        if costs.of(left)? <= costs.of(right)? { high = right } else { low = left }
    }
    for n in [least].into_iter().chain(low..=high) {
        costs.of(n)?;
    }
    Ok(costs.cheapest(limit))
}

/// What has been tried: all with the same replications and common random numbers.
struct Costs<'a> {
    question: &'a Question<'a>,
    progress: &'a Progress,
    replications: u32,
    per_month: f64,
    tried: Vec<Tried>,
}

/// A capacity, by its rung, with what it costs.
struct Tried {
    rung: u32,
    fees: f64,
    /// What each replication costs.
    messages: Vec<f64>,
}

impl Costs<'_> {
    /// What a month costs with this rung.
    fn of(&mut self, rung: u32) -> Result<f64, Interrupted> {
        if let Some(known) = self.tried.iter().find(|tried| tried.rung == rung) {
            return Ok(self.month(known));
        }
        let scenario = self.question.with(Some(rung));
        let ready = Ready::to_count(Cow::Borrowed(&scenario), self.progress)?;
        let all = of_replications(&ready, 0..self.replications, self.progress)?;
        let cost = |streams: &Vec<crate::study::counted::StreamSums>| {
            streams.iter().filter_map(|stream| stream.sum(Metric::CostPerRecipient)).sum()
        };
        let tried = Tried { rung, fees: fees(&scenario), messages: all.iter().map(cost).collect() };
        let month = self.month(&tried);
        self.tried.push(tried);
        Ok(month)
    }

    fn month(&self, tried: &Tried) -> f64 {
        tried.fees + self.messages(tried)
    }

    fn messages(&self, tried: &Tried) -> f64 {
        self.per_month * tried.messages.iter().sum::<f64>() / tried.messages.len().max(1) as f64
    }

    fn cheapest(mut self, limit: Limit) -> Cheapest {
        self.tried.sort_by_key(|tried| tried.rung);
        let order = |a: &&Tried, b: &&Tried| self.month(a).total_cmp(&self.month(b)).then(a.rung.cmp(&b.rung));
        let best = self.tried.iter().min_by(order).expect("the smallest is always tried");
        let priced = |tried: &Tried| {
            let differences: Vec<f64> =
                tried.messages.iter().zip(&best.messages).map(|(a, b)| self.per_month * (a - b)).collect();
            let moments = Moments::of(&differences);
            let (low, high) = moments.map_or((f64::NEG_INFINITY, f64::INFINITY), |all| all.interval(Confidence::USUAL));
            let (cost, fees) = (self.month(tried), tried.fees - best.fees);
            let capacity = value(limit, tried.rung);
            Priced { capacity, cost, more: cost - self.month(best), interval: (fees + low, fees + high) }
        };
        Cheapest {
            capacity: value(limit, best.rung),
            per_month: self.per_month,
            fees: best.fees,
            messages: self.messages(best),
            trials: self.tried.iter().map(priced).collect(),
        }
    }
}
