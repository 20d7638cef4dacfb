//! What the engine asks its driver before it waits for a retry.

use super::recorder::Recorder;
use crate::engine::{Notice, Observer, RetryAdvice};
use crate::rng::{DrawKey, RngKey, purpose};
use crate::units::{Span, Time};

/// What a recipient's flow may ask its driver.
#[derive(Clone, Copy)]
pub(super) struct Sender {
    /// The random numbers of the recipient's stream.
    pub(super) rng: RngKey,
    pub(super) recipient: u32,
    /// How long the provider that rejected the latest attempt asked to wait; zero if it did not, or if the attempt was not rejected.
    pub(super) hint: Span,
}

impl Sender {
    /// The draw for an attempt: a weighted pool chooses by it, and the wait before a retry varies by it.
    #[inline]
    pub(super) fn draw(self, attempt: u8) -> u32 {
        self.rng.draws(DrawKey::SENDER, self.recipient, u16::from(attempt)).draw(purpose::CHOICE)
    }
}

/// A recorder that also answers what the flow asks.
pub(super) struct Observed<'a, R> {
    pub(super) recorder: &'a mut R,
    pub(super) sender: Sender,
}

impl<R: Recorder> Observer for Observed<'_, R> {
    #[inline]
    fn notice(&mut self, now: Time, notice: Notice) {
        self.recorder.notice(now, notice);
    }

    #[cold]
    fn before_retry(&mut self, attempt: u8) -> RetryAdvice {
        RetryAdvice { draw: self.sender.draw(attempt), hint: self.sender.hint }
    }
}
