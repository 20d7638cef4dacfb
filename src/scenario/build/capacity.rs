//! Builds the capacity of a provider and its circuit breaker.

use super::{Builder, VOICE, all, quoted};
use crate::calendar::{DAY, Moment};
use crate::engine::BreakerRules;
use crate::provider::{Capacity, Counts, Discipline, Effect, Outage, ProviderSpec, QueueAt, Quota};
use crate::scenario::record::{Record, Value};
use crate::status::StatusSet;
use crate::units::Span;

impl Builder<'_> {
    /// Builds the capacity of a provider, if it has one.
    pub(super) fn capacity(&mut self, provider: &Record) -> Option<Option<Capacity>> {
        let Some(record) = super::optional::<&Record>(provider, "capacity")? else { return Some(None) };
        if !["rate", "quota", "concurrent"].iter().any(|key| record.has(key)) {
            let message = "missing `rate`, `quota` or `concurrent`";
            let help = "add rate = \"100/s\", or concurrent = 100";
            return self.reject(
                provider.place_of("capacity"),
                message,
                "expected `rate`, `quota`, `concurrent` or several of them",
                help,
            );
        }
        let rejects = record.get_or("over_limit", "queue")? == "reject";
        if let Some(key) = ["queue", "order", "queue_at"].into_iter().find(|key| rejects && record.has(key)) {
            let message = format!("`{key}` does not apply where attempts do not wait");
            let help = format!("remove `{key}`, or write over_limit = \"queue\"");
            return self.reject(record.place_of_key(key), message, "not allowed with over_limit = \"reject\"", help);
        }
        let queue = if rejects { 0 } else { record.get_or("queue", u64::MAX)? };
        let quota = match super::optional::<&Record>(record, "quota")? {
            Some(quota) => {
                let rejects_by_default = rejects || !record.has("over_limit");
                Some(self.quota(quota, rejects_by_default, queue)?)
            }
            None => None,
        };
        Some(Some(Capacity {
            rate: super::optional(record, "rate")?,
            burst: super::optional::<u64>(record, "burst")?.map(|tokens| tokens as u32),
            quota,
            counts: self.counts(record, provider.get("channel")?)?,
            concurrent: super::optional::<u64>(record, "concurrent")?.map(|lines| lines as u32),
            queue,
            order: match record.get_or("order", "fifo")? {
                "priority" => Discipline::Priority,
                "newest_first" => Discipline::NewestFirst,
                _ => Discipline::Fifo,
            },
            queue_at: super::optional::<&str>(record, "queue_at")?.map(|word| match word {
                "sender" => QueueAt::Sender,
                _ => QueueAt::Provider,
            }),
        }))
    }

    /// What the throughput and the quota count.
    fn counts(&mut self, capacity: &Record, channel: &str) -> Option<Counts> {
        let Some(word) = super::optional::<&str>(capacity, "counts")? else { return Some(Counts::usual(channel)) };
        let place = capacity.place_of_key("counts");
        if !capacity.has("rate") && !capacity.has("quota") {
            let message = "`counts` does not apply to lines";
            let help = "add a `rate` or a `quota`, or remove `counts`";
            return self.reject(place, message, "only allowed with `rate` or `quota`", help);
        }
        if word == "parts" && channel == VOICE {
            let message = "a call has no parts";
            return self.reject(place, message, "expected \"messages\" on voice", "remove `counts`");
        }
        Some(if word == "parts" { Counts::Parts } else { Counts::Messages })
    }

    /// Builds a quota before a queue with room for `queue` attempts.
    fn quota(&mut self, record: &Record, rejects_by_default: bool, queue: u64) -> Option<Quota> {
        let per = record.get::<Span>("per")?;
        let rejects =
            super::optional::<&str>(record, "over_limit")?.map_or(rejects_by_default, |word| word == "reject");
        if per.as_micros() % DAY != 0 && DAY % per.as_micros() != 0 {
            let message = format!("a day cannot be divided into windows of {}", quoted(per));
            let help = "write a length such as \"1h\", \"6h\", \"1d\" or \"7d\"";
            return self.reject(
                record.place_of("per"),
                message,
                "expected whole days, or a part that divides a day",
                help,
            );
        }
        if !rejects && queue == 0 {
            let message = "attempts over the quota cannot wait: this provider has no queue";
            let help = "remove it, so that they are rejected, or let the provider have a queue";
            return self.reject(record.place_of("over_limit"), message, "expected \"reject\"", help);
        }
        let phase = self.starts_at.map_or(Span::ZERO, Moment::since_midnight);
        Some(Quota { limit: record.get("limit")?, per, phase, rejects })
    }

    /// Rejects keys of a queue where attempts never wait: before a quota alone that rejects what is over it, unless an outage holds them.
    pub(super) fn queue_of_quota(&mut self, provider: &Record, spec: &ProviderSpec) -> Option<()> {
        let Some(Capacity { rate: None, concurrent: None, quota: Some(Quota { rejects: true, .. }), .. }) =
            spec.capacity
        else {
            return Some(());
        };
        let holds = |outage: &Outage| matches!(outage.effect, Effect::Dropped { .. } | Effect::Throttle { .. });
        let record = provider.get::<&Record>("capacity")?;
        let key = ["queue", "order", "queue_at"].into_iter().find(|key| record.has(key));
        let Some(key) = key.filter(|_| !spec.outages.iter().any(holds)) else { return Some(()) };
        let message = format!("`{key}` does not apply where attempts do not wait");
        let help = format!("remove `{key}`, or write over_limit = \"queue\" in the quota");
        self.reject(record.place_of_key(key), message, "a quota alone rejects what is over it", help)
    }

    /// Rejects a quota that not even one message fits into.
    pub(super) fn fits_quota(&mut self, provider: &Record, spec: &ProviderSpec) -> Option<()> {
        let Some(Capacity { quota: Some(quota), counts: Counts::Parts, .. }) = spec.capacity else { return Some(()) };
        let most = spec.all().map(|spec| spec.price.parts).max()?;
        if u64::from(most) <= quota.limit {
            return Some(());
        }
        let record = provider.get::<&Record>("capacity")?.get::<&Record>("quota")?;
        let message = format!("a message of {most} parts is larger than this quota");
        let help = "write a higher limit, or counts = \"messages\"";
        self.reject(record.place_of("limit"), message, format!("expected at least {most}"), help)
    }
}

/// Builds the breakers of all providers.
pub(super) fn breakers(providers: &Record) -> Option<Vec<Option<BreakerRules>>> {
    let one = |entry: &crate::scenario::record::Entry| match &entry.value {
        Value::Table(provider) => super::optional::<&Record>(provider, "breaker").and_then(breaker),
        _ => None,
    };
    all(providers.entries.iter().map(one).collect())
}

/// Builds one breaker, if present.
fn breaker(record: Option<&Record>) -> Option<Option<BreakerRules>> {
    let Some(record) = record else { return Some(None) };
    let default = BreakerRules::DEFAULT;
    let count = |key, default: u32| record.get_or(key, u64::from(default)).and_then(|count| u32::try_from(count).ok());
    let failures = match super::optional::<&[&str]>(record, "failures")? {
        Some(words) => words.iter().map(|word| super::providers::status(word)).collect::<Option<StatusSet>>()?,
        None => default.failures,
    };
    Some(Some(BreakerRules {
        window: record.get_or("window", default.window)?,
        at_least: count("at_least", default.at_least)?,
        open_at: record.get_or("open_at", default.open_at)?,
        open_for: record.get_or("open_for", default.open_for)?,
        probes: count("probes", default.probes)?,
        missing_after: record.get_or("missing_after", default.missing_after)?,
        failures,
    }))
}
