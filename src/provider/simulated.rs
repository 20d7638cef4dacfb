//! A provider made ready to play: what becomes of one submission.

use super::fortune::Tables;
use super::outage::{self, Trouble};
use super::spec::{Outage, Price, ProviderSpec};
use crate::dist::{Dist, Sampler};
use crate::rng::{Draws, ProviderKey, purpose};
use crate::units::{Money, SimTime};
use crate::vocabulary::Status;

/// No call lasts longer than a day; with the highest price that a scenario can name, sums of charges then stay exact.
const LONGEST_CALL: SimTime = SimTime::from_micros(86_400_000_000);

/// A simulated provider.
///
/// > The fate of an attempt is known the moment it leaves: it depends on that moment, its terms and its own draws, and on
/// > nothing else.
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
    /// Each with the draws below which it hits.
    pub(super) outages: Vec<(Outage, u64)>,
    /// For batches, where they can be had.
    pub(super) tables: Option<Tables>,
}

/// An outcome with its samplers.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// The outcome is this one if a 32-bit draw is below this, and not below that of the one before.
    pub(super) below: u64,
    pub(super) status: Status,
    pub(super) after: Sampler,
    /// The draws below which a delivered message is opened, and when.
    pub(super) seen: Option<(u64, Sampler)>,
    pub(super) talk: Option<Sampler>,
}

/// What is agreed for one attempt when it is handed over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    /// When it was handed over.
    pub submitted: SimTime,
    /// How long the engine waits in its step; a delivery after that is charged as late.
    pub ttl: SimTime,
    /// How long the provider keeps trying, if it keeps to that.
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
    /// When an answered call ends, or any other attempt is over for the provider; [`SimTime::NEVER`] when it is silent.
    pub released: SimTime,
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
        charge: Money::ZERO,
        reports: [Report { at: SimTime::NEVER, status: Status::Queued }; 4],
        count: 0,
    };

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
            outages: spec.outages.iter().map(|outage| (outage.clone(), outage.share.threshold())).collect(),
            tables: None,
        };
        provider.tables = Tables::new(&provider);
        provider
    }

    /// By what its luck is keyed.
    #[must_use]
    pub const fn key(&self) -> ProviderKey {
        self.key
    }

    /// What becomes of an attempt that leaves at `leaves`, with these terms and draws.
    #[must_use]
    #[inline]
    pub fn submit(&self, leaves: SimTime, terms: &Terms, draws: Draws) -> Fate {
        let block = draws.block(0);
        let trouble = match self.outages.as_slice() {
            [] => Trouble::NONE,
            outages => outage::trouble(outages, leaves, block[usize::from(purpose::FIRST_OUTAGE)], draws),
        };
        let mut fate = Fate::NOTHING;
        if trouble.refused {
            fate.report(leaves, Status::Failed);
            fate.released = leaves;
            return fate;
        }
        fate.charge = Money::from_micros(self.price.submitted.as_micros() * i64::from(self.price.parts));
        if terms.progress {
            fate.report(terms.submitted, Status::Queued);
        }
        if !trouble.silent {
            self.play(leaves, terms, &trouble, draws, block, &mut fate);
        }
        fate
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
        let over = terms.submitted.after(terms.validity);
        let expired = self.honours_ttl && happens > over;
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
        let late = at > terms.submitted.after(terms.ttl);
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
