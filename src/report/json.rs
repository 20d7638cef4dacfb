//! Results as JSON, with identical bytes for identical results: every float is rounded to ten significant digits.

use crate::scenario::Scenario;
use crate::study::Results;
use crate::text;
use serde::Serialize;
use serde_json::{Number, Value};

/// `results.json`: pretty-printed, ending with a line feed.
#[must_use]
pub fn json(results: &Results) -> String {
    pretty(results)
}

/// Which question of which file an answer is about: at the top of its JSON.
#[derive(Serialize)]
pub(super) struct Source<'a> {
    schema: &'static str,
    scenario: &'a str,
    digest: &'a str,
    seed: u64,
    seed_text: String,
    recipients: u64,
}

impl<'a> Source<'a> {
    /// That of an answer about this scenario.
    pub(super) fn of(scenario: &'a Scenario, schema: &'static str) -> Self {
        Self {
            schema,
            scenario: &scenario.title,
            digest: &scenario.digest,
            seed: scenario.seed,
            seed_text: scenario.seed.to_string(),
            recipients: scenario.recipients(),
        }
    }
}

/// `value` as rounded, pretty-printed JSON, ending with a line feed. A value that cannot be written as JSON becomes `null`, but no type of
/// the report is such: their keys are strings, and a number that is not finite is written as `null`. Control characters and other invisible
/// characters are escaped in strings.
#[must_use]
pub fn pretty(value: &impl Serialize) -> String {
    text::json(&format!("{:#}\n", rounded(serde_json::to_value(value).unwrap_or_default()))).into_owned()
}

/// `value` with all its floats rounded.
fn rounded(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            let float = number.as_f64().and_then(|float| Number::from_f64(ten_digits(float)));
            float.map_or(Value::Null, Value::Number)
        }
        Value::Array(items) => items.into_iter().map(rounded).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, rounded(value))).collect(),
        other => other,
    }
}

/// `value` rounded to ten significant digits.
pub(super) fn ten_digits(value: f64) -> f64 {
    let has_ten = value.fract() == 0.0 && value.abs() < 1e10;
    if has_ten {
        return value;
    }
    format!("{value:.9e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn results_survive_the_way_through_a_file() {
        let results = fixture::bank_pin().results;
        let text = json(&results);
        let back: Results = serde_json::from_str(&text).expect("what was written can be read");
        assert!(json(&back) == text, "{text}");
        assert_eq!(back.plans.len(), results.plans.len());
        assert!(text.ends_with("}\n"));
    }

    #[test]
    fn the_last_bits_of_a_float_do_not_show() {
        assert_eq!(ten_digits(0.1 + 0.2), 0.3);
        assert_eq!(pretty(&[0.1 + 0.2, f64::NAN]), "[\n  0.3,\n  null\n]\n");
        assert_eq!(pretty(&vec![u64::MAX]), format!("[\n  {}\n]\n", u64::MAX));
    }
}
