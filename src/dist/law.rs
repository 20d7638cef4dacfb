//! The law of a sampler: the probabilities that its draws have.

use super::sampler::{Kind, SIDE, Sampler, probability};

/// The distribution that a [`Sampler`] draws from, exactly as its table has it: the quantile function is linear between two knots, so that the
/// distribution function is its inverse, and moments are sums over the pieces. All spans are in µs.
///
/// It serves whoever computes with probabilities in place of draws. The errors of the table itself, against the distribution that was asked for,
/// are those of the simulation (see [`Sampler`]).
#[derive(Clone, Debug)]
pub struct Law {
    shape: LawShape,
}

#[derive(Clone, Debug)]
enum LawShape {
    /// These spans in ascending order, all equally likely; a constant span is a single one.
    Atoms(Vec<f64>),
    Pieces(Pieces),
}

/// A piecewise linear quantile function, and a cap.
#[derive(Clone, Debug)]
struct Pieces {
    /// The knots, in ascending order ...
    spans: Vec<f64>,
    /// ... the probability below each of them ...
    below: Vec<f64>,
    /// ... and the integral of the quantile function up to it.
    integral: Vec<f64>,
    /// The number of the first knot for each bucket of the spans, counted from the first knot: see [`bucket`].
    index: Vec<u16>,
    first_bucket: usize,
    /// The first piece that is longer than nothing.
    first_piece: usize,
    /// The number of the first knot for each of equal parts of the probability.
    parts: Vec<u16>,
    /// A longer span becomes this.
    max: f64,
    /// The probability below the cap.
    below_max: f64,
}

/// The parts of the probability by which knots are found.
const PARTS: usize = 1024;

/// Buckets for each doubling of the distance from the first knot.
const BUCKET_BITS: u32 = 6;

/// The number of a bucket of distances.
#[inline]
fn bucket(distance: f64) -> usize {
    ((distance as f32).to_bits() >> (23 - BUCKET_BITS)) as usize
}

impl Law {
    /// The law of `sampler`.
    #[must_use]
    pub fn new(sampler: &Sampler) -> Self {
        let max = sampler.max as f64;
        let shape = match &sampler.kind {
            Kind::Constant(span) => LawShape::Atoms(vec![(*span as f64).min(max)]),
            Kind::Measured(spans) => LawShape::Atoms(spans.iter().map(|&span| (span as f64).min(max)).collect()),
            Kind::Table(knots) => LawShape::Pieces(Pieces::new(knots, max)),
        };
        Self { shape }
    }

    /// The single span that it has, if it is constant.
    #[must_use]
    pub fn constant(&self) -> Option<f64> {
        match &self.shape {
            LawShape::Atoms(spans) => {
                let (first, last) = (spans.first()?, spans.last()?);
                (first == last).then_some(*first)
            }
            LawShape::Pieces(_) => None,
        }
    }

    /// The spans that it has, all equally likely, if it is not continuous.
    #[must_use]
    pub fn atoms(&self) -> Option<&[f64]> {
        match &self.shape {
            LawShape::Atoms(spans) => Some(spans),
            LawShape::Pieces(_) => None,
        }
    }

    /// The shortest and the longest span.
    #[must_use]
    pub fn ends(&self) -> (f64, f64) {
        match &self.shape {
            LawShape::Atoms(spans) => (spans[0], spans[spans.len() - 1]),
            LawShape::Pieces(pieces) => (pieces.spans[0].min(pieces.max), pieces.last().min(pieces.max)),
        }
    }

    /// The probability of spans up to `span`, that one included.
    #[must_use]
    #[inline]
    pub fn up_to(&self, span: f64) -> f64 {
        match &self.shape {
            LawShape::Atoms(spans) => count_up_to(spans, span) as f64 / spans.len() as f64,
            LawShape::Pieces(pieces) => pieces.up_to(span),
        }
    }

    /// The mean of the spans up to `span`, times their probability.
    #[must_use]
    pub fn mean_up_to(&self, span: f64) -> f64 {
        match &self.shape {
            LawShape::Atoms(spans) => spans[..count_up_to(spans, span)].iter().sum::<f64>() / spans.len() as f64,
            LawShape::Pieces(pieces) => pieces.mean_up_to(span),
        }
    }

    /// The mean of the spans below the quantile of `below`, times `below`, of a law that is not of atoms; the cap is left out.
    #[must_use]
    pub fn mean_below(&self, below: f64) -> f64 {
        match &self.shape {
            LawShape::Atoms(_) => 0.0,
            LawShape::Pieces(pieces) => {
                let i = pieces.piece_of(below);
                pieces.integral[i] + (below - pieces.below[i]) * 0.5 * (pieces.spans[i] + pieces.quantile(below))
            }
        }
    }

    /// The part of the law that is continuous: its probability. The rest is at the longest span.
    #[must_use]
    pub fn continuous(&self) -> f64 {
        match &self.shape {
            LawShape::Atoms(_) => 0.0,
            LawShape::Pieces(pieces) => pieces.below_max,
        }
    }

    /// The span below which a share `below` of the spans are, from 0 to 1, of a law that is not of atoms; the cap is left out.
    #[must_use]
    #[inline]
    pub fn quantile(&self, below: f64) -> f64 {
        match &self.shape {
            LawShape::Atoms(spans) => spans[((below * spans.len() as f64) as usize).min(spans.len() - 1)],
            LawShape::Pieces(pieces) => pieces.quantile(below),
        }
    }
}

/// The number of these spans, in ascending order, up to `span`.
#[inline]
fn count_up_to(spans: &[f64], span: f64) -> usize {
    if let [only] = spans { usize::from(*only <= span) } else { spans.partition_point(|&other| other <= span) }
}

impl Pieces {
    fn new(knots: &[i64], max: f64) -> Self {
        // The lower side from the tail to the median, then the upper one backwards from the median, which both have.
        let lower = (0..SIDE).map(|i| (knots[i] as f64, probability(i)));
        let upper = (0..SIDE - 1).rev().map(|i| (knots[SIDE + i] as f64, 1.0 - probability(i)));
        let (mut spans, mut below): (Vec<f64>, Vec<f64>) = lower.chain(upper).unzip();
        let (first, last) = (0, spans.len() - 1);
        (below[first], below[last]) = (0.0, 1.0);
        // Of knots within one microsecond the first and the last are enough: between them the law jumps.
        let is_kept = |&i: &usize| {
            i == first || i == last || spans[i] < spans[last] && (spans[i] > spans[i - 1] || spans[i + 1] > spans[i])
        };
        let keep: Vec<usize> = (0..=last).filter(is_kept).collect();
        spans = keep.iter().map(|&i| spans[i]).collect();
        below = keep.iter().map(|&i| below[i]).collect();
        let mut integral = vec![0.0];
        for i in 1..spans.len() {
            integral.push(integral[i - 1] + (below[i] - below[i - 1]) * 0.5 * (spans[i] + spans[i - 1]));
        }
        let mut pieces = Self {
            spans,
            below,
            integral,
            index: Vec::new(),
            first_bucket: 0,
            first_piece: 0,
            parts: Vec::new(),
            max,
            below_max: 1.0,
        };
        pieces.index_knots();
        pieces.below_max = if max <= pieces.last() { pieces.below(max) } else { 1.0 };
        pieces
    }

    fn last(&self) -> f64 {
        self.spans[self.spans.len() - 1]
    }

    fn index_knots(&mut self) {
        let distance = |span: &f64| bucket(span - self.spans[0]);
        self.first_piece = self.spans.partition_point(|&span| span <= self.spans[0]) - 1;
        let second = self.spans.get(self.first_piece + 1).map_or(0, distance);
        let last = self.spans.last().map_or(0, distance);
        let first_after = |bucket: usize| self.spans.partition_point(|span| distance(span) < bucket) as u16;
        let index = (second..=last + 1).map(first_after).collect();
        (self.index, self.first_bucket) = (index, second);
        let first_from = |part: usize| self.below.partition_point(|&below| below < part as f64 / PARTS as f64) as u16;
        self.parts = (0..=PARTS + 1).map(first_from).collect();
    }

    /// The number of the piece that holds `span`, which lies between the first knot and the last.
    #[inline]
    fn piece(&self, span: f64) -> usize {
        let bucket = bucket(span - self.spans[0]);
        if bucket < self.first_bucket {
            return self.first_piece;
        }
        let place = bucket - self.first_bucket;
        let (from, to) = (usize::from(self.index[place]), usize::from(self.index[place + 1]));
        let after = from + self.spans[from..to].partition_point(|&knot| knot <= span);
        after.clamp(1, self.spans.len() - 1) - 1
    }

    /// The probability below `span`, without the cap.
    #[inline]
    fn below(&self, span: f64) -> f64 {
        if span < self.spans[0] {
            return 0.0;
        }
        if span >= self.last() {
            return 1.0;
        }
        let i = self.piece(span);
        let within = (span - self.spans[i]) / (self.spans[i + 1] - self.spans[i]);
        self.below[i] + within * (self.below[i + 1] - self.below[i])
    }

    #[inline]
    fn up_to(&self, span: f64) -> f64 {
        if span >= self.max { 1.0 } else { self.below(span) }
    }

    fn mean_up_to(&self, span: f64) -> f64 {
        let to = span.min(self.max);
        let part = if to < self.spans[0] {
            0.0
        } else if to >= self.last() {
            self.integral[self.integral.len() - 1]
        } else {
            let i = self.piece(to);
            self.integral[i] + (self.below(to) - self.below[i]) * 0.5 * (to + self.spans[i])
        };
        part + if span >= self.max { (1.0 - self.below_max) * self.max } else { 0.0 }
    }

    /// The number of the piece that holds the quantile of `below`.
    #[inline]
    fn piece_of(&self, below: f64) -> usize {
        let part = (below * PARTS as f64) as usize;
        let (from, to) = (usize::from(self.parts[part]), usize::from(self.parts[part + 1]));
        let after = from + self.below[from..to].partition_point(|&other| other <= below);
        after.clamp(1, self.spans.len() - 1) - 1
    }

    #[inline]
    fn quantile(&self, below: f64) -> f64 {
        let i = self.piece_of(below);
        let share = (below - self.below[i]) / (self.below[i + 1] - self.below[i]);
        self.spans[i] + share.clamp(0.0, 1.0) * (self.spans[i + 1] - self.spans[i])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::{Dist, Shape};
    use crate::units::Span;

    fn secs(s: f64) -> Span {
        Span::from_secs_f64(s)
    }

    fn all() -> Vec<Dist> {
        let shapes = [
            Shape::Lognormal { median: secs(4.0), sigma: 0.7 },
            Shape::Lognormal { median: secs(1200.0), sigma: 2.5 },
            Shape::Exponential { mean: secs(0.3) },
            Shape::Uniform { min: secs(12.0), max: secs(35.0) },
            Shape::Gamma { mean: secs(9.0), cv: 0.3 },
            Shape::Weibull { scale: secs(20.0), shape: 0.6 },
            Shape::Constant(secs(5.0)),
            Shape::Empirical([1.0, 5.0, 2.0, 2.0].map(secs).into()),
        ];
        let plain = shapes.iter().cloned().map(Dist::new);
        let capped = shapes.iter().cloned().map(|shape| Dist { shape, shift: secs(4.0), max: secs(14.0) });
        plain.chain(capped).collect()
    }

    /// The sampler, on an even grid of its draws, is an independent truth: a share of n draws has an error of at most 1/n, and a mean one of at
    /// most the range of the spans in a piece.
    #[test]
    fn it_is_what_the_sampler_draws() {
        const N: u32 = 1 << 16;
        for dist in all() {
            let (sampler, law) = (Sampler::new(&dist), Law::new(&Sampler::new(&dist)));
            let mut spans: Vec<f64> = (0..N).map(|i| sampler.sample(i << 16 | 1 << 15).as_micros() as f64).collect();
            spans.sort_by(f64::total_cmp);
            for p in [0.001, 0.03, 0.2, 0.5, 0.77, 0.97, 0.9995] {
                let span = spans[(p * f64::from(N)) as usize] + 0.5;
                let upto = count_up_to(&spans, span);
                let share = upto as f64 / f64::from(N);
                assert!((law.up_to(span) - share).abs() < 2.0 / f64::from(N), "{dist:?} up to {span}");
                let mean = spans[..upto].iter().sum::<f64>() / f64::from(N);
                let error = 3.0 * span / f64::from(N);
                assert!((law.mean_up_to(span) - mean).abs() < error, "{dist:?}: {} {mean}", law.mean_up_to(span));
            }
            let (shortest, longest) = law.ends();
            assert!(shortest <= spans[0] && spans[spans.len() - 1] <= longest, "{dist:?}: {:?}", law.ends());
            assert_eq!((law.up_to(shortest - 1.0), law.up_to(longest)), (0.0, 1.0), "{dist:?}");
        }
    }

    #[test]
    fn quantiles_are_the_inverse() {
        for law in all().iter().map(|dist| Law::new(&Sampler::new(dist))).filter(|law| law.atoms().is_none()) {
            for p in [1e-7, 1e-3, 0.02, 0.31, 0.5, 0.8, 0.98, 0.9999] {
                if p < law.continuous() {
                    // Within a microsecond the law may jump.
                    let (span, little) = (law.quantile(p), 1e-9 + 1e-9 * p);
                    let (below, by) = (law.up_to(span - 1.0), law.up_to(span));
                    assert!(below <= p + little && p <= by + little, "{p}: {below} to {by}");
                }
            }
        }
    }
}
