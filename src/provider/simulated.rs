//! A provider ready for simulation: it computes the result of each submission.

use super::capacity::Queue;
use super::outage::{self, Calendar, Hazard, OutageEffect, Windows};
use super::reports::{AttemptResult, Reporting};
use super::resolve::Settlement;
use super::spec::{Capacity, Counts, Discipline, Effect, Outage, Price, ProviderSpec, Reports, WhenOff};
use super::tables::{Outcome, Outcomes, Tables};
use crate::dist::{Dist, Sampler};
use crate::rng::{DrawKey, Draws, RngKey, purpose};
use crate::status::{Segment, SegmentSet, Status};
use crate::units::{Money, Span, Time};
use std::sync::Arc;

/// The longest time for which an attempt without any status holds its line: the least that a SIP proxy must wait for a final answer
/// to a call (timer C, RFC 3261, section 16.6).
const SILENCE: Span = Span::from_micros(180_000_000);

/// The bit of a use's number that tells the second submission of an attempt from the first.
const AGAIN: u16 = 1 << 14;

/// A simulated provider.
///
/// > The result of an attempt is known as soon as it departs: it depends only on the departure time, its terms, its own draws, and what
/// > is always so for its recipient: the draws for the channel, and when the phone is on again.
///
/// The [`Queue`], if there is one, decides when an attempt departs: see [`Provider::queue`]. Random outages belong to a run: see
/// [`Provider::in_replication`].
///
/// [`Provider::submit`], for an attempt that departs at `s`:
///
/// 1. it is rejected if its outcome is one at submission (see [`Provider::rejection`]);
/// 2. the outages open at `s` are evaluated;
/// 3. an outcome is drawn, or silence: a persistent one if the recipient has one over this channel;
/// 4. its status occurs at `h = s + after`, or at `h = back + after` if it needs a phone that is off until `back`; if the provider honours
///    validity and that has ended before `h`, the message expires instead, and nothing is delivered;
/// 5. the report reaches the engine at `h + report_delay`, unless reports are lost.
#[derive(Clone, Debug)]
pub struct Provider {
    pub(super) key: DrawKey,
    /// The key of what is the same for all attempts over its channel.
    pub(super) channel: DrawKey,
    needs_phone: bool,
    pub(super) when_off: WhenOff,
    /// How it handles attempts: the usual way, then the ways for segments that differ.
    behaviours: Arc<[Behaviour]>,
    /// For each segment, by [`Segment::index`], the behaviour that applies; empty if it is the same for all.
    of_segment: Arc<[u8]>,
    /// The outages that may affect individual attempts when they depart: one list for all segments, or one for each.
    hazards: Vec<Vec<Hazard>>,
    /// The outages that reject attempts when they are submitted: one list for all segments, or one for each; empty if there are none.
    refusals: Vec<Vec<Hazard>>,
    /// The outages that make reports late: one list for all segments, or one for each; empty if there are none.
    late_reports: Vec<Vec<Hazard>>,
    reports: Reports,
    capacity: Option<Capacity>,
    keeps_queued: bool,
    counts_parts: bool,
    retry_after_hint: Span,
    /// The windows of reduced capacity, with their factors [millionths].
    throttles: Vec<(Windows, u32)>,
    /// When its link is lost, in order of time.
    lost_links: Vec<LostLink>,
    /// All outages as specified, with their calendars.
    outages: Arc<[(Outage, Calendar)]>,
}

/// How a provider handles and charges attempts for recipients of one segment.
#[derive(Debug)]
pub(super) struct Behaviour {
    price: Price,
    honours_ttl: bool,
    /// Shared by segments whose outcomes are the same, since they are large.
    pub(super) samplers: Arc<Samplers>,
}

/// What attempts are drawn from.
#[derive(Debug)]
pub(super) struct Samplers {
    report_delay: Sampler,
    outcomes: Outcomes,
    /// The tables for batches, if they can be built.
    pub(super) tables: Option<Tables>,
}

/// A time for which the link to a provider is lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LostLink {
    /// When it is lost.
    pub from: Time,
    /// When it is back.
    pub to: Time,
    /// The most attempts that are submitted again then.
    pub in_flight: u32,
}

/// The use of a provider by one recipient.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SingleUse {
    /// The random key of the recipient's stream.
    pub rng: RngKey,
    /// The recipient.
    pub recipient: u32,
    /// Which use of the provider this is for the recipient, from 0.
    pub number: u16,
    /// The recipient's segment.
    pub segment: Segment,
    /// When the recipient's phone is on again; any time up to now if it is on, [`Time::NEVER`] if it stays off.
    pub phone_back: Time,
}

/// Why an attempt is rejected when it is submitted, whatever the capacity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rejection {
    /// That is its outcome.
    Outcome,
    /// The provider has an outage.
    Outage,
}

/// What becomes of all attempts for a recipient at a provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PersistentOutcome {
    /// They are rejected at submission.
    Rejected,
    /// They stay silent.
    Silent,
    /// They end with this status, unless they expire first.
    Status(Status),
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

impl Provider {
    /// Builds the provider that `spec` describes.
    #[must_use]
    pub fn new(spec: &ProviderSpec) -> Self {
        let mut of_segment = Vec::new();
        if let Some(last) = spec.segments.iter().map(|(segment, _)| segment.index()).max() {
            of_segment.resize(Segment::MOST.max(last + 1), 0);
            spec.segments.iter().zip(1..).for_each(|((segment, _), number)| of_segment[segment.index()] = number);
        }
        let mut provider = Self {
            key: DrawKey::of_name(&spec.name),
            channel: DrawKey::of_channel(&spec.channel),
            needs_phone: spec.needs_phone,
            when_off: spec.when_off,
            behaviours: Behaviour::of_all(spec).into(),
            of_segment: of_segment.into(),
            hazards: Vec::new(),
            refusals: Vec::new(),
            late_reports: Vec::new(),
            reports: spec.reports,
            capacity: spec.capacity,
            keeps_queued: spec.capacity.as_ref().is_some_and(Capacity::keeps_queued),
            counts_parts: spec.capacity.is_some_and(|capacity| capacity.counts == Counts::Parts),
            retry_after_hint: spec.retry_after_hint,
            throttles: Vec::new(),
            lost_links: Vec::new(),
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
            needs_phone: false,
            when_off: spec.when_off,
            report_delay: nothing,
            reports: Reports::RELIABLE,
            outcomes: Vec::new(),
            outages: Vec::new(),
            capacity: None,
            retry_after_hint: Span::ZERO,
            fees: None,
            segments: Vec::new(),
        })
    }

    /// Whether several deliveries may take exactly the same time: the latency of some outcome is constant, empirical or capped, or
    /// an outage makes it constant.
    #[must_use]
    pub fn has_atoms(&self) -> bool {
        let is_constant = |(outage, _): &(Outage, Calendar)| matches!(outage.effect, Effect::Slow { factor: 0.0, .. });
        let outcomes = self.behaviours.iter().flat_map(|behaviour| behaviour.samplers.outcomes.iter());
        let mut reaching = outcomes.filter(|outcome| outcome.reaches());
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
        let is_limited = |(outage, _): &(Outage, Calendar)| outage.segments != SegmentSet::ALL;
        let lists = if self.outages.iter().any(is_limited) { Segment::MOST } else { 1 };
        (self.hazards, self.throttles) = (vec![Vec::new(); lists], Vec::new());
        self.lost_links.clear();
        let (mut refusals, mut late_reports) = (vec![Vec::new(); lists], vec![Vec::new(); lists]);
        for (number, (outage, calendar)) in self.outages.iter().enumerate() {
            let windows = calendar.windows(rng, self.key, number as u16, known);
            match outage.effect {
                Effect::Throttle { millionths } => self.throttles.push((windows, millionths)),
                Effect::Dropped { in_flight } => {
                    if let Windows::Fixed { from, to, .. } = windows {
                        self.lost_links.push(LostLink { from, to, in_flight });
                    }
                    self.throttles.push((windows, 0));
                }
                effect => {
                    let (below, purpose) = (outage.share.threshold(), outage::purpose_of(number));
                    let refuses = effect == Effect::Fail;
                    // An attempt that waits at the provider has been accepted; one that waits at the sender reaches it when it departs.
                    let at_submission = refuses && self.keeps_queued();
                    let hazard = Hazard { windows, effect, below, purpose, at_submission };
                    let concerned =
                        |segment: usize| lists == 1 || outage.segments.contains(Segment::new(segment as u8));
                    for segment in (0..lists).filter(|&segment| concerned(segment)) {
                        if let Effect::ReportsLate { .. } = effect {
                            late_reports[segment].push(hazard.clone());
                            continue;
                        }
                        self.hazards[segment].push(hazard.clone());
                        refusals[segment].extend(refuses.then(|| hazard.clone()));
                    }
                }
            }
        }
        self.lost_links.sort_by_key(|link| (link.from, link.to));
        let unless_empty = |lists: Vec<Vec<Hazard>>| if lists.iter().all(Vec::is_empty) { Vec::new() } else { lists };
        (self.refusals, self.late_reports) = (unless_empty(refusals), unless_empty(late_reports));
    }

    /// How long it asks to wait when it rejects an attempt because of its limits or an outage.
    #[must_use]
    #[inline]
    pub const fn retry_after_hint(&self) -> Span {
        self.retry_after_hint
    }

    /// When its link is lost.
    #[must_use]
    #[inline]
    pub fn lost_links(&self) -> &[LostLink] {
        &self.lost_links
    }

    /// The result of an attempt with this `first` result that is submitted again at `again`, because the link was lost: the recipient may get both
    /// copies, and both are charged, but only the reports of the second arrive.
    #[must_use]
    pub fn submit_again(&self, first: &AttemptResult, again: Time, terms: &Terms, of: &SingleUse) -> AttemptResult {
        // A use that no other attempt of the recipient has.
        let of = SingleUse { number: of.number | AGAIN, ..*of };
        let second = match self.rejection(&of, again) {
            Some(_) => {
                let mut failed = AttemptResult::NOTHING;
                failed.released = again;
                failed.report(again, Status::Failed);
                failed
            }
            None => self.submit(again, terms, &of),
        };
        let mut both = second;
        if let Some(queued) = first.reports().iter().find(|report| report.status() == Status::Queued)
            && !second.reports().iter().any(|report| report.status() == Status::Queued)
        {
            both.report(queued.at(), Status::Queued);
        }
        both.delivered = first.delivered.min(second.delivered);
        both.again = first.delivered.max(second.delivered);
        both.seen = first.seen.min(second.seen);
        both.released = first.released.max(second.released);
        both.charge += first.charge;
        both
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

    /// Whether its messages arrive on the recipient's phone.
    #[must_use]
    pub const fn needs_phone(&self) -> bool {
        self.needs_phone
    }

    /// Whether it handles attempts for different segments in different ways.
    #[must_use]
    #[inline]
    pub fn varies(&self) -> bool {
        !self.of_segment.is_empty() || self.hazards.len() > 1
    }

    /// Its behaviour for recipients of this segment.
    #[inline]
    pub(super) fn behaviour(&self, segment: Segment) -> &Behaviour {
        let number = if self.of_segment.is_empty() { 0 } else { self.of_segment[segment.index()] };
        &self.behaviours[usize::from(number)]
    }

    /// The outages that may affect attempts for recipients of this segment.
    #[inline]
    pub(super) fn hazards(&self, segment: Segment) -> &[Hazard] {
        &self.hazards[if self.hazards.len() == 1 { 0 } else { segment.index() }]
    }

    /// Whether all its behaviours have tables for batches, and its reports come once and in time.
    #[must_use]
    pub fn has_tables(&self) -> bool {
        let is_reliable = self.late_reports.is_empty() && self.reports == Reports::RELIABLE;
        is_reliable && self.behaviours.iter().all(|behaviour| behaviour.samplers.tables.is_some())
    }

    /// How the reports of attempts for this segment, which has this behaviour, reach the engine.
    #[inline]
    fn reporting<'a>(&'a self, segment: Segment, behaviour: &'a Behaviour) -> Reporting<'a> {
        let late = match self.late_reports.len() {
            0 => &[][..],
            1 => &self.late_reports[0],
            _ => &self.late_reports[segment.index()],
        };
        Reporting { late, faults: &self.reports, delay: &behaviour.samplers.report_delay }
    }

    /// When an attempt stops waiting for capacity: when its validity ends, if the provider honours that; or at the engine's `deadline`, if
    /// that is earlier and the sender can recall it.
    #[must_use]
    #[inline]
    pub fn patience(&self, terms: &Terms, segment: Segment, deadline: Time) -> Time {
        let valid_until = self.behaviour(segment).valid_until(terms);
        if self.keeps_queued() { valid_until } else { deadline.min(valid_until) }
    }

    /// Whether a waiting attempt expires when its patience ends, because its validity does; otherwise the engine recalls it at its `deadline`.
    #[must_use]
    #[inline]
    pub fn expires_before(&self, terms: &Terms, segment: Segment, deadline: Time) -> bool {
        self.keeps_queued() || self.behaviour(segment).valid_until(terms) < deadline
    }

    /// Whether attempts wait at the provider, which does not give them back.
    #[must_use]
    #[inline]
    pub const fn keeps_queued(&self) -> bool {
        self.keeps_queued
    }

    /// How many tokens of the throughput, and how much of the quota, an attempt for this segment takes.
    #[must_use]
    #[inline]
    pub fn parts(&self, segment: Segment) -> u32 {
        if self.counts_parts { self.behaviour(segment).price.parts } else { 1 }
    }

    /// Whether the provider may reject attempts of this segment when they are submitted, before they wait for capacity.
    #[must_use]
    #[inline]
    pub fn may_reject(&self, segment: Segment) -> bool {
        self.behaviour(segment).samplers.outcomes.any_rejected || !self.refusals.is_empty()
    }

    /// Why the provider rejects an attempt of this use when it is submitted at `now`, if it does.
    #[must_use]
    #[inline]
    pub fn rejection(&self, of: &SingleUse, now: Time) -> Option<Rejection> {
        let outcomes = &self.behaviour(of.segment).samplers.outcomes;
        let by_outcome = outcomes.any_rejected && {
            let draw = of.draws(self.key).draw(purpose::OUTCOME);
            outcomes.of(draw, || self.persistent(of)).is_some_and(|outcome| outcome.at_submission)
        };
        if by_outcome {
            return Some(Rejection::Outcome);
        }
        (!self.refusals.is_empty() && self.refuses(of, now)).then_some(Rejection::Outage)
    }

    /// Whether an outage rejects an attempt of this use that is submitted at `now`.
    fn refuses(&self, of: &SingleUse, now: Time) -> bool {
        let draws = of.draws(self.key);
        let refusals = &self.refusals[if self.refusals.len() == 1 { 0 } else { of.segment.index() }];
        outage::outage_effect(refusals, (now, now), draws.draw(purpose::FIRST_OUTAGE), draws).rejected
    }

    /// The recipient's draw for persistent outcomes over the channel.
    #[inline]
    fn persistent(&self, of: &SingleUse) -> u32 {
        SingleUse { number: 0, ..*of }.draws(self.channel).draw(purpose::PERSISTENT)
    }

    /// The persistent outcome that this recipient's attempts have at this provider, if there is one.
    #[must_use]
    pub fn persistent_outcome(&self, of: &SingleUse) -> Option<PersistentOutcome> {
        let outcomes = &self.behaviour(of.segment).samplers.outcomes;
        let outcome = outcomes.has_persistent().then(|| outcomes.persistent_of(self.persistent(of)))??;
        Some(if outcome.at_submission {
            PersistentOutcome::Rejected
        } else {
            outcome.status.map_or(PersistentOutcome::Silent, PersistentOutcome::Status)
        })
    }

    /// The result of an attempt whose patience ends while it waits; there is no charge. If its validity ends before the engine's
    /// `deadline`, the engine receives a report; at its own deadline it needs none.
    #[must_use]
    pub fn expire_in_queue(&self, terms: &Terms, of: &SingleUse, deadline: Time) -> AttemptResult {
        let mut result = AttemptResult::NOTHING;
        if terms.progress {
            result.report(terms.submitted, Status::Queued);
        }
        let patience = self.patience(terms, of.segment, deadline);
        if !patience.is_never() && self.expires_before(terms, of.segment, deadline) {
            let draws = of.draws(self.key);
            let reporting = self.reporting(of.segment, self.behaviour(of.segment));
            reporting.send((patience, Status::Expired), draws.draw(purpose::REPORT_DELAY), draws, &mut result);
            if !reporting.is_reliable() {
                reporting.spoil(draws, &mut result);
            }
        }
        result
    }

    /// The result of an attempt that departs at this time, with these terms.
    #[must_use]
    #[inline]
    pub fn submit(&self, departs: Time, terms: &Terms, of: &SingleUse) -> AttemptResult {
        let draws = of.draws(self.key);
        let block = draws.block(0);
        let behaviour = self.behaviour(of.segment);
        let outcome = behaviour.samplers.outcomes.of(block[usize::from(purpose::OUTCOME)], || self.persistent(of));
        if outcome.is_some_and(|outcome| outcome.at_submission) {
            return AttemptResult::rejected(terms.submitted);
        }
        let outage_effect = match self.hazards(of.segment) {
            [] => OutageEffect::NONE,
            hazards => {
                let first = block[usize::from(purpose::FIRST_OUTAGE)];
                outage::outage_effect(hazards, (terms.submitted, departs), first, draws)
            }
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
        let settlement = behaviour.settlement(terms);
        result.charge = Money::from_micros(settlement.submitted);
        result.released = departs.after(SILENCE).min(behaviour.valid_until(terms)).max(departs);
        if let Some(outcome) = outcome.filter(|_| !outage_effect.silent) {
            let waits = outcome.needs_phone && of.phone_back > departs;
            let off = waits.then_some((of.phone_back, self.when_off));
            let reporting = self.reporting(of.segment, behaviour);
            let rules = (&settlement, &outage_effect, &reporting);
            behaviour.come_to(departs, terms, (outcome, off), rules, (draws, block), &mut result);
            if !reporting.is_reliable() {
                reporting.spoil(draws, &mut result);
                if !terms.progress {
                    result.forget(Status::Sent);
                }
            }
        }
        result
    }
}

impl SingleUse {
    /// The draws of this use of what has this `key`.
    #[inline]
    const fn draws(&self, key: DrawKey) -> Draws {
        self.rng.draws(key, self.recipient, self.number)
    }
}

impl Samplers {
    fn new(spec: &ProviderSpec) -> Self {
        let outcomes = Outcomes::new(&spec.outcomes, spec.needs_phone);
        let report_delay = Sampler::new(&spec.report_delay);
        let tables = Tables::new(&outcomes, &report_delay);
        Self { report_delay, outcomes, tables }
    }
}

impl Behaviour {
    /// The behaviours for all recipients but those of segments that differ, and for each of these.
    fn of_all(spec: &ProviderSpec) -> Vec<Self> {
        let mut all: Vec<(&ProviderSpec, Arc<Samplers>)> = Vec::new();
        for spec in spec.all() {
            let is_alike = |other: &ProviderSpec| {
                (other.needs_phone, &other.report_delay) == (spec.needs_phone, &spec.report_delay)
                    && other.outcomes == spec.outcomes
            };
            let alike = all.iter().find(|(other, _)| is_alike(other)).map(|(_, samplers)| Arc::clone(samplers));
            all.push((spec, alike.unwrap_or_else(|| Arc::new(Samplers::new(spec)))));
        }
        let behaviour =
            |(spec, samplers): (&ProviderSpec, _)| Self { price: spec.price, honours_ttl: spec.honours_ttl, samplers };
        all.into_iter().map(behaviour).collect()
    }

    #[inline]
    pub(super) fn settlement(&self, terms: &Terms) -> Settlement {
        Settlement::new(&self.price, self.honours_ttl, terms.validity)
    }

    /// When the provider stops trying.
    #[inline]
    fn valid_until(&self, terms: &Terms) -> Time {
        if self.honours_ttl { terms.submitted.after(terms.validity) } else { Time::NEVER }
    }

    /// Applies the drawn outcome and its consequences. If it needs the phone and that is off, `off` says until when, and what becomes of
    /// the attempt.
    #[inline]
    fn come_to(
        &self,
        departs: Time,
        terms: &Terms,
        (outcome, off): (&Outcome, Option<(Time, WhenOff)>),
        (settlement, outage_effect, reporting): (&Settlement, &OutageEffect, &Reporting<'_>),
        (draws, block): (Draws, [u32; 4]),
        result: &mut AttemptResult,
    ) {
        let is_reported = !outage_effect.reports_lost;
        // Where reports may change places, `sent` may change the place of the final one, even if nobody is told of it.
        if (terms.progress || !reporting.is_reliable()) && is_reported && outcome.reaches_network() {
            reporting.send((departs, Status::Sent), draws.draw(purpose::SENT_REPORT_DELAY), draws, result);
        }
        let (status, starts) = match off {
            None => (outcome.status, departs),
            Some((back, WhenOff::Wait)) => (outcome.status, back),
            Some((_, WhenOff::NoAnswer)) => (Some(Status::NoAnswer), departs),
            Some((_, WhenOff::Undelivered)) => (Some(Status::Undelivered), departs),
        };
        let after = outage_effect.stretch(outcome.after.sample(block[usize::from(purpose::AFTER)]));
        let code = status.map_or(0, |status| status as u8);
        let (submitted, begins) = (terms.submitted.as_micros(), starts.as_micros());
        let resolved = settlement.resolve_from(submitted, begins, code, after.as_micros());
        let status = match resolved.status {
            0 => None,
            same if same == code => status,
            _ => Some(Status::Expired),
        };
        let Some(status) = status else { return };
        let at = Time::from_micros(resolved.at);
        result.charge = Money::from_micros(resolved.charge);
        // A line does not wait for a phone longer than for a silent attempt.
        if starts <= result.released {
            result.released = at;
        }
        if is_reported {
            reporting.send((at, status), block[usize::from(purpose::REPORT_DELAY)], draws, result);
        }
        if resolved.delivered {
            self.deliver(outcome, at, is_reported.then_some(reporting), draws, result);
        } else if status == Status::Machine {
            self.talk(outcome, at, draws, result);
        }
    }

    /// Charges the talk time of a call that was answered at `at`, and keeps its line for as long.
    #[inline]
    fn talk(&self, outcome: &Outcome, at: Time, draws: Draws, result: &mut AttemptResult) {
        if let Some(talk) = &outcome.talk {
            let talk = talk.sample(draws.draw(purpose::TALK));
            if result.released == at {
                result.released = at.after(talk);
            }
            result.charge += self.price.talk(talk);
        }
    }

    /// Records that the message reached the recipient at `at`; with `reporting`, what follows is reported.
    #[inline]
    fn deliver(
        &self,
        outcome: &Outcome,
        at: Time,
        reporting: Option<&Reporting<'_>>,
        draws: Draws,
        result: &mut AttemptResult,
    ) {
        if outcome.reached {
            result.delivered = at;
        }
        self.talk(outcome, at, draws, result);
        if let Some((threshold, after)) = &outcome.seen {
            self.open(*threshold, after, reporting, draws, result);
        }
    }

    /// Draws whether and when the recipient opens the delivered message.
    fn open(
        &self,
        threshold: u64,
        after: &Sampler,
        reporting: Option<&Reporting<'_>>,
        draws: Draws,
        result: &mut AttemptResult,
    ) {
        const { assert!(purpose::SEEN == 4 && purpose::SEEN_REPORT_DELAY == 6, "the draws of one block") };
        let [opened, span, delay, _] = draws.block(1);
        if u64::from(opened) >= threshold {
            return;
        }
        result.seen = result.delivered.after(after.sample(span));
        if let Some(reporting) = reporting {
            reporting.send((result.seen, Status::Seen), delay, draws, result);
        }
    }
}

impl Price {
    /// The price of one delivery with a first increment of talk: what providers are compared by.
    #[must_use]
    pub fn list(&self) -> Money {
        let submitted = Money::from_micros(self.submitted.as_micros() * i64::from(self.parts));
        submitted + self.delivered + self.talk(self.increment)
    }

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
