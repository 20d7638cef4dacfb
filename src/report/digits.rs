//! The digits of a number: their number, groups and sign.

use crate::text::LARGE;

/// The space between a number and its unit, and between groups of digits.
pub(super) const NBSP: char = '\u{a0}';
/// The text shown where there is no number.
pub(super) const NONE: &str = "–";
/// The largest number of decimals shown.
pub(super) const MOST_DECIMALS: i32 = 8;

/// The number of decimals that shows `error` with one significant digit, or with two when it starts with a 1.
pub(super) fn decimals_for(error: f64) -> Option<usize> {
    if error.is_nan() || error <= 0.0 {
        return None;
    }
    let magnitude = error.log10().floor();
    let leading = (error / 10f64.powf(magnitude)).round();
    let digits = -(magnitude as i32) + i32::from(leading <= 1.0);
    Some(digits.clamp(0, MOST_DECIMALS) as usize)
}

/// The number of decimals that shows `value` with `digits` significant digits.
pub(super) fn decimals_of(value: f64, digits: i32) -> usize {
    if value == 0.0 || !value.is_finite() {
        return 0;
    }
    (digits - 1 - value.abs().log10().floor() as i32).clamp(0, MOST_DECIMALS) as usize
}

/// `value` with this number of `decimals`, a true minus sign and no negative zero, its digits in groups of three. A very large value is
/// written with a power of ten and at most seven digits: `1e308`.
pub(super) fn decimal(value: f64, decimals: usize) -> String {
    if value.abs() >= LARGE {
        let text = format!("{:.6e}", value.abs());
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        let sign = if value < 0.0 { "−" } else { "" };
        return format!("{sign}{}e{power}", without_zeros(digits));
    }
    let text = format!("{:.decimals$}", value.abs());
    let sign = if value < 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) { "−" } else { "" };
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    format!("{sign}{}{rest}", grouped(whole))
}

/// A decimal number without its trailing zeros.
pub(super) fn without_zeros(number: &str) -> &str {
    let has_decimals = number.contains('.') && !number.contains('e');
    if has_decimals { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// `digits` in groups of three.
pub(super) fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 4 / 3 + 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(NBSP);
        }
        text.push(digit);
    }
    text
}
