//! Builds the capacity of a provider and its circuit breaker.

use super::{Builder, all};
use crate::engine::BreakerRules;
use crate::provider::{Capacity, Discipline};
use crate::scenario::record::{Record, Value};
use crate::status::StatusSet;

impl Builder<'_> {
    /// Builds the capacity of a provider, if it has one.
    pub(super) fn capacity(&mut self, provider: &Record) -> Option<Option<Capacity>> {
        let Some(record) = super::optional::<&Record>(provider, "capacity")? else { return Some(None) };
        if !record.has("rate") && !record.has("concurrent") {
            let message = "missing `rate` or `concurrent`";
            let help = "add rate = \"100/s\", or concurrent = 100";
            return self.reject(provider.place_of("capacity"), message, "expected `rate`, `concurrent` or both", help);
        }
        let queue = record.get_or("queue", u64::MAX)?;
        let order = if record.get_or("order", "fifo")? == "priority" { Discipline::Priority } else { Discipline::Fifo };
        let rejects = record.get_or("over_limit", "queue")? == "reject";
        if let Some(key) = ["queue", "order"].into_iter().find(|key| rejects && record.has(key)) {
            let message = format!("`{key}` does not apply where attempts do not wait");
            let help = format!("remove `{key}`, or write over_limit = \"queue\"");
            return self.reject(record.place_of_key(key), message, "not allowed with over_limit = \"reject\"", help);
        }
        Some(Some(Capacity {
            rate: super::optional(record, "rate")?,
            concurrent: super::optional::<u64>(record, "concurrent")?.map(|lines| lines as u32),
            queue: if rejects { 0 } else { queue },
            order,
        }))
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
