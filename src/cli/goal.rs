//! `--goal in_time>=0.99`: the bound that a plan has to meet.

use super::numbers::measure;
use crate::scenario::{self, Bound, Metric, Unit};
use crate::study::is_mean_over_recipients;
use std::str::FromStr;

/// A measure and its bound.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct NamedBound {
    pub(super) metric: Metric,
    pub(super) bound: Bound,
}

impl FromStr for NamedBound {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const FORM: &str = "write MEASURE>=VALUE or MEASURE<=VALUE, such as in_time>=0.99";
        let (name, value, bound): (_, _, fn(f64) -> Bound) = if let Some((name, value)) = text.split_once(">=") {
            (name, value, Bound::AtLeast)
        } else if let Some((name, value)) = text.split_once("<=") {
            (name, value, Bound::AtMost)
        } else {
            return Err(FORM.to_owned());
        };
        let metric = measure(name.trim())?;
        let bound = bound(value_of(metric, value.trim())?);
        if !asks_for_better(metric, bound) {
            let sign = if metric.more_is_better() { ">=" } else { "<=" };
            let better = if metric.more_is_better() { "more" } else { "less" };
            return Err(format!(
                "{better} of it is better, so that this asks for nothing; write {metric}{sign}{}",
                value.trim()
            ));
        }
        Ok(Self { metric, bound })
    }
}

/// A bound of a measure, or of the share of the replications that meet it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct NamedGoal {
    pub(super) bound: NamedBound,
    /// The share of the replications that have to meet the bound.
    pub(super) on: Option<f64>,
}

impl FromStr for NamedGoal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((bound, share)) = text.rsplit_once(" on ") else { return Ok(Self { bound: text.parse()?, on: None }) };
        let bound: NamedBound = bound.parse()?;
        if !is_mean_over_recipients(bound.metric) {
            let means: Vec<&str> = Metric::all().filter(|m| is_mean_over_recipients(*m)).map(Metric::name).collect();
            return Err(format!(
                "{} has no bound in each replication; those that have are {}",
                bound.metric,
                means.join(", ")
            ));
        }
        let on = value_of(Metric::InTime, share.trim()).ok().filter(|on| *on > 0.0 && *on <= MOST_ON);
        let on = on.ok_or_else(|| {
            format!(
                "invalid share of replications {:?}; write one above 0 and up to {MOST_ON}, such as 0.95",
                share.trim()
            )
        })?;
        Ok(Self { bound, on: Some(on) })
    }
}

/// A larger share would need more than a thousand replications in which nothing is missed.
const MOST_ON: f64 = 0.995;

/// Whether the bound keeps a measure from getting worse, rather than from getting better.
pub(super) fn asks_for_better(metric: Metric, bound: Bound) -> bool {
    metric.more_is_better() == matches!(bound, Bound::AtLeast(_))
}

fn value_of(metric: Metric, text: &str) -> Result<f64, String> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|x| x.is_finite() && *x >= 0.0);
    let (value, forms) = match metric.unit() {
        Unit::Share => {
            let percent = text.strip_suffix('%').and_then(number).map(|percent| percent / 100.0);
            let share = percent.or_else(|| number(text)).filter(|share| *share <= 1.0);
            (share, "a share such as 0.99, or 99%")
        }
        Unit::Seconds => {
            let span = scenario::duration(text).map(crate::units::Span::as_secs_f64);
            (span.or_else(|| number(text)), "a span such as 30s")
        }
        Unit::Money | Unit::Count => (number(text), "a number such as 0.02"),
    };
    value.ok_or_else(|| format!("invalid value {text:?} for {metric}; write {forms}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_are_shares_spans_or_numbers() {
        let parsed = |text: &str| text.parse::<NamedBound>().map(|goal| (goal.metric, goal.bound));
        assert_eq!(parsed("in_time>=0.99"), Ok((Metric::InTime, Bound::AtLeast(0.99))));
        assert_eq!(parsed("in_time >= 99%"), Ok((Metric::InTime, Bound::AtLeast(0.99))));
        assert_eq!(parsed("latency_s.p95<=30s"), Ok((Metric::LatencyP95, Bound::AtMost(30.0))));
        assert_eq!(parsed("cost.per_recipient<=0.02"), Ok((Metric::CostPerRecipient, Bound::AtMost(0.02))));
    }

    #[test]
    fn a_goal_may_be_for_a_share_of_the_replications() {
        let goal: NamedGoal = "in_time >= 99% on 95%".parse().expect("a goal");
        assert_eq!((goal.bound.bound, goal.on), (Bound::AtLeast(0.99), Some(0.95)));
        for (text, part) in [
            ("in_time>=0.99 on 1", "invalid share of replications \"1\""),
            ("in_time>=0.99 on", "invalid value"),
            ("latency_p95_s<=30s on 0.9", "those that have are delivered, in_time"),
        ] {
            let said = text.parse::<NamedGoal>().expect_err(text);
            assert!(said.contains(part), "{text}: {said}");
        }
    }

    #[test]
    fn invalid_goals_are_rejected_with_a_hint() {
        let cases = [
            ("in_time", "in_time>=0.99"),
            ("in_time>0.9", ">="),
            ("intime>=0.9", "did you mean \"in_time\"?"),
            ("in_time>=1.5", "a share such as"),
            ("in_time<=0.9", "write in_time>=0.9"),
            ("latency_s.p95<=x", "a span such as"),
            ("cost.total<=-1", "a number such as"),
        ];
        for (text, part) in cases {
            let said = text.parse::<NamedBound>().expect_err(text);
            assert!(said.contains(part), "{text}: {said}");
        }
    }
}
