//! What CI reads: the checks and the comparison with a baseline, one line each.

use crate::scenario::Bound;
use crate::study::{Against, Checked, Measured, Unit, Verdict, unit};
use std::fmt::Write;

/// The checks, one line each, and their sum.
#[must_use]
pub fn checks(checked: &[Checked]) -> String {
    let mut text = String::new();
    let names = width(checked.iter().map(|check| subject(&check.plan, &check.metric)));
    for check in checked {
        let (word, rest) = said(check);
        let _ = writeln!(text, "{word:<8}  {:<names$}  {rest}", subject(&check.plan, &check.metric));
    }
    let count = |wanted: fn(&Verdict) -> bool| checked.iter().filter(|check| wanted(&check.verdict)).count();
    let (holds, fails) = (count(|v| *v == Verdict::Holds), count(|v| *v == Verdict::Fails));
    let unsure = checked.len() - holds - fails;
    let _ = writeln!(text, "checks: {holds} hold, {fails} fail, {unsure} not sure");
    text
}

fn subject(plan: &str, metric: &str) -> String {
    format!("{plan} {metric}")
}

fn width(names: impl Iterator<Item = String>) -> usize {
    names.map(|name| name.chars().count()).max().unwrap_or(0)
}

fn said(check: &Checked) -> (&'static str, String) {
    let unit = unit(&check.metric);
    let bound = match check.bound {
        Bound::AtLeast(limit) => format!("at least {}", value(unit, limit)),
        Bound::AtMost(limit) => format!("at most {}", value(unit, limit)),
    };
    let is = check.measured.map_or_else(|| "nothing to measure".to_owned(), |measured| with_interval(unit, &measured));
    match check.verdict {
        Verdict::Holds => ("ok", format!("{is}, {bound} wanted")),
        Verdict::Fails => ("FAIL", format!("{is}, {bound} wanted")),
        Verdict::NotSure(Some(n)) => ("not sure", format!("{is}, {bound} wanted; needs about {n} recipients")),
        Verdict::NotSure(None) => ("not sure", format!("{is}, {bound} wanted; too close for any number of recipients")),
    }
}

fn with_interval(unit: Unit, measured: &Measured) -> String {
    let is = value(unit, measured.value);
    measured
        .interval
        .map_or_else(|| is.clone(), |(low, high)| format!("{is} ({} to {})", value(unit, low), value(unit, high)))
}

fn value(unit: Unit, x: f64) -> String {
    match unit {
        Unit::Share => format!("{:.3} %", 100.0 * x),
        Unit::Money => format!("{x:.6}"),
        Unit::Seconds => format!("{x:.3} s"),
        Unit::Count => format!("{x}"),
    }
}

/// The comparison with a baseline: every measure that has changed, and the sum.
#[must_use]
pub fn baseline(rows: &[Against]) -> String {
    let mut text = String::new();
    let changed: Vec<_> = rows.iter().filter(|row| row.is != row.was).collect();
    let names = width(changed.iter().map(|row| subject(&row.plan, row.metric)));
    for row in &changed {
        let word = if row.fails { "FAIL" } else { "ok" };
        let _ = writeln!(text, "{word:<8}  {:<names$}  {}", subject(&row.plan, row.metric), change(row));
    }
    let fails = rows.iter().filter(|row| row.fails).count();
    let _ = writeln!(
        text,
        "baseline: {} measures compared, {} changed, {fails} worse than tolerated",
        rows.len(),
        changed.len()
    );
    text
}

fn change(row: &Against) -> String {
    let unit = unit(row.metric);
    let show = |x: Option<f64>| x.map_or_else(|| "none".to_owned(), |x| value(unit, x));
    let allowed = if row.tolerance > 0.0 { value(unit, row.tolerance) } else { "nothing".to_owned() };
    format!("was {}, is {}; worse by {allowed} is tolerated", show(row.was), show(row.is))
}
