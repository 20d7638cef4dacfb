//! A sweep axis: a path and the values that it takes, such as `providers.sms.capacity.rate=100/s..1000/s:10`.

use super::change::{Change, Path, Rejection};
use super::grammar::Kind;
use super::quantity::{duration, rate};
use crate::units::Span;
use std::collections::BTreeMap;

/// The maximum number of values on one axis.
const MAX_VALUES: usize = 10_000;

/// One number or word of a scenario, and the values that it takes in turn.
#[derive(Clone, PartialEq, Debug)]
pub struct Axis {
    /// The path to the value in the scenario.
    pub path: Path,
    /// The values as the file would write them, without quotes. Not empty, no duplicates.
    pub values: Vec<String>,
    /// The values as numbers, in the order given: durations in seconds, rates per second; `None` for words.
    pub numbers: Option<Vec<f64>>,
    /// The unit of the numbers.
    pub unit: AxisUnit,
}

/// The unit of an axis.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AxisUnit {
    /// Durations (s).
    Seconds,
    /// Rates (1/s).
    PerSecond,
    /// Bare numbers.
    Number,
    /// Words.
    Word,
}

impl Axis {
    /// Parses an axis, `PATH=VALUES`. The values are a list `15s,30s,60s`, or a range `100/s..1000/s:10` of 10 evenly spaced values;
    /// with `:10log` they are logarithmically spaced.
    ///
    /// # Errors
    /// A message for the user, when `text` is not an axis.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        let (path, values) =
            text.split_once('=').ok_or("write PATH=VALUES, such as plans.sms-first.steps.1.ttl=15s,30s,60s")?;
        let path = Path::parse(path.trim())?;
        let kind = path.kind()?;
        let unit = unit_of(kind).ok_or_else(|| format!("{path} is not a single value and cannot be varied"))?;
        let values = list(unit, values, matches!(kind, Kind::Count { .. }))?;
        let numbers = values.iter().map(|value| number_of(unit, value)).collect::<Option<Vec<_>>>();
        if let (None, AxisUnit::Seconds | AxisUnit::PerSecond | AxisUnit::Number) = (&numbers, unit) {
            let wrong = values.iter().find(|value| number_of(unit, value).is_none());
            // A limit of "none", or a clock time, is a word among numbers.
            let is_word = |wrong: &str| match kind {
                Kind::Limit => wrong == "none",
                Kind::When => wrong.contains(':'),
                _ => false,
            };
            if wrong.is_some_and(|wrong| !is_word(wrong)) {
                return Err(
                    format!("invalid value {:?} for {path}: {}", wrong.map_or("", |w| w), kind.expected()).into()
                );
            }
        }
        let unit = if numbers.is_some() { unit } else { AxisUnit::Word };
        Ok(Self { path, values, numbers, unit })
    }

    /// Returns the change that sets the value with this index.
    #[must_use]
    pub fn change(&self, index: usize) -> Change {
        Change { path: self.path.clone(), value: self.values[index].clone() }
    }
}

/// Parses spans: a list `15s,30s,60s`, or a range `10s..60s:6` as in [`Axis::parse`].
///
/// # Errors
/// A message for the user, when `text` is something else.
pub fn spans(text: &str) -> Result<Vec<Span>, String> {
    let values = list(AxisUnit::Seconds, text, false)?;
    let span = |value: &String| duration(value).map_err(|_| format!("invalid span {value:?}; write one such as 30s"));
    values.iter().map(span).collect()
}

/// The values of a list or a range.
fn list(unit: AxisUnit, text: &str, whole: bool) -> Result<Vec<String>, String> {
    let values = match text.split_once("..") {
        Some((from, rest)) => range(unit, from.trim(), rest.trim(), whole)?,
        None => text.split(',').map(|value| value.trim().to_owned()).collect(),
    };
    if values.len() > MAX_VALUES {
        return Err(format!("an axis has at most {MAX_VALUES} values, not {}", values.len()));
    }
    all_differ(unit, &values)?;
    Ok(values)
}

/// Rejects equal values, however they are written: they would simulate the same point twice.
fn all_differ(unit: AxisUnit, values: &[String]) -> Result<(), String> {
    let (mut words, mut numbers) = (BTreeMap::new(), BTreeMap::new());
    for value in values {
        // Zero has two signs.
        let number = number_of(unit, value).map(|number| (number + 0.0).to_bits());
        let same = words.insert(value, value).or(number.and_then(|number| numbers.insert(number, value)));
        match same {
            Some(same) if same == value => return Err(format!("duplicate value {value:?}")),
            Some(same) => return Err(format!("{same:?} and {value:?} are the same value: write it once")),
            None => {}
        }
    }
    Ok(())
}

fn unit_of(kind: &Kind) -> Option<AxisUnit> {
    match kind {
        Kind::Duration { .. } | Kind::Limit | Kind::When => Some(AxisUnit::Seconds),
        Kind::Rate => Some(AxisUnit::PerSecond),
        Kind::Count { .. } | Kind::Number(_) | Kind::Share | Kind::ShareOrRest | Kind::Money => Some(AxisUnit::Number),
        Kind::Word(_) | Kind::Flag | Kind::Channel | Kind::NameOr(_) | Kind::Moment => Some(AxisUnit::Word),
        _ => None,
    }
}

fn number_of(unit: AxisUnit, value: &str) -> Option<f64> {
    match unit {
        AxisUnit::Seconds => duration(value).ok().map(Span::as_secs_f64),
        AxisUnit::PerSecond => rate(value).ok().map(crate::units::Rate::per_second),
        AxisUnit::Number => value.replace('_', "").parse().ok().filter(|x: &f64| x.is_finite()),
        AxisUnit::Word => None,
    }
}

/// Returns the values of a range.
fn range(unit: AxisUnit, from: &str, rest: &str, whole: bool) -> Result<Vec<String>, String> {
    const FORM: &str = "write a range as FROM..TO:COUNT, such as 100/s..1000/s:10, or :10log for logarithmic spacing";
    let (to, count) = rest.split_once(':').ok_or(FORM)?;
    let (count, by_factor) = count.strip_suffix("log").map_or((count, false), |count| (count, true));
    let count: usize = count.trim().parse().map_err(|_| FORM)?;
    if !(2..=MAX_VALUES).contains(&count) {
        return Err(format!("a range has from 2 to {MAX_VALUES} values, not {count}"));
    }
    let ends = number_of(unit, from).zip(number_of(unit, to.trim()));
    let (low, high) = ends.ok_or_else(|| format!("invalid range bounds {from:?} and {to:?}"))?;
    if by_factor && !(low > 0.0 && high > 0.0) {
        return Err("the bounds of a logarithmic range must be above zero".to_owned());
    }
    let at = |i: usize| {
        let part = i as f64 / (count - 1) as f64;
        if by_factor { low * (high / low).powf(part) } else { low + part * (high - low) }
    };
    let values: Vec<String> = (0..count).map(|i| written(unit, at(i), whole)).collect();
    let mut different = values.clone();
    different.dedup();
    match different.len() {
        _ if different.len() == count => Ok(values),
        1 => Err(format!("{from:?} and {to:?} are the same value: a range needs two different bounds")),
        few => {
            Err(format!("a range of {count} values from {from} to {to} has only {few} distinct values: write :{few}"))
        }
    }
}

/// Formats a number as the file would write it, with six significant digits.
fn written(unit: AxisUnit, number: f64, whole: bool) -> String {
    let short: f64 = format!("{number:.5e}").parse().unwrap_or(number);
    match unit {
        AxisUnit::Seconds => Span::from_secs_f64(short).to_string(),
        AxisUnit::PerSecond => format!("{short}/s"),
        _ if whole => format!("{}", number.round()),
        _ => short.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        Axis::parse(text).unwrap_or_else(|e| panic!("{text}: {e}")).values
    }

    #[test]
    fn values_are_a_list_or_a_range() {
        assert_eq!(values("plans.a.steps.1.ttl=15s, 30s,2m"), ["15s", "30s", "2m"]);
        assert_eq!(values("providers.sms.capacity.rate=100/s..1000/s:4"), ["100/s", "400/s", "700/s", "1000/s"]);
        assert_eq!(values("providers.sms.capacity.rate=10/s..1000/s:3log"), ["10/s", "100/s", "1000/s"]);
        assert_eq!(values("plans.a.steps.1.ttl=30s..2m:4"), ["30s", "1m", "1m30s", "2m"]);
        assert_eq!(values("providers.voice.capacity.concurrent=1..3:3"), ["1", "2", "3"]);
        assert_eq!(values("providers.voice.outcomes.1.share=0.5..0.7:3"), ["0.5", "0.6", "0.7"]);
        assert_eq!(values("providers.sms.capacity.order=fifo,priority"), ["fifo", "priority"]);
        let ttl = Axis::parse("plans.a.steps.1.ttl=30s,none").expect("an axis");
        assert_eq!((ttl.numbers, ttl.unit), (None, AxisUnit::Word));
    }

    /// An axis of the maximum length is parsed quickly, and a longer one is rejected.
    #[test]
    fn an_axis_may_be_long() {
        assert_eq!(values("plans.a.steps.1.ttl=1s..10000s:10000").len(), 10_000);
        let list: Vec<_> = (0..10_001).map(|seed: u32| seed.to_string()).collect();
        let error = Axis::parse(&format!("seed={}", list.join(","))).expect_err("too many").to_string();
        assert_eq!(error, "an axis has at most 10000 values, not 10001");
    }

    #[test]
    fn an_invalid_axis_is_rejected_with_a_hint() {
        let cases = [
            ("plans.a.steps.1.ttl", "write PATH=VALUES"),
            ("plans.a.steps.1.ttl=15", "invalid value \"15\""),
            ("plans.a.steps.1.ttl=15s..30s", "FROM..TO:COUNT"),
            ("plans.a.steps.1.ttl=15s..30s:1", "from 2 to"),
            ("plans.a.steps.1.ttl=15s,15s", "duplicate value"),
            ("plans.a.steps.1.ttl=none,none", "duplicate value"),
            ("checks.1.at_least=0,-0", "\"0\" and \"-0\" are the same value"),
            ("plans.a.steps.1.ttl=1s,1000ms", "\"1s\" and \"1000ms\" are the same value"),
            ("plans.a.steps.1.ttl=none,1m,60s", "\"1m\" and \"60s\" are the same value"),
            ("providers.sms.capacity.rate=1/s,60/min", "are the same value"),
            ("providers.v.outcomes.1.share=0.5,0.50", "are the same value"),
            ("providers.voice.capacity.concurrent=1..3:10", "has only 3 distinct values: write :3"),
            ("providers.voice.capacity.concurrent=2..2:3", "needs two different bounds"),
            ("plans.a.steps.1.ttl=1us..2us:3", "has only 2 distinct values"),
            ("plans.a.steps.1.ttl=x..30s:4", "invalid range bounds"),
            ("plans.a.steps.1.failover_on=failed", "cannot be varied"),
            ("providers.v.outcomes.1.share=0..1:3log", "above zero"),
        ];
        for (text, part) in cases {
            let error = Axis::parse(text).expect_err("invalid").to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
