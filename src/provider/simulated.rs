//! A provider made ready to play: what becomes of one submission.

use super::outage::{self, Calendar, Hazard, Trouble, Windows};
use super::queue::Queue;
use super::spec::{Capacity, Effect, Order, Outage, Price, ProviderSpec};
use super::tables::{Outcome, Tables};
use crate::dist::{Dist, Sampler};
use crate::rng::{Draws, Luck, ProviderKey, purpose};
use crate::units::{Money, SimTime};
use crate::vocabulary::Status;
use std::sync::Arc;

/// No call lasts longer than a day; with the highest price that a scenario can name, sums of charges then stay exact.
const LONGEST_CALL: SimTime = SimTime::from_micros(86_400_000_000);

/// How long an attempt of which nothing is heard holds its line at the most: the least that a SIP proxy must wait for a final
/// answer to a call (timer C, RFC 3261, section 16.6).
const SILENCE: SimTime = SimTime::from_micros(180_000_000);

/// A simulated provider.
///
/// > The fate of an attempt is known the moment it leaves: it depends on that moment, its terms and its own draws, and on
/// > nothing else.
///
/// When an attempt leaves is for its [`Queue`] to say, if it has one: [`Provider::queue`]. Random outages are those of a world:
/// [`Provider::in_world`].
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
    pub(super) price: Price,
    pub(super) honours_ttl: bool,
    pub(super) report_delay: Sampler,
    pub(super) outcomes: Vec<Outcome>,
    /// The outages that may hit an attempt.
    pub(super) hazards: Vec<Hazard>,
    capacity: Option<Capacity>,
    /// When it carries less, with the factors [millionths].
    throttles: Vec<(Windows, u32)>,
    /// All outages as described, and when they happen.
    outages: Arc<[(Outage, Calendar)]>,
    /// For batches, where they can be had.
    pub(super) tables: Option<Arc<Tables>>,
}

/// What is agreed for one attempt when it is handed over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    /// When it was handed over.
    pub submitted: SimTime,
    /// How long the engine waits in its step.
    pub ttl: SimTime,
    /// How long the provider keeps trying, if it keeps to that; a delivery after it is charged as late.
    pub validity: SimTime,
    /// Whether the engine is to hear `queued` and `sent` as well.
    pub progress: bool,
}

/// A report on its way to the engine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Report {
    /// When it arrives.
    pub at: SimTime,
    /// What it says.
    pub status: Status,
}

/// What becomes of one attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fate {
    /// When it reaches the person; [`SimTime::NEVER`] if it does not.
    pub delivered: SimTime,
    /// When the person opens it; [`SimTime::NEVER`] if they do not.
    pub seen: SimTime,
    /// When its line is free again: when an answered call ends, when any other attempt is over for the provider, or when it
    /// waits for a silent one no longer.
    pub released: SimTime,
    /// Whether it was refused at once: it did not leave, or the provider is out of order.
    pub refused: bool,
    /// What it costs.
    pub charge: Money,
    reports: [Report; 4],
    count: u8,
}

impl Fate {
    const NOTHING: Self = Self {
        delivered: SimTime::NEVER,
        seen: SimTime::NEVER,
        released: SimTime::NEVER,
        refused: false,
        charge: Money::ZERO,
        reports: [Report { at: SimTime::NEVER, status: Status::Queued }; 4],
        count: 0,
    };

    /// An attempt that is refused when it is handed over.
    #[must_use]
    pub fn refused(terms: &Terms) -> Self {
        let mut fate = Self { refused: true, ..Self::NOTHING };
        fate.report(terms.submitted, Status::Failed);
        fate
    }

    /// What the engine will hear of it, in the order of ranks; not always that of time.
    #[must_use]
    #[inline]
    pub fn reports(&self) -> &[Report] {
        &self.reports[..usize::from(self.count)]
    }

    #[inline]
    fn report(&mut self, at: SimTime, status: Status) {
        self.reports[usize::from(self.count)] = Report { at, status };
        self.count += 1;
    }
}

impl Provider {
    /// The provider that `spec` describes.
    #[must_use]
    pub fn new(spec: &ProviderSpec) -> Self {
        let mut sum = 0.0;
        let outcome = |outcome: &super::spec::Outcome| {
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
        let mut provider = Self {
            key: ProviderKey::of_name(&spec.name),
            price: spec.price,
            honours_ttl: spec.honours_ttl,
            report_delay: Sampler::new(&spec.report_delay),
            outcomes: spec.outcomes.iter().map(outcome).collect(),
            hazards: Vec::new(),
            capacity: spec.capacity,
            throttles: Vec::new(),
            outages: spec.outages.iter().map(|outage| (outage.clone(), Calendar::new(outage))).collect(),
            tables: None,
        };
        provider.tables = Tables::new(&provider.outcomes, &provider.report_delay).map(Arc::new);
        provider.draw_outages(Luck::new(0, 0), SimTime::ZERO);
        provider
    }

    /// A provider that no attempt comes to: it has a name, and no samplers.
    #[must_use]
    pub fn unused(spec: &ProviderSpec) -> Self {
        let nothing = Dist::constant(SimTime::ZERO);
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
        let reaching = self.outcomes.iter().filter(|outcome| outcome.status.is_delivery());
        reaching.into_iter().any(|outcome| outcome.after.has_atoms()) || self.outages.iter().any(is_constant)
    }

    /// Whether some of its outages come at random.
    #[must_use]
    pub fn has_random_outages(&self) -> bool {
        self.outages.iter().any(|(outage, _)| outage.is_random())
    }

    /// The provider in the world of `luck`, with the random outages of that; those that begin before `known` are drawn at once.
    #[must_use]
    pub fn in_world(mut self, luck: Luck, known: SimTime) -> Self {
        self.draw_outages(luck, known);
        self
    }

    fn draw_outages(&mut self, luck: Luck, known: SimTime) {
        (self.hazards, self.throttles) = (Vec::new(), Vec::new());
        for (number, (outage, calendar)) in self.outages.iter().enumerate() {
            let windows = calendar.windows(luck, self.key, number as u16, known);
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
    pub fn order(&self) -> Option<Order> {
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

    /// How long an attempt waits for capacity before it is withdrawn: until the engine's `deadline`, or until its validity runs
    /// out, if the provider keeps that.
    #[must_use]
    #[inline]
    pub fn patience(&self, terms: &Terms, deadline: SimTime) -> SimTime {
        deadline.min(self.valid_until(terms))
    }

    /// What becomes of an attempt that is withdrawn because its patience runs out: nothing is charged. Of a validity that ends before
    /// the engine's `deadline` the engine hears; its own deadline it knows.
    #[must_use]
    pub fn withdraw(&self, terms: &Terms, deadline: SimTime, draws: Draws) -> Fate {
        let mut fate = Fate::NOTHING;
        if terms.progress {
            fate.report(terms.submitted, Status::Queued);
        }
        let patience = self.patience(terms, deadline);
        if patience < deadline {
            fate.report(patience.after(self.report_delay.sample(draws.draw(purpose::REPORT_DELAY))), Status::Expired);
        }
        fate
    }

    /// What becomes of an attempt that leaves at `leaves`, with these terms and draws.
    #[must_use]
    #[inline]
    pub fn submit(&self, leaves: SimTime, terms: &Terms, draws: Draws) -> Fate {
        let block = draws.block(0);
        let trouble = match self.hazards.as_slice() {
            [] => Trouble::NONE,
            hazards => outage::trouble(hazards, leaves, block[usize::from(purpose::FIRST_OUTAGE)], draws),
        };
        let mut fate = Fate::NOTHING;
        // What waits has been accepted.
        if terms.progress && (!trouble.refused || leaves > terms.submitted) {
            fate.report(terms.submitted, Status::Queued);
        }
        if trouble.refused {
            fate.report(leaves, Status::Failed);
            fate.released = leaves;
            fate.refused = leaves == terms.submitted;
            return fate;
        }
        fate.charge = Money::from_micros(self.price.submitted.as_micros() * i64::from(self.price.parts));
        fate.released = leaves.after(SILENCE).min(self.valid_until(terms)).max(leaves);
        if !trouble.silent {
            self.play(leaves, terms, &trouble, draws, block, &mut fate);
        }
        fate
    }

    /// When it stops trying.
    #[inline]
    fn valid_until(&self, terms: &Terms) -> SimTime {
        if self.honours_ttl { terms.submitted.after(terms.validity) } else { SimTime::NEVER }
    }

    /// The outcome and what follows from it.
    #[inline]
    fn play(&self, leaves: SimTime, terms: &Terms, trouble: &Trouble, draws: Draws, block: [u32; 4], fate: &mut Fate) {
        let outcome = self.outcome(block[usize::from(purpose::OUTCOME)]);
        let heard = !trouble.reports_lost;
        if terms.progress && heard && outcome.is_some_and(Outcome::reaches_network) {
            let delay = self.report_delay.sample(draws.draw(purpose::SENT_REPORT_DELAY));
            fate.report(leaves.after(delay), Status::Sent);
        }
        let Some(outcome) = outcome else { return };
        let happens = leaves.after(trouble.stretch(outcome.after.sample(block[usize::from(purpose::AFTER)])));
        let over = self.valid_until(terms);
        let expired = happens > over;
        let (at, status) = if expired { (over, Status::Expired) } else { (happens, outcome.status) };
        fate.released = at;
        if heard {
            let delay = self.report_delay.sample(block[usize::from(purpose::REPORT_DELAY)]);
            fate.report(at.after(delay), status);
        }
        if status.is_delivery() {
            self.deliver(outcome, at, terms, heard, draws, fate);
        }
    }

    /// The message has reached the person at `at`.
    #[inline]
    fn deliver(&self, outcome: &Outcome, at: SimTime, terms: &Terms, heard: bool, draws: Draws, fate: &mut Fate) {
        fate.delivered = at;
        // Only a provider that does not keep validity delivers after it.
        let late = at > terms.submitted.after(terms.validity);
        fate.charge += if late { self.price.delivered_late } else { self.price.delivered };
        if let Some(talk) = &outcome.talk {
            let talk = talk.sample(draws.draw(purpose::TALK));
            fate.released = at.after(talk);
            fate.charge += self.price.talk(talk);
        }
        if let Some((threshold, after)) = &outcome.seen {
            self.open(*threshold, after, heard, draws, fate);
        }
    }

    /// Whether and when the person opens the delivered message.
    fn open(&self, threshold: u64, after: &Sampler, heard: bool, draws: Draws, fate: &mut Fate) {
        const { assert!(purpose::SEEN == 4 && purpose::SEEN_REPORT_DELAY == 6, "the draws of one block") };
        let [opened, span, delay, _] = draws.block(1);
        if u64::from(opened) >= threshold {
            return;
        }
        fate.seen = fate.delivered.after(after.sample(span));
        if heard {
            fate.report(fate.seen.after(self.report_delay.sample(delay)), Status::Seen);
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
    pub fn talk(&self, talk: SimTime) -> Money {
        const MINUTE: i128 = 60_000_000;
        let increment = i128::from(self.increment.as_micros());
        let started = (i128::from(talk.as_micros()) + increment - 1) / increment;
        let billed = started * increment * i128::from(self.per_minute.as_micros());
        Money::from_micros(((billed + MINUTE / 2) / MINUTE) as i64)
    }
}
