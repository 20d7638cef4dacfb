//! Recipient arrivals: the times at which the sender requests each recipient's message.

mod phones;
mod poisson;
mod segments;
mod timetable;

use crate::rng::RngKey;
use crate::units::{Span, Time};
use std::sync::Arc;

pub use phones::{PhoneOff, Phones};
pub use poisson::LEAST_MEAN;
pub use segments::{SegmentMix, Segments};
pub use timetable::Timetable;

/// The maximum number of recipients in a scenario: their numbers are 32-bit counters of the generator.
pub const MAX_RECIPIENTS: u64 = 1 << 32;

/// The number of recipients, and when the sender requests each one's message.
#[derive(Clone, PartialEq, Debug)]
pub struct Traffic {
    /// The number of recipients; from 1 to [`MAX_RECIPIENTS`].
    pub recipients: u64,
    /// The pattern of arrivals.
    pub arrivals: Arrivals,
    /// Which segment each recipient belongs to.
    pub segments: SegmentMix,
}

/// The pattern in which recipients arrive.
#[derive(Clone, PartialEq, Debug)]
pub enum Arrivals {
    /// All at the start.
    Blast,
    /// Evenly spaced: the i-th of n, from 0, at `(i + 0.5) · over / n`.
    Spread {
        /// The span over which they are spaced.
        over: Span,
    },
    /// At independent times, uniform over the span.
    Uniform {
        /// The span.
        over: Span,
    },
    /// A Poisson process of constant rate, conditional on the number of arrivals: independent times, uniform over the span that
    /// they take at that rate. Sorted, their gaps are exponential. Unlike times generated gap by gap, they are independent of one
    /// another, as the confidence intervals of the counts require.
    Poisson {
        /// Recipients per second, above zero.
        rate_per_s: f64,
    },
    /// A Poisson process of constant rate over a span: how many recipients come is random where they are simulated together, and then differs
    /// from one replication to the next. [`Traffic::recipients`] is the mean, which is simulated where recipients are independent: neither
    /// shares nor latencies depend on the number then.
    PoissonOver {
        /// Recipients per second, above zero.
        rate_per_s: f64,
        /// The span.
        over: Span,
    },
    /// At independent times, distributed as the rates of the stages: a Poisson process of varying rate, conditional on the number
    /// of arrivals. The stages follow one another without a gap; at least one has a rate above zero.
    Stages(Arc<[ArrivalStage]>),
    /// At these times, in the order given; at least as many as there are recipients.
    Times(Arc<[Time]>),
}

/// A period during which the arrival rate is constant or changes linearly.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ArrivalStage {
    /// Its length; above zero.
    pub over: Span,
    /// Recipients per second at its start; not negative.
    pub from_per_s: f64,
    /// Recipients per second at its end; not negative.
    pub to_per_s: f64,
}

impl Traffic {
    /// The traffic of the replication of `rng`, the key of the stream, where recipients are simulated together: the same, unless how many come is
    /// random.
    #[must_use]
    pub fn in_replication(&self, rng: RngKey) -> Self {
        match self.arrivals {
            Arrivals::PoissonOver { rate_per_s, over } => {
                Self { recipients: poisson::count(rate_per_s * over.as_secs_f64(), rng), ..self.clone() }
            }
            _ => self.clone(),
        }
    }

    /// The same traffic with this much more of it, in percent: more recipients over the same time, in the same pattern. Where arrivals or segments are
    /// listed, some of the list come twice. `None` if they would be too many.
    #[must_use]
    pub fn grown(&self, percent: u32) -> Option<Self> {
        let factor = 1.0 + f64::from(percent) / 100.0;
        let recipients = (u128::from(self.recipients) * u128::from(100 + percent)).div_ceil(100);
        let recipients = u64::try_from(recipients).ok().filter(|recipients| *recipients <= MAX_RECIPIENTS)?;
        // Which of the list the n-th is, so that all of it is used evenly.
        let place = |n: u64| (u128::from(n) * u128::from(self.recipients) / u128::from(recipients)) as usize;
        let arrivals = match &self.arrivals {
            Arrivals::Blast | Arrivals::Spread { .. } | Arrivals::Uniform { .. } => self.arrivals.clone(),
            Arrivals::Poisson { rate_per_s } => Arrivals::Poisson { rate_per_s: rate_per_s * factor },
            Arrivals::PoissonOver { rate_per_s, over } => {
                Arrivals::PoissonOver { rate_per_s: rate_per_s * factor, over: *over }
            }
            Arrivals::Stages(stages) => {
                let grown = |stage: &ArrivalStage| ArrivalStage {
                    from_per_s: stage.from_per_s * factor,
                    to_per_s: stage.to_per_s * factor,
                    ..*stage
                };
                Arrivals::Stages(stages.iter().map(grown).collect())
            }
            Arrivals::Times(times) => Arrivals::Times((0..recipients).map(|n| times[place(n)]).collect()),
        };
        let segments = match &self.segments {
            SegmentMix::Listed(all) => SegmentMix::Listed((0..recipients).map(|n| all[place(n)]).collect()),
            mix => mix.clone(),
        };
        Some(Self { recipients, arrivals, segments })
    }

    /// When the last recipient comes; of a Poisson process, when the last is expected.
    #[must_use]
    pub fn last_arrival(&self) -> Time {
        match &self.arrivals {
            Arrivals::Blast => Time::ZERO,
            Arrivals::Spread { over } | Arrivals::Uniform { over } | Arrivals::PoissonOver { over, .. } => {
                Time::ZERO.after(*over)
            }
            Arrivals::Poisson { rate_per_s } => Time::from_secs_f64(self.recipients as f64 / rate_per_s),
            Arrivals::Stages(stages) => stages.iter().fold(Time::ZERO, |sum, stage| sum.after(stage.over)),
            Arrivals::Times(times) => times.iter().take(self.recipients as usize).copied().max().unwrap_or_default(),
        }
    }

    /// Whether how many recipients come is random.
    #[must_use]
    pub const fn is_random(&self) -> bool {
        matches!(self.arrivals, Arrivals::PoissonOver { .. })
    }
}

impl ArrivalStage {
    /// The expected number of arrivals in the stage.
    #[must_use]
    pub fn expected(&self) -> f64 {
        0.5 * (self.from_per_s + self.to_per_s) * self.over.as_secs_f64()
    }
}
