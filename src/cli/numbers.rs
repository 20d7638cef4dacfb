//! Whole numbers on the command line: written as in a scenario file, and rejected with a message that says what is allowed.

use crate::engine::MAX_ATTEMPTS;
use crate::scenario::{Metric, nearest};
use crate::traffic::MAX_RECIPIENTS;
use std::ops::RangeInclusive;

/// Parses a number of recipients.
pub(super) fn recipients(text: &str) -> Result<u64, String> {
    whole(text, 1..=MAX_RECIPIENTS)
}

/// Parses a number of replications.
pub(super) fn replications(text: &str) -> Result<u32, String> {
    whole(text, 1..=100_000)
}

/// Parses a number of replications that is large enough for an interval.
pub(super) fn enough_replications(text: &str) -> Result<u32, String> {
    whole(text, crate::study::LEAST_REPLICATIONS..=100_000)
}

/// Parses a number of threads.
pub(super) fn threads(text: &str) -> Result<u16, String> {
    whole(text, 1..=4_096)
}

/// Parses a seed or the number of a recipient.
pub(super) fn any(text: &str) -> Result<u64, String> {
    whole(text, 0..=u64::MAX)
}

/// Parses the number of a replication.
pub(super) fn replication(text: &str) -> Result<u32, String> {
    whole(text, 0..=u32::MAX)
}

/// Parses how often something happens.
pub(super) fn times(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0);
    number.ok_or_else(|| "write a number above 0, such as 30".to_owned())
}

/// Parses a number of attempts of a step.
pub(super) fn attempts(text: &str) -> Result<u8, String> {
    whole(text, 1..=MAX_ATTEMPTS as u8)
}

/// Parses the name of a measure.
pub(super) fn measure(text: &str) -> Result<Metric, String> {
    metric(text, &Metric::all().collect::<Vec<_>>())
}

/// The measure among `known` with this name.
pub(super) fn metric(name: &str, known: &[Metric]) -> Result<Metric, String> {
    Metric::named(name).filter(|metric| known.contains(metric)).ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|metric| metric.name()).collect();
        let near = nearest(name, names.iter().copied());
        let hint = near
            .map_or_else(|| format!("the measures are {}", names.join(", ")), |near| format!("did you mean {near:?}?"));
        format!("no measure named {name:?}; {hint}")
    })
}

/// Parses an integer within `range`, written as `1000000` or `1_000_000`.
fn whole<T: TryFrom<u64> + Into<u64> + Copy>(text: &str, range: RangeInclusive<T>) -> Result<T, String> {
    let (least, most): (u64, u64) = ((*range.start()).into(), (*range.end()).into());
    let is_digit = |c: char| c.is_ascii_digit() || c == '_';
    let digits: String = text.chars().filter(|&c| c != '_').collect();
    let number = digits.parse().ok().filter(|number| (least..=most).contains(number) && text.chars().all(is_digit));
    let number = number.and_then(|number: u64| T::try_from(number).ok());
    number.ok_or_else(|| format!("write an integer from {least} to {most}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_whole_and_within_their_range() {
        assert_eq!(recipients("1_000_000"), Ok(1_000_000));
        assert_eq!(any("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(threads("7"), Ok(7));
    }

    #[test]
    fn everything_else_is_rejected_with_a_valid_form() {
        for text in ["0", "-5", "+5", "1e6", "1.5", "", "_", "4294967297", "99999999999999999999999", "many"] {
            assert_eq!(recipients(text), Err("write an integer from 1 to 4294967296".to_owned()), "{text}");
        }
        assert_eq!(threads("5000"), Err("write an integer from 1 to 4096".to_owned()));
    }
}
