//! Latency distributions: shapes with practical parameters, their quantile functions, and the tables from which they are sampled.

mod law;
mod quantile;
mod quantile_tables;
mod sampler;

use crate::units::Span;
use std::sync::Arc;

pub use law::Law;
pub use quantile::rough_normal;
pub use quantile_tables::{Entry, QuantileTables};
pub use sampler::Sampler;

/// The longest span that a distribution yields, about 407 days; the far tail of a very wide shape is cut off there.
pub const MAX_SPAN: Span = Span::from_micros(1 << 45);

/// The shape of a distribution of spans of time.
#[derive(Clone, PartialEq, Debug)]
pub enum Shape {
    /// A constant span.
    Constant(Span),
    /// Uniform over `min..max`, with `min < max`.
    Uniform {
        /// The shortest span.
        min: Span,
        /// The longest span.
        max: Span,
    },
    /// Exponential (memoryless).
    Exponential {
        /// The mean, above zero.
        mean: Span,
    },
    /// `median · exp(sigma · Z)` with a standard normal `Z`.
    Lognormal {
        /// The median, above zero.
        median: Span,
        /// The standard deviation of the logarithm, above zero.
        sigma: f64,
    },
    /// A gamma distribution, such as a sum of exponential stages: shape `1/cv²`, scale `mean · cv²`.
    Gamma {
        /// The mean, above zero.
        mean: Span,
        /// The coefficient of variation, above zero: standard deviation over mean.
        cv: f64,
    },
    /// `P(X > x) = exp(-(x / scale)^shape)`.
    Weibull {
        /// The 63.2 % quantile, above zero.
        scale: Span,
        /// Above zero; below 1 the tail is heavier than exponential.
        shape: f64,
    },
    /// One of these measured spans, all equally likely. Not empty.
    Empirical(Arc<[Span]>),
}

/// A distribution of spans of time: a shape, shifted by `shift` and capped at `max` (a longer span becomes `max`).
#[derive(Clone, PartialEq, Debug)]
pub struct Dist {
    /// The shape.
    pub shape: Shape,
    /// Added to every span; not negative.
    pub shift: Span,
    /// The cap on the span; [`Span::UNLIMITED`] for none.
    pub max: Span,
}

impl Dist {
    /// The distribution with this shape, neither shifted nor capped.
    #[must_use]
    pub const fn new(shape: Shape) -> Self {
        Self { shape, shift: Span::ZERO, max: Span::UNLIMITED }
    }

    /// The span within which this `share` of the spans are, from 0 to 1.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Span {
        let law = Law::new(&Sampler::new(self));
        Span::from_secs_f64(law.quantile(share) / 1e6).min(self.max).min(MAX_SPAN)
    }

    /// The constant distribution at `span`.
    #[must_use]
    pub const fn constant(span: Span) -> Self {
        Self::new(Shape::Constant(span))
    }
}
