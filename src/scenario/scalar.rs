//! Parses one value of the file as its kind, or reports what is wrong with it and how to fix it.

use super::diagnostic::{Fault, shown};
use super::format::DIST;
use super::grammar::{Kind, MAX_MONEY, Range};
use super::mismatch::wrong_type;
use super::numbers::{count, limit, number, quoted, share, span};
use super::quantity::{duration, moment, ramp, rate};
use super::record::Value;
use super::suggest::help;
use crate::calendar::Moment;
use crate::text::is_hidden;
use crate::units::Money;
use toml::de::DeValue;

/// The maximum length of a string, such as a title, a name or a path [characters].
const MAX_CHARS: usize = 1000;

/// Parses `raw`, written as `source`, as a value of `kind`, which is not a table kind.
pub(super) fn scalar(kind: &Kind, raw: &DeValue<'_>, source: &str) -> Result<Value, Fault> {
    match kind {
        Kind::Text => text(raw, source).map(|t| Value::Text(t.to_owned())),
        Kind::Channel => channel(raw, source),
        Kind::Flag => flag(raw, source),
        Kind::Count { min, max } => count(raw, source, *min, *max),
        Kind::Number(range) => number(kind, raw, source, *range).map(Value::Number),
        Kind::ShareOrRest if matches!(raw, DeValue::String(text) if text == "rest") => Ok(Value::Rest),
        Kind::Share | Kind::ShareOrRest => share(kind, raw, source),
        Kind::Money => number(kind, raw, source, Range::of(0.0, MAX_MONEY)).and_then(money),
        Kind::Duration { zero } => span(raw, source, *zero).map(Value::Duration),
        Kind::Limit => limit(raw, source),
        Kind::Moment => text(raw, source)
            .map_err(|fault| Fault { label: kind.expected(), ..fault })
            .and_then(|text| Ok(Value::Moment(moment(text)?))),
        Kind::When => when(kind, raw, source),
        Kind::Rate => quoted(kind, raw, source, rate).map(Value::Rate),
        Kind::Ramp => quoted(kind, raw, source, ramp).map(|(from, to)| Value::Ramp(from, to)),
        Kind::Word(words) => word(kind, raw, source, words).map(Value::Word),
        Kind::Words(_) | Kind::Names => Err(wrong_type(kind, raw, format!("write [{}]", shown(source)))),
        Kind::NameOr(_) if matches!(raw, DeValue::String(_)) => text(raw, source).map(|t| Value::Text(t.to_owned())),
        Kind::Numbers(_) => Err(wrong_type(kind, raw, "write { sms-a = 0.7, sms-b = 0.3 }")),
        Kind::NameByName => Err(wrong_type(kind, raw, "write { gr = \"viber-first\", bg = \"sms-first\" }")),
        Kind::Table(_) | Kind::List { .. } | Kind::Named(_) | Kind::NameOr(_) | Kind::OneOrMore { .. } => {
            Err(wrong_type(kind, raw, brackets(kind, raw, source)))
        }
    }
}

/// The help where a table or a list of tables is expected: other brackets, or an example.
fn brackets(kind: &Kind, raw: &DeValue<'_>, source: &str) -> String {
    let header = source.lines().next().filter(|h| h.starts_with('[')).map(shown);
    match (kind, raw, header) {
        (Kind::List { .. }, DeValue::Table(_), Some(header)) => format!("write [{header}], in double brackets"),
        (Kind::List { of, .. }, ..) => format!("write [{}]", of.example),
        (Kind::Table(_), DeValue::Array(_), Some(header)) if header.starts_with("[[") => {
            format!("write [{}], in single brackets", header.trim_matches(['[', ']']))
        }
        (Kind::Table(of), DeValue::String(text), _) if std::ptr::eq(*of, &DIST) && duration(text).is_ok() => {
            format!("write {{ constant = \"{}\" }}", shown(text))
        }
        (Kind::Table(of) | Kind::Named(of) | Kind::NameOr(of) | Kind::OneOrMore { of, .. }, ..) => {
            format!("write {}", of.example)
        }
        _ => String::new(),
    }
}

/// Suggests "write `source` in quotes", unless that is a table or a list.
fn quote(source: &str) -> String {
    match source.starts_with(['{', '[']) {
        true => String::new(),
        false => format!("write \"{}\", in quotes", shown(source)),
    }
}

/// The help where one of `words` is expected: if the value is a table with one of them as its key, it shows how to write it.
fn bare_word(raw: &DeValue<'_>, source: &str, words: &[&str]) -> String {
    let DeValue::Table(table) = raw else { return quote(source) };
    let named = words.iter().find(|word| table.iter().any(|(key, _)| key.get_ref() == *word));
    named.map_or_else(String::new, |word| format!("write \"{word}\", and put its settings in separate keys"))
}

/// Parses a single line of text.
fn text<'a>(raw: &'a DeValue<'_>, source: &str) -> Result<&'a str, Fault> {
    match raw {
        DeValue::String(text) => one_line(text),
        _ => Err(wrong_type(&Kind::Text, raw, quote(source))),
    }
}

/// Checks that `text` is a single line, not empty, without surrounding whitespace and without hidden characters.
pub(super) fn one_line(text: &str) -> Result<&str, Fault> {
    let fault = |message: &str, help: &str| Err(Fault::new(message, "expected a single line of text", help));
    match text {
        t if t.trim().is_empty() => fault("the string is empty", "write at least one character"),
        t if t.contains(is_hidden) => Err(hidden(t)),
        t if t.trim() != t => {
            fault("the string has leading or trailing whitespace", &format!("write \"{}\"", shown(t.trim())))
        }
        t if t.chars().count() > MAX_CHARS => fault("the string is longer than 1000 characters", "shorten it"),
        t => Ok(t),
    }
}

/// Reports a string with a hidden character, which could make it look like another.
fn hidden(text: &str) -> Fault {
    let first = text.chars().find(|&c| is_hidden(c)).unwrap_or_default();
    let kind = if first.is_control() { "a line break or other control character" } else { "an invisible character" };
    let rest: String = text.chars().filter(|&c| !is_hidden(c)).collect();
    let help = match rest.trim() {
        "" => "write at least one character".to_owned(),
        rest => format!("remove it: write \"{}\"", shown(rest)),
    };
    let message = format!("the string contains {kind}, U+{:04X}", u32::from(first));
    Fault::new(message, "expected a single line of visible text", help)
}

/// Parses a channel: a lowercase word.
fn channel(raw: &DeValue<'_>, source: &str) -> Result<Value, Fault> {
    let word = text(raw, source).map_err(|fault| Fault { label: Kind::Channel.expected(), ..fault })?;
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if word.chars().all(letters) && word.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Ok(Value::Text(word.to_owned()));
    }
    let lower = word.trim().to_lowercase().replace(' ', "-");
    let help = if lower.chars().all(letters) {
        format!("write \"{lower}\"")
    } else {
        "use letters a to z, digits, - and _".to_owned()
    };
    Err(Fault::new(format!("invalid channel name `{}`", shown(word)), Kind::Channel.expected(), help))
}

/// Parses a duration, a time of day, or a moment of the calendar.
fn when(kind: &Kind, raw: &DeValue<'_>, source: &str) -> Result<Value, Fault> {
    let fault = |fault: Fault| Fault { label: kind.expected(), ..fault };
    if let DeValue::String(text) = raw {
        if let Some(since_midnight) = Moment::time_of_day(text) {
            return Ok(Value::TimeOfDay(since_midnight));
        }
        if text.contains(':') {
            return moment(text).map(Value::Moment).map_err(fault);
        }
    }
    span(raw, source, true).map(Value::Duration).map_err(fault)
}

/// Parses true or false.
fn flag(raw: &DeValue<'_>, source: &str) -> Result<Value, Fault> {
    match raw {
        DeValue::Boolean(flag) => Ok(Value::Flag(*flag)),
        _ if source.contains("true") => Err(wrong_type(&Kind::Flag, raw, "write true, without quotes")),
        _ => Err(wrong_type(&Kind::Flag, raw, "write true or false, without quotes")),
    }
}

/// Parses one of `words`.
pub(super) fn word(
    kind: &Kind,
    raw: &DeValue<'_>,
    source: &str,
    words: &'static [&'static str],
) -> Result<&'static str, Fault> {
    let DeValue::String(text) = raw else { return Err(wrong_type(kind, raw, bare_word(raw, source, words))) };
    if let Some(word) = words.iter().find(|w| *w == text) {
        return Ok(word);
    }
    Err(Fault::new(format!("unknown value `{}`", shown(text)), kind.expected(), help(text, words.iter().copied())))
}

/// Parses an amount of money, which is an integer number of millionths.
fn money(units: f64) -> Result<Value, Fault> {
    let amount = Money::from_units(units);
    if (amount.as_units() - units).abs() <= 1e-9 * units.abs() {
        return Ok(Value::Money(amount));
    }
    Err(Fault::new(
        format!("`{units}` has more than six decimal places"),
        "expected an amount of money with at most six decimal places",
        format!("write {}, or give all prices in a smaller unit of the currency", amount.as_units()),
    ))
}
