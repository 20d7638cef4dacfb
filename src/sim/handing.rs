//! What is said when an attempt is handed over to a provider.

use crate::engine::MAX_MEMBERS;
use crate::provider::{Fate, Terms};
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
    /// How many of the step's pool had turned the attempt down before.
    pub rank: u8,
    /// What has been agreed.
    pub terms: Terms,
    /// What the provider said.
    pub verdict: Verdict,
    /// When it is withdrawn if it has not left.
    pub patience: SimTime,
}

/// How many of its step's pool turned each attempt down before the one that it ended with, four bits for each.
pub(super) type TurnedDown = u64;

/// `turned_down` with how many turned down `attempt`.
#[inline]
pub(super) const fn with_rank(turned_down: TurnedDown, attempt: u8, rank: u8) -> TurnedDown {
    turned_down | (rank as u64) << (4 * attempt)
}

const _: () = assert!(MAX_MEMBERS <= 16, "four bits hold how many of a pool turned an attempt down");
