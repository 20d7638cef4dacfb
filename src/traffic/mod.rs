//! When the recipients arrive: the moment at which the sender asks for each one's message.

mod timetable;

use crate::units::{Span, Time};
use std::sync::Arc;

pub use timetable::Timetable;

/// The most recipients a scenario can have: their numbers are 32-bit counters of the generator.
pub const MAX_RECIPIENTS: u64 = 1 << 32;

/// How many people are to be reached, and when the sender asks for each.
#[derive(Clone, PartialEq, Debug)]
pub struct Traffic {
    /// How many; from 1 to [`MAX_RECIPIENTS`].
    pub recipients: u64,
    /// When.
    pub arrivals: Arrivals,
}

/// The pattern in which recipients arrive.
#[derive(Clone, PartialEq, Debug)]
pub enum Arrivals {
    /// All at the start.
    Blast,
    /// Evenly spaced: the i-th of n, from 0, at `(i + 0.5) · over / n`.
    Spread {
        /// The span that they fill.
        over: Span,
    },
    /// Each at a time of its own, uniform over the span.
    Uniform {
        /// The span.
        over: Span,
    },
    /// A Poisson process of constant rate, given how many come: each at a time of its own, uniform over as long as they need at that
    /// rate. Sorted, their gaps are exponential; unlike a stream of so many gaps they are independent, so that the intervals of
    /// what is counted hold.
    Poisson {
        /// Recipients per second, above zero.
        rate_per_s: f64,
    },
    /// Each at a time of its own, distributed as the rates of the stages: a Poisson process of changing rate, given how
    /// many come. The stages follow one another without a gap; at least one has a rate above zero.
    Stages(Arc<[ArrivalStage]>),
    /// At these times, in their order; at least as many as there are recipients.
    Times(Arc<[Time]>),
}

/// A stretch of time whose arrival rate is constant or changes linearly.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ArrivalStage {
    /// How long it lasts; above zero.
    pub over: Span,
    /// Recipients per second at its start; not negative.
    pub from_per_s: f64,
    /// Recipients per second at its end; not negative.
    pub to_per_s: f64,
}

impl ArrivalStage {
    /// How many recipients are expected to arrive in it.
    #[must_use]
    pub fn expected(&self) -> f64 {
        0.5 * (self.from_per_s + self.to_per_s) * self.over.as_secs_f64()
    }
}
