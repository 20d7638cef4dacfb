//! How much of two capacities a plan needs together: with more of one, less of the other may be enough.

use super::fees::fees;
use super::ladder::{DOUBLING, TOP, rung, rung_at, value};
use super::search::Search;
use super::{Question, Trial};
use crate::sim::{Interrupted, Progress};

/// The number of first capacities, evenly spaced, for which the smallest second one is sought.
const PAIRS: u32 = 8;
/// The number of rungs by which the search for a second capacity starts from the one before.
const NEAR: u32 = 8;

/// Pairs of capacities that are enough together, and of which neither is found to be enough with less.
#[derive(Clone, PartialEq, Debug)]
pub struct Frontier {
    /// The pairs, the first capacities in ascending order.
    pub pairs: Vec<Pair>,
    /// The trial with both unlimited.
    pub unlimited: Trial,
}

/// Two capacities that are enough together.
#[derive(Clone, PartialEq, Debug)]
pub struct Pair {
    /// The first and the second capacity: rates (1/s), or numbers of lines.
    pub capacities: [f64; 2],
    /// The fees of a month, of all providers that the plan uses, in units of the currency.
    pub fees: f64,
    /// The trial with both.
    pub trial: Trial,
}

/// Searches for the frontier of two capacities, of the same scenario and goals. Its ends are the smallest first one with the second one unlimited, and the
/// smallest first one with the smallest second one that can be enough; between them the smallest second one is sought for several first ones, and then the
/// smallest first one for that second one.
///
/// # Errors
/// [`Interrupted`] when `progress` was asked to stop before the end.
pub fn frontier(first: &Question<'_>, second: &Question<'_>, progress: &Progress) -> Result<Frontier, Interrupted> {
    let with_no_second = second.with(None);
    let of_first = Question { scenario: &with_no_second, ..first.clone() };
    let unlimited = of_first.trial(None, progress)?;
    let mut pairs = Vec::new();
    if !unlimited.passes() {
        return Ok(Frontier { pairs, unlimited });
    }
    let mut search = Search { question: &of_first, progress, trials: Vec::new() };
    let Some(least) = search.confirmed(first.first(), DOUBLING)? else { return Ok(Frontier { pairs, unlimited }) };
    let with_no_first = first.with(None);
    let of_second = Question { scenario: &with_no_first, ..second.clone() };
    let mut search = Search { question: &of_second, progress, trials: Vec::new() };
    let Some(enough) = search.confirmed(second.first(), DOUBLING)? else { return Ok(Frontier { pairs, unlimited }) };
    let with_least_second = second.with(Some(enough));
    let of_first = Question { scenario: &with_least_second, ..first.clone() };
    let mut search = Search { question: &of_first, progress, trials: Vec::new() };
    let most = search.confirmed(least, DOUBLING)?.unwrap_or(TOP[first.limit as usize]).max(least);
    let between = |place: u32| {
        let (low, high) = (rung(least), rung(most));
        rung_at(first.limit, low + (high - low) * u64::from(place) / u64::from(PAIRS - 1))
    };
    let mut firsts: Vec<u32> = (0..PAIRS).map(between).collect();
    firsts.dedup();
    let mut before: Option<u32> = None;
    for n in firsts {
        let with_first = first.with(Some(n));
        let of_second = Question { scenario: &with_first, ..second.clone() };
        let mut search = Search { question: &of_second, progress, trials: Vec::new() };
        let (from, step) = before.map_or((second.first(), DOUBLING), |before| (before, NEAR));
        let Some(found) = search.confirmed(from, step)? else { continue };
        // More of the first one has to save some of the second.
        if before.is_some_and(|before| found >= before) {
            continue;
        }
        before = Some(found);
        // Less of the first one may be enough for this second one.
        let with_second = second.with(Some(found));
        let of_first = Question { scenario: &with_second, ..first.clone() };
        let mut search = Search { question: &of_first, progress, trials: Vec::new() };
        let Some(n) = search.confirmed(n, NEAR)? else { continue };
        let trial = search.trials.iter().find(|(rung, _)| *rung == n).map(|(_, trial)| trial.clone());
        let capacities = [value(first.limit, n), value(second.limit, found)];
        let fees = fees(&of_first.with(Some(n)));
        pairs.extend(trial.map(|trial| Pair { capacities, fees, trial }));
    }
    Ok(Frontier { pairs, unlimited })
}
