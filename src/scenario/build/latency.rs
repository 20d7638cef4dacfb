//! Builds latency distributions.

use super::{Builder, quoted};
use crate::dist::{Dist, Shape};
use crate::scenario::record::{Entry, Record, Value};
use crate::units::Span;

/// The standard normal quantile of 95 %.
const Z95: f64 = 1.644_853_626_951_472_2;

/// The maximum `sigma` of a lognormal distribution; the grammar limits `sigma` itself to it.
const MAX_SIGMA: f64 = 4.0;

impl Builder<'_> {
    /// Builds the distribution at `key`; zero when it is missing.
    pub(super) fn dist_or_zero(&mut self, record: &Record, key: &str) -> Option<Dist> {
        self.optional_dist(record, key).map(|dist| dist.unwrap_or(Dist::constant(Span::ZERO)))
    }

    /// Builds the distribution at `key`, if present.
    pub(super) fn optional_dist(&mut self, record: &Record, key: &str) -> Option<Option<Dist>> {
        match record.has(key) {
            true => self.dist(record.get(key)?).map(Some),
            false => Some(None),
        }
    }

    /// Builds the distribution in `record`.
    pub(super) fn dist(&mut self, record: &Record) -> Option<Dist> {
        match record.entries.as_slice() {
            [Entry { value: Value::Duration(span), .. }] => Some(Dist::constant(*span)),
            [Entry { value: Value::Table(parameters), key, .. }] => self.shaped(key, parameters),
            _ => None,
        }
    }

    /// Builds the distribution with the shape `name`.
    fn shaped(&mut self, name: &str, parameters: &Record) -> Option<Dist> {
        let shape = self.shape(name, parameters);
        let cut = if name == "uniform" { Some(Span::UNLIMITED) } else { self.cut(parameters) };
        Some(Dist { shape: shape?, shift: parameters.get_or("shift", Span::ZERO)?, max: cut? })
    }

    /// Builds the shape `name` from its parameters.
    fn shape(&mut self, name: &str, parameters: &Record) -> Option<Shape> {
        match name {
            "uniform" => self.uniform(parameters),
            "exponential" => Some(Shape::Exponential { mean: parameters.get("mean")? }),
            "lognormal" if parameters.has("median") => {
                Some(Shape::Lognormal { median: parameters.get("median")?, sigma: parameters.get("sigma")? })
            }
            "lognormal" => self.percentiles(parameters),
            "gamma" => Some(Shape::Gamma { mean: parameters.get("mean")?, cv: parameters.get("cv")? }),
            "weibull" => Some(Shape::Weibull { scale: parameters.get("scale")?, shape: parameters.get("shape")? }),
            _ => self.column_of(parameters, usize::MAX).map(|spans| Shape::Empirical(spans.into())),
        }
    }

    /// Builds a uniform distribution between two spans.
    fn uniform(&mut self, parameters: &Record) -> Option<Shape> {
        let (min, max) = (parameters.get("min")?, parameters.get("max")?);
        if min < max {
            return Some(Shape::Uniform { min, max });
        }
        let help = format!("write a max above {}, or {{ constant = {} }}", quoted(min), quoted(min));
        self.reject(
            parameters.place_of("max"),
            "`max` is not above `min`",
            format!("expected more than {}", quoted(min)),
            help,
        )
    }

    /// Builds a lognormal distribution from its median and its 95th percentile.
    fn percentiles(&mut self, parameters: &Record) -> Option<Shape> {
        let (p50, p95): (Span, Span) = (parameters.get("p50")?, parameters.get("p95")?);
        let place = parameters.place_of("p95");
        if p95 <= p50 {
            let expected = format!("expected more than {}", quoted(p50));
            return self.reject(place, "`p95` is not above `p50`", expected, "write a longer p95, or a shorter p50");
        }
        let sigma = libm::log(p95.as_secs_f64() / p50.as_secs_f64()) / Z95;
        if sigma > MAX_SIGMA {
            let message = format!("`p95` is too far above `p50`: sigma would be {sigma:.1}");
            return self.reject(
                place,
                message,
                format!("expected a sigma of at most {MAX_SIGMA}"),
                "write a shorter p95",
            );
        }
        Some(Shape::Lognormal { median: p50, sigma })
    }

    /// Returns where the distribution is truncated.
    fn cut(&mut self, parameters: &Record) -> Option<Span> {
        let shift = parameters.get_or("shift", Span::ZERO)?;
        let max = parameters.get_or("max", Span::UNLIMITED)?;
        if max > shift {
            return Some(max);
        }
        let message = "`max` is not above `shift`: the latency would be constant";
        let help = format!("write a longer max, or {{ constant = {} }}", quoted(max));
        self.reject(parameters.place_of("max"), message, format!("expected more than {}", quoted(shift)), help)
    }
}
