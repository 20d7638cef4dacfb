//! Builds the traffic of a stream: who arrives, and when.

use super::{Builder, all};
use crate::scenario::quantity::MAX_DURATION;
use crate::scenario::record::{Entry, Record, Value};
use crate::traffic::{ArrivalStage, Arrivals, LEAST_MEAN, MAX_RECIPIENTS, SegmentMix, Traffic};
use crate::units::{Rate, Span, Time};
use std::sync::Arc;

impl Builder<'_> {
    /// Builds the traffic from `record`.
    pub(super) fn traffic(&mut self, record: &Record) -> Option<Traffic> {
        let requested = super::optional(record, "recipients");
        let arrivals: &Record = record.get("arrivals")?;
        let traffic = match arrivals.has("file") {
            true => self.times(record, arrivals, requested.flatten()),
            false => self.pattern(record, arrivals.entries.first()?, requested.unwrap_or(Some(1))),
        };
        traffic.filter(|_| requested.is_some())
    }

    /// Builds the traffic of a pattern that is not a file.
    fn pattern(&mut self, record: &Record, entry: &Entry, requested: Option<u64>) -> Option<Traffic> {
        match (entry.key.as_str(), &entry.value) {
            ("blast", _) => self.counted(record, entry, requested, Arrivals::Blast),
            ("spread", Value::Table(t)) => {
                self.counted(record, entry, requested, Arrivals::Spread { over: t.get("over")? })
            }
            ("uniform", Value::Table(t)) => {
                self.counted(record, entry, requested, Arrivals::Uniform { over: t.get("over")? })
            }
            ("poisson", Value::Table(t)) if t.has("over") => self.poisson_over(record, t),
            ("poisson", Value::Table(t)) => self.poisson(record, entry, requested, t.get::<Rate>("rate")?.per_second()),
            ("stages", Value::List(stages)) => self.stages(entry, requested, stages),
            _ => None,
        }
    }

    /// Builds arrivals whose pattern does not fix their number.
    fn counted(
        &mut self,
        record: &Record,
        pattern: &Entry,
        requested: Option<u64>,
        arrivals: Arrivals,
    ) -> Option<Traffic> {
        if let Some(recipients) = requested {
            return Some(Traffic { recipients, arrivals, segments: SegmentMix::Whole });
        }
        let message = "missing `recipients` in [traffic]";
        let expected = format!("`{}` does not determine the number of recipients", pattern.key);
        self.reject(record.place.clone(), message, expected, "add `recipients`, such as recipients = 1_000_000")
    }

    /// Builds Poisson arrivals. The last one must come within the longest duration.
    fn poisson(
        &mut self,
        record: &Record,
        pattern: &Entry,
        requested: Option<u64>,
        rate_per_s: f64,
    ) -> Option<Traffic> {
        let traffic = self.counted(record, pattern, requested, Arrivals::Poisson { rate_per_s })?;
        if traffic.recipients as f64 / rate_per_s <= MAX_DURATION.as_secs_f64() {
            return Some(traffic);
        }
        let message =
            format!("at this rate, {} recipients take longer than {MAX_DURATION} to arrive", traffic.recipients);
        self.reject(
            pattern.place.clone(),
            message,
            "expected a higher rate",
            "write a higher rate, or fewer recipients",
        )
    }

    /// Builds Poisson arrivals over a span, whose number is random.
    fn poisson_over(&mut self, record: &Record, poisson: &Record) -> Option<Traffic> {
        if record.has("recipients") {
            return self.does_not_apply(record, "recipients", "over").and(None);
        }
        let (rate_per_s, over) = (poisson.get::<Rate>("rate")?.per_second(), poisson.get::<Span>("over")?);
        let mean = rate_per_s * over.as_secs_f64();
        let place = poisson.place_of("over");
        if mean < LEAST_MEAN {
            let message = format!("{mean:.1} recipients arrive on average");
            let help = "write a longer `over` or a higher rate, or `recipients` in place of `over`";
            return self.reject(place, message, format!("expected {LEAST_MEAN} or more"), help);
        }
        let recipients = mean.round() as u64;
        self.at_most(place, recipients, "arrive on average", "write a shorter `over`, or a lower rate")?;
        let arrivals = Arrivals::PoissonOver { rate_per_s, over };
        Some(Traffic { recipients, arrivals, segments: SegmentMix::Whole })
    }

    /// Builds arrivals in stages, which determine their number unless the file sets it.
    fn stages(&mut self, pattern: &Entry, requested: Option<u64>, stages: &[Record]) -> Option<Traffic> {
        let stages = all(stages.iter().map(stage).collect())?;
        let expected: f64 = stages.iter().map(ArrivalStage::expected).sum();
        let length = stages.iter().fold(Span::ZERO, |sum, s| sum.plus(s.over));
        let place = pattern.place.clone();
        if length > MAX_DURATION {
            let message = format!("the stages last {length} in total");
            return self.reject(place, message, format!("expected at most {MAX_DURATION}"), "write shorter stages");
        }
        if expected <= 0.0 || requested.is_none() && expected < 0.5 {
            let message = "no recipients arrive in these stages";
            return self.reject(
                place,
                message,
                "expected a rate above zero",
                "write a higher rate in one of the stages",
            );
        }
        let recipients = requested.unwrap_or(expected.round() as u64);
        self.at_most(place, recipients, "arrive in these stages", &write_less())?;
        Some(Traffic { recipients, arrivals: Arrivals::Stages(Arc::from(stages)), segments: SegmentMix::Whole })
    }

    /// Builds arrivals at the times in a file, which determine their number unless the scenario asks for fewer.
    fn times(&mut self, record: &Record, arrivals: &Record, requested: Option<u64>) -> Option<Traffic> {
        let most = requested.unwrap_or(MAX_RECIPIENTS + 1);
        let (times, segments) = self.arrivals_of(arrivals, usize::try_from(most).unwrap_or(usize::MAX))?;
        let recipients = times.len() as u64;
        self.at_most(arrivals.place_of("file"), recipients, "arrive in this file", &write_less())?;
        if recipients < requested.unwrap_or(recipients) {
            let message = format!("the arrival file has {recipients} recipients");
            let help = format!("write recipients = {recipients}, or remove `recipients` to use all of them");
            return self.reject(record.place_of("recipients"), message, format!("expected at most {recipients}"), help);
        }
        Some(Traffic {
            recipients,
            arrivals: Arrivals::Times(times.into_iter().map(|span| Time::ZERO.after(span)).collect()),
            segments: segments.map_or(SegmentMix::Whole, |segments| SegmentMix::Listed(segments.into())),
        })
    }

    /// Rejects more recipients than the maximum.
    fn at_most(&mut self, place: std::ops::Range<usize>, recipients: u64, how: &str, help: &str) -> Option<()> {
        if recipients <= MAX_RECIPIENTS {
            return Some(());
        }
        let message = format!("{recipients} recipients {how}");
        self.reject(place, message, format!("expected at most {MAX_RECIPIENTS}"), help)
    }
}

/// The help where a pattern has too many arrivals, of which fewer can be simulated.
fn write_less() -> String {
    format!("write recipients = {MAX_RECIPIENTS} in [traffic], or less")
}

/// Builds one stage.
fn stage(record: &Record) -> Option<ArrivalStage> {
    let (from_per_s, to_per_s) = record.get("rate")?;
    Some(ArrivalStage { over: record.get("over")?, from_per_s, to_per_s })
}
