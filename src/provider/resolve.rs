//! The result of an attempt once its draws are known: one rule, shared by single attempts and batches.

use super::spec::Price;
use crate::status::Status;
use crate::units::Span;
#[cfg(doc)]
use crate::units::Time;

/// Later than every time that a sum of spans can reach, yet small enough that spans can be added without overflow.
const FAR: i64 = 1 << 61;

/// The numbers that [`Settlement::resolve`] needs about a provider and the validity of an attempt: spans (µs), at most [`FAR`], and
/// prices (millionths).
#[derive(Clone, Copy, Debug)]
pub(super) struct Settlement {
    /// The message expires after this; [`FAR`] for a provider that does not honour validity.
    validity: i64,
    /// A delivery within this span is charged as on time, a later one as late.
    in_validity: i64,
    /// The charge for the submission, whatever the outcome.
    pub(super) submitted: i64,
    delivered: i64,
    delivered_late: i64,
}

/// The result of an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Resolved {
    /// When the status occurs (µs); meaningless for silence.
    pub(super) at: i64,
    /// The status, as `Status as u8`; 0 for silence.
    pub(super) status: u8,
    /// Whether the message is delivered at that time, and charged as such.
    pub(super) delivered: bool,
    /// The charge (millionths), excluding talk time.
    pub(super) charge: i64,
}

impl Settlement {
    /// The settlement for attempts with this validity.
    pub(super) fn new(price: &Price, honours_ttl: bool, agreed: Span) -> Self {
        let validity = if honours_ttl { agreed } else { Span::UNLIMITED };
        Self {
            validity: validity.as_micros().min(FAR),
            in_validity: agreed.as_micros().min(FAR),
            submitted: price.submitted.as_micros() * i64::from(price.parts),
            delivered: price.delivered.as_micros(),
            delivered_late: price.delivered_late.as_micros(),
        }
    }

    /// Resolves an attempt that was `submitted` and `departs` at these times (µs) and whose outcome has this status, or 0 for
    /// silence, `after` this long (µs) from departure. The status occurs then, unless the validity ends earlier; in that case the
    /// message expires when it ends.
    #[inline(always)]
    pub(super) const fn resolve(&self, submitted: i64, departs: i64, outcome: u8, after: i64) -> Resolved {
        let happens = departs + after;
        let over = submitted + self.validity;
        let expires = (happens > over) & (outcome != 0);
        let at = if happens < over { happens } else { over };
        let status = if expires { Status::Expired as u8 } else { outcome };
        let delivered = (status >= Status::Delivered as u8) & (status <= Status::Seen as u8);
        let price = if at > submitted + self.in_validity { self.delivered_late } else { self.delivered };
        Resolved { at, status, delivered, charge: self.submitted + if delivered { price } else { 0 } }
    }

    /// As [`Settlement::resolve`], for an attempt that may wait for the recipient's phone: what comes of it begins when it `starts`, which
    /// may be [`Time::NEVER`] in µs. An attempt that waits without end is silent.
    #[inline]
    pub(super) const fn resolve_from(&self, submitted: i64, starts: i64, outcome: u8, after: i64) -> Resolved {
        let is_endless = starts >= FAR && self.validity >= FAR;
        let starts = if starts < FAR { starts } else { FAR };
        self.resolve(submitted, starts, if is_endless { 0 } else { outcome }, after)
    }
}

const _: () = {
    let mut number = 1;
    while number <= Status::ALL.len() {
        let status = Status::ALL[number - 1];
        let is_between = status as u8 >= Status::Delivered as u8 && status as u8 <= Status::Seen as u8;
        assert!(
            status as usize == number && status.is_delivery() == is_between,
            "deliveries have neighbouring numbers"
        );
        number += 1;
    }
};
