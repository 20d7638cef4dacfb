//! The search for the smallest capacity that meets the goals.

use super::ladder::{TOP, rung, rung_at};
use super::{Question, Trial};
use crate::sim::{Interrupted, Progress};

/// Once the answer is known, these fractions and multiples of it are tried too.
const AROUND: [f64; 6] = [0.5, 0.75, 0.9, 1.1, 1.25, 1.5];

/// What has been tried of a question.
pub(super) struct Search<'a> {
    pub(super) question: &'a Question<'a>,
    pub(super) progress: &'a Progress,
    /// The trials, by rung.
    pub(super) trials: Vec<(u32, Trial)>,
}

impl Search<'_> {
    /// Whether a rung meets the goals, with at least `least` replications.
    pub(super) fn passes(&mut self, n: u32, least: u32) -> Result<bool, Interrupted> {
        let known = self.trials.iter().position(|(tried, _)| *tried == n);
        if let Some((_, trial)) = known.map(|position| &self.trials[position])
            && (!trial.passes() || trial.replications >= least)
        {
            return Ok(trial.passes());
        }
        let mut trial = self.question.trial(Some(n), self.progress)?;
        if trial.passes() && trial.replications < least {
            trial = self.question.trial_of(Some(n), least, self.progress)?;
        }
        let passes = trial.passes();
        match known {
            Some(position) => self.trials[position] = (n, trial),
            None => self.trials.push((n, trial)),
        }
        Ok(passes)
    }

    /// The smallest rung that meets the goals with the most replications; `None` when not even the top of the ladder does. The smallest
    /// rung found with few replications may have met them by chance. Searched from `first` in steps that start at `step`.
    pub(super) fn confirmed(&mut self, first: u32, step: u32) -> Result<Option<u32>, Interrupted> {
        let judge = self.question.judge();
        let (few, most) = (judge.first_look, judge.most());
        match self.smallest(first, step, few)? {
            Some(found) => self.smallest(found, 1, most),
            None => Ok(None),
        }
    }

    /// Tries capacities around the smallest, so that the curve shows the effect of slightly less or more capacity.
    pub(super) fn surround(&mut self, smallest: u32) -> Result<(), Interrupted> {
        let at = rung(smallest) as f64;
        for part in AROUND {
            let n = rung_at(self.question.limit, (at * part).round() as u64);
            self.passes(n, self.question.judge().first_look)?;
        }
        Ok(())
    }

    /// The smallest rung that meets the goals, searched from `first` in steps that start at `step`; `None` when not even the top of the
    /// ladder does.
    fn smallest(&mut self, first: u32, mut step: u32, least: u32) -> Result<Option<u32>, Interrupted> {
        let top = TOP[self.question.limit as usize];
        let first = first.clamp(1, top);
        // From here on, `low` is 0 or does not meet the goals, and `high` meets them.
        let (mut low, mut high) = if self.passes(first, least)? {
            let mut high = first;
            loop {
                let low = high.saturating_sub(step);
                if low == 0 || !self.passes(low, least)? {
                    break (low, high);
                }
                (high, step) = (low, step * 2);
            }
        } else {
            let mut low = first;
            loop {
                if low == top {
                    return Ok(None);
                }
                let high = (low + step).min(top);
                if self.passes(high, least)? {
                    break (low, high);
                }
                (low, step) = (high, step * 2);
            }
        };
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.passes(middle, least)? { high = middle } else { low = middle }
        }
        Ok(Some(high))
    }
}
