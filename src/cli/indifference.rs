//! `--indifference 0.05pp`: how much better a plan may be without mattering.

use super::failure::Failure;
use crate::scenario::{Metric, Unit};
use std::str::FromStr;

/// A difference in the objective that does not matter: an amount in its unit, or points of a share.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Indifference {
    amount: f64,
    is_points: bool,
}

impl Indifference {
    /// The difference in the unit of this measure.
    pub(super) fn of(self, metric: Metric) -> Result<f64, Failure> {
        match (self.is_points, metric.unit()) {
            (true, Unit::Share) | (false, _) => Ok(self.amount),
            _ => Err(Failure::usage(
                format!("{metric} has no percentage points"),
                "give --indifference an amount in its unit, such as 0.0001",
            )),
        }
    }
}

impl FromStr for Indifference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let points = text.strip_suffix("pp");
        let (number, scale) = points.map_or((text, 1.0), |points| (points, 0.01));
        let amount = number.trim().parse::<f64>().ok().map(|number| number * scale);
        let amount = amount.filter(|amount| amount.is_finite() && *amount >= 0.0);
        amount
            .map(|amount| Self { amount, is_points: points.is_some() })
            .ok_or_else(|| "write points, such as 0.05pp, or an amount, such as 0.0001".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_and_amounts_are_read() {
        let read = |text: &str, metric| text.parse::<Indifference>().expect("it can be read").of(metric).ok();
        assert_eq!(read("0.05pp", Metric::InTime), Some(0.000_5));
        assert_eq!(read("0.0001", Metric::CostPerRecipient), Some(0.000_1));
        assert_eq!(read("0.05pp", Metric::CostPerRecipient), None);
        for wrong in ["", "pp", "-1", "nan", "1%"] {
            assert!(wrong.parse::<Indifference>().is_err(), "{wrong}");
        }
    }
}
