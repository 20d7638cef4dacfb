//! Who observes a recipient.

use super::admission::RoutedAttempt;
use crate::engine::{Observer, Submission};
use crate::provider::AttemptResult;
use crate::status::Status;
use crate::units::Time;

/// Observes a recipient: what the engine does, what becomes of each attempt, and what is reported.
pub trait Recorder: Observer {
    /// Whether reports are of interest after the flow has ended.
    const AFTER_THE_END: bool = false;

    /// An attempt has been submitted to a provider, and this will become of it.
    fn submitted(&mut self, submission: Submission, attempt: &RoutedAttempt, result: &AttemptResult);

    /// A provider has not taken an attempt, and another one will be tried.
    #[inline]
    fn turned_down(&mut self, _submission: Submission, _attempt: &RoutedAttempt, _fate: &AttemptResult) {}

    /// A report has arrived and the engine is about to hear it.
    #[inline]
    fn reported(&mut self, _now: Time, _attempt: u8, _status: Status) {}

    /// A timer has run down and the engine is about to hear it.
    #[inline]
    fn timed_out(&mut self, _now: Time) {}
}
