//! How providers handle attempts, with laws in place of samplers.

use super::arrivals::{Hazard, micros};
use crate::dist::{Dist, Law, Sampler};
use crate::provider::{OutcomeSpec, Price, ProviderSpec, WhenOff};
use crate::status::{Segment, Status};
use crate::units::Span;
use std::sync::Arc;

/// With more billing increments than this in the longest call, their number is taken as continuous: half an increment more than the call lasts.
const MOST_INCREMENTS: f64 = 20_000.0;

/// The laws of a scenario, each built once.
#[derive(Debug, Default)]
pub(super) struct Laws(Vec<(Dist, Arc<Law>)>);

impl Laws {
    /// The law of this distribution.
    pub(super) fn of(&mut self, dist: &Dist) -> Arc<Law> {
        if let Some((_, law)) = self.0.iter().find(|(other, _)| other == dist) {
            return Arc::clone(law);
        }
        let law = Arc::new(Law::new(&Sampler::new(dist)));
        self.0.push((dist.clone(), Arc::clone(&law)));
        law
    }
}

/// How a provider handles attempts for recipients of one segment. Spans in µs, money in millionths.
#[derive(Clone, Debug)]
pub(super) struct Behaviour {
    pub(super) channel: String,
    pub(super) outcomes: Vec<OutcomeLaw>,
    pub(super) report_delay: Arc<Law>,
    pub(super) honours_ttl: bool,
    pub(super) when_off: WhenOff,
    /// For each message that departs.
    pub(super) submitted: f64,
    pub(super) delivered: f64,
    pub(super) delivered_late: f64,
    pub(super) hazards: Vec<Hazard>,
    /// How long it asks to wait when an outage rejects an attempt.
    pub(super) retry_after_hint: f64,
}

/// A possible outcome.
#[derive(Clone, Debug)]
pub(super) struct OutcomeLaw {
    pub(super) status: Option<Status>,
    pub(super) share: f64,
    pub(super) persistent: bool,
    pub(super) at_submission: bool,
    pub(super) reached: bool,
    pub(super) needs_phone: bool,
    pub(super) after: Arc<Law>,
    /// The probability that a delivered message is opened, and the law of the time until then.
    pub(super) seen: Option<(f64, Arc<Law>)>,
    /// The mean charge for the talk of an answered call.
    pub(super) talk: f64,
}

impl Behaviour {
    /// The behaviour of the provider for recipients of `segment`.
    pub(super) fn new(spec: &ProviderSpec, segment: Segment, laws: &mut Laws) -> Self {
        let own = spec.of(segment);
        let outcome = |outcome: &OutcomeSpec| OutcomeLaw {
            status: outcome.status,
            share: outcome.share.get(),
            persistent: outcome.persistent,
            at_submission: outcome.at_submission,
            reached: outcome.reached,
            needs_phone: own.needs_phone && outcome.needs_phone(),
            after: laws.of(&outcome.after),
            seen: outcome.seen.as_ref().map(|seen| (seen.share.get(), laws.of(&seen.after))),
            talk: outcome.talk_time().map_or(0.0, |talk| talk_charge(&own.price, &laws.of(&talk))),
        };
        let outcomes = own.outcomes.iter().map(outcome).collect();
        Self {
            channel: spec.channel.clone(),
            outcomes,
            report_delay: laws.of(&own.report_delay),
            honours_ttl: own.honours_ttl,
            when_off: spec.when_off,
            submitted: (own.price.submitted.as_micros() * i64::from(own.price.parts)) as f64,
            delivered: own.price.delivered.as_micros() as f64,
            delivered_late: own.price.delivered_late.as_micros() as f64,
            hazards: spec.outages.iter().filter_map(|outage| Hazard::new(outage, segment)).collect(),
            retry_after_hint: micros(spec.retry_after_hint),
        }
    }

    /// The upper ends of its persistent outcomes on the scale of the one draw for the channel.
    pub(super) fn persistent_ends(&self) -> impl Iterator<Item = f64> {
        let persistent = self.outcomes.iter().filter(|outcome| outcome.persistent);
        persistent.scan(0.0, |sum, outcome| {
            *sum += outcome.share;
            Some(f64::min(*sum, 1.0))
        })
    }
}

/// The mean charge for a call whose length has this law.
fn talk_charge(price: &Price, talk: &Law) -> f64 {
    let charge = |micros: f64| price.talk(Span::from_micros(micros as i64)).as_micros() as f64;
    if let Some(atoms) = talk.atoms() {
        return atoms.iter().map(|&span| charge(span)).sum::<f64>() / atoms.len() as f64;
    }
    let (increment, longest) = (price.increment.as_micros() as f64, talk.ends().1);
    if longest / increment > MOST_INCREMENTS {
        return (talk.mean_up_to(f64::INFINITY) + 0.5 * increment) * price.per_minute.as_micros() as f64 / 60e6;
    }
    let (mut mean, mut started, mut before) = (0.0, 0.0, talk.up_to(0.0));
    while before < 1.0 && started * increment <= longest {
        started += 1.0;
        let by = talk.up_to(started * increment);
        mean += (by - before) * charge(started * increment);
        before = by;
    }
    mean
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::Shape;
    use crate::units::Money;

    /// A uniform call of 12 to 35 s at 0.06 a minute: 18/23 of them take one increment of 30 s, the others two.
    #[test]
    fn a_started_increment_is_charged_in_full() {
        let secs = Span::from_secs_f64;
        let price = |increment| Price { per_minute: Money::from_units(0.06), increment, ..Price::default() };
        let uniform = Dist::new(Shape::Uniform { min: secs(12.0), max: secs(35.0) });
        let law = |dist: &Dist| Law::new(&Sampler::new(dist));
        let expected = (18.0 * 30_000.0 + 5.0 * 60_000.0) / 23.0;
        assert!((talk_charge(&price(secs(30.0)), &law(&uniform)) - expected).abs() < 0.01);
        // By the microsecond, as by the second on average less half a second.
        let fine = talk_charge(&price(Span::from_micros(1)), &law(&uniform));
        assert!((fine - 23_500.0).abs() < 0.1, "{fine}");
        assert_eq!(talk_charge(&price(secs(30.0)), &law(&Dist::constant(secs(61.0)))), 90_000.0);
    }
}
