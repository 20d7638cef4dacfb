//! Parses durations and rates: `"400ms"`, `"1h30m"`, `"300/s"`, `"50/s..800/s"`.

use super::diagnostic::{Fault, shown};
use crate::calendar::Moment;
use crate::units::{Rate, Span};

/// The longest duration that a scenario can contain (days).
pub(super) const MAX_DAYS: i64 = 366;

/// The longest duration that a scenario can contain.
pub(super) const MAX_DURATION: Span = Span::from_micros(MAX_DAYS * 86_400_000_000);

/// The highest rate that a scenario can contain (1/s).
const MAX_RATE_PER_S: f64 = 1e9;

/// The expected form of a duration.
pub(super) const A_DURATION: &str = "expected a duration such as \"400ms\", \"2.5s\" or \"1h30m\"";

/// The expected form of a rate.
pub(super) const A_RATE: &str = "expected a rate such as \"300/s\" or \"18000/min\"";

/// The expected form of a moment of the calendar.
pub(super) const A_MOMENT: &str = "expected a date and a time such as \"2026-11-27T08:00\"";

/// Parses a moment of the calendar.
pub(super) fn moment(text: &str) -> Result<Moment, Fault> {
    match Moment::parse(text) {
        Some((moment, None)) => Ok(moment),
        Some((moment, Some(_))) => Err(Fault::new(
            format!("`{}` has an offset from UTC", shown(text)),
            A_MOMENT,
            format!("write \"{}\": clocks here have no time zone", moment.to_iso()),
        )),
        None => Err(Fault::new(
            format!("`{}` is no date and time", shown(text)),
            A_MOMENT,
            "write the year, the month and the day, a T, and a time that exists",
        )),
    }
}

/// A unit of time: its spellings, and its length (µs).
type Unit = (&'static [&'static str], f64);

/// The units, from long to short: the order required in a duration.
const UNITS: [Unit; 6] =
    [(&["d"], 86_400e6), (&["h"], 3_600e6), (&["m", "min"], 60e6), (&["s"], 1e6), (&["ms"], 1e3), (&["us"], 1.0)];

/// Prefixes of other spellings of units, and the unit.
const UNIT_PREFIXES: [(&str, &str); 9] = [
    ("mil", "ms"),
    ("mic", "us"),
    ("µ", "us"),
    ("μ", "us"),
    ("sec", "s"),
    ("min", "min"),
    ("ho", "h"),
    ("hr", "h"),
    ("day", "d"),
];

/// Parses a duration such as `500ms` or `1h30m`; `None` when `text` is not one.
#[must_use]
pub fn duration_of(text: &str) -> Option<Span> {
    duration(text).ok()
}

/// Parses a duration.
pub(super) fn duration(text: &str) -> Result<Span, Fault> {
    reject_bare(text)?;
    let (mut rest, mut micros, mut unit_before) = (text, 0.0, f64::INFINITY);
    while !rest.is_empty() {
        let (number, after) = leading_number(rest).ok_or_else(|| invalid_duration(text))?;
        let (unit, after) = leading_unit(text, after)?;
        if unit >= unit_before {
            return Err(Fault::new(
                out_of_order(text),
                A_DURATION,
                "name each unit once, the longest first, as in \"1h30m\"",
            ));
        }
        (rest, micros, unit_before) = (after, micros + number * unit, unit);
    }
    within_limit(text, micros)
}

/// Reports units that are out of order or repeated.
fn out_of_order(text: &str) -> String {
    format!("the units in `{}` are out of order or repeated", shown(text))
}

/// Rejects empty text, negative numbers and numbers without a unit, each with its own help.
fn reject_bare(text: &str) -> Result<(), Fault> {
    if text.trim().is_empty() {
        return Err(Fault::new("the duration is empty", A_DURATION, "write a number and a unit, such as \"60s\""));
    }
    if text.trim_start().starts_with('-') {
        return Err(negative(text));
    }
    match leading_number(text) {
        Some((_, "")) => Err(unitless(text)),
        _ => Ok(()),
    }
}

/// Reports a negative duration.
pub(super) fn negative(text: &str) -> Fault {
    let positive = text.trim_start_matches(|c: char| c == '-' || c.is_whitespace());
    let help = duration(positive).map_or(String::new(), |_| format!("write \"{positive}\""));
    Fault::new(format!("a duration cannot be negative: `{}`", shown(text)), A_DURATION, help)
}

/// Reports a number without a unit.
pub(super) fn unitless(number: &str) -> Fault {
    let number = shown(number);
    Fault::new(
        "a duration needs a unit",
        A_DURATION,
        format!("write \"{number}s\" for {number} seconds (units: us, ms, s, m, h, d)"),
    )
}

/// Reports a string that is not a duration.
fn invalid_duration(text: &str) -> Fault {
    let dense: String = text.split_whitespace().collect();
    let spaced = dense != text;
    let help = match spaced.then(|| duration(&dense)) {
        Some(Ok(_)) => format!("write \"{dense}\""),
        _ => "write numbers with units: us, ms, s, m, h or d".to_owned(),
    };
    Fault::new(format!("invalid duration `{}`", shown(text)), A_DURATION, help)
}

/// Converts `micros` (µs) to a span, unless it is too long.
fn within_limit(text: &str, micros: f64) -> Result<Span, Fault> {
    if micros <= MAX_DURATION.as_micros() as f64 {
        return Ok(Span::from_micros(micros.round() as i64));
    }
    let message = format!("`{}` is too long", shown(text));
    Err(Fault::new(message, format!("expected at most {MAX_DAYS} days"), format!("write \"{MAX_DAYS}d\" or less")))
}

/// Splits a number off the start of `text`: digits with single underscores between them and an optional fraction. Returns it
/// with the rest.
pub(super) fn leading_number(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '_' && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_number = is_digits(whole) && is_digits(fraction);
    is_number.then(|| number.replace('_', "").parse().ok()).flatten().map(|n| (n, rest))
}

/// Whether `text` consists of digits, with at most single underscores between them.
fn is_digits(text: &str) -> bool {
    text.split('_').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

/// Splits the unit (µs) off the start of `rest`, and returns it with what follows. `text` is the whole duration.
fn leading_unit<'a>(text: &str, rest: &'a str) -> Result<(f64, &'a str), Fault> {
    let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    match unit(word) {
        Some(micros) => Ok((micros, after)),
        None if word.is_empty() => Err(invalid_duration(text)),
        None => Err(unknown_unit(word, A_DURATION)),
    }
}

/// Returns the length of the unit `word` (µs).
fn unit(word: &str) -> Option<f64> {
    UNITS.iter().find(|(words, _)| words.contains(&word)).map(|&(_, micros)| micros)
}

/// Reports an unknown unit.
fn unknown_unit(word: &str, expected: &str) -> Fault {
    let lower = word.to_lowercase();
    let meant = UNIT_PREFIXES.iter().find(|(start, _)| lower.starts_with(start)).map(|&(_, unit)| unit);
    let meant = meant.or_else(|| unit(&lower).is_some().then_some(lower.as_str()));
    let help = match meant {
        Some(unit) => format!("did you mean `{unit}`?"),
        None => "the units are us, ms, s, m, h and d".to_owned(),
    };
    Fault::new(format!("unknown unit `{}`", shown(word)), expected, help)
}

/// Parses a rate (1/s), which may be zero.
fn per_second(text: &str) -> Result<f64, Fault> {
    let (number, micros, _) = parts_of_rate(text)?;
    let per_s = number / micros * 1e6;
    if per_s <= MAX_RATE_PER_S {
        return Ok(per_s);
    }
    Err(Fault::new(format!("`{}` is too high", shown(text)), "expected at most 1e9 per second", "write a lower rate"))
}

/// Parses a rate exactly.
pub(super) fn rate(text: &str) -> Result<Rate, Fault> {
    if per_second(text)? == 0.0 {
        return Err(Fault::new("the rate is zero", format!("{A_RATE}, above zero"), "write a rate above zero"));
    }
    let (_, micros, digits) = parts_of_rate(text)?;
    let digits = digits.replace('_', "");
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let count = format!("{whole}{fraction}").parse().ok();
    let exact = count.and_then(|n| Rate::new(n, fraction.len() as u32, Span::from_micros(micros as i64)));
    exact.ok_or_else(|| {
        let message = format!("`{}` has too many digits", shown(text));
        Fault::new(message, "expected at most about twelve digits", "write fewer digits")
    })
}

/// Splits a rate into its number, its unit (µs) and the text of the number.
fn parts_of_rate(text: &str) -> Result<(f64, f64, &str), Fault> {
    let (number, after) = leading_number(text).ok_or_else(|| invalid_rate(text))?;
    let word = after.strip_prefix('/').ok_or_else(|| invalid_rate(text))?;
    let micros = unit(word).ok_or_else(|| unknown_unit(word, A_RATE))?;
    Ok((number, micros, &text[..text.len() - after.len()]))
}

/// Reports a string that is not a rate.
fn invalid_rate(text: &str) -> Fault {
    let help = match leading_number(text) {
        Some((_, "")) => format!("write \"{text}/s\" for {text} per second"),
        _ => "write a number, a slash and a unit of time (s, min, h, d)".to_owned(),
    };
    Fault::new(format!("invalid rate `{}`", shown(text)), A_RATE, help)
}

/// Parses the rates (1/s) at the start and at the end of a stage: `"50/s"` is constant, `"50/s..800/s"` changes.
pub(super) fn ramp(text: &str) -> Result<(f64, f64), Fault> {
    match text.split_once("..") {
        Some((from, to)) => Ok((per_second(from)?, per_second(to)?)),
        None => per_second(text).map(|r| (r, r)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(text: &str) -> i64 {
        duration(text).unwrap().as_micros()
    }

    #[test]
    fn durations_are_parsed() {
        assert_eq!(micros("400ms"), 400_000);
        assert_eq!(micros("2.5s"), 2_500_000);
        assert_eq!(micros("1h30m"), 5_400_000_000);
        assert_eq!(micros("1h30min5s250ms7us"), 5_405_250_007);
        assert_eq!(micros("1_000us"), 1_000);
        assert_eq!(micros("366d"), MAX_DURATION.as_micros());
        assert_eq!(micros("0s"), 0);
    }

    #[test]
    fn an_invalid_duration_is_rejected_with_a_hint() {
        let cases = [
            ("60", "write \"60s\""),
            ("-5s", "write \"5s\""),
            ("1h 30m", "write \"1h30m\""),
            ("5 sec", "numbers with units"),
            ("5sec", "did you mean `s`?"),
            ("5S", "did you mean `s`?"),
            ("30m1h", "the longest first"),
            ("1s1s", "the longest first"),
            ("367d", "\"366d\" or less"),
            ("nan", "numbers with units"),
            ("inf", "numbers with units"),
            ("", "such as \"60s\""),
            ("1__0s", "numbers with units"),
            ("1.s", "numbers with units"),
            ("5y", "the units are"),
        ];
        for (text, help) in cases {
            let fault = duration(text).unwrap_err();
            assert!(fault.help.contains(help), "{text}: {fault:?}");
        }
    }

    #[test]
    fn rates_are_numbers_per_unit() {
        assert_eq!(per_second("300/s"), Ok(300.0));
        assert_eq!(per_second("18_000/min"), Ok(300.0));
        assert_eq!(per_second("4.5/h"), Ok(4.5 / 3600.0));
        assert_eq!(ramp("50/s..800/s"), Ok((50.0, 800.0)));
        assert_eq!(ramp("50/s"), Ok((50.0, 50.0)));
        assert_eq!(ramp("0.5/s..1.5/s"), Ok((0.5, 1.5)));
        assert!(rate("300").unwrap_err().help.contains("\"300/s\""));
        assert!(rate("-3/s").is_err() && rate("3/x").is_err() && rate("/s").is_err() && ramp("..").is_err());
        assert!(rate("9e99/s").is_err() && rate("99999999999/s").is_err());
    }

    #[test]
    fn rates_are_exact_fractions() {
        let fraction = |text| rate(text).map(|rate| (rate.events(), rate.micros()));
        assert_eq!(fraction("300/s"), Ok((3, 10_000)));
        assert_eq!(fraction("18_000/min"), Ok((3, 10_000)));
        assert_eq!(fraction("0.7/s"), Ok((7, 10_000_000)));
        assert_eq!(fraction("4.50/h"), Ok((1, 800_000_000)));
        assert_eq!(fraction("1000000000/s"), Ok((1000, 1)));
        assert_eq!(rate("300/s").map(Rate::per_second), Ok(300.0));
        assert!(rate("0.0/s").unwrap_err().message.contains("zero"));
        assert!(rate("0.0000000000000000000001/d").unwrap_err().message.contains("digits"));
    }
}
