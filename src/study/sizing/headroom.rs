//! How much more traffic a capacity bears.

use super::{Question, Trial};
use crate::scenario::Scenario;
use crate::sim::{Interrupted, Progress};

/// The most growth that is tried, in percent: four times the traffic.
pub const MOST_GROWTH: u32 = 300;

/// How much more traffic a capacity bears.
#[derive(Clone, PartialEq, Debug)]
pub struct Headroom {
    /// The capacity: that of the scenario if it meets the goals, else the smallest that does.
    pub capacity: f64,
    /// Whether it is that of the scenario.
    pub is_of_scenario: bool,
    /// The growth of all traffic with which the goals are still met, as a part of it, such as 0.12.
    pub growth: f64,
    /// Whether more growth was not tried.
    pub is_most: bool,
    /// What was tried: the growth, and the trial; in ascending order.
    pub trials: Vec<(f64, Trial)>,
}

/// Searches for the greatest growth of traffic, in whole percent, with which the goals are still met, on the assumption that more traffic never helps:
/// doubles it until they are not, and bisects. `smallest` is the smallest capacity that meets them without growth.
///
/// # Errors
/// [`Interrupted`] when `progress` was asked to stop before the end.
pub fn headroom(question: &Question<'_>, smallest: f64, progress: &Progress) -> Result<Headroom, Interrupted> {
    let of_scenario = question.capacity().filter(|capacity| *capacity >= smallest);
    let capacity = of_scenario.unwrap_or(smallest);
    let scenario = match of_scenario {
        Some(_) => question.scenario.clone(),
        None => question.with(question.rung_of(smallest)),
    };
    let mut trials: Vec<(u32, Trial)> = Vec::new();
    let mut holds = |percent: u32| {
        let Some(grown) = grown(&scenario, percent) else { return Ok(false) };
        let judge = question.judge();
        let mut trial = judge.trial(&grown, Some(capacity), progress)?;
        if trial.passes() && trial.replications < judge.most() {
            trial = judge.trial_of(&grown, Some(capacity), judge.most(), progress)?;
        }
        let passes = trial.passes();
        trials.push((percent, trial));
        Ok(passes)
    };
    let (mut low, mut high) = (0, 1);
    while low < MOST_GROWTH && holds(high)? {
        (low, high) = (high, (high * 2).min(MOST_GROWTH));
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if holds(middle)? { low = middle } else { high = middle }
    }
    trials.sort_by_key(|(percent, _)| *percent);
    let part = |percent: u32| f64::from(percent) / 100.0;
    let trials = trials.into_iter().map(|(percent, trial)| (part(percent), trial)).collect();
    Ok(Headroom {
        capacity,
        is_of_scenario: of_scenario.is_some(),
        growth: part(low),
        is_most: low == MOST_GROWTH,
        trials,
    })
}

/// The scenario with this much more traffic in each stream, in percent; `None` if it would be more than a scenario may have.
#[must_use]
pub fn grown(scenario: &Scenario, percent: u32) -> Option<Scenario> {
    let mut grown = scenario.clone();
    for stream in &mut grown.streams {
        stream.traffic = stream.traffic.grown(percent)?;
    }
    Some(grown)
}
