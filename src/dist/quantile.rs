//! Quantile functions of the shapes, computed with `libm` so that results are bit-identical on every platform.

use super::Shape;
use crate::units::Span;

/// A probability expressed by its smaller side, so that neither tail loses digits.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Tail {
    /// The probability below the quantile.
    Lower(f64),
    /// The probability above the quantile.
    Upper(f64),
}

impl Tail {
    /// The negative logarithm of the probability above.
    fn neg_log_upper(self) -> f64 {
        match self {
            Self::Lower(p) => -libm::log1p(-p),
            Self::Upper(q) => -libm::log(q),
        }
    }

    /// The probability below.
    fn lower(self) -> f64 {
        match self {
            Self::Lower(p) => p,
            Self::Upper(q) => 1.0 - q,
        }
    }
}

/// The quantile of a continuous `shape` (µs); `None` if the shape is not continuous.
pub(super) fn quantile(shape: &Shape, at: Tail) -> Option<f64> {
    let micros = |span: Span| span.as_micros() as f64;
    Some(match *shape {
        Shape::Uniform { min, max } => micros(min) + at.lower() * (micros(max) - micros(min)),
        Shape::Exponential { mean } => micros(mean) * at.neg_log_upper(),
        Shape::Lognormal { median, sigma } => lognormal(median, sigma, standard_normal(at)),
        Shape::Gamma { mean, cv } => micros(mean) * cv * cv * gamma(1.0 / (cv * cv), at),
        Shape::Weibull { scale, shape } => micros(scale) * libm::pow(at.neg_log_upper(), 1.0 / shape),
        Shape::Constant(_) | Shape::Empirical(_) => return None,
    })
}

/// The quantile of a log-normal shape (µs), given the standard normal quantile `z`.
pub(super) fn lognormal(median: Span, sigma: f64, z: f64) -> f64 {
    median.as_micros() as f64 * libm::exp(sigma * z)
}

/// The quantile of the standard normal distribution.
///
/// [`rough_normal`], then three steps of Newton's method on the logarithm of the tail, which is
/// smooth and concave.
pub(super) fn standard_normal(at: Tail) -> f64 {
    let (tail, sign) = match at {
        Tail::Lower(p) => (p, -1.0),
        Tail::Upper(q) => (q, 1.0),
    };
    let mut z = rough_normal(tail);
    for _ in 0..3 {
        let upper = 0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2);
        let density = libm::exp(-0.5 * z * z) * 0.398_942_280_401_432_7;
        z += upper * libm::log(upper / tail) / density;
    }
    sign * z
}

/// The quantile above which a standard normal variable lies with probability `tail`, at most 1/2: with an error below 4.5e-4 (Abramowitz and
/// Stegun 26.2.23).
#[must_use]
pub fn rough_normal(tail: f64) -> f64 {
    let t = libm::sqrt(-2.0 * libm::log(tail));
    t - (2.515_517 + t * (0.802_853 + t * 0.010_328)) / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)))
}

/// The quantile of the gamma distribution with this shape `a` and scale 1.
///
/// Newton's method on the logarithm of the tail as a function of the logarithm of `x`, kept inside a shrinking bracket.
fn gamma(a: f64, at: Tail) -> f64 {
    let target = match at {
        Tail::Lower(p) | Tail::Upper(p) => p,
    };
    let (mut low, mut high) = (-700.0, 20.0);
    let mut y = libm::log(gamma_guess(a, at)).clamp(low, high);
    for _ in 0..100 {
        let (density, lower, upper) = gamma_at(a, libm::exp(y));
        // The side is known even where the density underflows and carries no information.
        let (tail, slope, too_low) = match at {
            Tail::Lower(_) => (lower, density, lower < target),
            Tail::Upper(_) => (upper, -density, upper > target),
        };
        if too_low {
            low = y
        } else {
            high = y
        }
        let newton = y - libm::log(tail / target) * tail / slope;
        let next = if newton >= low && newton <= high { newton } else { 0.5 * (low + high) };
        if (next - y).abs() < 1e-13 * y.abs().max(1.0) {
            break;
        }
        y = next;
    }
    libm::exp(y)
}

/// Wilson and Hilferty's cube of a normal; where that is unusable, the leading term of the lower tail.
fn gamma_guess(a: f64, at: Tail) -> f64 {
    let root = 1.0 - 1.0 / (9.0 * a) + standard_normal(at) / (3.0 * libm::sqrt(a));
    if root > 0.3 {
        return a * root * root * root;
    }
    libm::exp((libm::log(at.lower()) + libm::lgamma(a + 1.0)) / a).max(1e-300)
}

/// For the gamma distribution with shape `a` and scale 1, returns `x` times the density at `x`, and the probabilities below and
/// above `x`: the regularised incomplete gamma functions P and Q, by the series below `a + 1` and by Lentz's continued fraction
/// above (DLMF 8.7.1 and 8.9.2).
fn gamma_at(a: f64, x: f64) -> (f64, f64, f64) {
    let front = libm::exp(a * libm::log(x) - x - libm::lgamma(a));
    if x < a + 1.0 {
        let lower = front * gamma_series(a, x);
        (front, lower, 1.0 - lower)
    } else {
        let upper = front * gamma_fraction(a, x);
        (front, 1.0 - upper, upper)
    }
}

fn gamma_series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
    while term > sum * 1e-16 {
        n += 1.0;
        term *= x / n;
        sum += term;
    }
    sum
}

fn gamma_fraction(a: f64, x: f64) -> f64 {
    let tiny = 1e-300;
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / tiny;
    let mut d = 1.0 / b;
    let mut value = d;
    for i in 1..10_000 {
        let i = f64::from(i);
        let an = -i * (i - a);
        b += 2.0;
        d = 1.0 / nonzero(an * d + b, tiny);
        c = nonzero(b + an / c, tiny);
        value *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}

fn nonzero(x: f64, tiny: f64) -> f64 {
    if x.abs() < tiny { tiny } else { x }
}
