//! One value of the file, held to its kind: the value itself, or what is wrong with it and the cure.

use super::diagnostic::{Fault, shown};
use super::grammar::{Kind, MAX_MONEY, Range};
use super::quantity::{duration, negative, ramp, rate, unitless};
use super::record::Value;
use super::suggest::{cure, one_of};
use crate::units::{Money, Probability, SimTime};
use toml::de::DeValue;

/// The longest text, such as a title, a name or a path [characters].
const MAX_CHARS: usize = 1000;

/// What `raw`, written as `source`, says as a value of `kind`, which is not one of tables.
pub(super) fn scalar(kind: &Kind, raw: &DeValue<'_>, source: &str) -> Result<Value, Fault> {
    match kind {
        Kind::Text => text(raw, source).map(|t| Value::Text(t.to_owned())),
        Kind::Channel => channel(raw, source),
        Kind::Flag => flag(raw, source),
        Kind::Count { min, max } => count(raw, source, *min, *max),
        Kind::Number(range) => number(kind, raw, source, *range).map(Value::Number),
        Kind::Share => share(kind, raw, source),
        Kind::Money => number(kind, raw, source, Range::of(0.0, MAX_MONEY)).map(|n| Value::Money(Money::from_units(n))),
        Kind::Duration { zero } => span(raw, source, *zero).map(Value::Duration),
        Kind::Limit => limit(raw, source),
        Kind::Rate => quoted(kind, raw, source, |t| rate(t).and_then(|r| not_zero(r, kind))).map(Value::Rate),
        Kind::Ramp => quoted(kind, raw, source, ramp).map(|(from, to)| Value::Ramp(from, to)),
        Kind::Word { words, later } => word(kind, raw, source, words, later).map(Value::Word),
        Kind::Words(words) => set(kind, raw, source, words),
        Kind::Table(_) | Kind::List { .. } | Kind::Named(_) => Err(wrong(kind, raw, brackets(kind, raw, source))),
    }
}

/// The cure where a table or a list of tables belongs: other brackets, or how it looks.
fn brackets(kind: &Kind, raw: &DeValue<'_>, source: &str) -> String {
    let header = source.lines().next().filter(|h| h.starts_with('[')).map(shown);
    match (kind, raw, header) {
        (Kind::List { .. }, DeValue::Table(_), Some(header)) => format!("write [{header}], in double brackets"),
        (Kind::List { of, .. }, ..) => format!("write [{}]", of.example),
        (Kind::Table(_), DeValue::Array(_), Some(header)) if header.starts_with("[[") => {
            format!("write [{}], in single brackets", header.trim_matches(['[', ']']))
        }
        (Kind::Table(of) | Kind::Named(of), ..) => format!("write {}", of.example),
        _ => String::new(),
    }
}

/// `raw` is not even of the right type.
pub(super) fn wrong(kind: &Kind, raw: &DeValue<'_>, cure: impl Into<String>) -> Fault {
    Fault::new(format!("{} stands here", name(raw)), kind.expected(), cure)
}

/// What a value is called.
fn name(raw: &DeValue<'_>) -> &'static str {
    match raw {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a truth value",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// "write `source` in quotes", when that is short enough to repeat.
fn quote(source: &str) -> String {
    format!("write \"{}\", in quotes", shown(source))
}

/// One line of text.
fn text<'a>(raw: &'a DeValue<'_>, source: &str) -> Result<&'a str, Fault> {
    match raw {
        DeValue::String(text) => one_line(text),
        _ => Err(wrong(&Kind::Text, raw, quote(source))),
    }
}

/// `text`, when it is one line and not empty.
pub(super) fn one_line(text: &str) -> Result<&str, Fault> {
    let fault = |message, cure| Err(Fault::new(message, "expected one line of text", cure));
    match text {
        t if t.trim().is_empty() => fault("the text is empty", "write at least one letter"),
        t if t.chars().any(char::is_control) => {
            fault("the text has a line break or another control character", "remove it")
        }
        t if t.chars().count() > MAX_CHARS => fault("the text is longer than 1000 characters", "shorten it"),
        t => Ok(t),
    }
}

/// A lower-case word.
fn channel(raw: &DeValue<'_>, source: &str) -> Result<Value, Fault> {
    let word = text(raw, source).map_err(|fault| Fault { label: Kind::Channel.expected(), ..fault })?;
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if word.chars().all(letters) && word.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Ok(Value::Text(word.to_owned()));
    }
    let lower = word.trim().to_lowercase().replace(' ', "-");
    let cure = if lower.chars().all(letters) {
        format!("write \"{lower}\"")
    } else {
        "use letters a to z, digits, - and _".to_owned()
    };
    Err(Fault::new(format!("`{}` is no name of a channel", shown(word)), Kind::Channel.expected(), cure))
}

/// True or false.
fn flag(raw: &DeValue<'_>, source: &str) -> Result<Value, Fault> {
    match raw {
        DeValue::Boolean(flag) => Ok(Value::Flag(*flag)),
        _ if source.contains("true") => Err(wrong(&Kind::Flag, raw, "write true, without quotes")),
        _ => Err(wrong(&Kind::Flag, raw, "write true or false, without quotes")),
    }
}

/// A whole number from `min` to `max`.
fn count(raw: &DeValue<'_>, source: &str, min: u64, max: u64) -> Result<Value, Fault> {
    let kind = Kind::Count { min, max };
    let DeValue::Integer(digits) = raw else {
        return Err(wrong(&kind, raw, "write it in digits, without quotes and fraction"));
    };
    match i128::from_str_radix(digits.as_str(), digits.radix()) {
        Ok(n) if n < i128::from(min) => Err(range(&kind, source, format!("write {min} or more"))),
        Ok(n) if n <= i128::from(max) => Ok(Value::Count(n as u64)),
        _ => Err(range(&kind, source, format!("write {max} or less"))),
    }
}

/// A value of the right type, but out of its range.
fn range(kind: &Kind, source: &str, cure: impl Into<String>) -> Fault {
    Fault::new(format!("`{}` is out of range", shown(source)), kind.expected(), cure)
}

/// A number, whole or not; none when it is no number at all.
fn any_number(raw: &DeValue<'_>) -> Option<f64> {
    match raw {
        DeValue::Integer(digits) => i128::from_str_radix(digits.as_str(), digits.radix()).ok().map(|n| n as f64),
        DeValue::Float(digits) => digits.as_str().parse().ok(),
        _ => None,
    }
}

/// A finite number in `range`.
fn number(kind: &Kind, raw: &DeValue<'_>, source: &str, bounds: Range) -> Result<f64, Fault> {
    match any_number(raw) {
        Some(n) if bounds.contains(n) => Ok(n),
        Some(n) if !n.is_finite() => Err(Fault::new(
            format!("`{}` is no finite number", shown(source)),
            kind.expected(),
            "write a finite number",
        )),
        Some(_) => Err(range(kind, source, format!("write {}", kind.expected().trim_start_matches("expected ")))),
        None => Err(wrong(kind, raw, unquote(raw))),
    }
}

/// The cure for a number in quotes, and for what is no number in them.
fn unquote(raw: &DeValue<'_>) -> String {
    match raw {
        DeValue::String(text) if text.parse::<f64>().is_ok() => format!("write {}, without quotes", shown(text)),
        _ => "write a number, without quotes".to_owned(),
    }
}

/// A share; percentages have a cure of their own.
fn share(kind: &Kind, raw: &DeValue<'_>, source: &str) -> Result<Value, Fault> {
    match number(kind, raw, source, Range::of(0.0, 1.0)) {
        Ok(n) => Probability::new(n).map(Value::Share).ok_or_else(|| range(kind, source, "")),
        Err(fault) => Err(Fault { help: percent(raw).unwrap_or(fault.help), ..fault }),
    }
}

/// "write 0.62 for 62 %", when the value looks like that.
fn percent(raw: &DeValue<'_>) -> Option<String> {
    let percent = match raw {
        DeValue::String(text) => text.trim().strip_suffix('%')?.trim().parse().ok()?,
        _ => any_number(raw).filter(|&n| n > 1.0)?,
    };
    let share = (percent * 1e6_f64).round() / 1e8;
    (0.0..=100.0).contains(&percent).then(|| format!("write {share} for {percent} %"))
}

/// A duration in quotes with a unit.
fn span(raw: &DeValue<'_>, source: &str, zero: bool) -> Result<SimTime, Fault> {
    let kind = Kind::Duration { zero };
    let span = match raw {
        DeValue::String(text) => duration(text)?,
        _ => return Err(unquoted_span(&kind, raw, source)),
    };
    if span > SimTime::ZERO || zero {
        return Ok(span);
    }
    Err(Fault::new("the duration is zero", kind.expected(), "write a duration above zero, such as \"60s\""))
}

/// What stands where a duration belongs, and is no text.
fn unquoted_span(kind: &Kind, raw: &DeValue<'_>, source: &str) -> Fault {
    match any_number(raw) {
        Some(n) if !n.is_finite() => Fault::new(
            format!("`{}` is no duration", shown(source)),
            kind.expected(),
            "write a duration such as \"60s\"",
        ),
        Some(n) if n < 0.0 => Fault { help: "write a duration such as \"60s\"".to_owned(), ..negative(source) },
        Some(_) => unitless(source),
        None => wrong(kind, raw, "write a duration in quotes, such as \"60s\""),
    }
}

/// A duration above zero, or `"none"`.
fn limit(raw: &DeValue<'_>, source: &str) -> Result<Value, Fault> {
    if matches!(raw, DeValue::String(text) if text == "none") {
        return Ok(Value::Duration(SimTime::NEVER));
    }
    let hint = |fault: Fault| Fault {
        label: Kind::Limit.expected(),
        help: format!("{}, or \"none\" for no limit", fault.help),
        ..fault
    };
    span(raw, source, false).map(Value::Duration).map_err(hint)
}

/// Text in quotes that `read` reads.
fn quoted<T>(
    kind: &Kind,
    raw: &DeValue<'_>,
    source: &str,
    read: impl Fn(&str) -> Result<T, Fault>,
) -> Result<T, Fault> {
    match raw {
        DeValue::String(text) => read(text),
        _ if any_number(raw).is_some() => {
            Err(wrong(kind, raw, format!("write \"{}/s\" for that many per second", shown(source))))
        }
        _ => Err(wrong(kind, raw, "write a rate in quotes")),
    }
}

/// A rate that is not zero.
fn not_zero(rate: f64, kind: &Kind) -> Result<f64, Fault> {
    if rate > 0.0 {
        return Ok(rate);
    }
    Err(Fault::new("the rate is zero", kind.expected(), "write a rate above zero"))
}

/// One of `words`.
fn word(
    kind: &Kind,
    raw: &DeValue<'_>,
    source: &str,
    words: &'static [&'static str],
    later: &[&str],
) -> Result<&'static str, Fault> {
    let DeValue::String(text) = raw else { return Err(wrong(kind, raw, quote(source))) };
    if let Some(word) = words.iter().find(|w| *w == text) {
        return Ok(word);
    }
    let shown = shown(text);
    if later.contains(&text.as_ref()) {
        let message = format!("`{shown}` is not simulated by this version");
        return Err(Fault::new(
            message,
            kind.expected(),
            format!("remove it, or write {}", one_of(words.iter().copied())),
        ));
    }
    Err(Fault::new(format!("unknown word `{shown}`"), kind.expected(), cure(text, words.iter().copied())))
}

/// A list of some of `words`, each once.
fn set(kind: &Kind, raw: &DeValue<'_>, source: &str, words: &'static [&'static str]) -> Result<Value, Fault> {
    let DeValue::Array(items) = raw else { return Err(wrong(kind, raw, format!("write [{}]", shown(source)))) };
    let mut chosen = Vec::new();
    for item in items.iter() {
        let item_kind = Kind::Word { words, later: &[] };
        let word = word(&item_kind, item.get_ref(), "the word", words, &[])?;
        if chosen.contains(&word) {
            return Err(Fault::new(
                format!("`{word}` stands here twice"),
                kind.expected(),
                format!("remove the second `{word}`"),
            ));
        }
        chosen.push(word);
    }
    Ok(Value::Words(chosen))
}
