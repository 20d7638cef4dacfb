//! Numbers as people read them: shares in percent, amounts and spans of time, each with its known error.
//!
//! The error sets the number of digits: it is shown with one digit (two when it starts with a 1), and the value with as many decimals.
//! Spaces inside a quantity are no-break spaces, so that no line breaks between a number and its unit.

use super::digits::{MOST_DECIMALS, decimals_for, grouped};
pub(super) use super::digits::{NBSP, NONE, decimal, decimals_of, without_zeros};
pub(super) use super::spans::{span, span_and_error};
use crate::scenario::{Metric, Unit};
use crate::study::{self, Cost, Difference, Interval, Method, Results, Share};
use crate::text::plain;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr};

/// A number with its interval, both scaled to the unit shown.
#[derive(Clone, Copy)]
struct Measured {
    value: f64,
    low: f64,
    high: f64,
}

impl Measured {
    fn new(value: f64, low: Option<f64>, high: Option<f64>, scale: f64) -> Option<Self> {
        let ends = low.zip(high).filter(|(low, high)| low.is_finite() && high.is_finite());
        ends.map(|(low, high)| Self { value: value * scale, low: low * scale, high: high * scale })
    }

    /// The larger of the distances to the two ends; zero where it is too small to be shown.
    fn reach(self) -> f64 {
        let reach = (self.high - self.value).max(self.value - self.low);
        if reach < 0.5 * 10f64.powi(-MOST_DECIMALS) { 0.0 } else { reach }
    }

    /// The value, if its ends are those of a numeric error: with the digits that this leaves certain, up to this number of decimals.
    fn digits(self, unit: &str, most: usize, signed: bool) -> String {
        let certain = -(2.0 * self.reach()).log10();
        let decimals = if certain < most as f64 { certain.max(0.0) as usize } else { most };
        if is_edge(self.value, unit) {
            return format!("{}{unit}", decimal(self.value, 0));
        }
        let decimals = decimals_off_the_edges(self.value, unit, decimals);
        let text = if signed { with_sign(self.value, decimals) } else { decimal(self.value, decimals) };
        format!("{text}{unit}")
    }

    /// Whether a single number after `±` describes the interval: the ends are nearly equally far from the value, and agree on whether it is
    /// 0.
    fn is_even(self) -> bool {
        let reach = self.reach();
        let lesser = (self.high - self.value).min(self.value - self.low);
        let excludes_zero = self.low > 0.0 || self.high < 0.0;
        lesser >= 0.75 * reach && (!excludes_zero || self.value.abs() > reach)
    }
}

/// The most decimals of an exact share in percent, or of a difference of shares in points.
const MOST_FOR_PERCENT: usize = 3;

/// The most decimals of an exact latency.
const MOST_FOR_SECONDS: usize = 3;

/// The most decimals of an exact difference, scaled to its unit.
fn decimals_of_difference(value: f64, scale: f64) -> usize {
    if scale == 100.0 { MOST_FOR_PERCENT } else { decimals_of(value, 4).clamp(2, 6) }
}

/// A count, or a mean of counts: `1 000 000`, `12.5`.
pub(super) fn count(value: f64) -> String {
    let decimals = if value.fract() == 0.0 || value.abs() >= 1e4 { 0 } else { decimals_of(value, 4).min(1) };
    decimal(value, decimals)
}

/// A rate in the unit of time that makes it most readable: `500/s`, `30/min`.
pub(super) fn rate(per_second: f64) -> String {
    let units = [(1.0, "s"), (60.0, "min"), (3_600.0, "h"), (86_400.0, "d")];
    let reads_well = |(seconds, _): &(f64, &str)| per_second * seconds >= 1.0;
    let (seconds, unit) = units.into_iter().find(reads_well).unwrap_or(units[3]);
    let value = per_second * seconds;
    let decimals = if (value - value.round()).abs() < 1e-9 { 0 } else { decimals_of(value, 3) };
    format!("{}/{unit}", decimal(value, decimals))
}

/// A whole number in groups of three, with plain spaces: `1 000 000`.
#[must_use]
pub fn whole(count: u64) -> String {
    grouped(&count.to_string()).replace(NBSP, " ")
}

/// A value with its error: `97.31 % ±0.03`, or `100 % (99.8 to 100)` where the interval is not symmetric.
fn with_error(measured: Measured, unit: &str, signed: bool) -> String {
    if measured.reach() == 0.0 {
        return format!("{}{unit}{NBSP}±0", exactly(measured.value, unit, signed));
    }
    let decimals = decimals_for(measured.reach()).unwrap_or(0);
    let decimals_at = |value: f64| if is_edge(value, unit) { 0 } else { decimals };
    let write = |value| if signed { with_sign(value, decimals_at(value)) } else { decimal(value, decimals_at(value)) };
    let more = decimals_off_the_edges(measured.value, unit, decimals);
    let value = if more == decimals { write(measured.value) } else { decimal(measured.value, more) };
    if measured.is_even() {
        format!("{value}{unit}{NBSP}±{}", decimal(measured.reach(), decimals))
    } else {
        format!("{value}{unit}{NBSP}({}{NBSP}to{NBSP}{})", write(measured.low), write(measured.high))
    }
}

/// `value` where it has no error: an amount has all its decimals, which are millionths at most.
fn exactly(value: f64, unit: &str, signed: bool) -> String {
    let decimals = if unit.is_empty() { 6 } else { decimals_of(value, 4).min(4) };
    let text = if signed { with_sign(value, decimals) } else { decimal(value, decimals) };
    without_zeros(&text).to_owned()
}

/// Whether `value` is zero or, for a share, 100 %. Such a value is exact and is written without decimals.
fn is_edge(value: f64, unit: &str) -> bool {
    value.abs() < 1e-9 || unit.ends_with('%') && (value - 100.0).abs() < 1e-9
}

/// The number of decimals that keeps a share from looking like 0 or 100 % when it is neither: at least `decimals`, and fewer than four
/// more.
fn decimals_off_the_edges(value: f64, unit: &str, decimals: usize) -> usize {
    if !unit.ends_with('%') || is_edge(value, unit) {
        return decimals;
    }
    let looks_whole = |decimals: &usize| {
        let text = decimal(value, *decimals);
        text.bytes().all(|b| matches!(b, b'0' | b'.')) || text.starts_with("100")
    };
    (decimals..decimals + 4).find(|decimals| !looks_whole(decimals)).unwrap_or(decimals)
}

/// `value` with a sign even when it is positive.
fn with_sign(value: f64, decimals: usize) -> String {
    let text = decimal(value, decimals);
    let is_positive = value > 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b));
    if is_positive { format!("+{text}") } else { text }
}

/// A share in percent without an interval, `97.3 %`.
pub(super) fn percent(share: f64, decimals: usize) -> String {
    format!("{}{NBSP}%", decimal(share * 100.0, decimals))
}

/// A share with its interval, `97.31 % ±0.03`; an exact one without, `97.312 %`.
pub(super) fn share(share: &Share) -> String {
    match share.low.zip(share.high) {
        Some(ends) if share.is_exact => exact_value(Unit::Share, share.share, ends),
        _ => share_between(share.share, share.low, share.high),
    }
}

fn share_between(share: f64, low: Option<f64>, high: Option<f64>) -> String {
    match Measured::new(share, low, high, 100.0) {
        Some(measured) => with_error(measured, "\u{a0}%", false),
        None => percent(share, 2),
    }
}

/// An amount with its interval and without its currency, `0.02451 ±0.00003`.
pub(super) fn amount(value: f64, low: Option<f64>, high: Option<f64>) -> String {
    match Measured::new(value, low, high, 1.0) {
        Some(measured) => with_error(measured, "", false),
        None => plain_amount(value),
    }
}

/// A cost per recipient with its interval and without its currency; an exact one without its interval.
pub(super) fn cost_per_recipient(cost: &Cost) -> String {
    match cost.low.zip(cost.high) {
        Some(ends) if cost.is_exact => exact_value(Unit::Money, cost.per_recipient, ends),
        _ => amount(cost.per_recipient, cost.low, cost.high),
    }
}

/// An amount without an interval: at least cents, and at least four significant digits.
pub(super) fn plain_amount(value: f64) -> String {
    decimal(value, if value == 0.0 { 0 } else { decimals_of(value, 4).max(2) })
}

/// A paired difference, scaled to its unit: `+0.31 ±0.05`, `−0.02 (−0.05 to 0)`; an exact one without its interval, `+0.312`.
pub(super) fn difference(difference: &Difference, scale: f64) -> String {
    match Measured::new(difference.difference, difference.low, difference.high, scale) {
        Some(exact) if difference.is_exact => exact.digits("", decimals_of_difference(exact.value, scale), true),
        Some(measured) => with_error(measured, "", true),
        None => {
            let value = difference.difference * scale;
            with_sign(value, decimals_of(value, 3))
        }
    }
}

/// The size of a difference and its error, for a sentence that states the direction in words: `0.31` and `±0.05`, or the range where the
/// interval is not symmetric, or the word `exact`. The second is empty where no interval is known.
pub(super) fn size_and_error(difference: &Difference, scale: f64) -> (String, String) {
    let value = difference.difference * scale;
    let Some(measured) = Measured::new(difference.difference, difference.low, difference.high, scale) else {
        return (decimal(value.abs(), decimals_of(value, 2)), String::new());
    };
    let (low, high) = if value < 0.0 { (-measured.high, -measured.low) } else { (measured.low, measured.high) };
    if difference.is_exact {
        let size = Measured { value: value.abs(), low, high };
        return (size.digits("", decimals_of_difference(value, scale), false), "exact".to_owned());
    }
    let decimals = decimals_for(measured.reach()).unwrap_or_else(|| decimals_of(value, 2));
    let error = if measured.is_even() {
        format!("±{}", decimal(measured.reach(), decimals))
    } else {
        format!("{}{NBSP}to{NBSP}{}", decimal(low, decimals), decimal(high, decimals))
    };
    (decimal(value.abs(), decimals), error)
}

/// The interval of a difference, `−0.02 to +0.05`.
pub(super) fn range(difference: &Difference, scale: f64) -> Option<String> {
    let measured = Measured::new(difference.difference, difference.low, difference.high, scale)?;
    let decimals = decimals_for(measured.reach()).unwrap_or(0);
    Some(format!("{}{NBSP}to{NBSP}{}", with_sign(measured.low, decimals), with_sign(measured.high, decimals)))
}

/// A latency with its interval, `4.13 s ±0.02`, `1 min 32.4 s ±0.5 s`, `2 h (1 h 30 min to 2 h 5 min)`.
pub(super) fn latency(seconds: Option<f64>, interval: Option<&Interval>) -> String {
    let Some(seconds) = seconds else { return NONE.to_owned() };
    let ends = interval.and_then(|ends| Measured::new(seconds, Some(ends.low), Some(ends.high), 1.0));
    match ends {
        Some(measured) if (1.0..59.5).contains(&seconds) && measured.reach() < 30.0 => {
            with_error(measured, "\u{a0}s", false)
        }
        Some(measured) if measured.reach() > 0.0 && measured.is_even() => {
            let (value, error) = span_and_error(seconds, measured.reach());
            format!("{value}{NBSP}±{error}")
        }
        Some(measured) if measured.reach() > 0.0 && span(measured.low) != span(measured.high) => {
            format!("{}{NBSP}({}{NBSP}to{NBSP}{})", span(seconds), span(measured.low), span(measured.high))
        }
        _ => span(seconds),
    }
}

/// An exact value in its unit and without a currency, with the digits of which its numeric error leaves no doubt: `97.312 %`.
pub(super) fn exact_value(unit: Unit, value: f64, (low, high): (f64, f64)) -> String {
    let scaled = |scale: f64| Measured { value: value * scale, low: low * scale, high: high * scale };
    match unit {
        Unit::Share => scaled(100.0).digits("\u{a0}%", MOST_FOR_PERCENT, false),
        Unit::Money => scaled(1.0).digits("", decimals_of(value, 5).max(2), false),
        Unit::Seconds => scaled(1.0).digits("\u{a0}s", MOST_FOR_SECONDS, false),
        Unit::Count => count(value),
    }
}

/// Which of the results are exact: `exact except latencies`.
pub(super) fn exact(results: &Results) -> Option<String> {
    let solved: Vec<_> =
        results.plans.iter().filter(|plan| plan.exact.is_some()).map(|plan| plan.name.as_str()).collect();
    let whose = match results.scenario.method {
        Method::Simulate => return None,
        Method::Exact => String::new(),
        Method::Mixed if solved.len() <= MOST_SOLVED_NAMED => format!(" for {}", all(&solved)),
        Method::Mixed => format!(" for {} of {} plans", count(solved.len() as f64), count(results.plans.len() as f64)),
    };
    Some(format!("exact{whose} except latencies"))
}

/// The most plans named as solved.
const MOST_SOLVED_NAMED: usize = 3;

/// A measure with its interval, in its unit and without a currency.
pub(super) fn measured(unit: Unit, measured: &study::Measured) -> String {
    let (low, high) = measured.interval.unzip();
    match unit {
        Unit::Share => share_between(measured.value, low, high),
        Unit::Money => amount(measured.value, low, high),
        Unit::Seconds => {
            latency(Some(measured.value), low.zip(high).map(|(low, high)| Interval { low, high }).as_ref())
        }
        Unit::Count => count(measured.value),
    }
}

/// A measure without its interval, with three or four significant digits.
pub(super) fn measured_plainly(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Share => percent(value, 1),
        Unit::Money => plain_amount(value),
        Unit::Seconds => span(value),
        Unit::Count => count(value),
    }
}

/// `text` with its first letter capitalised.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The name of a measure in full: `in time`, `latency p95`.
pub(super) const fn name_of(metric: Metric) -> &'static str {
    match metric {
        Metric::Delivered => "delivered",
        Metric::InTime => "in time",
        Metric::Succeeded => "succeeded",
        Metric::Duplicates => "duplicates",
        Metric::Seen => "seen",
        Metric::CostTotal => "total cost",
        Metric::CostPerRecipient => "cost per recipient",
        Metric::CostPerDelivered => "cost per delivered",
        Metric::LatencyMean => "latency mean",
        Metric::LatencyP50 => "latency p50",
        Metric::LatencyP90 => "latency p90",
        Metric::LatencyP95 => "latency p95",
        Metric::LatencyP99 => "latency p99",
        Metric::LatencyP999 => "latency p99.9",
        Metric::LatencyMax => "latency max",
        Metric::Failovers => "failovers",
        Metric::LastEnd => "end of the last flow",
        Metric::CallbacksOnCompletion => "callbacks on completion",
        Metric::CallbacksOnCompletionPeak => "callbacks on completion, peak per second",
        Metric::CallbacksOnChange => "callbacks on change",
        Metric::CallbacksOnChangePeak => "callbacks on change, peak per second",
    }
}

/// Names as part of a sentence: `a`, `a and b`, `a, b and c`.
pub(super) fn all(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Returns `one` or `many`, depending on the count.
pub(super) fn plural<'a>(count: f64, one: &'a str, many: &'a str) -> &'a str {
    if count == 1.0 { one } else { many }
}

/// The number of terminal columns that `text` takes: two for each wide East Asian character.
pub(super) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// `text`, padded with spaces to `columns`.
pub(super) fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// `text` cut to `columns` of a terminal, ending with `…` when something was cut; hidden characters become `�`.
pub(super) fn shortened(text: &str, columns: usize) -> String {
    let clean = plain(text);
    if width(&clean) <= columns {
        return clean.into_owned();
    }
    let mut left = columns.saturating_sub(1);
    let fits = |c: &char| {
        let width = c.width().unwrap_or(0);
        let fits = width <= left;
        left = left.saturating_sub(width);
        fits
    };
    clean.chars().take_while(fits).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spaced(text: String) -> String {
        text.replace(NBSP, " ")
    }

    #[test]
    fn digits_follow_the_error() {
        let measure = |value, low, high| {
            spaced(share(&Share { count: Default::default(), share: value, low, high, narrow: None, is_exact: false }))
        };
        assert_eq!(measure(0.973_12, Some(0.972_81), Some(0.973_43)), "97.31 % ±0.03");
        assert_eq!(measure(0.973_12, Some(0.971_9), Some(0.974_3)), "97.31 % ±0.12");
        assert_eq!(measure(1.0, Some(0.998), Some(1.0)), "100 % (99.8 to 100)");
        // A share that is not 100 % does not look like it, however uncertain it is.
        assert_eq!(measure(0.995_51, Some(0.904_37), Some(0.999_81)), "99.6 % (90 to 100)");
        assert_eq!(measure(0.003, Some(0.0), Some(0.12)), "0.3 % (0 to 12)");
        assert_eq!(measure(0.5, None, None), "50.00 %");
        assert_eq!(measure(0.0, Some(0.0), Some(0.0)), "0 % ±0");
    }

    #[test]
    fn differences_carry_their_sign() {
        let paired =
            |value, low, high| Difference { difference: value, low: Some(low), high: Some(high), is_exact: false };
        assert_eq!(spaced(difference(&paired(0.0031, 0.0026, 0.0036), 100.0)), "+0.31 ±0.05");
        assert_eq!(spaced(difference(&paired(-0.02, -0.05, 0.0), 1.0)), "−0.02 (−0.05 to 0)");
        assert_eq!(spaced(difference(&paired(0.0, 0.0, 0.0), 1.0)), "0 ±0");
        assert_eq!(spaced(difference(&paired(0.045, 0.045, 0.045), 1.0)), "+0.045 ±0");
        assert_eq!(range(&paired(0.01, -0.02, 0.04), 1.0).map(spaced).as_deref(), Some("−0.02 to +0.04"));
    }

    /// Digits that the numeric error leaves in doubt are not shown.
    #[test]
    fn exact_values_have_no_error_and_no_doubtful_digit() {
        let of = |unit, value: f64, error: f64| spaced(exact_value(unit, value, (value - error, value + error)));
        assert_eq!(of(Unit::Share, 0.980_061_4, 1e-8), "98.006 %");
        assert_eq!(of(Unit::Share, 0.980_061_4, 2e-5), "98.01 %");
        assert_eq!(of(Unit::Share, 0.980_061_4, 2e-3), "98 %");
        assert_eq!(of(Unit::Share, 0.0, 0.0), "0 %");
        assert_eq!(of(Unit::Share, 0.000_001_77, 1e-11), "0.0002 %");
        assert_eq!(of(Unit::Money, 0.016_800_66, 1e-9), "0.016801");
        assert_eq!(of(Unit::Money, 0.016_800_66, 6e-6), "0.0168");
        assert_eq!(of(Unit::Seconds, 19.003_8, 1e-5), "19.004 s");
        let exact = |value: f64, error: f64| Difference {
            is_exact: true,
            difference: value,
            low: Some(value - error),
            high: Some(value + error),
        };
        assert_eq!(spaced(difference(&exact(0.006_962, 1e-7), 100.0)), "+0.696");
        assert_eq!(spaced(difference(&exact(-0.000_035_49, 1e-9), 1.0)), "−0.000035");
        assert_eq!(size_and_error(&exact(-0.006_962, 1e-7), 100.0), ("0.696".to_owned(), "exact".to_owned()));
    }

    #[test]
    fn spans_are_as_fine_as_their_error() {
        let latency = |seconds: f64, reach: f64| {
            let ends = Interval { low: seconds - reach, high: seconds + reach };
            spaced(super::latency(Some(seconds), Some(&ends)))
        };
        assert_eq!(latency(4.126, 0.021), "4.13 s ±0.02");
        assert_eq!(latency(66.31, 0.3), "1 min 6.3 s ±0.3 s");
        assert_eq!(latency(119.97, 0.3), "2 min 0.0 s ±0.3 s");
        assert_eq!(latency(519.0, 135.0), "8 min 39 s ±2 min 15 s");
        assert_eq!(latency(10_080.0, 394.0), "2 h 48 min ±7 min");
    }

    #[test]
    fn amounts_keep_cents_and_groups() {
        assert_eq!(spaced(plain_amount(24_512.3)), "24 512.30");
        assert_eq!(spaced(plain_amount(0.024_513)), "0.02451");
        assert_eq!(spaced(plain_amount(0.0)), "0");
        assert_eq!(spaced(amount(0.037_55, Some(0.037_55), Some(0.037_550_000_000_1))), "0.03755 ±0");
        assert_eq!(spaced(count(1_000_000.0)), "1 000 000");
        assert_eq!(spaced(count(12.5)), "12.5");
    }

    #[test]
    fn large_numbers_have_a_power_of_ten() {
        assert_eq!(
            [decimal(1e308, 8), decimal(-1e308, 0), decimal(1.234_567_89e20, 2)],
            ["1e308", "−1e308", "1.234568e20"]
        );
        assert_eq!(decimal(f64::MAX, 3), "1.797693e308");
        assert_eq!([count(1e300), plain_amount(2.5e200), spaced(percent(1e306, 3))], ["1e300", "2.5e200", "1e308 %"]);
        assert_eq!(spaced(amount(1.5e300, Some(1.5e300), Some(1.5e300))), "1.5e300 ±0");
        assert_eq!(spaced(decimal(999_999_999_999_999.0, 0)), "999 999 999 999 999");
    }

    #[test]
    fn rates_are_told_in_the_unit_that_reads_well() {
        let told = [2_000.0, 0.5, 12.5, 1.0 / 7_200.0].map(rate).map(spaced);
        assert_eq!(told, ["2 000/s", "30/min", "12.5/s", "12/d"]);
    }

    #[test]
    fn long_names_are_cut_and_control_characters_shown() {
        assert_eq!(shortened("viber-first", 6), "viber…");
        assert_eq!(shortened("a\nb", 6), "a\u{fffd}b");
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!([width("sms"), width("短信"), width("短信 a")], [3, 4, 6]);
        assert_eq!([padded("短信", 6), padded("sms", 6), padded("sms", 2)], ["短信  ", "sms   ", "sms"]);
        assert_eq!(
            [shortened("短信优先", 8), shortened("短信优先", 7), shortened("短信优先", 6)],
            ["短信优先", "短信优…", "短信…"]
        );
    }
}
