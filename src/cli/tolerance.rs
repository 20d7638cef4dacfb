//! `--tolerance in_time=0.1pp`: how much worse a measure may be than in another run.

use super::numbers;
use crate::scenario::{Metric, Tolerance};
use std::str::FromStr;

/// A measure of [`Metric::COMPARED`] and how much worse it may be.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct NamedTolerance {
    pub(super) metric: Metric,
    pub(super) tolerance: Tolerance,
}

impl FromStr for NamedTolerance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, amount) = text.split_once('=').ok_or("write MEASURE=AMOUNT, such as in_time=0.1pp")?;
        let metric = metric(name.trim())?;
        Ok(Self {
            metric,
            tolerance: Tolerance::parse(metric, amount)
                .map_err(|unclear| format!("{}; {}", unclear.what, unclear.help))?,
        })
    }
}

fn metric(name: &str) -> Result<Metric, String> {
    numbers::metric(if name == "cost" { "cost_per_recipient" } else { name }, &Metric::COMPARED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> NamedTolerance {
        text.parse().expect("a tolerance")
    }

    #[test]
    fn measures_go_by_each_of_their_names() {
        let tolerance = Tolerance::Relative(0.02);
        for (text, metric) in [
            ("cost=2%", Metric::CostPerRecipient),
            ("cost_per_recipient = 2%", Metric::CostPerRecipient),
            ("latency_p95_s=2%rel", Metric::LatencyP95),
            ("latency_s.p50=2%", Metric::LatencyP50),
            ("in_time=2%rel", Metric::InTime),
        ] {
            assert_eq!(parsed(text), NamedTolerance { metric, tolerance }, "{text}");
        }
    }

    #[test]
    fn invalid_tolerances_are_rejected() {
        for text in ["in_time", "intime=1pp", "seen=1pp", "in_time=1%", "cost="] {
            assert!(text.parse::<NamedTolerance>().is_err(), "{text}");
        }
    }
}
