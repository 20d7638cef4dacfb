//! What a capacity costs in a month, and which is the cheapest.

use super::ladder::{DOUBLING, TOP, value};
use super::search::Search;
use super::{Limit, Question, Trial};
use crate::provider::Fees;
use crate::sim::{Interrupted, Progress};

/// The cheapest capacity.
#[derive(Clone, PartialEq, Debug)]
pub struct Cheapest {
    /// The capacity: a rate (1/s), or a number of lines.
    pub capacity: f64,
    /// What it costs in a month, in units of the currency: fees, and what providers charge for messages.
    pub fees: f64,
    /// See `fees`.
    pub messages: f64,
    /// What was tried, in ascending order, each with what it costs in a month in all.
    pub trials: Vec<(Trial, f64)>,
}

/// The fees of a month for this much of a capacity, in units of the currency.
#[must_use]
pub fn monthly(fees: Fees, limit: Limit, capacity: f64) -> f64 {
    let of_each = match limit {
        Limit::Rate => fees.per_rate,
        Limit::Concurrent => fees.per_line,
    };
    fees.per_month.as_units() + of_each.as_units() * capacity
}

/// Searches for the cheapest capacity that meets the goals, at this many replications in a month: from the smallest, by doubling it and then by golden sections, on the assumption that
/// costs first fall and then rise. More capacity may save money where it keeps messages from dearer channels.
///
/// # Errors
/// [`Interrupted`] when `progress` was asked to stop before the end.
pub fn cheapest(
    question: &Question<'_>,
    smallest: f64,
    per_month: f64,
    progress: &Progress,
) -> Result<Cheapest, Interrupted> {
    let fees = question.scenario.providers[question.provider].fees.unwrap_or_default();
    let limit = question.limit;
    let least = question.rung_of(smallest).unwrap_or(1);
    let mut search = Search { question, progress, trials: Vec::new() };
    let first_look = question.judge().first_look;
    let mut cost = |n: u32| -> Result<(bool, f64), Interrupted> {
        let passes = search.passes(n, first_look)?;
        let trial = search.trials.iter().find(|(tried, _)| *tried == n).map(|(_, trial)| trial);
        let messages = trial.map_or(f64::INFINITY, |trial| trial.cost * per_month);
        Ok((passes, monthly(fees, limit, value(limit, n)) + messages))
    };
    // What does not meet the goals by chance is dearer than anything that does.
    let worth = |(passes, cost): (bool, f64)| if passes { cost } else { f64::INFINITY };
    let (mut low, mut high) = (least, least);
    loop {
        let next = (high + DOUBLING).min(TOP[limit as usize]);
        if next == high || worth(cost(next)?) >= worth(cost(high)?) {
            high = next;
            break;
        }
        (low, high) = (high, next);
    }
    while high - low > 2 {
        let part = |share: f64| low + (share * f64::from(high - low)) as u32;
        let (left, right) = (part(0.382), part(0.618).max(part(0.382) + 1));
        if worth(cost(left)?) <= worth(cost(right)?) { high = right } else { low = left }
    }
    for n in [least].into_iter().chain(low..=high) {
        cost(n)?;
    }
    let mut trials = std::mem::take(&mut search.trials);
    trials.sort_by_key(|(n, _)| *n);
    let all = |n: u32, trial: &Trial| monthly(fees, limit, value(limit, n)) + trial.cost * per_month;
    let met = trials.iter().filter(|(n, trial)| trial.passes() || *n == least);
    let best = met.min_by(|a, b| all(a.0, &a.1).total_cmp(&all(b.0, &b.1)).then(a.0.cmp(&b.0)));
    let (n, messages) = best.map_or((least, 0.0), |(n, trial)| (*n, trial.cost * per_month));
    let capacity = value(limit, n);
    let costs = trials.into_iter().map(|(n, trial)| (all(n, &trial), trial)).map(|(all, trial)| (trial, all));
    Ok(Cheapest { capacity, fees: monthly(fees, limit, capacity), messages, trials: costs.collect() })
}
