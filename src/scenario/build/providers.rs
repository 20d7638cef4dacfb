//! Builds providers: price and outcomes. Outages have a module of their own.

use super::{Builder, all, optional};
use crate::provider::{OutcomeSpec, Price, ProviderSpec, Seen};
use crate::scenario::record::{Entry, Record, Value};
use crate::status::Status;
use crate::units::{Money, Probability};

/// The tolerance by which the shares of a provider's outcomes may exceed 1: sums of decimal fractions are not exact.
const SLACK: f64 = 1e-9;

/// What plans need to know about a provider, even when something else about it is wrong.
pub(super) struct Known<'a> {
    pub(super) name: &'a str,
    /// The channel; `None` when it is wrong.
    pub(super) channel: Option<&'a str>,
    /// The price of a message delivered in time; for a call, of one billing increment.
    pub(super) list_price: Money,
}

/// Collects what is known about all providers, in the order of the file.
pub(super) fn known(providers: &Record) -> Vec<Known<'_>> {
    providers.entries.iter().map(known_of).collect()
}

fn known_of(entry: &Entry) -> Known<'_> {
    let provider = match &entry.value {
        Value::Table(provider) => Some(provider),
        _ => None,
    };
    let price = provider.and_then(|provider| provider.get("price")).and_then(price).unwrap_or_default();
    let submitted = Money::from_micros(price.submitted.as_micros() * i64::from(price.parts));
    Known {
        name: &entry.key,
        channel: provider.and_then(|provider| provider.get("channel")),
        list_price: submitted + price.delivered + price.talk(price.increment),
    }
}

impl Builder<'_> {
    /// Builds all providers.
    pub(super) fn providers(&mut self, providers: &Record) -> Option<Vec<ProviderSpec>> {
        all(providers.entries.iter().map(|entry| self.provider(entry)).collect())
    }

    /// Builds one provider.
    fn provider(&mut self, entry: &Entry) -> Option<ProviderSpec> {
        let Value::Table(record) = &entry.value else { return None };
        let price = if record.has("price") { record.get("price").and_then(price) } else { Some(Price::default()) };
        let report_delay = self.dist_or_zero(record, "report_delay");
        let outcomes = record.get_or::<&[Record]>("outcomes", &[]).and_then(|o| self.outcomes(record, o));
        let capacity = self.capacity(record);
        let outages = record.get_or::<&[Record]>("outages", &[]).and_then(|o| self.outages(o, record.has("capacity")));
        Some(ProviderSpec {
            name: entry.key.clone(),
            channel: record.get::<&str>("channel")?.to_owned(),
            price: price?,
            honours_ttl: record.get_or("honours_ttl", true)?,
            report_delay: report_delay?,
            outcomes: outcomes?,
            outages: outages?,
            capacity: capacity?,
        })
    }

    /// Builds the outcomes of a provider. Their shares add up to at most 1.
    fn outcomes(&mut self, provider: &Record, records: &[Record]) -> Option<Vec<OutcomeSpec>> {
        let outcomes: Vec<_> = records.iter().map(|r| self.outcome(r)).collect();
        let shares = records.iter().filter_map(|r| r.get::<Probability>("share"));
        let sum: f64 = shares.map(Probability::get).sum();
        if sum <= 1.0 + SLACK {
            return all(outcomes);
        }
        let sum = (sum * 1e6).round() / 1e6;
        let message = format!("the shares of the outcomes add up to {sum}");
        let help = format!(
            "lower them by {} in total; any remaining share is silent (no report)",
            ((sum - 1.0) * 1e6).round() / 1e6
        );
        self.reject(provider.place_of("outcomes"), message, "expected at most 1", help)
    }

    /// Builds one outcome.
    fn outcome(&mut self, record: &Record) -> Option<OutcomeSpec> {
        let after = self.dist_or_zero(record, "after");
        let seen = optional::<&Record>(record, "seen").and_then(|seen| self.seen(seen));
        let talk = self.optional_dist(record, "talk");
        let status = status(record.get("status")?)?;
        Some(OutcomeSpec { status, share: record.get("share")?, after: after?, seen: seen?, talk: talk? })
    }

    /// Builds the `seen` rules of a delivered message, if present.
    fn seen(&mut self, record: Option<&Record>) -> Option<Option<Seen>> {
        let Some(record) = record else { return Some(None) };
        let after = record.get("after").and_then(|a| self.dist(a));
        Some(Some(Seen { share: record.get("share")?, after: after? }))
    }
}

/// Returns the status with this name.
pub(super) fn status(word: &str) -> Option<Status> {
    Status::ALL.into_iter().find(|s| s.word() == word)
}

/// Builds the price of a provider.
fn price(record: &Record) -> Option<Price> {
    let free = Price::default();
    let delivered = record.get_or("delivered", Money::ZERO)?;
    Some(Price {
        submitted: record.get_or("submitted", Money::ZERO)?,
        parts: u32::try_from(record.get_or("parts", 1_u64)?).ok()?,
        delivered,
        delivered_late: record.get_or("delivered_late", delivered)?,
        per_minute: record.get_or("per_minute", Money::ZERO)?,
        increment: record.get_or("increment", free.increment)?,
    })
}
