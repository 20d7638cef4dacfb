//! Builds the outages of a provider: when they happen and what they do.

use super::{Builder, all, optional, quoted};
use crate::calendar::DAY;
use crate::provider::{Effect, Outage, When};
use crate::scenario::quantity::MAX_DURATION;
use crate::scenario::record::{Record, Value};
use crate::units::{Probability, Span, Time};

/// The minimum mean gap between random outages. They are listed over the whole horizon: a million in two years.
const MIN_BETWEEN: Span = Span::from_micros(60_000_000);
/// A throttle's factor is an integer number of millionths.
const MILLIONTHS: f64 = 1e6;

impl Builder<'_> {
    /// Builds the outages of a provider. `has_capacity` says whether its capacity is limited.
    pub(super) fn outages(&mut self, records: &[Record], has_capacity: bool) -> Option<Vec<Outage>> {
        all(records.iter().map(|r| self.outage(r, has_capacity)).collect())
    }

    /// Builds one outage.
    fn outage(&mut self, record: &Record, has_capacity: bool) -> Option<Outage> {
        let when = self.when(record);
        let effect = self.effect(record, has_capacity);
        let segments = self.segment_set(record);
        Some(Outage {
            when: when?,
            effect: effect?,
            share: record.get_or("share", Probability::ONE)?,
            segments: segments?,
        })
    }

    /// Builds the windows of an outage.
    fn when(&mut self, record: &Record) -> Option<When> {
        match optional::<&Record>(record, "random")? {
            Some(random) => self.random(random),
            None => self.window(record).map(|(from, to, every)| When::Window { from, to, every }),
        }
    }

    /// Builds random windows.
    fn random(&mut self, record: &Record) -> Option<When> {
        let (between, lasting) = (record.get("between")?, record.get("lasting")?);
        if between < MIN_BETWEEN {
            return self.reject(
                record.place_of("between"),
                "random outages are too frequent",
                format!("expected at least {}", quoted(MIN_BETWEEN)),
                "write a longer `between`, or model more frequent failures as an outcome",
            );
        }
        Some(When::Random { between, lasting })
    }

    /// Builds a fixed window: its start, its end and its period.
    fn window(&mut self, record: &Record) -> Option<(Time, Time, Span)> {
        let from = self.time_of(record, "from", Span::ZERO)?;
        let to = match optional::<Span>(record, "lasting")? {
            Some(lasting) => from.after(lasting),
            None => self.time_of(record, "to", from.since(Time::ZERO))?,
        };
        if to <= from {
            let expected = format!("expected more than {}", quoted(from.since(Time::ZERO)));
            return self.reject(
                record.place_of("to"),
                "the outage ends before it starts",
                expected,
                "write a later `to`, or an earlier `from`",
            );
        }
        let every = record.get_or("every", Span::UNLIMITED)?;
        if every < to.since(from) {
            let (message, expected) =
                ("the outage recurs before it is over", format!("expected at least {}", quoted(to.since(from))));
            return self.reject(
                record.place_of("every"),
                message,
                expected,
                "write a longer `every`, or a shorter window",
            );
        }
        Some((from, to, every))
    }

    /// The time of the run that a key says: a span since the start, or a clock time. A time of day is the first one from `earliest` on.
    fn time_of(&mut self, record: &Record, key: &str, earliest: Span) -> Option<Time> {
        let value = &record.entry(key)?.value;
        if let Value::Duration(span) = value {
            return Some(Time::ZERO.after(*span));
        }
        let is_clock = matches!(value, Value::Moment(_) | Value::TimeOfDay(_));
        if self.starts_at_is_wrong || !is_clock {
            return None;
        }
        let Some(starts_at) = self.starts_at else {
            let message = "a clock time means nothing before the file says when the run starts";
            let help =
                "add starts_at = \"2026-11-27T08:00\" at the top of the file, or write a duration since the start";
            return self.reject(record.place_of(key), message, "expected `starts_at` in the file", help);
        };
        let since = match value {
            Value::Moment(moment) => moment.as_micros() - starts_at.as_micros(),
            Value::TimeOfDay(since_midnight) => {
                let from = starts_at.after(earliest).since_midnight();
                let ahead = since_midnight.as_micros() - from.as_micros();
                earliest.as_micros() + ahead.rem_euclid(DAY)
            }
            _ => return None,
        };
        if (0..=MAX_DURATION.as_micros()).contains(&since) {
            return Some(Time::from_micros(since));
        }
        let (message, expected) = match since < 0 {
            true => ("the outage begins before the run starts", format!("the run starts at {starts_at}")),
            false => ("the outage is more than a year after the start", format!("the run starts at {starts_at}")),
        };
        let help =
            if since < 0 { "write a time of the run, or \"0s\" for its start" } else { "write a time of the run" };
        self.reject(record.place_of(key), message, expected, help)
    }

    /// Builds the effect of an outage.
    fn effect(&mut self, record: &Record, has_capacity: bool) -> Option<Effect> {
        match record.get("effect")? {
            "silent" => Some(Effect::Silent),
            "fail" => Some(Effect::Fail),
            "reports_lost" => Some(Effect::ReportsLost),
            "reports_late" => self.reports_late(record),
            "throttle" => self.throttle(record, has_capacity),
            "dropped" => self.dropped(record, has_capacity),
            _ => self.slow(record),
        }
    }

    /// Rejects an effect on the capacity of a provider that has none.
    fn needs_capacity(&mut self, record: &Record, has_capacity: bool) -> Option<()> {
        if has_capacity {
            return Some(());
        }
        let effect = record.get::<&str>("effect")?;
        let message = format!("effect `{effect}` requires a capacity, and this provider has none");
        let help = "add capacity = { rate = \"100/s\" } to the provider, or write another effect";
        self.reject(record.place_of("effect"), message, "expected a provider with `capacity`", help)
    }

    /// Rejects an effect that has neither of these keys.
    fn needs_either(&mut self, record: &Record, keys: [&str; 2], help: &str) -> Option<()> {
        if keys.iter().any(|key| record.has(key)) {
            return Some(());
        }
        let ([one, other], effect) = (keys, record.get::<&str>("effect")?);
        let message = format!("missing `{one}` or `{other}` for effect `{effect}`");
        self.reject(record.place_of("effect"), message, format!("expected `{one}`, `{other}` or both"), help)
    }

    /// Builds a throttle: capacity reduced by a factor.
    fn throttle(&mut self, record: &Record, has_capacity: bool) -> Option<Effect> {
        self.needs_capacity(record, has_capacity)?;
        if !record.has("factor") {
            let message = "missing `factor` for effect `throttle`";
            let help = "add factor = 0.5";
            return self.reject(record.place_of("effect"), message, "expected `factor` with this effect", help);
        }
        let factor: f64 = record.get("factor")?;
        if factor > 1.0 {
            let message = format!("a throttle cannot raise the capacity: `{factor}`");
            return self.reject(record.place_of("factor"), message, "expected a number from 0 to 1", "write 1 or less");
        }
        Some(Effect::Throttle { millionths: (factor * MILLIONTHS).round() as u32 })
    }

    /// Builds the loss of a link: a single window, since what is in flight depends on the whole run.
    fn dropped(&mut self, record: &Record, has_capacity: bool) -> Option<Effect> {
        self.needs_capacity(record, has_capacity)?;
        if let Some(key) = ["random", "every"].into_iter().find(|key| record.has(key)) {
            let message = "a lost link has a single window";
            let help = "write each loss as an outage of its own, with `from` and `to`";
            return self.reject(
                record.place_of_key(key),
                message,
                format!("`{key}` is not allowed with this effect"),
                help,
            );
        }
        Some(Effect::Dropped { in_flight: u32::try_from(record.get_or("in_flight", 10_u64)?).ok()? })
    }

    /// Builds the lateness of reports.
    fn reports_late(&mut self, record: &Record) -> Option<Effect> {
        self.needs_either(record, ["delay", "until"], "add delay = \"45s\", or until = \"end\"")?;
        let until_end = super::optional::<&str>(record, "until")?.is_some();
        Some(Effect::ReportsLate { delay: record.get_or("delay", Span::ZERO)?, until_end })
    }

    /// Builds a slowdown by a factor, a delay or both.
    fn slow(&mut self, record: &Record) -> Option<Effect> {
        self.needs_either(record, ["factor", "delay"], "add factor = 5, or delay = \"30s\"")?;
        Some(Effect::Slow { factor: record.get_or("factor", 1.0)?, delay: record.get_or("delay", Span::ZERO)? })
    }
}
