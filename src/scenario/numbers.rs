//! Parses numbers of every kind and checks their ranges: counts, shares, durations, limits, rates.

use super::diagnostic::{Fault, shown};
use super::grammar::{Kind, Range};
use super::mismatch::wrong_type;
use super::quantity::{duration, negative, unitless};
use super::record::Value;
use crate::units::{Probability, Span};
use toml::de::DeValue;

/// Parses an integer from `min` to `max`.
pub(super) fn count(raw: &DeValue<'_>, source: &str, min: u64, max: u64) -> Result<Value, Fault> {
    let kind = Kind::Count { min, max };
    let DeValue::Integer(digits) = raw else {
        return Err(wrong_type(&kind, raw, "write it in digits, without quotes or a fraction"));
    };
    match i128::from_str_radix(digits.as_str(), digits.radix()) {
        Ok(n) if n < i128::from(min) => Err(range(&kind, source, format!("write {min} or more"))),
        Ok(n) if n <= i128::from(max) => Ok(Value::Count(n as u64)),
        _ => Err(range(&kind, source, format!("write {max} or less"))),
    }
}

/// Reports a value of the right type that is out of range.
fn range(kind: &Kind, source: &str, help: impl Into<String>) -> Fault {
    Fault::new(format!("`{}` is out of range", shown(source)), kind.expected(), help)
}

/// Returns the value of an integer or a float; `None` when it is not a number.
fn any_number(raw: &DeValue<'_>) -> Option<f64> {
    match raw {
        DeValue::Integer(digits) => i128::from_str_radix(digits.as_str(), digits.radix()).ok().map(|n| n as f64),
        DeValue::Float(digits) => digits.as_str().parse().ok(),
        _ => None,
    }
}

/// Parses a finite number in `range`.
pub(super) fn number(kind: &Kind, raw: &DeValue<'_>, source: &str, bounds: Range) -> Result<f64, Fault> {
    match any_number(raw) {
        Some(n) if bounds.contains(n) => Ok(n),
        Some(n) if !n.is_finite() => Err(Fault::new(
            format!("`{}` is not a finite number", shown(source)),
            kind.expected(),
            "write a finite number",
        )),
        Some(_) => Err(range(kind, source, format!("write {}", kind.expected().trim_start_matches("expected ")))),
        None => Err(wrong_type(kind, raw, unquote(raw))),
    }
}

/// The help for a number in quotes, and for a string that is not a number.
fn unquote(raw: &DeValue<'_>) -> String {
    match raw {
        DeValue::String(text) if text.parse::<f64>().is_ok() => format!("write {}, without quotes", shown(text)),
        _ => "write a number, without quotes".to_owned(),
    }
}

/// Parses a share. Percentages get their own help.
pub(super) fn share(kind: &Kind, raw: &DeValue<'_>, source: &str) -> Result<Value, Fault> {
    match number(kind, raw, source, Range::of(0.0, 1.0)) {
        Ok(n) => Probability::new(n).map(Value::Share).ok_or_else(|| range(kind, source, "")),
        Err(fault) => Err(Fault { help: percent(raw).unwrap_or(fault.help), ..fault }),
    }
}

/// Suggests "write 0.62 for 62 %" when the value looks like a percentage.
fn percent(raw: &DeValue<'_>) -> Option<String> {
    let percent = match raw {
        DeValue::String(text) => text.trim().strip_suffix('%')?.trim().parse().ok()?,
        _ => any_number(raw).filter(|&n| n > 1.0)?,
    };
    let share = (percent * 1e6_f64).round() / 1e8;
    (0.0..=100.0).contains(&percent).then(|| format!("write {share} for {percent} %"))
}

/// Parses a duration in quotes with a unit.
pub(super) fn span(raw: &DeValue<'_>, source: &str, zero: bool) -> Result<Span, Fault> {
    let kind = Kind::Duration { zero };
    let span = match raw {
        DeValue::String(text) => duration(text)?,
        _ => return Err(unquoted_span(&kind, raw, source)),
    };
    if span > Span::ZERO || zero {
        return Ok(span);
    }
    Err(Fault::new("the duration is zero", kind.expected(), "write a duration above zero, such as \"60s\""))
}

/// Reports a value without quotes where a duration is expected.
fn unquoted_span(kind: &Kind, raw: &DeValue<'_>, source: &str) -> Fault {
    match any_number(raw) {
        Some(n) if !n.is_finite() => Fault::new(
            format!("invalid duration `{}`", shown(source)),
            kind.expected(),
            "write a duration such as \"60s\"",
        ),
        Some(n) if n < 0.0 => Fault { help: "write a duration such as \"60s\"".to_owned(), ..negative(source) },
        Some(_) => unitless(source),
        None => wrong_type(kind, raw, "write a duration in quotes, such as \"60s\""),
    }
}

/// Parses a duration above zero, or `"none"`.
pub(super) fn limit(raw: &DeValue<'_>, source: &str) -> Result<Value, Fault> {
    if matches!(raw, DeValue::String(text) if text == "none") {
        return Ok(Value::Duration(Span::UNLIMITED));
    }
    let hint = |fault: Fault| Fault {
        label: Kind::Limit.expected(),
        help: format!("{}, or \"none\" for no limit", fault.help),
        ..fault
    };
    span(raw, source, false).map(Value::Duration).map_err(hint)
}

/// Parses a string with `read`.
pub(super) fn quoted<T>(
    kind: &Kind,
    raw: &DeValue<'_>,
    source: &str,
    read: impl Fn(&str) -> Result<T, Fault>,
) -> Result<T, Fault> {
    match raw {
        DeValue::String(text) => read(text),
        _ if any_number(raw).is_some() => {
            Err(wrong_type(kind, raw, format!("write \"{0}/s\" for {0} per second", shown(source))))
        }
        _ => Err(wrong_type(kind, raw, "write a rate in quotes")),
    }
}
