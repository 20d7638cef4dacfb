//! Clock times: moments of the calendar.

use crate::units::Span;
use jiff::civil::{DateTime, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use serde::{Serialize, Serializer};
use std::fmt;

/// The length of a day (µs).
pub(crate) const DAY: i64 = 86_400_000_000;

/// A moment of the calendar, to the microsecond: what a clock on the wall shows, in no particular time zone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Moment(i64);

impl Moment {
    /// The moment this long (µs) after the beginning of 1970.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// How long it is after the beginning of 1970 (µs).
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// How long it is after midnight.
    #[must_use]
    pub const fn since_midnight(self) -> Span {
        Span::from_micros(self.0.rem_euclid(DAY))
    }

    /// The moment this long after it.
    #[must_use]
    pub const fn after(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.as_micros()))
    }

    /// Parses a moment in the format of ISO 8601 and RFC 3339, such as `2026-11-27T08:00`, with seconds and a fraction or without, with a `T`
    /// or a space; and its offset from UTC, such as `+02:00` or `Z`, if it has one. `None` if there is no such moment, or not from 1900 to 9000.
    #[must_use]
    pub fn parse(text: &str) -> Option<(Self, Option<Span>)> {
        // A year, and minutes: neither `20261127T08` nor the second 60, which would be the one before.
        let (year, rest) = (text.get(..4)?, text.get(4..)?);
        let is_whole = rest.starts_with('-') && rest.contains(':') && !rest.contains(":60");
        if !is_whole || !(1900..=9000).contains(&year.parse::<u16>().ok()?) {
            return None;
        }
        let pieces = Pieces::parse(text).ok()?;
        if pieces.time_zone_annotation().is_some() {
            return None;
        }
        let moment = Self::of(DateTime::from_parts(pieces.date(), pieces.time()?))?;
        let offset = pieces.to_numeric_offset().map(|offset| Span::from_secs(i64::from(offset.seconds())));
        Some((moment, offset))
    }

    /// Parses a time of day, such as `08:30` or `08:30:15`: how long it is after midnight.
    #[must_use]
    pub fn time_of_day(text: &str) -> Option<Span> {
        let is_time = text.contains(':') && text.chars().all(|c| c.is_ascii_digit() || c == ':' || c == '.');
        let time = is_time.then(|| text.parse::<Time>().ok())??;
        let since = Self::of(DateTime::from_parts(jiff::civil::date(1970, 1, 1), time))?;
        Some(Span::from_micros(since.0))
    }

    /// As in ISO 8601, with seconds, and microseconds where it has a fraction of a second: `2026-11-27T08:00:00`.
    #[must_use]
    pub fn to_iso(self) -> String {
        let text = self.to_string().replace(' ', "T");
        if self.0.rem_euclid(60_000_000) == 0 { text + ":00" } else { text }
    }

    /// As [`Moment::to_iso`], with as many digits of a second as all moments need that come in these steps after `first`.
    #[must_use]
    pub fn to_iso_in_steps(self, first: Self, step: Span) -> String {
        let needs = |micros: i64| (0..=6).find(|&digits| micros % 10_i64.pow(6 - digits) == 0).unwrap_or(6);
        let digits = needs(first.0.rem_euclid(1_000_000)).max(needs(step.as_micros())) as usize;
        let text = self.to_iso();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        if digits == 0 { whole.to_owned() } else { format!("{whole}.{fraction:0<digits$}") }
    }

    fn of(civil: DateTime) -> Option<Self> {
        Some(Self(Offset::UTC.to_timestamp(civil).ok()?.as_microsecond()))
    }
}

/// Such as `2026-11-27 08:00`, with seconds and their fraction where they are not zero.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(timestamp) = jiff::Timestamp::from_microsecond(self.0) else {
            return f.write_str("beyond the calendar");
        };
        let civil = Offset::UTC.to_datetime(timestamp);
        write!(f, "{} {:02}:{:02}", civil.date(), civil.hour(), civil.minute())?;
        let micros = self.0.rem_euclid(60_000_000);
        match (micros / 1_000_000, micros % 1_000_000) {
            (0, 0) => Ok(()),
            (seconds, 0) => write!(f, ":{seconds:02}"),
            (seconds, fraction) => write!(f, ":{}", format!("{seconds:02}.{fraction:06}").trim_end_matches('0')),
        }
    }
}

/// As [`Moment::to_iso`].
impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_iso())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_and_written() {
        let shown =
            |text: &str| Moment::parse(text).map(|(moment, offset)| (moment.to_string(), offset.map(Span::as_micros)));
        let hours = |n: i64| n * 3_600_000_000;
        assert_eq!(shown("2026-11-27T08:00"), Some(("2026-11-27 08:00".to_owned(), None)));
        assert_eq!(shown("2026-11-27 08:00:05"), Some(("2026-11-27 08:00:05".to_owned(), None)));
        assert_eq!(shown("2026-02-28T23:59:59.250Z"), Some(("2026-02-28 23:59:59.25".to_owned(), Some(0))));
        assert_eq!(shown("2026-11-27T08:00:00+02:00"), Some(("2026-11-27 08:00".to_owned(), Some(hours(2)))));
        for text in [
            "2026-02-30T08:00",
            "2026-11-27T25:00",
            "2026-11-27T08:59:60",
            "2026-11-27T08:00+01:00[Europe/Berlin]",
            "0026-11-27T08:00",
            "20261127T08",
            "2026-11-27",
            "08:00",
            "5",
            "",
            "yesterday",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
        let (morning, _) = Moment::parse("1970-01-02T08:30").expect("there is one");
        assert_eq!(morning.as_micros(), DAY + hours(8) + hours(1) / 2);
        assert_eq!(morning.to_iso(), "1970-01-02T08:30:00");
        assert_eq!(morning.after(Span::from_secs(5)).to_iso(), "1970-01-02T08:30:05");
        let step = Span::from_micros(250_000);
        let in_steps = |steps: i64| morning.after(Span::from_micros(steps * 250_000)).to_iso_in_steps(morning, step);
        assert_eq!(
            [0, 2, 3].map(in_steps),
            ["1970-01-02T08:30:00.00", "1970-01-02T08:30:00.50", "1970-01-02T08:30:00.75"]
        );
        assert_eq!(morning.to_iso_in_steps(morning, Span::from_secs(30)), "1970-01-02T08:30:00");
        assert_eq!(morning.since_midnight().as_micros(), hours(8) + hours(1) / 2);
        assert_eq!(morning.after(Span::from_secs(16 * 3_600)).to_string(), "1970-01-03 00:30");
    }

    #[test]
    fn times_of_day_are_read() {
        let seconds = |text: &str| Moment::time_of_day(text).map(|span| span.as_micros() / 1_000_000);
        assert_eq!(["08:30", "00:00:05", "23:59"].map(seconds), [Some(30_600), Some(5), Some(86_340)]);
        assert_eq!(["25:00", "12", "8:61", "1h", "", "2026-11-27T08:00"].map(seconds), [None; 6]);
    }
}
