//! Builds what is different at providers for a segment.

use super::Builder;
use super::price::price;
use crate::dist::Dist;
use crate::provider::{OutcomeSpec, Price, ProviderSpec};
use crate::scenario::diagnostic::shown;
use crate::scenario::record::{Entry, Record, Value};
use crate::scenario::suggest::help;
use crate::status::{Segment, Status};
use crate::units::{Probability, Span};

/// What the file says about a provider for a segment.
pub(super) struct Override<'a> {
    segment: Segment,
    provider: &'a Entry,
}

impl Builder<'_> {
    /// Finds all overrides, and checks that their providers exist.
    pub(super) fn overrides<'a>(&mut self, scenario: &'a Record) -> Option<Vec<Override<'a>>> {
        let known: Vec<&str> = scenario
            .get::<&Record>("providers")
            .map(|providers| providers.entries.iter().map(|entry| entry.key.as_str()).collect())
            .unwrap_or_default();
        let (mut overrides, mut all_known) = (Vec::new(), true);
        for (record, number) in scenario.get_or::<&[Record]>("segments", &[])?.iter().zip(0..) {
            let Some(providers) = super::optional::<&Record>(record, "providers")? else { continue };
            for provider in &providers.entries {
                if known.contains(&provider.key.as_str()) {
                    overrides.push(Override { segment: Segment::new(number), provider });
                    continue;
                }
                all_known = false;
                let message = format!("no provider named `{}`", shown(&provider.key));
                let hint = help(&provider.key, known.iter().copied());
                self.reject::<()>(provider.key_place.clone(), message, "expected a provider of this scenario", hint);
            }
        }
        all_known.then_some(overrides)
    }

    /// Builds what is different at a provider: for each segment its whole specification.
    pub(super) fn segment_specs(
        &mut self,
        spec: &ProviderSpec,
        provider: &Record,
        name: &str,
        overrides: &[Override<'_>],
    ) -> Option<Vec<(Segment, ProviderSpec)>> {
        let mine: Vec<_> = overrides.iter().filter(|of| of.provider.key == name).collect();
        let built: Vec<_> =
            mine.into_iter().map(|of| Some((of.segment, self.segment_spec(spec, provider, of)?))).collect();
        super::all(built)
    }

    fn segment_spec(&mut self, spec: &ProviderSpec, provider: &Record, of: &Override<'_>) -> Option<ProviderSpec> {
        let Value::Table(record) = &of.provider.value else { return None };
        let price = self.merged_price(provider, record);
        let outcomes = match super::optional::<&[Record]>(record, "outcomes")? {
            Some(outcomes) => self.outcomes(record, outcomes),
            None => Some(spec.outcomes.clone()),
        };
        let report_delay = self.optional_dist(record, "report_delay");
        let is_available = record.get_or("available", true)?;
        Some(ProviderSpec {
            price: price?,
            outcomes: if is_available { outcomes? } else { vec![unavailable()] },
            report_delay: report_delay?.unwrap_or_else(|| spec.report_delay.clone()),
            honours_ttl: record.get_or("honours_ttl", spec.honours_ttl)?,
            ..spec.clone()
        })
    }

    /// The provider's price with the keys that are different.
    fn merged_price(&mut self, provider: &Record, record: &Record) -> Option<Price> {
        let base = super::optional::<&Record>(provider, "price")?;
        let different = super::optional::<&Record>(record, "price")?;
        let mut merged = different.cloned().unwrap_or_default();
        for entry in base.into_iter().flat_map(|base| &base.entries) {
            if !merged.has(&entry.key) {
                merged.entries.push(entry.clone());
            }
        }
        price(&merged)
    }
}

/// The only outcome at a provider that does not serve the segment.
fn unavailable() -> OutcomeSpec {
    OutcomeSpec {
        status: Some(Status::Failed),
        share: Probability::ONE,
        persistent: false,
        at_submission: true,
        reached: true,
        after: Dist::constant(Span::ZERO),
        seen: None,
        talk: None,
    }
}
