//! A provider ready for simulation: it computes the result of each submission.

use super::capacity::Queue;
use super::outage::{self, Calendar, Hazard, OutageEffect, Windows};
use super::resolve::{Resolved, Settlement};
use super::spec::{Capacity, Discipline, Effect, Outage, Price, ProviderSpec};
use super::tables::{Outcome, Tables};
use crate::dist::{Dist, Sampler};
use crate::rng::{Draws, ProviderKey, RngKey, purpose};
use crate::status::{Segment, Status};
use crate::units::{Money, Span, Time};
use std::sync::Arc;

/// No call lasts longer than a day; even at the highest price that a scenario can state, sums of charges then stay exact.
const LONGEST_CALL: Span = Span::from_micros(86_400_000_000);

/// The longest time for which an attempt without any status holds its line: the least that a SIP proxy must wait for a final answer
/// to a call (timer C, RFC 3261, section 16.6).
const SILENCE: Span = Span::from_micros(180_000_000);

/// A simulated provider.
///
/// > The result of an attempt is known as soon as it departs: it depends only on the departure time, its terms and its own draws.
///
/// The [`Queue`], if there is one, decides when an attempt departs: see [`Provider::queue`]. Random outages belong to a run: see
/// [`Provider::in_replication`].
///
/// [`Provider::submit`], for an attempt that departs at `s`:
///
/// 1. the outages open at `s` are evaluated;
/// 2. an outcome is drawn, or silence;
/// 3. its status occurs at `h = s + after`; if the provider honours validity and that has ended before `h`, the message expires
///    instead, and nothing is delivered;
/// 4. the report reaches the engine at `h + report_delay`, unless reports are lost.
#[derive(Clone, Debug)]
pub struct Provider {
    pub(super) key: ProviderKey,
    /// By [`Segment::index`]; only one for now.
    behaviours: Arc<[Behaviour]>,
    /// The outages that may affect individual attempts.
    pub(super) hazards: Vec<Hazard>,
    capacity: Option<Capacity>,
    /// The windows of reduced capacity, with their factors [millionths].
    throttles: Vec<(Windows, u32)>,
    /// All outages as specified, with their calendars.
    outages: Arc<[(Outage, Calendar)]>,
}

/// How a provider handles and charges attempts for recipients of one segment.
#[derive(Debug)]
pub(super) struct Behaviour {
    price: Price,
    honours_ttl: bool,
    report_delay: Sampler,
    outcomes: Vec<Outcome>,
    /// The tables for batches, if they can be built.
    pub(super) tables: Option<Tables>,
}

/// The terms agreed for one attempt when it is submitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    /// When it was submitted.
    pub submitted: Time,
    /// How long the engine waits in the attempt's step.
    pub ttl: Span,
    /// How long the provider keeps trying, if it honours validity; a delivery after that is charged as late.
    pub validity: Span,
    /// Whether the engine also receives `queued` and `sent` reports.
    pub progress: bool,
}

/// A report on its way to the engine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Report {
    /// When it arrives.
    pub at: Time,
    /// The status it reports.
    pub status: Status,
}

/// The result of one attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AttemptResult {
    /// When it reaches the recipient; [`Time::NEVER`] if it does not.
    pub delivered: Time,
    /// When the recipient opens it; [`Time::NEVER`] if they do not.
    pub seen: Time,
    /// When its line is free again: when an answered call ends, when the provider is done with any other attempt, or when the
    /// provider stops waiting for a silent one.
    pub released: Time,
    /// Whether it was rejected at once: because it did not depart, or because of an outage.
    pub rejected: bool,
    /// The charge.
    pub charge: Money,
    reports: [Report; 4],
    count: u8,
}

impl AttemptResult {
    const NOTHING: Self = Self {
        delivered: Time::NEVER,
        seen: Time::NEVER,
        released: Time::NEVER,
        rejected: false,
        charge: Money::ZERO,
        reports: [Report { at: Time::NEVER, status: Status::Queued }; 4],
        count: 0,
    };

    /// The result of an attempt that is rejected on submission.
    #[must_use]
    pub fn rejected(terms: &Terms) -> Self {
        let mut result = Self { rejected: true, ..Self::NOTHING };
        result.report(terms.submitted, Status::Failed);
        result
    }

    /// The reports that the engine will receive, in order of rank, which is not always order of time.
    #[must_use]
    #[inline]
    pub fn reports(&self) -> &[Report] {
        &self.reports[..usize::from(self.count)]
    }

    /// Whether the provider reports that the attempt has expired.
    #[must_use]
    pub fn is_reported_expired(&self) -> bool {
        self.reports().iter().any(|report| report.status == Status::Expired)
    }

    #[inline]
    fn report(&mut self, at: Time, status: Status) {
        self.reports[usize::from(self.count)] = Report { at, status };
        self.count += 1;
    }
}

impl Provider {
    /// Builds the provider that `spec` describes.
    #[must_use]
    pub fn new(spec: &ProviderSpec) -> Self {
        let mut sum = 0.0;
        let outcome = |outcome: &super::spec::OutcomeSpec| {
            sum += outcome.share.get();
            Outcome {
                below: (f64::min(sum, 1.0) * 4_294_967_296.0).round() as u64,
                status: outcome.status,
                after: Sampler::new(&outcome.after),
                seen: outcome.seen.as_ref().map(|seen| (seen.share.threshold(), Sampler::new(&seen.after))),
                talk: outcome
                    .talk
                    .as_ref()
                    .map(|talk| Sampler::new(&Dist { max: talk.max.min(LONGEST_CALL), ..talk.clone() })),
            }
        };
        let (outcomes, report_delay): (Vec<_>, _) =
            (spec.outcomes.iter().map(outcome).collect(), Sampler::new(&spec.report_delay));
        let tables = Tables::new(&outcomes, &report_delay);
        let behaviour = Behaviour { price: spec.price, honours_ttl: spec.honours_ttl, report_delay, outcomes, tables };
        let mut provider = Self {
            key: ProviderKey::of_name(&spec.name),
            behaviours: Arc::new([behaviour]),
            hazards: Vec::new(),
            capacity: spec.capacity,
            throttles: Vec::new(),
            outages: spec.outages.iter().map(|outage| (outage.clone(), Calendar::new(outage))).collect(),
        };
        provider.draw_outages(RngKey::new(0, 0), Time::ZERO);
        provider
    }

    /// A provider that no attempt uses: it has a name but no samplers.
    #[must_use]
    pub fn unused(spec: &ProviderSpec) -> Self {
        let nothing = Dist::constant(Span::ZERO);
        Self::new(&ProviderSpec {
            name: spec.name.clone(),
            channel: spec.channel.clone(),
            price: spec.price,
            honours_ttl: spec.honours_ttl,
            report_delay: nothing,
            outcomes: Vec::new(),
            outages: Vec::new(),
            capacity: None,
        })
    }

    /// Whether several deliveries may take exactly the same time: the latency of some outcome is constant, empirical or capped, or
    /// an outage makes it constant.
    #[must_use]
    pub fn has_atoms(&self) -> bool {
        let is_constant = |(outage, _): &(Outage, Calendar)| matches!(outage.effect, Effect::Slow { factor: 0.0, .. });
        let outcomes = self.behaviours.iter().flat_map(|behaviour| &behaviour.outcomes);
        let mut reaching = outcomes.filter(|outcome| outcome.status.is_delivery());
        reaching.any(|outcome| outcome.after.has_atoms()) || self.outages.iter().any(is_constant)
    }

    /// Whether any of its outages are random.
    #[must_use]
    pub fn has_random_outages(&self) -> bool {
        self.outages.iter().any(|(outage, _)| outage.is_random())
    }

    /// The provider in the run with key `rng`, with that run's random outages; windows that begin before `known` are drawn at once.
    #[must_use]
    pub fn in_replication(mut self, rng: RngKey, known: Time) -> Self {
        self.draw_outages(rng, known);
        self
    }

    fn draw_outages(&mut self, rng: RngKey, known: Time) {
        (self.hazards, self.throttles) = (Vec::new(), Vec::new());
        for (number, (outage, calendar)) in self.outages.iter().enumerate() {
            let windows = calendar.windows(rng, self.key, number as u16, known);
            match outage.effect {
                Effect::Throttle { millionths } => self.throttles.push((windows, millionths)),
                effect => self.hazards.push(Hazard {
                    windows,
                    effect,
                    below: outage.share.threshold(),
                    purpose: outage::purpose_of(number),
                }),
            }
        }
    }

    /// Its capacity, if limited.
    #[must_use]
    pub const fn capacity(&self) -> Option<&Capacity> {
        self.capacity.as_ref()
    }

    /// The discipline of its queue, if its capacity is limited.
    #[must_use]
    pub fn order(&self) -> Option<Discipline> {
        self.capacity.map(|capacity| capacity.order)
    }

    /// Whether attempts hold lines.
    #[must_use]
    pub fn has_lines(&self) -> bool {
        self.capacity.is_some_and(|capacity| capacity.concurrent.is_some())
    }

    /// A new, empty queue for this provider, if its capacity is limited.
    #[must_use]
    pub fn queue(&self) -> Option<Queue> {
        self.capacity.as_ref().map(|capacity| Queue::new(capacity, &self.throttles))
    }

    /// The key of its draws.
    #[must_use]
    pub const fn key(&self) -> ProviderKey {
        self.key
    }

    /// Its behaviour for recipients of this segment.
    #[inline]
    pub(super) fn behaviour(&self, segment: Segment) -> &Behaviour {
        &self.behaviours[segment.index()]
    }

    /// When an attempt stops waiting for capacity: at the engine's `deadline`, or when its validity ends if the provider honours
    /// that.
    #[must_use]
    #[inline]
    pub fn patience(&self, terms: &Terms, segment: Segment, deadline: Time) -> Time {
        deadline.min(self.behaviour(segment).valid_until(terms))
    }

    /// Whether the validity of a waiting attempt ends before the engine's `deadline`: then it expires, otherwise the engine cancels it.
    #[must_use]
    #[inline]
    pub fn expires_before(&self, terms: &Terms, segment: Segment, deadline: Time) -> bool {
        self.behaviour(segment).valid_until(terms) < deadline
    }

    /// The result of an attempt whose patience ends while it waits; there is no charge. If its validity ends before the engine's
    /// `deadline`, the engine receives a report; at its own deadline it needs none.
    #[must_use]
    pub fn expire_in_queue(&self, terms: &Terms, segment: Segment, deadline: Time, draws: Draws) -> AttemptResult {
        let mut result = AttemptResult::NOTHING;
        if terms.progress {
            result.report(terms.submitted, Status::Queued);
        }
        if self.expires_before(terms, segment, deadline) {
            let patience = self.patience(terms, segment, deadline);
            let delay = self.behaviour(segment).report_delay.sample(draws.draw(purpose::REPORT_DELAY));
            result.report(patience.after(delay), Status::Expired);
        }
        result
    }

    /// The result of an attempt for a recipient of this segment that departs at this time, with these terms and draws.
    #[must_use]
    #[inline]
    pub fn submit(&self, departs: Time, terms: &Terms, segment: Segment, draws: Draws) -> AttemptResult {
        let block = draws.block(0);
        let outage_effect = match self.hazards.as_slice() {
            [] => OutageEffect::NONE,
            hazards => outage::outage_effect(hazards, departs, block[usize::from(purpose::FIRST_OUTAGE)], draws),
        };
        let mut result = AttemptResult::NOTHING;
        // An attempt that has waited has been accepted.
        if terms.progress && (!outage_effect.rejected || departs > terms.submitted) {
            result.report(terms.submitted, Status::Queued);
        }
        if outage_effect.rejected {
            result.report(departs, Status::Failed);
            result.released = departs;
            result.rejected = departs == terms.submitted;
            return result;
        }
        let behaviour = self.behaviour(segment);
        let settlement = behaviour.settlement(terms);
        result.charge = Money::from_micros(settlement.submitted);
        result.released = departs.after(SILENCE).min(behaviour.valid_until(terms)).max(departs);
        if !outage_effect.silent {
            behaviour.come_to(departs, terms, &settlement, &outage_effect, (draws, block), &mut result);
        }
        result
    }
}

impl Behaviour {
    #[inline]
    pub(super) fn settlement(&self, terms: &Terms) -> Settlement {
        Settlement::new(&self.price, self.honours_ttl, terms.validity)
    }

    /// When the provider stops trying.
    #[inline]
    fn valid_until(&self, terms: &Terms) -> Time {
        if self.honours_ttl { terms.submitted.after(terms.validity) } else { Time::NEVER }
    }

    /// Applies the drawn outcome and its consequences.
    #[inline]
    fn come_to(
        &self,
        departs: Time,
        terms: &Terms,
        settlement: &Settlement,
        outage_effect: &OutageEffect,
        (draws, block): (Draws, [u32; 4]),
        result: &mut AttemptResult,
    ) {
        let outcome = self.outcome(block[usize::from(purpose::OUTCOME)]);
        let is_reported = !outage_effect.reports_lost;
        if terms.progress && is_reported && outcome.is_some_and(Outcome::reaches_network) {
            let delay = self.report_delay.sample(draws.draw(purpose::SENT_REPORT_DELAY));
            result.report(departs.after(delay), Status::Sent);
        }
        let Some(outcome) = outcome else { return };
        let after = outage_effect.stretch(outcome.after.sample(block[usize::from(purpose::AFTER)]));
        let (submitted, departs) = (terms.submitted.as_micros(), departs.as_micros());
        let resolved = settlement.resolve(submitted, departs, outcome.status as u8, after.as_micros());
        let Resolved { reached, charge, .. } = resolved;
        let at = Time::from_micros(resolved.at);
        (result.released, result.charge) = (at, Money::from_micros(charge));
        if is_reported {
            let delay = self.report_delay.sample(block[usize::from(purpose::REPORT_DELAY)]);
            let status = if resolved.status == outcome.status as u8 { outcome.status } else { Status::Expired };
            result.report(at.after(delay), status);
        }
        if reached {
            self.deliver(outcome, at, is_reported, draws, result);
        } else if resolved.status == Status::Machine as u8 {
            self.talk(outcome, at, draws, result);
        }
    }

    /// Charges the talk time of a call that was answered at `at`, and keeps its line for as long.
    #[inline]
    fn talk(&self, outcome: &Outcome, at: Time, draws: Draws, result: &mut AttemptResult) {
        if let Some(talk) = &outcome.talk {
            let talk = talk.sample(draws.draw(purpose::TALK));
            result.released = at.after(talk);
            result.charge += self.price.talk(talk);
        }
    }

    /// Records that the message reached the recipient at `at`.
    #[inline]
    fn deliver(&self, outcome: &Outcome, at: Time, is_reported: bool, draws: Draws, result: &mut AttemptResult) {
        result.delivered = at;
        self.talk(outcome, at, draws, result);
        if let Some((threshold, after)) = &outcome.seen {
            self.open(*threshold, after, is_reported, draws, result);
        }
    }

    /// Draws whether and when the recipient opens the delivered message.
    fn open(&self, threshold: u64, after: &Sampler, is_reported: bool, draws: Draws, result: &mut AttemptResult) {
        const { assert!(purpose::SEEN == 4 && purpose::SEEN_REPORT_DELAY == 6, "the draws of one block") };
        let [opened, span, delay, _] = draws.block(1);
        if u64::from(opened) >= threshold {
            return;
        }
        result.seen = result.delivered.after(after.sample(span));
        if is_reported {
            result.report(result.seen.after(self.report_delay.sample(delay)), Status::Seen);
        }
    }

    #[inline]
    fn outcome(&self, draw: u32) -> Option<&Outcome> {
        self.outcomes.iter().find(|outcome| u64::from(draw) < outcome.below)
    }
}

impl Outcome {
    /// Whether the message gets as far as the network: a call is never `sent`, nor is a message that the provider cannot process.
    const fn reaches_network(&self) -> bool {
        matches!(self.status, Status::Delivered | Status::Undelivered | Status::Expired)
    }
}

impl Price {
    /// The charge for a call of this length: each started increment costs its share of the price per minute, and the sum
    /// is rounded to the nearest millionth.
    #[must_use]
    pub fn talk(&self, talk: Span) -> Money {
        const MINUTE: i128 = 60_000_000;
        let increment = i128::from(self.increment.as_micros());
        let started = (i128::from(talk.as_micros()) + increment - 1) / increment;
        let billed = started * increment * i128::from(self.per_minute.as_micros());
        Money::from_micros(((billed + MINUTE / 2) / MINUTE) as i64)
    }
}
