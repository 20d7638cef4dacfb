//! What an attempt comes to once its draws are known: one rule, for attempts one by one and for batches of them.

use super::spec::Price;
use crate::status::Status;
use crate::units::Span;

/// Later than every time that a sum of spans can reach, and so far from the end of the numbers that spans can be added.
const FAR: i64 = 1 << 61;

/// The numbers that [`Settlement::resolve`] needs of a provider and the validity of an attempt: spans (µs), at most [`FAR`], and prices
/// (millionths).
#[derive(Clone, Copy, Debug)]
pub(super) struct Settlement {
    /// After this the message expires; [`FAR`] for a provider that does not keep validity.
    validity: i64,
    /// A delivery within this span is charged as such, a later one as late.
    in_validity: i64,
    /// For the submission, whatever becomes of it.
    pub(super) submitted: i64,
    delivered: i64,
    delivered_late: i64,
}

/// What an attempt comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Resolved {
    /// When the status happens (µs); without meaning for silence.
    pub(super) at: i64,
    /// The status, as `Status as u8`; 0 for silence.
    pub(super) status: u8,
    /// Whether the message reaches the person then.
    pub(super) reached: bool,
    /// What it costs, but for talk (millionths).
    pub(super) charge: i64,
}

impl Settlement {
    /// For attempts with this validity.
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

    /// An attempt that was submitted and departs then (µs), and whose outcome has this status, or 0 for silence, so long (µs) `after`
    /// departing: it happens, unless the validity ends before, in which case the message expires then.
    #[inline(always)]
    pub(super) const fn resolve(&self, submitted: i64, departs: i64, outcome: u8, after: i64) -> Resolved {
        let happens = departs + after;
        let over = submitted + self.validity;
        let expires = (happens > over) & (outcome != 0);
        let at = if happens < over { happens } else { over };
        let status = if expires { Status::Expired as u8 } else { outcome };
        let reached = (status >= Status::Delivered as u8) & (status <= Status::Seen as u8);
        let price = if at > submitted + self.in_validity { self.delivered_late } else { self.delivered };
        Resolved { at, status, reached, charge: self.submitted + if reached { price } else { 0 } }
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
