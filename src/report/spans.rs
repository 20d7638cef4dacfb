//! Spans of time as people write them.

use super::digits::{NBSP, NONE, decimal, decimals_for, decimals_of, grouped};

/// A span of time: `420 ms`, `4.1 s`, `1 min 32 s`, `3 h 5 min`, `24 h`, `2 d 3 h`. Days are used from the second day on.
pub(super) fn span(seconds: f64) -> String {
    let size = seconds.abs();
    let sign = if seconds < 0.0 { "−" } else { "" };
    let whole = size.round() as u64;
    let text = match size {
        _ if !seconds.is_finite() => return NONE.to_owned(),
        0.0 => format!("0{NBSP}s"),
        _ if size < 0.9995 => format!("{}{NBSP}ms", decimal(size * 1e3, decimals_of(size * 1e3, 2))),
        _ if size < 9.95 => format!("{size:.1}{NBSP}s"),
        _ if size < 59.5 => format!("{whole}{NBSP}s"),
        _ if size < 3_599.5 => two_units(whole, 60, "min", 1, "s"),
        _ if size < 86_370.0 => two_units((size / 60.0).round() as u64 * 60, 3_600, "h", 60, "min"),
        _ if size >= 1e15 => format!("{}{NBSP}s", decimal(size, 0)),
        _ if size < 171_000.0 => format!("{}{NBSP}h", (size / 3_600.0).round()),
        _ => two_units((size / 3_600.0).round() as u64 * 3_600, 86_400, "d", 3_600, "h"),
    };
    format!("{sign}{text}")
}

/// A span and its error, both rounded to the precision of the error: `1 min 6.3 s` and `0.3 s`, `2 h 48 min` and `7 min`.
pub(super) fn span_and_error(seconds: f64, error: f64) -> (String, String) {
    let decimals = decimals_for(error).unwrap_or(0);
    match (seconds, error) {
        (59.5..3_599.5, ..9.5) => (to_decimals(seconds, decimals), format!("{}{NBSP}s", decimal(error, decimals))),
        (_, ..9.5) => (span(seconds), format!("{}{NBSP}s", decimal(error, decimals))),
        (3_599.5.., 59.5..) => (span(seconds), span((error / 60.0).ceil() * 60.0)),
        _ => (span(seconds), span(error)),
    }
}

/// Minutes, and seconds with this number of `decimals`.
fn to_decimals(seconds: f64, decimals: usize) -> String {
    let fine = 10_f64.powi(decimals as i32);
    let rounded = (seconds * fine).round() / fine;
    let minutes = (rounded / 60.0).floor();
    format!("{minutes}{NBSP}min{NBSP}{}{NBSP}s", decimal(rounded - 60.0 * minutes, decimals))
}

/// `whole` seconds as a number of large units and, unless it is zero, a number of small ones.
fn two_units(whole: u64, large: u64, large_name: &str, small: u64, small_name: &str) -> String {
    let rest = (whole % large) / small;
    let head = format!("{}{NBSP}{large_name}", grouped(&(whole / large).to_string()));
    if rest == 0 { head } else { format!("{head}{NBSP}{rest}{NBSP}{small_name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_say_them() {
        let cases = [
            (0.0, "0 s"),
            (0.42, "420 ms"),
            (0.9999, "1.0 s"),
            (4.13, "4.1 s"),
            (59.4, "59 s"),
            (59.9, "1 min"),
            (92.0, "1 min 32 s"),
            (3_599.9, "1 h"),
            (11_100.0, "3 h 5 min"),
            (86_399.0, "24 h"),
            (97_300.0, "27 h"),
            (172_700.0, "2 d"),
            (183_600.0, "2 d 3 h"),
            (1e308, "1e308 s"),
            (-1e15, "−1e15 s"),
            (f64::NAN, NONE),
        ];
        for (seconds, expected) in cases {
            assert_eq!(span(seconds).replace(NBSP, " "), expected, "{seconds}");
        }
    }
}
