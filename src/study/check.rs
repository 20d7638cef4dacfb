//! Holds results to the bounds of a scenario.

use super::estimates::{is_shared_out, replications_for};
use super::gate::{Counted, Kind, Outcome, Row};
use super::measure::{Measured, measure, sample_size};
use super::results::{Intervals, PlanResult, Results};
use crate::scenario::{Bound, Check, Metric, Scenario};

/// What a measurement says of a bound.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum CheckOutcome {
    /// The interval lies wholly on the right side; the value, of a measure without intervals.
    Holds,
    /// The interval lies wholly on the wrong side; the value, of a measure without intervals; or there is nothing to measure.
    Fails,
    /// The bound lies within the interval. About this many recipients would tell, or replications where intervals come from those;
    /// `None` when the value is so close to the bound that no number in reach would, or when there are too few for an interval.
    NotSure(Option<u64>),
}

/// Holds the plans to the checks of `scenario`: a row for each.
#[must_use]
pub fn check(scenario: &Scenario, results: &Results) -> Vec<Row> {
    let n = sample_size(results);
    let counted = match results.scenario.intervals {
        Intervals::FromRecipients => Some(Counted::Recipients),
        Intervals::FromReplications => Some(Counted::Replications),
        Intervals::Unknown => None,
    };
    let held = |check: &Check| {
        let plan = &results.plans[check.plan];
        let stream = check.stream.and_then(|stream| plan.streams.get(stream));
        let result = stream.map_or(plan, |stream| &stream.result);
        let measured = measure(result, check.metric);
        let verdict = measured.map_or(CheckOutcome::Fails, |measured| judge(&measured, check.bound, n));
        let interval = measured.and_then(|measured| judged_by(&measured, check.bound, n));
        let no_interval = match (interval, verdict) {
            (None, CheckOutcome::NotSure(_)) => no_interval(result, check.metric),
            _ => None,
        };
        Row {
            stream: stream.map(|stream| stream.stream.clone()),
            measure: Some(check.metric),
            line: Some(check.line).filter(|line| *line > 0),
            at_least: matches!(check.bound, Bound::AtLeast(_)).then(|| check.bound.limit()),
            at_most: matches!(check.bound, Bound::AtMost(_)).then(|| check.bound.limit()),
            value: measured.map(|measured| measured.value),
            low: interval.map(|(low, _)| low),
            high: interval.map(|(_, high)| high),
            needed_unit: counted,
            needed: if let CheckOutcome::NotSure(needed) = verdict { needed } else { None },
            no_interval,
            reached: Some(result.delivered.share).filter(|reached| hides(check.metric, 1.0 - reached)),
            ..Row::new(Kind::Check, &plan.name, verdict.outcome())
        }
    };
    scenario.checks.iter().map(held).collect()
}

/// Latencies are those of whom a plan reaches: whether so many are not reached (a share) that a measure hides them. Were the others taken to
/// wait for ever, a quantile beyond them would not exist; a mean, or the longest, is taken to be hidden where more than so many are missing.
fn hides(metric: Metric, missed: f64) -> bool {
    let beyond = match metric {
        Metric::LatencyP50 => 0.5,
        Metric::LatencyP90 => 0.1,
        Metric::LatencyP95 | Metric::LatencyMean | Metric::LatencyMax => 0.05,
        Metric::LatencyP99 => 0.01,
        Metric::LatencyP999 => 0.001,
        _ => return false,
    };
    missed > beyond
}

/// Why a measure of `result` has no interval; that of the total is that of its mean.
fn no_interval(result: &PlanResult, metric: Metric) -> Option<String> {
    let metric = if metric == Metric::CostTotal { Metric::CostPerRecipient } else { metric };
    result.no_interval.get(metric.name()).cloned()
}

impl CheckOutcome {
    /// The answer to a check.
    const fn outcome(self) -> Outcome {
        match self {
            Self::Holds => Outcome::Pass,
            Self::Fails => Outcome::Fail,
            Self::NotSure(_) => Outcome::Inconclusive,
        }
    }
}

/// What `measured`, of `n` recipients or replications, says of `bound`.
#[must_use]
pub fn judge(measured: &Measured, bound: Bound, n: f64) -> CheckOutcome {
    let limit = bound.limit();
    let narrow = measured.narrow.filter(|_| is_shared_out(limit, n as u32));
    let point = measured.plain.then_some((measured.value, measured.value));
    let Some((low, high)) = narrow.or(measured.interval).or(point) else { return CheckOutcome::NotSure(None) };
    let (holds, fails) = match bound {
        Bound::AtLeast(limit) => (low >= limit, high < limit),
        Bound::AtMost(limit) => (high <= limit, low > limit),
    };
    let reach = if limit < measured.value { measured.value - low } else { high - measured.value };
    match (holds, fails) {
        (true, _) => CheckOutcome::Holds,
        (_, true) => CheckOutcome::Fails,
        _ if measured.narrow.is_some() && narrow.is_none() => {
            CheckOutcome::NotSure(Some(replications_for(limit.min(1.0 - limit))).filter(|needed| *needed < MOST_NAMED))
        }
        _ if reach <= measured.resolution => CheckOutcome::NotSure(None),
        _ => CheckOutcome::NotSure(needed(measured.value - limit, reach, n)),
    }
}

/// The interval that is held to `bound`. Whether a share meets its bound need only be known where it does not: how far from 0 and 1 the bound
/// is decides.
pub(super) fn judged_by(measured: &Measured, bound: Bound, n: f64) -> Option<(f64, f64)> {
    measured.narrow.filter(|_| is_shared_out(bound.limit(), n as u32)).or(measured.interval)
}

/// More recipients or replications than this are not named.
const MOST_NAMED: u64 = 1_000_000_000_000;

/// How many would tell a value from a bound at this `distance`, when `n` give an interval that has this `reach` towards the bound,
/// and shrinks with the square root of their number.
pub(super) fn needed(distance: f64, reach: f64, n: f64) -> Option<u64> {
    let needed = n * (reach / distance).powi(2);
    (needed < MOST_NAMED as f64).then(|| two_digits(needed))
}

/// Rounded up to two significant digits: an estimate should look like one.
fn two_digits(x: f64) -> u64 {
    let unit = 10_f64.powf(x.max(1.0).log10().floor() - 1.0).max(1.0);
    ((x / unit).ceil() * unit) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(value: f64, half: f64) -> Measured {
        Measured { value, interval: Some((value - half, value + half)), narrow: None, plain: false, resolution: 0.0 }
    }

    #[test]
    fn a_check_fails_only_when_its_whole_interval_does() {
        let bound = Bound::AtLeast(0.97);
        assert_eq!(judge(&measured(0.98, 0.005), bound, 1e4), CheckOutcome::Holds);
        assert_eq!(judge(&measured(0.96, 0.005), bound, 1e4), CheckOutcome::Fails);
        assert_eq!(judge(&measured(0.969, 0.005), bound, 1e4), CheckOutcome::NotSure(Some(250_000)));
        assert_eq!(judge(&measured(0.97, 0.005), bound, 1e4), CheckOutcome::NotSure(None));
        assert_eq!(judge(&measured(5.0, 1.0), Bound::AtMost(6.0), 1e4), CheckOutcome::Holds);
        let plain = Measured { interval: None, plain: true, ..measured(5.0, 0.0) };
        assert_eq!(judge(&plain, Bound::AtMost(4.0), 1e4), CheckOutcome::Fails);
    }

    /// 30 replications without a single miss: an interval of their own spread has no width and tells of bounds up to 99 %; closer to 1 one
    /// bad replication would show that it does not hold.
    #[test]
    fn a_bound_close_to_one_needs_replications() {
        let sure = Measured { interval: Some((0.886, 1.0)), narrow: Some((1.0, 1.0)), ..measured(1.0, 0.0) };
        assert_eq!(judge(&sure, Bound::AtLeast(0.99), 30.0), CheckOutcome::Holds);
        assert_eq!(judge(&sure, Bound::AtLeast(0.999), 30.0), CheckOutcome::NotSure(Some(300)));
        assert_eq!(judge(&sure, Bound::AtLeast(0.85), 1.0), CheckOutcome::Holds, "whatever the replications are like");
    }

    /// No number of recipients tells a quantile from a bound that lies in the same cell of the histogram.
    #[test]
    fn what_is_closer_than_latencies_are_told_apart_stays_unsure() {
        let close = Measured { resolution: 34.0 / 1024.0, ..measured(33.99, 0.017) };
        assert_eq!(judge(&close, Bound::AtMost(33.995), 1e4), CheckOutcome::NotSure(None));
        assert_eq!(
            judge(&Measured { resolution: 1e-3, ..close }, Bound::AtMost(33.995), 1e4),
            CheckOutcome::NotSure(Some(120_000))
        );
    }

    #[test]
    fn a_lopsided_interval_asks_for_more_recipients_than_there_were() {
        let lopsided = Measured { interval: Some((0.9935, 0.9986)), ..measured(0.997, 0.0) };
        assert_eq!(judge(&lopsided, Bound::AtLeast(0.994), 2e3), CheckOutcome::NotSure(Some(2_800)));
        assert_eq!(judge(&lopsided, Bound::AtMost(0.998), 2e3), CheckOutcome::NotSure(Some(5_200)));
    }

    #[test]
    fn a_latency_hides_who_is_not_reached() {
        assert!(hides(Metric::LatencyP95, 0.051) && !hides(Metric::LatencyP95, 0.049));
        assert!(hides(Metric::LatencyMean, 0.06) && hides(Metric::LatencyP99, 0.02) && !hides(Metric::LatencyP50, 0.4));
        assert!(!hides(Metric::Delivered, 0.9) && !hides(Metric::CostTotal, 0.9));
    }
}
