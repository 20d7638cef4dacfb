//! One recipient of a run.

use crate::status::Segment;

/// One recipient, as far as the simulation knows them: these fields and the draws derived from them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Recipient {
    /// The number within the stream of traffic, from 0.
    pub index: u32,
    /// The segment, by which prices and outcomes are looked up.
    pub segment: Segment,
}

impl Recipient {
    /// A recipient of this segment.
    #[must_use]
    #[inline]
    pub const fn new(index: u32, segment: Segment) -> Self {
        Self { index, segment }
    }
}

/// A recipient and its stream. Ordered as recipients who act at the same time do so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct RecipientId {
    /// The stream of traffic, by its index.
    pub stream: u8,
    /// The number within the stream.
    pub index: u32,
}
