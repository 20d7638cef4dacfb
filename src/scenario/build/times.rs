//! Reads the times in a column of a CSV file: durations, numbers with a unit, clock times, and seconds since 1970.

use crate::calendar::Moment;
use crate::scenario::diagnostic::shown;
use crate::scenario::quantity::{MAX_DURATION, duration};
use crate::units::Span;

/// Column-name suffixes that give plain numbers a unit, and the unit (s).
const UNIT_ENDINGS: [(&str, f64); 5] = [("_us", 1e-6), ("_ms", 1e-3), ("_s", 1.0), ("_min", 60.0), ("_h", 3600.0)];

/// The units in which time since 1970 is counted (s), each with the smallest number that is taken for such a count: that of 1973.
const EPOCH_UNITS: [(f64, f64); 3] = [(1e-6, 1e14), (1e-3, 1e11), (1.0, 1e8)];

/// The last second since 1970 that is taken for a time: in the year 5138.
const LAST: f64 = 1e11;

/// How a time is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TimeFormat {
    /// A span since the start.
    Spans,
    /// A date and a time.
    Clock,
    /// A date and a time with its offset from UTC.
    ClockWithOffset,
    /// A number of seconds, milliseconds or microseconds since 1970.
    Epoch,
}

/// A time in a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stamp {
    /// The span since the start, or since 1970.
    pub(super) span: Span,
    pub(super) format: TimeFormat,
    /// The offset of its clock from UTC.
    pub(super) offset: Span,
}

impl Stamp {
    const fn plain(span: Span, format: TimeFormat) -> Self {
        Self { span, format, offset: Span::ZERO }
    }
}

impl TimeFormat {
    /// What times in this format are called.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Spans => "durations",
            Self::Clock => "clock times",
            Self::ClockWithOffset => "clock times with an offset, read by the clock of the first row",
            Self::Epoch => "times since 1970, read as a clock in UTC",
        }
    }

    /// A time as it is shown, by a clock with this offset from UTC.
    pub(super) fn shown(self, span: Span, offset: Span) -> String {
        match self {
            Self::Spans => span.to_string(),
            _ => Moment::from_micros(span.as_micros()).after(offset).to_string(),
        }
    }
}

/// How the values of a column are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Notation {
    /// The unit of plain numbers (s).
    unit: Option<f64>,
    delimiter: u8,
}

impl Notation {
    /// The notation of the column with this name in a file with this delimiter.
    pub(super) fn of(column: &str, delimiter: u8) -> Self {
        let unit = UNIT_ENDINGS.iter().find(|(ending, _)| column.ends_with(ending)).map(|&(_, unit)| unit);
        Self { unit, delimiter }
    }

    /// What is to be said about it: nothing about a file with commas.
    pub(super) fn note(self) -> Option<String> {
        match self.delimiter {
            b';' => Some("columns separated by `;`, numbers with decimal commas or points".to_owned()),
            b'\t' => Some("columns separated by tabs".to_owned()),
            _ => None,
        }
    }

    /// Whether a cell holds a value, rather than the name of a column.
    pub(super) fn is_value(text: &str) -> bool {
        let decimal = Self { unit: None, delimiter: b';' };
        decimal.number(text).is_some() || duration(text).is_ok() || Moment::parse(text).is_some()
    }

    /// The number that a cell holds.
    fn number(self, text: &str) -> Option<f64> {
        let has_comma = self.delimiter != b',' && text.matches(',').count() == 1 && !text.contains('.');
        if has_comma { text.replace(',', ".").parse().ok() } else { text.parse().ok() }
    }

    /// Parses a value, or returns what is wrong with it.
    pub(super) fn parse(self, text: &str) -> Result<Stamp, String> {
        if let Some((moment, offset)) = Moment::parse(text) {
            let since = moment.as_micros() - offset.map_or(0, Span::as_micros);
            let format = if offset.is_some() { TimeFormat::ClockWithOffset } else { TimeFormat::Clock };
            return Ok(Stamp { span: Span::from_micros(since), format, offset: offset.unwrap_or_default() });
        }
        let number = self.number(text);
        let in_limits = |seconds: &f64| (0.0..=MAX_DURATION.as_secs_f64()).contains(seconds);
        if let Some(seconds) = number.zip(self.unit).map(|(number, unit)| number * unit).filter(in_limits) {
            return Ok(Stamp::plain(Span::from_secs_f64(seconds), TimeFormat::Spans));
        }
        if let Some(seconds) = number.and_then(|number| self.since_1970(number)) {
            return Ok(Stamp::plain(Span::from_secs_f64(seconds), TimeFormat::Epoch));
        }
        if number.is_some() && self.unit.is_some() {
            return Err(format!("`{}` is out of range", shown(text)));
        }
        // A date is no duration, however wrong it is.
        if text.contains([':', '/']) || text.matches('-').count() == 2 {
            return Err(format!("`{}` is no date and time", shown(text)));
        }
        let span = duration(text).map_err(|fault| format!("`{}`: {} ({})", shown(text), fault.message, fault.help))?;
        Ok(Stamp::plain(span, TimeFormat::Spans))
    }

    /// The seconds since 1970 that a number counts, in the unit of the column or, if it has none, in the one that makes it a time of this
    /// age.
    fn since_1970(self, number: f64) -> Option<f64> {
        let guessed = || EPOCH_UNITS.iter().find(|(_, least)| number >= *least).map(|&(unit, _)| unit);
        let unit = match self.unit {
            // Nobody counts the minutes since then.
            Some(unit) if unit > 1.0 => return None,
            known => known.or_else(guessed)?,
        };
        let seconds = number * unit;
        (EPOCH_UNITS[2].1..LAST).contains(&seconds).then_some(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_any_of_their_formats() {
        let read = |column: &str, delimiter: u8, text: &str| {
            let stamp = Notation::of(column, delimiter).parse(text).map_err(drop)?;
            Ok::<_, ()>((stamp.span.as_micros(), stamp.format))
        };
        use TimeFormat::{Clock, ClockWithOffset, Epoch, Spans};
        assert_eq!(read("at_s", b',', "1.5"), Ok((1_500_000, Spans)));
        assert_eq!(read("at_s", b';', "1,5"), Ok((1_500_000, Spans)));
        assert_eq!(read("at_s", b'\t', "1.5"), Ok((1_500_000, Spans)));
        assert_eq!(read("at", b',', "2m"), Ok((120_000_000, Spans)));
        let morning = 1_795_766_400_000_000;
        assert_eq!(read("at", b',', "2026-11-27T08:00"), Ok((morning, Clock)));
        assert_eq!(read("at", b',', "2026-11-27 10:00:00+02:00"), Ok((morning, ClockWithOffset)));
        for (column, text) in [
            ("at", "1795766400"),
            ("at", "1795766400000"),
            ("at_ms", "1795766400000"),
            ("at_s", "1795766400.0"),
            ("at", "1795766400000000"),
        ] {
            assert_eq!(read(column, b',', text), Ok((morning, Epoch)), "{column} {text}");
        }
        for (column, text) in
            [("at", "5"), ("at_s", "-1"), ("at_s", "1e30"), ("at_h", "1795766400"), ("at_s", "1,5"), ("at", "x")]
        {
            assert_eq!(read(column, b',', text), Err(()), "{column} {text}");
        }
        assert!(
            ["1,5", "5s", "2026-11-27T08:00", "7"].into_iter().all(Notation::is_value) && !Notation::is_value("at")
        );
    }
}
