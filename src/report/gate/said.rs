//! A row of a gate in one sentence.

use crate::report::words;
use crate::scenario::{Bound, Metric, Unit};
use crate::study::{Counted, Difference, Kind, Outcome, Row};

/// The word for an outcome in text, where failures stand out.
pub(super) const fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Fail => "FAIL",
        outcome => outcome.word(),
    }
}

/// The sentence of a row with plain spaces, for programs as well as people.
pub(super) fn said(row: &Row) -> String {
    plain(&sentence(row))
}

/// `text` with plain spaces in place of no-break spaces.
pub(super) fn plain(text: &str) -> String {
    text.replace(words::NBSP, " ")
}

/// The result and the requirement, in a sentence that cannot break within a number.
pub(super) fn sentence(row: &Row) -> String {
    let sentence = match (row.kind, row.measure) {
        (kind, None) => missing(kind, row),
        (Kind::Check, Some(measure)) => checked(row, measure.unit()),
        (_, Some(measure)) => compared(row, measure),
    };
    let doubt = (row.outcome == Outcome::Inconclusive && row.measure.is_some()).then(|| doubt(row));
    [Some(sentence), doubt, row.reached.map(hidden)].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// `98.910 % (98.756 to 99.045), bound: at least 98.5 %`.
fn checked(row: &Row, unit: Unit) -> String {
    let is = row.value.map_or_else(
        || "nothing to measure".to_owned(),
        |value| match row.low.zip(row.high) {
            Some(ends) if row.is_exact => format!("{} (exact)", words::exact_value(unit, value, ends)),
            interval => with_interval(unit, value, interval),
        },
    );
    match row.bound() {
        Some(bound) => format!("{is}, bound: {}", required(unit, bound)),
        None => is,
    }
}

/// A plan, or one of its streams of traffic, that only the other run has.
fn missing(kind: Kind, row: &Row) -> String {
    let other = if kind == Kind::Baseline { "the baseline" } else { "the other scenario" };
    if let Some(segment) = &row.segment {
        return format!("{other} has the segment {segment}, this scenario does not: its recipients cannot be compared");
    }
    match &row.stream {
        Some(stream) => {
            format!("{other} has the stream {stream}, this scenario does not: its recipients cannot be compared")
        }
        None => format!(
            "{other} has this plan, this scenario does not: write renamed_from = {:?} on the plan that replaced it, or {}",
            row.plan,
            if kind == Kind::Baseline { "make a new baseline" } else { "select the plans to compare with --plan" },
        ),
    }
}

/// `was 98.910 %, is 98.880 %: 0.030 points worse, none tolerated`.
fn compared(row: &Row, measure: Metric) -> String {
    let unit = measure.unit();
    let (Some(was), Some(is)) = (row.other, row.value) else {
        let show = |x: Option<f64>| x.map_or_else(|| "none".to_owned(), |x| shown(unit, x, decimals(unit, x)));
        return format!("was {}, is {}", show(row.other), show(row.value));
    };
    if row.is_unchanged() {
        return format!("{}, exactly as before", shown(unit, is, decimals(unit, is)));
    }
    let by = (is - was).abs();
    // Enough digits to show the difference.
    let decimals = decimals(unit, was).max(words::decimals_of(scaled(unit, by), 2));
    let tolerance = row.tolerance.unwrap_or(0.0);
    let is_better = (is > was) == measure.more_is_better() && is != was;
    let interval = row.difference.and_then(|difference| change_interval(&difference, unit, decimals));
    let size = format!("{}{}{}", number(unit, by, decimals), points(unit), interval.unwrap_or_default());
    let has_changed = row.difference.is_some_and(|difference| difference.low.is_some()) || row.no_interval.is_some();
    let change = match (is_better, tolerance > 0.0) {
        _ if is == was && (!has_changed || row.kind == Kind::Baseline) => "as before".to_owned(),
        (false, false) if is == was => "on average, but not for each recipient".to_owned(),
        (false, true) if is == was => format!("on average, {} worse tolerated", allowed(unit, tolerance, decimals)),
        (true, false) => "better".to_owned(),
        (true, true) if row.outcome == Outcome::Pass => "better".to_owned(),
        (true, true) => format!("better, {} worse tolerated", allowed(unit, tolerance, decimals)),
        (false, false) => "worse, none tolerated".to_owned(),
        (false, true) => format!("worse, {} tolerated", allowed(unit, tolerance, decimals)),
    };
    let (was, is) = (shown(unit, was, decimals), shown(unit, is, decimals));
    format!("was {was}, is {is}: {size} {change}")
}

/// The interval of a change, ` (0.150 to 0.250)`, with the sign of the direction that the sentence states.
fn change_interval(difference: &Difference, unit: Unit, decimals: usize) -> Option<String> {
    let (low, high) = difference.low.zip(difference.high)?;
    let (low, high) = if difference.difference < 0.0 { (-high, -low) } else { (low, high) };
    Some(format!(" ({} to {})", number(unit, low, decimals), number(unit, high, decimals)))
}

/// What would settle an inconclusive row, or why nothing would.
fn doubt(row: &Row) -> String {
    if let Some(reason) = &row.because {
        return reason.clone();
    }
    let those = if row.needed_unit == Some(Counted::Recipients) { "recipients" } else { "replications" };
    let has_interval = row.low.is_some() || row.difference.is_some_and(|difference| difference.low.is_some());
    match (row.needed, &row.no_interval) {
        (Some(needed), _) => format!("needs about {}{}{those}", words::count(needed as f64), words::NBSP),
        (None, Some(reason)) => format!("no interval: {reason}"),
        (None, None) if row.is_exact => "too close to the bound for the numeric error".to_owned(),
        (None, None) if has_interval => format!("too close for any number of {those} to decide"),
        (None, None) => format!("too few {those} for an interval"),
    }
}

/// A warning that a latency covers only the recipients who were reached.
fn hidden(reached: f64) -> String {
    format!(
        "only {} of the recipients were reached, and a latency covers only those: check `delivered` or `in_time` too",
        words::percent(reached, 1)
    )
}

/// `98.910 % (98.756 to 99.045)`.
fn with_interval(unit: Unit, value: f64, interval: Option<(f64, f64)>) -> String {
    let decimals = decimals(unit, value);
    let is = shown(unit, value, decimals);
    match interval {
        Some((low, high)) => format!("{is} ({} to {})", number(unit, low, decimals), number(unit, high, decimals)),
        None => is,
    }
}

/// `x` in the unit in which it is shown.
fn number(unit: Unit, x: f64, decimals: usize) -> String {
    words::decimal(scaled(unit, x), decimals)
}

fn scaled(unit: Unit, x: f64) -> f64 {
    if unit == Unit::Share { 100.0 * x } else { x }
}

const fn suffix(unit: Unit) -> &'static str {
    match unit {
        Unit::Share => "\u{a0}%",
        Unit::Seconds => "\u{a0}s",
        Unit::Money | Unit::Count => "",
    }
}

/// The unit of a difference.
const fn points(unit: Unit) -> &'static str {
    match unit {
        Unit::Share => " points",
        _ => suffix(unit),
    }
}

/// The number of decimals with which a value like `x` is shown.
fn decimals(unit: Unit, x: f64) -> usize {
    match unit {
        Unit::Share | Unit::Seconds => 3,
        Unit::Money => words::decimals_of(x, 5).clamp(2, 6),
        Unit::Count => usize::from(x.fract() != 0.0),
    }
}

/// `at least 98.5 %`, with plain spaces.
pub(in crate::report) fn bound(unit: Unit, bound: Bound) -> String {
    plain(&required(unit, bound))
}

fn required(unit: Unit, bound: Bound) -> String {
    match bound {
        Bound::AtLeast(limit) => format!("at least {}", limit_of(unit, limit)),
        Bound::AtMost(limit) => format!("at most {}", limit_of(unit, limit)),
    }
}

/// A bound as one would write it by hand, without trailing zeros.
fn limit_of(unit: Unit, limit: f64) -> String {
    format!("{}{}", words::without_zeros(&number(unit, limit, 8)), suffix(unit))
}

/// A tolerance with the decimals of the change it is compared with, or more if it needs them.
fn allowed(unit: Unit, tolerance: f64, decimals: usize) -> String {
    let digits = decimals.max(words::decimals_of(scaled(unit, tolerance), 2));
    let points = if unit == Unit::Share { "" } else { suffix(unit) };
    format!("{}{points}", words::without_zeros(&number(unit, tolerance, digits)))
}

fn shown(unit: Unit, x: f64, decimals: usize) -> String {
    format!("{}{}", number(unit, x, decimals), suffix(unit))
}
