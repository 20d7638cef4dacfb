//! Latency distributions: their shapes in quantities that people have, their quantile functions, and the tables that
//! sample them.

mod quantile;
mod quantile_tables;
mod sampler;

use crate::units::Span;
use std::sync::Arc;

pub use quantile_tables::{Entry, QuantileTables};
pub use sampler::Sampler;

/// The longest span a distribution yields, about 407 days; the far tail of a very wide shape ends there.
pub const MAX_SPAN: Span = Span::from_micros(1 << 45);

/// The shape of a distribution of spans of time.
#[derive(Clone, PartialEq, Debug)]
pub enum Shape {
    /// Always the same span.
    Constant(Span),
    /// Evenly spread over `min..max`, with `min < max`.
    Uniform {
        /// The shortest span.
        min: Span,
        /// The longest span.
        max: Span,
    },
    /// Memoryless.
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
    /// A sum of memoryless stages: shape `1/cv²`, scale `mean · cv²`.
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
    /// One of these measured spans, each as likely as the other. Not empty.
    Empirical(Arc<[Span]>),
}

/// A distribution of spans of time: a shape, moved by `shift`, and cut off at `max` (a longer span becomes `max`).
#[derive(Clone, PartialEq, Debug)]
pub struct Dist {
    /// The shape.
    pub shape: Shape,
    /// Added to every span; not negative.
    pub shift: Span,
    /// No span is longer; [`Span::UNLIMITED`] for no bound.
    pub max: Span,
}

impl Dist {
    /// `shape`, neither moved nor cut off.
    #[must_use]
    pub const fn new(shape: Shape) -> Self {
        Self { shape, shift: Span::ZERO, max: Span::UNLIMITED }
    }

    /// Always `span`.
    #[must_use]
    pub const fn constant(span: Span) -> Self {
        Self::new(Shape::Constant(span))
    }
}
