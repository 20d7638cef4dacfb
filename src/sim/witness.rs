//! Who watches a life.

use super::handing::Handed;
use crate::engine::{Observer, Submission};
use crate::provider::Fate;
use crate::units::SimTime;
use crate::vocabulary::Status;

/// Watches a life: what the engine does, what becomes of each attempt, and what is reported.
pub trait Witness: Observer {
    /// Whether reports are of interest after the flow has ended.
    const TO_THE_LAST: bool = false;

    /// An attempt has been handed to a provider, and this will become of it.
    fn submitted(&mut self, submission: Submission, handed: &Handed, fate: &Fate);

    /// A provider has not taken an attempt, and another one will be tried.
    #[inline]
    fn turned_down(&mut self, _submission: Submission, _handed: &Handed, _fate: &Fate) {}

    /// A report has arrived and the engine is about to hear it.
    #[inline]
    fn reported(&mut self, _now: SimTime, _attempt: u8, _status: Status) {}

    /// A timer has run down and the engine is about to hear it.
    #[inline]
    fn timed_out(&mut self, _now: SimTime) {}
}
