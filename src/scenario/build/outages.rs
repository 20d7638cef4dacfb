//! When and how a provider breaks.

use super::{Builder, all, quoted};
use crate::provider::{Effect, Outage};
use crate::scenario::record::Record;
use crate::units::{Probability, SimTime};

impl Builder<'_> {
    /// The outages of a provider.
    pub(super) fn outages(&mut self, records: &[Record]) -> Option<Vec<Outage>> {
        all(records.iter().map(|r| self.outage(r)).collect())
    }

    /// One outage.
    fn outage(&mut self, record: &Record) -> Option<Outage> {
        let window = self.window(record);
        let effect = self.effect(record);
        let (from, to, every) = window?;
        Some(Outage { from, to, every, effect: effect?, share: record.get_or("share", Probability::ONE)? })
    }

    /// From when to when, and how often.
    fn window(&mut self, record: &Record) -> Option<(SimTime, SimTime, SimTime)> {
        let (from, to): (SimTime, SimTime) = (record.get("from")?, record.get("to")?);
        if to <= from {
            let expected = format!("expected more than {}", quoted(from));
            return self.refuse(
                record.place_of("to"),
                "the outage ends before it starts",
                expected,
                "write a later `to`, or an earlier `from`",
            );
        }
        let every = record.get_or("every", SimTime::NEVER)?;
        if every < to.since(from) {
            let (message, expected) =
                ("the outage recurs before it is over", format!("expected at least {}", quoted(to.since(from))));
            return self.refuse(
                record.place_of("every"),
                message,
                expected,
                "write a longer `every`, or a shorter window",
            );
        }
        Some((from, to, every))
    }

    /// What it does.
    fn effect(&mut self, record: &Record) -> Option<Effect> {
        match record.get("effect")? {
            "silent" => Some(Effect::Silent),
            "fail" => Some(Effect::Fail),
            "reports_lost" => Some(Effect::ReportsLost),
            _ => self.slow(record),
        }
    }

    /// A slow provider, by a factor, by a delay, or by both.
    fn slow(&mut self, record: &Record) -> Option<Effect> {
        if !record.has("factor") && !record.has("delay") {
            let message = "effect `slow` does not say how slow";
            return self.refuse(
                record.place_of("effect"),
                message,
                "expected `factor`, `delay` or both",
                "add factor = 5, or delay = \"30s\"",
            );
        }
        Some(Effect::Slow { factor: record.get_or("factor", 1.0)?, delay: record.get_or("delay", SimTime::ZERO)? })
    }
}
