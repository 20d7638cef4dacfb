//! Handing an attempt over to one of the providers of its step.

use super::cast::{Cast, Part};
use super::handing::{Handed, TurnedDown, Usher, Verdict};
use super::witness::Witness;
use crate::engine::{Flow, MAX_MEMBERS, Pool, Submission};
use crate::provider::{Fate, Terms};
use crate::rng::{Luck, ProviderKey, purpose};
use crate::units::SimTime;

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

impl Stage<'_> {
    /// Hands the attempt that `flow` has just made over at `now`: to the first provider of its pool that takes it. Gives who has it,
    /// and what will become of it; nothing of that is known yet for one that waits.
    #[inline]
    pub fn hand_over<U: Usher, W: Witness>(
        &self,
        flow: &Flow,
        turned_down: TurnedDown,
        (now, submission): (SimTime, Submission),
        usher: &mut U,
        witness: &mut W,
    ) -> (Handed, Fate) {
        let carrier = &self.part.carriers[usize::from(submission.step)];
        let terms = Terms { submitted: now, ..carrier.terms };
        let pool = &carrier.pool;
        let last = pool.members().len();
        for (rank, provider) in self.candidates(pool, submission.attempt).enumerate() {
            let patience = self.cast.providers[provider].patience(&terms, flow.deadline());
            let verdict = usher.judge(provider, now, patience);
            let handed = Handed { provider, rank: rank as u8, terms, verdict, patience };
            let fate = match verdict {
                Verdict::Leaves(leaves) => self.leave(flow, turned_down, submission, &handed, leaves, usher),
                Verdict::Withdrawn => self.withdraw(flow, turned_down, submission, &handed),
                Verdict::Waits => return (handed, Fate::refused(&terms)),
                Verdict::Refused | Verdict::Blocked => Fate::refused(&terms),
            };
            if !fate.refused || rank + 1 == last {
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
        turned_down: TurnedDown,
        submission: Submission,
        handed: &Handed,
        leaves: SimTime,
        usher: &mut U,
    ) -> Fate {
        let provider = &self.cast.providers[handed.provider];
        let uses = self.uses(flow, turned_down, submission.attempt, handed.provider);
        let fate = provider.submit(leaves, &handed.terms, self.luck.draws(provider.key(), self.recipient, uses));
        usher.left(handed.provider, leaves, &fate);
        fate
    }

    /// What becomes of an attempt whose patience runs out.
    pub fn withdraw(&self, flow: &Flow, turned_down: TurnedDown, submission: Submission, handed: &Handed) -> Fate {
        let provider = &self.cast.providers[handed.provider];
        let uses = self.uses(flow, turned_down, submission.attempt, handed.provider);
        let draws = self.luck.draws(provider.key(), self.recipient, uses);
        provider.withdraw(&handed.terms, flow.deadline(), draws)
    }

    /// How often attempts before this one came to the provider: one that it turned down is a use as well, so that a recipient that
    /// it rejects once meets draws of its own when it is tried again.
    #[inline]
    fn uses(&self, flow: &Flow, turned_down: TurnedDown, attempt: u8, provider: usize) -> u16 {
        let came = |earlier: &u8| {
            let pool = &self.part.carriers[usize::from(flow.step_of(*earlier))].pool;
            if pool.is_single() {
                return pool.members()[0] == provider;
            }
            let tried = 1 + (turned_down >> (4 * earlier)) as usize % MAX_MEMBERS;
            self.candidates(pool, *earlier).take(tried).any(|candidate| candidate == provider)
        };
        (0..attempt).filter(came).count() as u16
    }

    /// The providers of a pool, in the order in which this attempt tries them.
    #[inline]
    fn candidates<'p>(&self, pool: &'p Pool, attempt: u8) -> impl Iterator<Item = usize> + use<'p> {
        let draw = if pool.is_weighted() { self.choice(attempt) } else { 0 };
        pool.order(draw).map(|place| pool.members()[place])
    }

    /// The draw that chooses among weighted providers.
    fn choice(&self, attempt: u8) -> u32 {
        self.luck.draws(ProviderKey::SENDER, self.recipient, u16::from(attempt)).draw(purpose::CHOICE)
    }
}
