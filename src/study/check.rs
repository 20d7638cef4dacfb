//! Holds results to the bounds of a scenario and to an earlier run: what CI asks.

use super::estimates::{is_shared_out, replications_for};
use super::measure::{Measured, measure, more_is_better, sample_size};
use super::results::{PlanResult, Results};
use crate::scenario::{Bound, Scenario};

/// What became of one check.
#[derive(Clone, PartialEq, Debug)]
pub struct Checked {
    /// The plan's name.
    pub plan: String,
    /// The stream of traffic that is meant; `None` for all of them together.
    pub stream: Option<String>,
    /// The measure's name.
    pub metric: String,
    /// The bound it was held to.
    pub bound: Bound,
    /// What was measured; `None` when there was nothing to measure.
    pub measured: Option<Measured>,
    /// What that says.
    pub verdict: Verdict,
}

/// What a measurement says of a bound.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Verdict {
    /// The interval lies wholly on the right side; the value, of a measure without intervals.
    Holds,
    /// The interval lies wholly on the wrong side; the value, of a measure without intervals; or there is nothing to measure.
    Fails,
    /// The bound lies within the interval. About this many recipients would tell, or replications where intervals come from those;
    /// `None` when the value is so close to the bound that no number in reach would, or when there are too few for an interval.
    NotSure(Option<u64>),
}

/// Holds the plans to the checks of `scenario`.
#[must_use]
pub fn check(scenario: &Scenario, results: &Results) -> Vec<Checked> {
    let n = sample_size(results);
    let held = |check: &crate::scenario::Check| {
        let plan = &results.plans[check.plan];
        let stream = check.stream.and_then(|stream| plan.streams.get(stream));
        let measured = measure(stream.map_or(plan, |stream| &stream.result), &check.metric);
        let verdict = measured.map_or(Verdict::Fails, |measured| judge(&measured, check.bound, n));
        Checked {
            plan: plan.name.clone(),
            stream: stream.map(|stream| stream.stream.clone()),
            metric: check.metric.clone(),
            bound: check.bound,
            measured,
            verdict,
        }
    };
    scenario.checks.iter().map(held).collect()
}

/// What `measured`, of `n` recipients or replications, says of `bound`.
#[must_use]
pub fn judge(measured: &Measured, bound: Bound, n: f64) -> Verdict {
    let limit = bound.limit();
    // Whether a share meets its bound need only be known where it does not: how far from 0 and 1 the bound is decides.
    let narrow = measured.narrow.filter(|_| is_shared_out(limit, n as u32));
    let point = measured.plain.then_some((measured.value, measured.value));
    let Some((low, high)) = narrow.or(measured.interval).or(point) else { return Verdict::NotSure(None) };
    let (holds, fails) = match bound {
        Bound::AtLeast(limit) => (low >= limit, high < limit),
        Bound::AtMost(limit) => (high <= limit, low > limit),
    };
    let reach = if limit < measured.value { measured.value - low } else { high - measured.value };
    match (holds, fails) {
        (true, _) => Verdict::Holds,
        (_, true) => Verdict::Fails,
        _ if measured.narrow.is_some() && narrow.is_none() => {
            Verdict::NotSure(Some(replications_for(limit.min(1.0 - limit))).filter(|needed| *needed < MOST_NAMED))
        }
        _ if reach <= measured.resolution => Verdict::NotSure(None),
        _ => Verdict::NotSure(needed(measured.value - limit, reach, n)),
    }
}

/// More recipients or replications than this are not named.
const MOST_NAMED: u64 = 1_000_000_000_000;

/// How many would tell a value from a bound at this `distance`, when `n` give an interval that has this `reach` towards the bound,
/// and shrinks with the square root of their number.
fn needed(distance: f64, reach: f64, n: f64) -> Option<u64> {
    let needed = n * (reach / distance).powi(2);
    (needed < MOST_NAMED as f64).then(|| two_digits(needed))
}

/// Rounded up to two significant digits: an estimate should look like one.
fn two_digits(x: f64) -> u64 {
    let unit = 10_f64.powf(x.max(1.0).log10().floor() - 1.0).max(1.0);
    ((x / unit).ceil() * unit) as u64
}

/// The measures that a baseline is compared in.
pub const BASELINE_METRICS: [&str; 8] = [
    "delivered",
    "in_time",
    "succeeded",
    "duplicates",
    "cost.per_recipient",
    "latency_s.p50",
    "latency_s.p95",
    "latency_s.p99",
];

/// By how much a measure may be worse than in the baseline.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Tolerance {
    /// By this much, in the measure's own unit (a share for shares).
    Absolute(f64),
    /// By this share of the baseline's value.
    Relative(f64),
}

impl Tolerance {
    /// In the measure's own unit, given the baseline's value.
    #[must_use]
    pub fn of(self, baseline: f64) -> f64 {
        match self {
            Self::Absolute(amount) => amount,
            Self::Relative(share) => share * baseline.abs(),
        }
    }
}

/// Two runs side by side in one measure.
#[derive(Clone, PartialEq, Debug)]
pub struct Against {
    /// The plan's name.
    pub plan: String,
    /// The measure's name.
    pub metric: &'static str,
    /// The baseline's value; `None` when it had none.
    pub was: Option<f64>,
    /// The value now.
    pub is: Option<f64>,
    /// How much worse it may be, in the measure's unit.
    pub tolerance: f64,
    /// Whether it is worse by more than that.
    pub fails: bool,
}

/// Why a stored run cannot serve as a baseline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Incomparable {
    /// It has none of these plans.
    NoCommonPlan,
    /// It was played with another seed, so with other luck.
    Seed(u64),
    /// It counts in another currency.
    Currency,
    /// It has another number of recipients.
    Recipients(u64),
    /// It has another number of replications.
    Replications(u32),
}

/// Holds `now` to `baseline`, plan by plan: a measure fails when it is worse by more than its tolerance, which is zero where
/// `tolerance` gives none. Since luck is keyed, unchanged behaviour differs by exactly zero.
///
/// # Errors
/// [`Incomparable`] when the two runs were not played on the same recipients, or have no plan in common.
pub fn against(
    now: &Results,
    baseline: &Results,
    tolerance: impl Fn(&str) -> Option<Tolerance>,
) -> Result<Vec<Against>, Incomparable> {
    let facts = &now.scenario;
    same_currency(&facts.currency, baseline)?;
    same_people((facts.seed(), facts.recipients, facts.replications), baseline)?;
    let common: Vec<_> = now.plans.iter().filter_map(|plan| Some((plan, same_plan(baseline, plan)?))).collect();
    if common.is_empty() {
        return Err(Incomparable::NoCommonPlan);
    }
    let rows = common.into_iter().flat_map(|pair| BASELINE_METRICS.map(|metric| (pair, metric)));
    Ok(rows.map(|((now, was), metric)| row(now, was, metric, tolerance(metric))).collect())
}

/// Whether what `scenario` will come to in so many replications can be held to `baseline`; known before anything is played.
///
/// # Errors
/// [`Incomparable`], as [`against`] would say it afterwards.
pub fn comparable(scenario: &Scenario, replications: u32, baseline: &Results) -> Result<(), Incomparable> {
    same_currency(&scenario.currency, baseline)?;
    same_people((scenario.seed, scenario.recipients(), replications), baseline)?;
    let is_known = |name: &str| baseline.plans.iter().any(|plan| plan.name == name);
    match scenario.plans.iter().any(|plan| is_known(&plan.name)) {
        true => Ok(()),
        false => Err(Incomparable::NoCommonPlan),
    }
}

/// Whether this currency is that of `baseline`.
fn same_currency(currency: &str, baseline: &Results) -> Result<(), Incomparable> {
    if currency == baseline.scenario.currency { Ok(()) } else { Err(Incomparable::Currency) }
}

/// Whether this seed, number of recipients and number of replications are those of `baseline`.
fn same_people((seed, recipients, replications): (u64, u64, u32), baseline: &Results) -> Result<(), Incomparable> {
    let theirs = &baseline.scenario;
    if seed != theirs.seed() {
        return Err(Incomparable::Seed(theirs.seed()));
    }
    if recipients != theirs.recipients {
        return Err(Incomparable::Recipients(theirs.recipients));
    }
    if replications != theirs.replications {
        return Err(Incomparable::Replications(theirs.replications));
    }
    Ok(())
}

fn same_plan<'a>(results: &'a Results, plan: &PlanResult) -> Option<&'a PlanResult> {
    results.plans.iter().find(|other| other.name == plan.name)
}

fn row(now: &PlanResult, was: &PlanResult, metric: &'static str, tolerance: Option<Tolerance>) -> Against {
    let value = |plan| measure(plan, metric).map(|measured| measured.value);
    let (is, was) = (value(now), value(was));
    let tolerance = tolerance.map_or(0.0, |t| t.of(was.unwrap_or(0.0)));
    let fails = match (is, was) {
        (Some(is), Some(was)) => worse_by(metric, is, was) > tolerance + rounding(tolerance, was),
        // What was measured and no longer can be, such as a latency when nobody is reached, is worse.
        (None, Some(_)) => true,
        (_, None) => false,
    };
    Against { plan: now.name.clone(), metric, was, is, tolerance, fails }
}

/// By how much a difference of decimal numbers may miss a tolerance that it should just meet; nothing where there is none.
fn rounding(tolerance: f64, was: f64) -> f64 {
    if tolerance > 0.0 { 1e-9 * was.abs().max(tolerance) } else { 0.0 }
}

/// How much worse `is` than `was`; negative when it is better.
fn worse_by(metric: &str, is: f64, was: f64) -> f64 {
    if more_is_better(metric) { was - is } else { is - was }
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
        assert_eq!(judge(&measured(0.98, 0.005), bound, 1e4), Verdict::Holds);
        assert_eq!(judge(&measured(0.96, 0.005), bound, 1e4), Verdict::Fails);
        assert_eq!(judge(&measured(0.969, 0.005), bound, 1e4), Verdict::NotSure(Some(250_000)));
        assert_eq!(judge(&measured(0.97, 0.005), bound, 1e4), Verdict::NotSure(None));
        assert_eq!(judge(&measured(5.0, 1.0), Bound::AtMost(6.0), 1e4), Verdict::Holds);
        let plain = Measured { interval: None, plain: true, ..measured(5.0, 0.0) };
        assert_eq!(judge(&plain, Bound::AtMost(4.0), 1e4), Verdict::Fails);
    }

    /// 30 replications without a single miss: an interval of their own spread has no width and tells of bounds up to 99 %; closer to 1 one
    /// bad replication would show that it does not hold.
    #[test]
    fn a_bound_close_to_one_needs_replications() {
        let sure = Measured { interval: Some((0.886, 1.0)), narrow: Some((1.0, 1.0)), ..measured(1.0, 0.0) };
        assert_eq!(judge(&sure, Bound::AtLeast(0.99), 30.0), Verdict::Holds);
        assert_eq!(judge(&sure, Bound::AtLeast(0.999), 30.0), Verdict::NotSure(Some(300)));
        assert_eq!(judge(&sure, Bound::AtLeast(0.85), 1.0), Verdict::Holds, "whatever the replications are like");
    }

    /// No number of recipients tells a quantile from a bound that lies in the same cell of the histogram.
    #[test]
    fn what_is_closer_than_latencies_are_told_apart_stays_unsure() {
        let close = Measured { resolution: 34.0 / 1024.0, ..measured(33.99, 0.017) };
        assert_eq!(judge(&close, Bound::AtMost(33.995), 1e4), Verdict::NotSure(None));
        assert_eq!(
            judge(&Measured { resolution: 1e-3, ..close }, Bound::AtMost(33.995), 1e4),
            Verdict::NotSure(Some(120_000))
        );
    }

    #[test]
    fn a_lopsided_interval_asks_for_more_recipients_than_there_were() {
        let lopsided = Measured { interval: Some((0.9935, 0.9986)), ..measured(0.997, 0.0) };
        assert_eq!(judge(&lopsided, Bound::AtLeast(0.994), 2e3), Verdict::NotSure(Some(2_800)));
        assert_eq!(judge(&lopsided, Bound::AtMost(0.998), 2e3), Verdict::NotSure(Some(5_200)));
    }

    #[test]
    fn worse_depends_on_the_measure() {
        assert!(worse_by("in_time", 0.9, 0.95) > 0.0);
        assert!(worse_by("duplicates", 0.9, 0.95) < 0.0);
        assert!(worse_by("latency_s.p95", 9.0, 8.0) > 0.0);
    }
}
