//! The interface that records what happens to a recipient.

use super::admission::RoutedAttempt;
use super::pending::ReportQueue;
use crate::engine::{Flow, Observer, Submission};
use crate::provider::AttemptResult;
use crate::status::Status;
use crate::units::Time;

/// Records what happens to a recipient: what the engine does, the result of each attempt, and the reports.
pub trait Recorder: Observer {
    /// Whether reports are of interest after the flow has ended.
    const AFTER_THE_END: bool = false;

    /// An attempt has been submitted to a provider and will have this result.
    fn submitted(&mut self, submission: Submission, attempt: &RoutedAttempt, result: &AttemptResult);

    /// A provider has turned an attempt down, and another provider will be tried.
    #[inline]
    fn turned_down(&mut self, _submission: Submission, _attempt: &RoutedAttempt, _fate: &AttemptResult) {}

    /// A report has arrived and is about to be passed to the engine.
    #[inline]
    fn reported(&mut self, _now: Time, _attempt: u8, _status: Status) {}

    /// A timer has expired and the engine is about to be told; these reports are on their way to it.
    #[inline]
    fn timed_out<Q: ReportQueue>(&mut self, _now: Time, _flow: &Flow, _reports: &Q) {}
}
