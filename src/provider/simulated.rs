//! A provider made ready to play: what becomes of one submission.

use super::capacity::Queue;
use super::outage::{self, Calendar, Hazard, Trouble, Windows};
use super::resolve::{Resolved, Settlement};
use super::spec::{Capacity, Discipline, Effect, Outage, Price, ProviderSpec};
use super::tables::{Outcome, Tables};
use crate::dist::{Dist, Sampler};
use crate::rng::{Draws, ProviderKey, RngKey, purpose};
use crate::status::{Segment, Status};
use crate::units::{Money, Span, Time};
use std::sync::Arc;

/// No call lasts longer than a day; with the highest price that a scenario can name, sums of charges then stay exact.
const LONGEST_CALL: Span = Span::from_micros(86_400_000_000);

/// How long an attempt of which nothing is heard holds its line at the most: the least that a SIP proxy must wait for a final
/// answer to a call (timer C, RFC 3261, section 16.6).
const SILENCE: Span = Span::from_micros(180_000_000);

/// A simulated provider.
///
/// > The fate of an attempt is known the moment it leaves: it depends on that moment, its terms and its own draws, and on
/// > nothing else.
///
/// When an attempt leaves is for its [`Queue`] to say, if it has one: [`Provider::queue`]. Random outages are those of a world:
/// [`Provider::in_replication`].
///
/// [`Provider::submit`], for an attempt that leaves at `s`:
///
/// 1. the outages open at `s` are judged;
/// 2. an outcome is drawn, or silence;
/// 3. its status happens at `h = s + after`; if the provider keeps validity and that has run out before, the
///    message expires instead, and nothing is delivered;
/// 4. the report reaches the engine at `h + report_delay`, unless reports are lost.
#[derive(Clone, Debug)]
pub struct Provider {
    pub(super) key: ProviderKey,
    /// By [`Segment::index`]; one for now.
    behaviours: Arc<[Behaviour]>,
    /// The outages that may hit an attempt.
    pub(super) hazards: Vec<Hazard>,
    capacity: Option<Capacity>,
    /// When it carries less, with the factors [millionths].
    throttles: Vec<(Windows, u32)>,
    /// All outages as described, and when they happen.
    outages: Arc<[(Outage, Calendar)]>,
}

/// What a provider does with the attempts for recipients of one segment, and what it charges.
#[derive(Debug)]
pub(super) struct Behaviour {
    price: Price,
    honours_ttl: bool,
    report_delay: Sampler,
    outcomes: Vec<Outcome>,
    /// For batches, where they can be had.
    pub(super) tables: Option<Tables>,
}

/// What is agreed for one attempt when it is handed over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    /// When it was handed over.
    pub submitted: Time,
    /// How long the engine waits in its step.
    pub ttl: Span,
    /// How long the provider keeps trying, if it keeps to that; a delivery after it is charged as late.
    pub validity: Span,
    /// Whether the engine is to hear `queued` and `sent` as well.
    pub progress: bool,
}

/// A report on its way to the engine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Report {
    /// When it arrives.
    pub at: Time,
    /// What it says.
    pub status: Status,
}

/// What becomes of one attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AttemptResult {
    /// When it reaches the person; [`Time::NEVER`] if it does not.
    pub delivered: Time,
    /// When the person opens it; [`Time::NEVER`] if they do not.
    pub seen: Time,
    /// When its line is free again: when an answered call ends, when any other attempt is over for the provider, or when it
    /// waits for a silent one no longer.
    pub released: Time,
    /// Whether it was rejected at once: it did not depart, or the provider is out of order.
    pub rejected: bool,
    /// What it costs.
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

    /// An attempt that is rejected when it is submitted.
    #[must_use]
    pub fn rejected(terms: &Terms) -> Self {
        let mut result = Self { rejected: true, ..Self::NOTHING };
        result.report(terms.submitted, Status::Failed);
        result
    }

    /// What the engine will hear of it, in the order of ranks; not always that of time.
    #[must_use]
    #[inline]
    pub fn reports(&self) -> &[Report] {
        &self.reports[..usize::from(self.count)]
    }

    #[inline]
    fn report(&mut self, at: Time, status: Status) {
        self.reports[usize::from(self.count)] = Report { at, status };
        self.count += 1;
    }
}

impl Provider {
    /// The provider that `spec` describes.
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

    /// A provider that no attempt comes to: it has a name, and no samplers.
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

    /// Whether several deliveries may take exactly as long as one another: the latency of some outcome is a constant, measured, or cut
    /// off, or an outage makes it one.
    #[must_use]
    pub fn has_atoms(&self) -> bool {
        let is_constant = |(outage, _): &(Outage, Calendar)| matches!(outage.effect, Effect::Slow { factor: 0.0, .. });
        let outcomes = self.behaviours.iter().flat_map(|behaviour| &behaviour.outcomes);
        let mut reaching = outcomes.filter(|outcome| outcome.status.is_delivery());
        reaching.any(|outcome| outcome.after.has_atoms()) || self.outages.iter().any(is_constant)
    }

    /// Whether some of its outages come at random.
    #[must_use]
    pub fn has_random_outages(&self) -> bool {
        self.outages.iter().any(|(outage, _)| outage.is_random())
    }

    /// The provider in the world of `rng`, with the random outages of that; those that begin before `known` are drawn at once.
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

    /// Its capacity, if that is limited.
    #[must_use]
    pub const fn capacity(&self) -> Option<&Capacity> {
        self.capacity.as_ref()
    }

    /// Who is next in its queue, if its capacity is limited.
    #[must_use]
    pub fn order(&self) -> Option<Discipline> {
        self.capacity.map(|capacity| capacity.order)
    }

    /// Whether attempts hold lines.
    #[must_use]
    pub fn has_lines(&self) -> bool {
        self.capacity.is_some_and(|capacity| capacity.concurrent.is_some())
    }

    /// An empty queue before it, if its capacity is limited.
    #[must_use]
    pub fn queue(&self) -> Option<Queue> {
        self.capacity.as_ref().map(|capacity| Queue::new(capacity, &self.throttles))
    }

    /// By what its luck is keyed.
    #[must_use]
    pub const fn key(&self) -> ProviderKey {
        self.key
    }

    /// What it does with the attempts for recipients of this segment.
    #[inline]
    pub(super) fn behaviour(&self, segment: Segment) -> &Behaviour {
        &self.behaviours[segment.index()]
    }

    /// When an attempt stops waiting for capacity: at the engine's `deadline`, or when its validity ends, if the provider keeps that.
    #[must_use]
    #[inline]
    pub fn patience(&self, terms: &Terms, segment: Segment, deadline: Time) -> Time {
        deadline.min(self.behaviour(segment).valid_until(terms))
    }

    /// What becomes of an attempt whose patience ends while it waits: nothing is charged. Of a validity that ends before the engine's
    /// `deadline` the engine hears; its own deadline it knows.
    #[must_use]
    pub fn expire_in_queue(&self, terms: &Terms, segment: Segment, deadline: Time, draws: Draws) -> AttemptResult {
        let mut result = AttemptResult::NOTHING;
        if terms.progress {
            result.report(terms.submitted, Status::Queued);
        }
        let patience = self.patience(terms, segment, deadline);
        if patience < deadline {
            let delay = self.behaviour(segment).report_delay.sample(draws.draw(purpose::REPORT_DELAY));
            result.report(patience.after(delay), Status::Expired);
        }
        result
    }

    /// What becomes of an attempt for a recipient of this segment that departs then, with these terms and draws.
    #[must_use]
    #[inline]
    pub fn submit(&self, departs: Time, terms: &Terms, segment: Segment, draws: Draws) -> AttemptResult {
        let block = draws.block(0);
        let trouble = match self.hazards.as_slice() {
            [] => Trouble::NONE,
            hazards => outage::trouble(hazards, departs, block[usize::from(purpose::FIRST_OUTAGE)], draws),
        };
        let mut result = AttemptResult::NOTHING;
        // What waits has been accepted.
        if terms.progress && (!trouble.refused || departs > terms.submitted) {
            result.report(terms.submitted, Status::Queued);
        }
        if trouble.refused {
            result.report(departs, Status::Failed);
            result.released = departs;
            result.rejected = departs == terms.submitted;
            return result;
        }
        let behaviour = self.behaviour(segment);
        let settlement = behaviour.settlement(terms);
        result.charge = Money::from_micros(settlement.submitted);
        result.released = departs.after(SILENCE).min(behaviour.valid_until(terms)).max(departs);
        if !trouble.silent {
            behaviour.come_to(departs, terms, &settlement, &trouble, (draws, block), &mut result);
        }
        result
    }
}

impl Behaviour {
    #[inline]
    pub(super) fn settlement(&self, terms: &Terms) -> Settlement {
        Settlement::new(&self.price, self.honours_ttl, terms.validity)
    }

    /// When it stops trying.
    #[inline]
    fn valid_until(&self, terms: &Terms) -> Time {
        if self.honours_ttl { terms.submitted.after(terms.validity) } else { Time::NEVER }
    }

    /// The outcome and what follows from it.
    #[inline]
    fn come_to(
        &self,
        departs: Time,
        terms: &Terms,
        settlement: &Settlement,
        trouble: &Trouble,
        (draws, block): (Draws, [u32; 4]),
        result: &mut AttemptResult,
    ) {
        let outcome = self.outcome(block[usize::from(purpose::OUTCOME)]);
        let heard = !trouble.reports_lost;
        if terms.progress && heard && outcome.is_some_and(Outcome::reaches_network) {
            let delay = self.report_delay.sample(draws.draw(purpose::SENT_REPORT_DELAY));
            result.report(departs.after(delay), Status::Sent);
        }
        let Some(outcome) = outcome else { return };
        let after = trouble.stretch(outcome.after.sample(block[usize::from(purpose::AFTER)]));
        let (submitted, departs) = (terms.submitted.as_micros(), departs.as_micros());
        let resolved = settlement.resolve(submitted, departs, outcome.status as u8, after.as_micros());
        let Resolved { reached, charge, .. } = resolved;
        let at = Time::from_micros(resolved.at);
        (result.released, result.charge) = (at, Money::from_micros(charge));
        if heard {
            let delay = self.report_delay.sample(block[usize::from(purpose::REPORT_DELAY)]);
            let status = if resolved.status == outcome.status as u8 { outcome.status } else { Status::Expired };
            result.report(at.after(delay), status);
        }
        if reached {
            self.deliver(outcome, at, heard, draws, result);
        }
    }

    /// The message has reached the person at `at`.
    #[inline]
    fn deliver(&self, outcome: &Outcome, at: Time, heard: bool, draws: Draws, result: &mut AttemptResult) {
        result.delivered = at;
        if let Some(talk) = &outcome.talk {
            let talk = talk.sample(draws.draw(purpose::TALK));
            result.released = at.after(talk);
            result.charge += self.price.talk(talk);
        }
        if let Some((threshold, after)) = &outcome.seen {
            self.open(*threshold, after, heard, draws, result);
        }
    }

    /// Whether and when the person opens the delivered message.
    fn open(&self, threshold: u64, after: &Sampler, heard: bool, draws: Draws, result: &mut AttemptResult) {
        const { assert!(purpose::SEEN == 4 && purpose::SEEN_REPORT_DELAY == 6, "the draws of one block") };
        let [opened, span, delay, _] = draws.block(1);
        if u64::from(opened) >= threshold {
            return;
        }
        result.seen = result.delivered.after(after.sample(span));
        if heard {
            result.report(result.seen.after(self.report_delay.sample(delay)), Status::Seen);
        }
    }

    #[inline]
    fn outcome(&self, draw: u32) -> Option<&Outcome> {
        self.outcomes.iter().find(|outcome| u64::from(draw) < outcome.below)
    }
}

impl Outcome {
    /// Whether the message gets as far as the network: a call is not `sent`, and what the provider cannot process is not.
    const fn reaches_network(&self) -> bool {
        matches!(self.status, Status::Delivered | Status::Undelivered | Status::Expired)
    }
}

impl Price {
    /// What an answered call of this length costs: each started increment its part of the price per minute, the sum rounded
    /// to the nearest millionth.
    #[must_use]
    pub fn talk(&self, talk: Span) -> Money {
        const MINUTE: i128 = 60_000_000;
        let increment = i128::from(self.increment.as_micros());
        let started = (i128::from(talk.as_micros()) + increment - 1) / increment;
        let billed = started * increment * i128::from(self.per_minute.as_micros());
        Money::from_micros(((billed + MINUTE / 2) / MINUTE) as i64)
    }
}
