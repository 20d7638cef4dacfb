//! What CI reads: the checks and the comparison with a baseline, one line each.

use super::words;
use crate::scenario::Bound;
use crate::study::{Against, Checked, Intervals, Measured, Unit, Verdict, more_is_better, unit};
use std::fmt::Write;

/// The checks, one line each, and their sum; `of` says what more of would tell where it is not sure.
#[must_use]
pub fn checks(checked: &[Checked], of: Intervals) -> String {
    let mut text = String::new();
    let name = |check: &Checked| match &check.stream {
        Some(stream) => format!("{} {stream} {}", check.plan, check.metric),
        None => subject(&check.plan, &check.metric),
    };
    let names = width(checked.iter().map(name));
    for check in checked {
        let (word, rest) = said(check, of);
        let _ = writeln!(text, "{word:<8}  {}  {rest}", words::padded(&name(check), names));
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
    names.map(|name| words::width(&name)).max().unwrap_or(0)
}

fn said(check: &Checked, of: Intervals) -> (&'static str, String) {
    let those = if of == Intervals::FromRecipients { "recipients" } else { "replications" };
    let unit = unit(&check.metric);
    let bound = format!("{} wanted", wanted(unit, check.bound));
    let is = check.measured.map_or_else(|| "nothing to measure".to_owned(), |measured| with_interval(unit, &measured));
    match check.verdict {
        Verdict::Holds => ("ok", format!("{is}, {bound}")),
        Verdict::Fails => ("FAIL", format!("{is}, {bound}")),
        Verdict::NotSure(Some(n)) => ("not sure", format!("{is}, {bound}; needs about {} {those}", words::whole(n))),
        Verdict::NotSure(None) => ("not sure", format!("{is}, {bound}; {}", unsure(check, those))),
    }
}

/// `98.910 % (98.756 to 99.045)`.
fn with_interval(unit: Unit, measured: &Measured) -> String {
    let decimals = decimals(unit, measured.value);
    let is = shown(unit, measured.value, decimals);
    match measured.interval {
        Some((low, high)) => format!("{is} ({} to {})", number(unit, low, decimals), number(unit, high, decimals)),
        None => is,
    }
}

/// `x` in the unit that it is shown in.
fn number(unit: Unit, x: f64, decimals: usize) -> String {
    words::decimal(scaled(unit, x), decimals).replace(words::NBSP, " ")
}

fn scaled(unit: Unit, x: f64) -> f64 {
    if unit == Unit::Share { 100.0 * x } else { x }
}

const fn suffix(unit: Unit) -> &'static str {
    match unit {
        Unit::Share => " %",
        Unit::Seconds => " s",
        Unit::Money | Unit::Count => "",
    }
}

/// How many decimals a value like `x` is shown with.
fn decimals(unit: Unit, x: f64) -> usize {
    match unit {
        Unit::Share | Unit::Seconds => 3,
        Unit::Money => words::decimals_of(x, 5).clamp(2, 6),
        Unit::Count => usize::from(x.fract() != 0.0),
    }
}

/// `at least 98.5 %`.
pub(super) fn wanted(unit: Unit, bound: Bound) -> String {
    match bound {
        Bound::AtLeast(limit) => format!("at least {}", self::bound(unit, limit)),
        Bound::AtMost(limit) => format!("at most {}", self::bound(unit, limit)),
    }
}

/// A bound as somebody would write it, without trailing zeros.
fn bound(unit: Unit, limit: f64) -> String {
    format!("{}{}", words::without_zeros(&number(unit, limit, 8)), suffix(unit))
}

/// Why no number can be named that would tell.
fn unsure(check: &Checked, those: &str) -> String {
    match check.measured.and_then(|measured| measured.interval) {
        Some(_) => format!("too close for any number of {those}"),
        None => format!("too few {those} for an interval"),
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
        let subject = words::padded(&subject(&row.plan, row.metric), names);
        let _ = writeln!(text, "{word:<8}  {subject}  {}", change(row));
    }
    let (all, fails) = (rows.len(), rows.iter().filter(|row| row.fails).count());
    let _ = match changed.len() {
        0 => writeln!(text, "baseline: {all} measures compared, all exactly equal"),
        n => writeln!(text, "baseline: {all} measures compared, {n} changed, {fails} worse than tolerated"),
    };
    text
}

/// `was 98.910 %, is 98.880 %: 0.030 points worse, none tolerated`.
fn change(row: &Against) -> String {
    let unit = unit(row.metric);
    let (Some(was), Some(is)) = (row.was, row.is) else {
        let show = |x: Option<f64>| x.map_or_else(|| "none".to_owned(), |x| shown(unit, x, decimals(unit, x)));
        return format!("was {}, is {}", show(row.was), show(row.is));
    };
    let by = (is - was).abs();
    // As many digits as it takes to see the difference.
    let decimals = decimals(unit, was).max(words::decimals_of(scaled(unit, by), 2));
    let is_better = (is > was) == more_is_better(row.metric);
    let verdict = match (is_better, row.tolerance > 0.0) {
        (true, _) => "better".to_owned(),
        (false, false) => "worse, none tolerated".to_owned(),
        (false, true) => format!("worse, {} tolerated", allowed(unit, row.tolerance, decimals)),
    };
    let points = if unit == Unit::Share { " points" } else { suffix(unit) };
    let (was, is) = (shown(unit, was, decimals), shown(unit, is, decimals));
    format!("was {was}, is {is}: {}{points} {verdict}", number(unit, by, decimals))
}

/// A tolerance with the digits of the change that it is set against, or as many as it has.
fn allowed(unit: Unit, tolerance: f64, decimals: usize) -> String {
    let digits = decimals.max(words::decimals_of(scaled(unit, tolerance), 2));
    let points = if unit == Unit::Share { "" } else { suffix(unit) };
    format!("{}{points}", words::without_zeros(&number(unit, tolerance, digits)))
}

fn shown(unit: Unit, x: f64, decimals: usize) -> String {
    format!("{}{}", number(unit, x, decimals), suffix(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change_of(metric: &'static str, was: f64, is: f64, tolerance: f64) -> String {
        change(&Against { plan: "a".to_owned(), metric, was: Some(was), is: Some(is), tolerance, fails: false })
    }

    #[test]
    fn a_change_shows_as_many_digits_as_it_takes_to_see_it() {
        let said = change_of("in_time", 0.989_1, 0.988_8, 0.0);
        assert_eq!(said, "was 98.910 %, is 98.880 %: 0.030 points worse, none tolerated");
        let said = change_of("in_time", 0.989_1, 0.989_101, 0.0);
        assert_eq!(said, "was 98.91000 %, is 98.91010 %: 0.00010 points better");
        let said = change_of("latency_s.p95", 35.8, 36.2, 0.5);
        assert_eq!(said, "was 35.800 s, is 36.200 s: 0.400 s worse, 0.5 s tolerated");
    }

    #[test]
    fn columns_stand_below_each_other_in_every_script() {
        let row = |plan: &str| Against {
            plan: plan.to_owned(),
            metric: "in_time",
            was: Some(0.9),
            is: Some(0.8),
            tolerance: 0.0,
            fails: true,
        };
        let text = baseline(&[row("短信优先"), row("sms")]);
        let starts: Vec<_> = text.lines().filter_map(|line| Some(words::width(line.split_once("  was ")?.0))).collect();
        assert_eq!(starts, [26, 26], "{text}");
    }

    #[test]
    fn a_check_says_what_is_and_what_was_wanted() {
        let check = |metric: &str, value, low, high, bound, verdict| Checked {
            plan: "a".to_owned(),
            stream: None,
            metric: metric.to_owned(),
            bound,
            measured: Some(Measured {
                value,
                interval: Some((low, high)),
                narrow: None,
                plain: false,
                resolution: 0.0,
            }),
            verdict,
        };
        let text = checks(
            &[
                check("in_time", 0.989_1, 0.987_56, 0.990_45, Bound::AtLeast(0.985), Verdict::Holds),
                check("cost.total", 1_662.75, 1_650.0, 1_670.0, Bound::AtMost(1_600.0), Verdict::Fails),
                check("duplicates", 0.03, 0.02, 0.04, Bound::AtMost(0.032), Verdict::NotSure(Some(230_000))),
            ],
            Intervals::FromRecipients,
        );
        let text = text
            + &checks(
                &[check("cost.total", 3e200, 2e200, 4e200, Bound::AtMost(1e308), Verdict::Holds)],
                Intervals::FromRecipients,
            );
        for line in [
            "ok        a cost.total  3e200 (2e200 to 4e200), at most 1e308 wanted",
            "ok        a in_time     98.910 % (98.756 to 99.045), at least 98.5 % wanted",
            "FAIL      a cost.total  1 662.75 (1 650.00 to 1 670.00), at most 1 600 wanted",
            "not sure  a duplicates  3.000 % (2.000 to 4.000), at most 3.2 % wanted; needs about 230 000 recipients",
            "checks: 1 hold, 1 fail, 1 not sure",
        ] {
            assert!(text.contains(line), "no {line:?} in\n{text}");
        }
    }
}
