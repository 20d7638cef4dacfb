//! The number of replications: `--replications`, or `--precision` with a bound.

use super::numbers;
use crate::scenario::Scenario;
use crate::study::{Precision, Replications};

/// The bound of [`ReplicationArgs::precision`] where none is given.
const MOST: u32 = 1_000;

/// The number of replications.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct ReplicationArgs {
    /// Run this many replications, each with its own random numbers [default: as the scenario says, else 1]
    #[arg(long, value_name = "R", value_parser = numbers::replications)]
    pub(super) replications: Option<u32>,
    /// Add replications until the intervals of every plan are this narrow: 0.1pp either side for delivered and in time, 5% for the cost per recipient, or both as 0.1pp,5%
    #[arg(long, value_name = "WIDTH", conflicts_with = "replications", value_parser = precision)]
    pub(super) precision: Option<Precision>,
    /// The maximum number of replications for --precision [default: 1000]
    #[arg(long, value_name = "R", requires = "precision", value_parser = numbers::replications)]
    pub(super) max_replications: Option<u32>,
}

impl ReplicationArgs {
    /// The largest number of replications that a precision may take.
    pub(super) fn most(&self) -> Option<u32> {
        self.precision.map(|_| self.bound())
    }

    fn bound(&self) -> u32 {
        self.max_replications.unwrap_or(MOST)
    }

    /// The replications that `scenario` is to be run with.
    pub(super) fn for_scenario(&self, scenario: &Scenario) -> Replications {
        match self.precision {
            Some(precision) => Replications::Until(precision, self.bound()),
            None => Replications::Exactly(self.replications.unwrap_or(scenario.replications)),
        }
    }
}

/// Parses a precision: `0.1pp`, `5%`, or both.
fn precision(text: &str) -> Result<Precision, String> {
    const FORMS: &str = "write percentage points such as 0.1pp, a share of the cost such as 5%, or both as 0.1pp,5%";
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|x| x.is_finite() && *x > 0.0).map(|x| x / 100.0);
    let mut precision = Precision::default();
    for part in text.split(',').map(str::trim) {
        let (width, amount) = match (part.strip_suffix("pp"), part.strip_suffix('%')) {
            (Some(points), _) => (&mut precision.shares, number(points)),
            (_, Some(percent)) => (&mut precision.cost, number(percent)),
            _ => return Err(FORMS.to_owned()),
        };
        if width.is_some() {
            return Err(format!("this is given twice; {FORMS}"));
        }
        *width = Some(amount.ok_or(FORMS)?);
    }
    Ok(precision)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_is_of_shares_of_cost_or_both() {
        assert_eq!(precision("0.1pp"), Ok(Precision { shares: Some(0.001), cost: None }));
        assert_eq!(precision("5%"), Ok(Precision { shares: None, cost: Some(0.05) }));
        assert_eq!(precision("2%, 0.5pp"), Ok(Precision { shares: Some(0.005), cost: Some(0.02) }));
    }

    #[test]
    fn invalid_precisions_are_rejected_with_a_hint() {
        for text in ["", "0.1", "pp", "0pp", "-1pp", "NaN%", "1pp,2pp", "inf%", "1pp,", "0.1ppp"] {
            let said = precision(text).expect_err(text);
            assert!(said.contains("0.1pp"), "{text}: {said}");
        }
    }
}
