//! Checks results against the bounds of a scenario.

use super::estimates::{is_shared_out, replications_for};
use super::gate::{Counted, Kind, Outcome, Row};
use super::measure::{Measured, measure, sample_size};
use super::results::{Intervals, PlanResult, Results};
use crate::scenario::{Bound, Check, Metric, Scenario, Stream};
use crate::stats::Confidence;
use crate::traffic::SegmentMix;

/// The outcome of comparing a measured value with a bound.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum CheckOutcome {
    /// The whole interval meets the bound; or the value does, for a measure without intervals.
    Pass,
    /// The whole interval misses the bound; or the value does, for a measure without intervals; or there is nothing to measure.
    Fail,
    /// The bound lies within the interval. Holds about how many recipients it would take to decide, or replications where intervals come
    /// from those; `None` when the value is so close to the bound that no attainable number would decide, or when there are too few for an
    /// interval.
    Inconclusive(Option<u64>),
}

/// Checks the plans against the checks of `scenario`, by exact values where there are any. Returns one row for each check.
#[must_use]
pub fn check(scenario: &Scenario, results: &Results) -> Vec<Row> {
    let results = &*results.preferring_exact();
    let n = sample_size(results);
    let counted = match results.scenario.intervals {
        Intervals::FromRecipients => Some(Counted::Recipients),
        Intervals::FromReplications => Some(Counted::Replications),
        Intervals::Unknown => None,
    };
    let judged = |check: &Check| {
        let stream = check.stream.and_then(|stream| results.stream(stream));
        let segment = check.segment.and_then(|segment| scenario.people.segments.get(segment.index()));
        let result = results.plans_of(check.stream, check.segment).map(|plans| &plans[check.plan]);
        let measured = result.and_then(|result| measure(result, check.metric));
        let is_exact = measured.is_some_and(|measured| measured.is_exact);
        let measured = measured.map(|measured| match (check.metric, check.segment, result) {
            // No number of recipients would decide.
            _ if is_exact => Measured { resolution: f64::INFINITY, ..measured },
            (Metric::CostTotal, Some(_), Some(result)) => of_random_number(scenario, results, result, measured),
            _ => measured,
        });
        let outcome = measured.map_or(CheckOutcome::Fail, |measured| judge(&measured, check.bound, n));
        // An exact value that is its bound meets it, whatever its last digits.
        let is_tie = |measured: Measured| (measured.value - check.bound.limit()).abs() <= TIE * measured.value.abs();
        let outcome = if is_exact && measured.is_some_and(is_tie) { CheckOutcome::Pass } else { outcome };
        let interval = measured.and_then(|measured| judged_by(&measured, check.bound, n));
        let no_interval = match (interval, outcome) {
            (None, CheckOutcome::Inconclusive(_)) => result.and_then(|result| no_interval(result, check.metric)),
            _ => None,
        };
        Row {
            stream: stream.map(|group| group.name.clone()),
            segment: segment.filter(|_| scenario.segment_count() > 1).cloned(),
            measure: Some(check.metric),
            line: Some(check.line).filter(|line| *line > 0),
            at_least: matches!(check.bound, Bound::AtLeast(_)).then(|| check.bound.limit()),
            at_most: matches!(check.bound, Bound::AtMost(_)).then(|| check.bound.limit()),
            value: measured.map(|measured| measured.value),
            low: interval.map(|(low, _)| low),
            high: interval.map(|(_, high)| high),
            is_exact,
            needed_unit: counted,
            needed: if let CheckOutcome::Inconclusive(needed) = outcome { needed } else { None },
            no_interval,
            reached: result.map(|result| result.delivered.share).filter(|reached| hides(check.metric, 1.0 - reached)),
            ..Row::new(Kind::Check, &scenario.plans[check.plan].name, outcome.outcome())
        }
    };
    scenario.checks.iter().map(judged).collect()
}

/// The total cost of a segment, `measured` as if its number of recipients were known: it is binomial, unless files of arrivals name who is in
/// it.
fn of_random_number(scenario: &Scenario, results: &Results, plan: &PlanResult, measured: Measured) -> Measured {
    let is_listed = |stream: &Stream| matches!(stream.traffic.segments, SegmentMix::Listed(_));
    if scenario.streams.iter().all(is_listed) {
        return measured;
    }
    let (n, facts) = (plan.recipients.0, &results.scenario);
    let others = 1.0 - n / facts.recipients as f64;
    let deviation = plan.cost.per_recipient * (n * others / f64::from(facts.replications)).sqrt();
    let half = Confidence::USUAL.normal() * deviation;
    let wide = |(low, high): (f64, f64)| {
        // Both errors are independent, so that their squares add up.
        let value = measured.value;
        ((value - (value - low).hypot(half)).max(0.0), value + (high - value).hypot(half))
    };
    Measured { interval: measured.interval.map(wide), ..measured }
}

/// Whether the share of recipients who are not reached, `missed`, is so large that a latency hides them.
///
/// A latency covers only the recipients that a plan reaches. If the others were taken to wait forever, a quantile beyond them would not
/// exist; a mean or a maximum counts as hiding them when more than 5 % are missing.
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

/// Why a measure of `result` has no interval; for the total cost, why the mean cost has none.
fn no_interval(result: &PlanResult, metric: Metric) -> Option<String> {
    let metric = if metric == Metric::CostTotal { Metric::CostPerRecipient } else { metric };
    result.no_interval.get(metric.name()).cloned()
}

impl CheckOutcome {
    /// The outcome without the number of recipients or replications needed.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Pass => Outcome::Pass,
            Self::Fail => Outcome::Fail,
            Self::Inconclusive(_) => Outcome::Inconclusive,
        }
    }
}

/// Compares `measured`, which comes from `n` recipients or replications, with `bound`.
#[must_use]
pub fn judge(measured: &Measured, bound: Bound, n: f64) -> CheckOutcome {
    let limit = bound.limit();
    let narrow = measured.narrow.filter(|_| is_shared_out(limit, n as u32));
    let point = measured.plain.then_some((measured.value, measured.value));
    let Some((low, high)) = narrow.or(measured.interval).or(point) else { return CheckOutcome::Inconclusive(None) };
    let (holds, fails) = match bound {
        Bound::AtLeast(limit) => (low >= limit, high < limit),
        Bound::AtMost(limit) => (high <= limit, low > limit),
    };
    let reach = if limit < measured.value { measured.value - low } else { high - measured.value };
    match (holds, fails) {
        (true, _) => CheckOutcome::Pass,
        (_, true) => CheckOutcome::Fail,
        _ if measured.narrow.is_some() && narrow.is_none() => CheckOutcome::Inconclusive(
            Some(replications_for(limit.min(1.0 - limit))).filter(|needed| *needed < MOST_NAMED),
        ),
        _ if reach <= measured.resolution => CheckOutcome::Inconclusive(None),
        _ => CheckOutcome::Inconclusive(needed(measured.value - limit, reach, n)),
    }
}

/// The interval that is compared with `bound`: the narrow one where the bound is far enough from 0 and 1.
///
/// The bound decides this, not the share, because the interval has to be valid only where the share does not meet its bound.
pub(super) fn judged_by(measured: &Measured, bound: Bound, n: f64) -> Option<(f64, f64)> {
    measured.narrow.filter(|_| is_shared_out(bound.limit(), n as u32)).or(measured.interval)
}

/// Exact values whose difference is a smaller part of them are equal.
const TIE: f64 = 1e-9;

/// Numbers of recipients or replications above this are not reported.
const MOST_NAMED: u64 = 1_000_000_000_000;

/// The number of recipients or replications needed to tell a value from a bound at this `distance`, when `n` of them give an interval that
/// reaches `reach` towards the bound and shrinks with the square root of their number.
pub(super) fn needed(distance: f64, reach: f64, n: f64) -> Option<u64> {
    let needed = n * (reach / distance).powi(2);
    (needed < MOST_NAMED as f64).then(|| two_digits(needed))
}

/// Rounds up to two significant digits, so that an estimate looks like one.
fn two_digits(x: f64) -> u64 {
    let unit = 10_f64.powf(x.max(1.0).log10().floor() - 1.0).max(1.0);
    ((x / unit).ceil() * unit) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(value: f64, half: f64) -> Measured {
        Measured {
            value,
            interval: Some((value - half, value + half)),
            narrow: None,
            plain: false,
            is_exact: false,
            resolution: 0.0,
        }
    }

    #[test]
    fn a_check_fails_only_when_its_whole_interval_does() {
        let bound = Bound::AtLeast(0.97);
        assert_eq!(judge(&measured(0.98, 0.005), bound, 1e4), CheckOutcome::Pass);
        assert_eq!(judge(&measured(0.96, 0.005), bound, 1e4), CheckOutcome::Fail);
        assert_eq!(judge(&measured(0.969, 0.005), bound, 1e4), CheckOutcome::Inconclusive(Some(250_000)));
        assert_eq!(judge(&measured(0.97, 0.005), bound, 1e4), CheckOutcome::Inconclusive(None));
        assert_eq!(judge(&measured(5.0, 1.0), Bound::AtMost(6.0), 1e4), CheckOutcome::Pass);
        let plain = Measured { interval: None, plain: true, ..measured(5.0, 0.0) };
        assert_eq!(judge(&plain, Bound::AtMost(4.0), 1e4), CheckOutcome::Fail);
    }

    /// With 30 replications and not a single miss, the interval of their spread has no width and settles bounds up to 99 %. For a bound
    /// closer to 1, one bad replication would show that it does not hold.
    #[test]
    fn a_bound_close_to_one_needs_replications() {
        let sure = Measured { interval: Some((0.886, 1.0)), narrow: Some((1.0, 1.0)), ..measured(1.0, 0.0) };
        assert_eq!(judge(&sure, Bound::AtLeast(0.99), 30.0), CheckOutcome::Pass);
        assert_eq!(judge(&sure, Bound::AtLeast(0.999), 30.0), CheckOutcome::Inconclusive(Some(300)));
        assert_eq!(judge(&sure, Bound::AtLeast(0.85), 1.0), CheckOutcome::Pass, "whatever the replications are like");
    }

    /// No number of recipients tells a quantile from a bound in the same cell of the histogram.
    #[test]
    fn what_is_closer_than_latencies_are_told_apart_stays_unsure() {
        let close = Measured { resolution: 34.0 / 1024.0, ..measured(33.99, 0.017) };
        assert_eq!(judge(&close, Bound::AtMost(33.995), 1e4), CheckOutcome::Inconclusive(None));
        assert_eq!(
            judge(&Measured { resolution: 1e-3, ..close }, Bound::AtMost(33.995), 1e4),
            CheckOutcome::Inconclusive(Some(120_000))
        );
    }

    #[test]
    fn a_lopsided_interval_asks_for_more_recipients_than_there_were() {
        let lopsided = Measured { interval: Some((0.9935, 0.9986)), ..measured(0.997, 0.0) };
        assert_eq!(judge(&lopsided, Bound::AtLeast(0.994), 2e3), CheckOutcome::Inconclusive(Some(2_800)));
        assert_eq!(judge(&lopsided, Bound::AtMost(0.998), 2e3), CheckOutcome::Inconclusive(Some(5_200)));
    }

    #[test]
    fn a_latency_hides_who_is_not_reached() {
        assert!(hides(Metric::LatencyP95, 0.051) && !hides(Metric::LatencyP95, 0.049));
        assert!(hides(Metric::LatencyMean, 0.06) && hides(Metric::LatencyP99, 0.02) && !hides(Metric::LatencyP50, 0.4));
        assert!(!hides(Metric::Delivered, 0.9) && !hides(Metric::CostTotal, 0.9));
    }
}
