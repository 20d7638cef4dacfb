//! Handing an attempt over to one of the providers of its step.

use super::cast::{Cast, Part};
use super::life::Witness;
use crate::engine::{Flow, Submission};
use crate::provider::{Fate, Terms};
use crate::rng::{Luck, ProviderKey, purpose};
use crate::units::SimTime;

/// Says whether and when providers let attempts leave.
pub trait Usher {
    /// An attempt comes to `provider` at `now`, and is withdrawn if it has not left by `patience`.
    fn judge(&mut self, provider: usize, now: SimTime, patience: SimTime) -> Verdict;

    /// The attempt that was judged last leaves then, and this becomes of it.
    #[inline]
    fn left(&mut self, _provider: usize, _leaves: SimTime, _fate: &Fate) {}
}

/// What becomes of an attempt that comes to a provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It leaves then.
    Leaves(SimTime),
    /// It waits until its patience runs out.
    Withdrawn,
    /// It waits, and when it leaves is not known yet.
    Waits,
    /// The provider is over its limit.
    Refused,
    /// The circuit is open: the provider never sees it.
    Blocked,
}

/// Everybody leaves at once.
pub struct Open;

impl Usher for Open {
    #[inline]
    fn judge(&mut self, _provider: usize, now: SimTime, _patience: SimTime) -> Verdict {
        Verdict::Leaves(now)
    }
}

/// An attempt in the hands of a provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Handed {
    /// The provider: the one that took it, or the last that did not.
    pub provider: usize,
    /// Its place in the step's pool.
    pub member: u8,
    /// What has been agreed.
    pub terms: Terms,
    /// What the provider said.
    pub verdict: Verdict,
    /// When it is withdrawn if it has not left.
    pub patience: SimTime,
}

/// Where a life is played.
#[derive(Clone, Copy)]
pub struct Stage<'a> {
    /// Who plays.
    pub cast: &'a Cast,
    /// The plan.
    pub part: &'a Part,
    /// The luck of the recipient's stream.
    pub luck: Luck,
    /// The recipient.
    pub recipient: u32,
}

/// Which member of its step's pool carried each attempt, four bits for each.
pub(super) type Carried = u64;

impl Stage<'_> {
    /// Hands the attempt that `flow` has just made over at `now`: to the first provider of its pool that takes it. Gives who has it,
    /// and what will become of it; nothing of that is known yet for one that waits.
    #[inline]
    pub fn hand_over<U: Usher, W: Witness>(
        &self,
        flow: &Flow,
        carried: Carried,
        (now, submission): (SimTime, Submission),
        usher: &mut U,
        witness: &mut W,
    ) -> (Handed, Fate) {
        let carrier = &self.part.carriers[usize::from(submission.step)];
        let terms = Terms { submitted: now, ..carrier.terms };
        let pool = &carrier.pool;
        let last = pool.members().len();
        let draw = if pool.is_weighted() { self.choice(submission.attempt) } else { 0 };
        for (tried, member) in pool.order(draw).enumerate() {
            let provider = pool.members()[member];
            let patience = self.cast.providers[provider].patience(&terms, flow.deadline());
            let verdict = usher.judge(provider, now, patience);
            let handed = Handed { provider, member: member as u8, terms, verdict, patience };
            let fate = match verdict {
                Verdict::Leaves(leaves) => self.leave(flow, carried, submission, &handed, leaves, usher),
                Verdict::Withdrawn => self.withdraw(flow, carried, submission, &handed),
                Verdict::Waits => return (handed, Fate::refused(&terms)),
                Verdict::Refused | Verdict::Blocked => Fate::refused(&terms),
            };
            if !fate.refused || tried + 1 == last {
                witness.submitted(submission, &handed, &fate);
                return (handed, fate);
            }
            witness.turned_down(submission, &handed, &fate);
        }
        unreachable!("a pool has members")
    }

    /// What becomes of an attempt that leaves.
    #[inline]
    pub fn leave<U: Usher>(
        &self,
        flow: &Flow,
        carried: Carried,
        submission: Submission,
        handed: &Handed,
        leaves: SimTime,
        usher: &mut U,
    ) -> Fate {
        let provider = &self.cast.providers[handed.provider];
        let uses = self.uses(flow, carried, submission.attempt, handed.provider);
        let fate = provider.submit(leaves, &handed.terms, self.luck.draws(provider.key(), self.recipient, uses));
        usher.left(handed.provider, leaves, &fate);
        fate
    }

    /// What becomes of an attempt whose patience runs out.
    pub fn withdraw(&self, flow: &Flow, carried: Carried, submission: Submission, handed: &Handed) -> Fate {
        let provider = &self.cast.providers[handed.provider];
        let uses = self.uses(flow, carried, submission.attempt, handed.provider);
        let draws = self.luck.draws(provider.key(), self.recipient, uses);
        provider.withdraw(&handed.terms, flow.deadline(), draws)
    }

    /// How many of the attempts before this one the provider had.
    #[inline]
    fn uses(&self, flow: &Flow, carried: Carried, attempt: u8, provider: usize) -> u16 {
        let had = |earlier: u8| {
            let pool = &self.part.carriers[usize::from(flow.step_of(earlier))].pool;
            pool.members()[(carried >> (4 * earlier)) as usize & 15] == provider
        };
        (0..attempt).filter(|&earlier| had(earlier)).count() as u16
    }

    /// The draw that chooses among weighted providers.
    fn choice(&self, attempt: u8) -> u32 {
        self.luck.draws(ProviderKey::SENDER, self.recipient, u16::from(attempt)).draw(purpose::CHOICE)
    }
}

/// `carried` with the member that has `attempt`.
#[inline]
pub(super) const fn carry(carried: Carried, attempt: u8, member: u8) -> Carried {
    carried | (member as u64) << (4 * attempt)
}
