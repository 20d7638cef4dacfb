//! `--tolerance in_time=0.1pp`: by how much a measure may be worse than in a baseline.

use super::numbers;
use crate::scenario;
use crate::study::{BASELINE_METRICS, Tolerance, Unit, unit};
use std::str::FromStr;

/// A measure of [`BASELINE_METRICS`] and by how much it may be worse.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct NamedTolerance {
    pub(super) metric: &'static str,
    pub(super) tolerance: Tolerance,
}

impl FromStr for NamedTolerance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, amount) = text.split_once('=').ok_or("write MEASURE=AMOUNT, such as in_time=0.1pp")?;
        let metric = metric(name.trim())?;
        Ok(Self { metric, tolerance: amount_of(metric, amount.trim())? })
    }
}

fn metric(name: &str) -> Result<&'static str, String> {
    let name = match name {
        "cost_per_recipient" | "cost" => "cost.per_recipient",
        "latency_p95_s" => "latency_s.p95",
        other => other,
    };
    numbers::metric(name, &BASELINE_METRICS)
}

fn amount_of(metric: &str, text: &str) -> Result<Tolerance, String> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|x| x.is_finite() && *x >= 0.0);
    let amount = if let Some(points) = text.strip_suffix("pp").filter(|_| unit(metric) == Unit::Share) {
        number(points).map(|points| Tolerance::Absolute(points / 100.0))
    } else if let Some(percent) = text.strip_suffix('%') {
        number(percent).map(|percent| Tolerance::Relative(percent / 100.0))
    } else if unit(metric) == Unit::Seconds {
        scenario::duration(text).map(|span| Tolerance::Absolute(span.as_secs_f64()))
    } else if unit(metric) == Unit::Money {
        number(text).map(Tolerance::Absolute)
    } else {
        None
    };
    amount.ok_or_else(|| format!("{text:?} is no amount of {metric}; write {}", forms(unit(metric))))
}

const fn forms(unit: Unit) -> &'static str {
    match unit {
        Unit::Share => "percentage points such as 0.1pp, or a share of the baseline's value such as 2%",
        Unit::Seconds => "a span such as 500ms, or a share of the baseline's value such as 2%",
        Unit::Money | Unit::Count => "an amount such as 0.001, or a share of the baseline's value such as 2%",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Tolerance {
        text.parse::<NamedTolerance>().expect("a tolerance").tolerance
    }

    #[test]
    fn amounts_come_in_the_measures_unit_or_relative() {
        assert_eq!(parsed("in_time=0.5pp"), Tolerance::Absolute(0.005));
        assert_eq!(parsed("cost=2%"), Tolerance::Relative(0.02));
        assert_eq!(parsed("cost.per_recipient=0.001"), Tolerance::Absolute(0.001));
        assert_eq!(parsed("latency_p95_s=500ms"), Tolerance::Absolute(0.5));
    }

    #[test]
    fn what_is_no_amount_is_refused_with_the_cure() {
        for text in ["in_time", "in_time=0.1", "in_time=-1pp", "intime=1pp", "cost=NaN", "latency_s.p95=1pp", "cost="] {
            assert!(text.parse::<NamedTolerance>().is_err(), "{text}");
        }
    }
}
