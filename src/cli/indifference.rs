//! `--indifference 0.05pp`: how much better a plan may be without mattering.

use std::str::FromStr;

/// A difference in the objective that does not matter: an amount in its unit, or points of a share.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Indifference(pub(super) f64);

impl FromStr for Indifference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (number, scale) = text.strip_suffix("pp").map_or((text, 1.0), |points| (points, 0.01));
        let amount = number.trim().parse::<f64>().ok().map(|number| number * scale);
        let amount = amount.filter(|amount| amount.is_finite() && *amount >= 0.0);
        amount.map(Self).ok_or_else(|| "write points, such as 0.05pp, or an amount, such as 0.0001".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_and_amounts_are_read() {
        assert_eq!("0.05pp".parse(), Ok(Indifference(0.000_5)));
        assert_eq!("0.0001".parse(), Ok(Indifference(0.000_1)));
        for wrong in ["", "pp", "-1", "nan", "1%"] {
            assert!(wrong.parse::<Indifference>().is_err(), "{wrong}");
        }
    }
}
