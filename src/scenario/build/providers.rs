//! Builds providers: price and outcomes. Outages have a module of their own.

use super::overrides::Override;
use super::price::{fees, price};
use super::{Builder, VOICE, all, optional};
use crate::provider::{OutcomeSpec, Price, ProviderSpec, Reports, Seen, WhenOff};
use crate::scenario::diagnostic::{Diagnostic, Fault};
use crate::scenario::record::{Entry, Record, Value};
use crate::status::Status;
use crate::units::{Money, Probability, Span};

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
    Known { name: &entry.key, channel: provider.and_then(|provider| provider.get("channel")), list_price: price.list() }
}

impl Builder<'_> {
    /// Builds all providers.
    pub(super) fn providers(&mut self, providers: &Record, overrides: &[Override<'_>]) -> Option<Vec<ProviderSpec>> {
        all(providers.entries.iter().map(|entry| self.provider(entry, overrides)).collect())
    }

    /// Builds one provider.
    fn provider(&mut self, entry: &Entry, overrides: &[Override<'_>]) -> Option<ProviderSpec> {
        let Value::Table(record) = &entry.value else { return None };
        let price = if record.has("price") { record.get("price").and_then(price) } else { Some(Price::default()) };
        let report_delay = self.dist_or_zero(record, "report_delay");
        let outcomes = record.get_or::<&[Record]>("outcomes", &[]).and_then(|o| self.outcomes(record, o));
        let capacity = self.capacity(record);
        let outages = record.get_or::<&[Record]>("outages", &[]).and_then(|o| self.outages(o, record.has("capacity")));
        let mut spec = ProviderSpec {
            name: entry.key.clone(),
            channel: record.get::<&str>("channel")?.to_owned(),
            price: price?,
            honours_ttl: record.get_or("honours_ttl", true)?,
            needs_phone: record.get_or("needs_phone", true)?,
            when_off: when_off(record)?,
            report_delay: report_delay?,
            reports: reports(record)?,
            outcomes: outcomes?,
            outages: outages?,
            capacity: capacity?,
            retry_after_hint: record.get_or("retry_after_hint", Span::ZERO)?,
            fees: optional::<&Record>(record, "fees")?.map_or(Some(None), |record| fees(record).map(Some))?,
            segments: Vec::new(),
        };
        spec.segments = self.segment_specs(&spec, record, &entry.key, overrides)?;
        self.fits_quota(record, &spec)?;
        self.queue_of_quota(record, &spec)?;
        Some(spec)
    }

    /// Builds the outcomes of a provider. Their shares add up to at most 1.
    pub(super) fn outcomes(&mut self, provider: &Record, records: &[Record]) -> Option<Vec<OutcomeSpec>> {
        let shares = || records.iter().filter_map(|r| r.get::<Probability>("share"));
        let sum: f64 = shares().map(Probability::get).sum();
        let rest = self.rest(records, sum);
        let outcomes: Vec<_> = records.iter().map(|r| self.outcome(r, rest?)).collect();
        self.at_most_one(provider.place_of("outcomes"), shares())?;
        all(outcomes)
    }

    /// The share of the outcome with `"rest"`, where the others add up to `sum`; there may be one.
    fn rest(&mut self, records: &[Record], sum: f64) -> Option<Probability> {
        let rests = records.iter().filter_map(|r| r.entry("share")).filter(|share| share.value == Value::Rest);
        let mut rests = rests.map(|share| share.place.clone());
        if let (Some(first), Some(second)) = (rests.next(), rests.next()) {
            let fault = Fault::new(
                "two outcomes have the share \"rest\"",
                "expected one at most",
                "write the share of one of them as a number",
            );
            self.found.push(Diagnostic::at(second, fault).with_related(first, "the other one"));
            return None;
        }
        Probability::new((1.0 - sum).clamp(0.0, 1.0))
    }

    /// Builds one outcome; `rest` is its share if that is `"rest"`.
    fn outcome(&mut self, record: &Record, rest: Probability) -> Option<OutcomeSpec> {
        let after = self.dist_or_zero(record, "after");
        let seen = optional::<&Record>(record, "seen").and_then(|seen| self.seen(seen));
        let talk = self.optional_dist(record, "talk");
        let at_submission = record.get_or("at_submission", false);
        let reached = record.get_or("reached", true);
        let excluded = [
            ("after", at_submission == Some(true), "at_submission = true"),
            ("seen", reached == Some(false), "reached = false"),
        ];
        let wrong = excluded.into_iter().filter(|&(key, excluded, _)| excluded && record.has(key));
        let wrong: Vec<_> = wrong.map(|(key, _, by)| self.does_not_apply(record, key, by)).collect();
        let share = if record.entry("share")?.value == Value::Rest { rest } else { record.get("share")? };
        Some(OutcomeSpec {
            status: status(record.get("status")?),
            share,
            persistent: record.get_or("persistent", false)?,
            at_submission: at_submission?,
            reached: reached?,
            after: after?,
            seen: seen?,
            talk: talk?,
        })
        .filter(|_| wrong.is_empty())
    }

    /// Records that `key` does not apply beside what is written as `by`.
    pub(super) fn does_not_apply(&mut self, record: &Record, key: &str, by: &str) -> Option<()> {
        let message = format!("`{key}` does not apply here");
        let help = format!("remove `{key}` or `{by}`");
        self.reject(record.place_of_key(key), message, format!("not allowed with `{by}`"), help)
    }

    /// Builds the `seen` rules of a delivered message, if present.
    fn seen(&mut self, record: Option<&Record>) -> Option<Option<Seen>> {
        let Some(record) = record else { return Some(None) };
        let after = record.get("after").and_then(|a| self.dist(a));
        Some(Some(Seen { share: record.get("share")?, after: after? }))
    }
}

/// Returns how the reports of a provider go wrong.
fn reports(provider: &Record) -> Option<Reports> {
    let Some(record) = optional::<&Record>(provider, "reports")? else { return Some(Reports::RELIABLE) };
    let share = |key| record.get_or(key, Probability::ZERO);
    Some(Reports { doubled: share("doubled")?, reordered: share("reordered")?, contradicted: share("contradicted")? })
}

/// Returns what becomes of an attempt that needs the phone while it is off.
fn when_off(record: &Record) -> Option<WhenOff> {
    let usual = if record.get::<&str>("channel")? == VOICE { "no_answer" } else { "wait" };
    match record.get_or("when_off", usual)? {
        "no_answer" => Some(WhenOff::NoAnswer),
        "undelivered" => Some(WhenOff::Undelivered),
        _ => Some(WhenOff::Wait),
    }
}

/// Returns the status with this name.
pub(super) fn status(word: &str) -> Option<Status> {
    Status::ALL.into_iter().find(|s| s.word() == word)
}
