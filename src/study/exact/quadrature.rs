//! Numerical integration over a law: nodes with weights, in place of draws.

use crate::dist::{Law, rough_normal};
use std::sync::LazyLock;

/// The most points of a rule.
const MOST_POINTS: usize = 16;
/// Up to this number of atoms for each digit of a result are nodes themselves.
const ATOMS_PER_DIGIT: usize = 6;
/// The panels of an integral, by the standard normal quantiles at which they begin. A law is integrated over the standard normal variable of which
/// its spans are a function: the quantile functions of all shapes are smooth in it, in both tails.
const PANELS: [&[f64]; 5] =
    [&[-5.5, -2.6, -1.3, 0.0, 1.3, 2.6], &[-5.0, -1.5, 0.0, 1.5, 3.0], &[-4.5, -1.3, 1.3], &[-4.0, 0.0], &[-4.0]];

/// How fine integrals are: about the number of decimal digits of a result. An integral that counts for a thousandth of it needs three fewer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Level(pub(super) usize);

impl Level {
    /// The points for a panel of this weight, in an integral whose panels have `most`. A light panel needs fewer, but one that breaks cut out needs
    /// two for its mean and variance.
    fn points(self, most: usize, weight: f64) -> usize {
        most.min((0.75 * self.digits(weight) + 1.0).max(2.0) as usize)
    }

    /// What does not matter any more.
    fn tolerance(self) -> f64 {
        libm::exp10(0.5 - self.0 as f64)
    }

    /// The digits that count in an integral of this weight.
    pub(super) fn digits(self, weight: f64) -> f64 {
        self.0 as f64 + libm::log10(weight.max(1e-30))
    }

    /// The panels and the points for each of them, for an integral that counts by `weight`. The error of a Gaussian rule falls geometrically with the
    /// number of its points.
    fn rule(self, weight: f64) -> (&'static [f64], usize) {
        match self.digits(weight) {
            digits if digits >= 7.5 => (PANELS[0], digits as usize),
            digits if digits >= 6.5 => (PANELS[0], 6),
            digits if digits >= 5.5 => (PANELS[1], 5),
            digits if digits >= 4.5 => (PANELS[1], 4),
            digits if digits >= 3.5 => (PANELS[1], 3),
            digits if digits >= 2.5 => (PANELS[2], 3),
            digits if digits >= 1.5 => (PANELS[3], 3),
            digits if digits >= 0.5 => (PANELS[4], 3),
            digits if digits >= -0.5 => (PANELS[4], 2),
            _ => (PANELS[4], 1),
        }
    }
}

/// The standard normal distribution: its function on a grid, and its density.
struct Normal {
    on_grid: Vec<(f64, f64)>,
}

static NORMAL: LazyLock<Normal> = LazyLock::new(|| {
    let at = |i: i32| {
        let z = f64::from(i) / Normal::STEPS - Normal::LAST;
        (0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2), libm::exp(-0.5 * z * z) * 0.398_942_280_401_432_7)
    };
    Normal { on_grid: (0..=(2.0 * Normal::LAST * Normal::STEPS) as i32).map(at).collect() }
});

impl Normal {
    const LAST: f64 = 7.0;
    const STEPS: f64 = 128.0;

    /// The probability below `z`, and the density there: expanded about the nearest grid point to the third order, with an error below 1e-9.
    fn at(&self, z: f64) -> (f64, f64) {
        let z = z.clamp(-Self::LAST, Self::LAST);
        let place = ((z + Self::LAST) * Self::STEPS + 0.5) as usize;
        let (below, density) = self.on_grid[place];
        let middle = place as f64 / Self::STEPS - Self::LAST;
        let d = z - middle;
        let bend = middle * middle - 1.0;
        let at = density * (1.0 - middle * d + 0.5 * bend * d * d);
        (below + density * d * (1.0 - 0.5 * middle * d + bend * d * d / 6.0), at)
    }

    /// The quantile below which there is the probability `below`: a rough one, and a step of Newton's method.
    fn quantile(&self, below: f64) -> f64 {
        if below <= 1e-12 || below >= 1.0 - 1e-12 {
            return if below < 0.5 { -Self::LAST } else { Self::LAST };
        }
        let far = rough_normal(below.min(1.0 - below));
        let z = if below < 0.5 { -far } else { far };
        let (found, density) = self.at(z);
        (z - (found - below) / density).clamp(-Self::LAST, Self::LAST)
    }
}

/// A node: a span (µs), and the probability that stands at it.
pub(super) type Node = (f64, f64);

/// The rules of Gauss and Legendre on (0, 1) with 1 to [`MOST_POINTS`] points (DLMF 3.5(v)), by Newton's method on the polynomials.
static RULES: LazyLock<Vec<Vec<(f64, f64)>>> = LazyLock::new(|| (1..=MOST_POINTS).map(rule).collect());

fn rule(n: usize) -> Vec<(f64, f64)> {
    let point = |i: usize| {
        let mut x = libm::cos(std::f64::consts::PI * (i as f64 + 0.75) / (n as f64 + 0.5));
        let mut slope = 0.0;
        for _ in 0..12 {
            let (mut before, mut value) = (1.0, x);
            for k in 2..=n {
                let k = k as f64;
                (before, value) = (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k);
            }
            slope = n as f64 * (x * value - before) / (x * x - 1.0);
            x -= value / slope;
        }
        (0.5 * (1.0 - x), 1.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..n).map(point).collect()
}

/// The points of a rule on (0, 1), with their weights, which add up to 1.
pub(super) fn points(n: usize) -> &'static [(f64, f64)] {
    &RULES[n.clamp(1, MOST_POINTS) - 1]
}

/// Appends nodes for the spans of `law` up to `longest` to `nodes`. The function that is integrated may have kinks or jumps at `breaks`, which are
/// in ascending order; the integral counts by `weight`.
pub(super) fn nodes(law: &Law, longest: f64, breaks: &[f64], (weight, level): (f64, Level), nodes: &mut Vec<Node>) {
    if let Some(atoms) = law.atoms() {
        let reached = atoms.partition_point(|&span| span <= longest);
        return of_atoms(&atoms[..reached], atoms.len(), breaks, level, nodes);
    }
    let (shortest, last) = law.ends();
    if longest < shortest {
        return;
    }
    let below_cap = law.continuous();
    let top = law.up_to(longest).min(below_cap);
    let normal = &*NORMAL;
    let (panels, count) = level.rule(weight * top);
    let highest = normal.quantile(top);
    // Both lists are in ascending order, and are merged. The outermost panels reach to the ends of the law.
    let (mut from, mut begin) = (0.0, panels[0].min(highest - 1.0));
    let (mut usual, mut breaks) = (panels[1..].iter().copied().peekable(), breaks.iter().peekable());
    // A break that cuts off less than matters is passed over.
    let least = level.tolerance() / weight.max(1e-30);
    while from < top {
        let next = usual.peek().copied().unwrap_or(f64::INFINITY);
        let mut broken = 2.0;
        while let Some(&&span) = breaks.peek() {
            broken = law.up_to(span);
            if broken - from >= least && top - broken >= least {
                break;
            }
            broken = 2.0;
            breaks.next();
        }
        let at_break = if broken < top { normal.quantile(broken) } else { f64::INFINITY };
        let (to, end) = if next.min(at_break) >= highest {
            (top, highest)
        } else if next < at_break {
            usual.next();
            (normal.at(next).0, next)
        } else {
            breaks.next();
            (broken, at_break)
        };
        if to > from {
            panel(law, (from, to), (begin, end), level.points(count, weight * (to - from)), nodes);
            from = to;
        }
        begin = begin.max(end);
    }
    if longest >= last && below_cap < 1.0 {
        nodes.push((last, 1.0 - below_cap));
    }
}

/// Appends this number of nodes for the part of a law between two probabilities, which are those of two standard normal quantiles.
fn panel(law: &Law, (from, to): (f64, f64), (begin, end): (f64, f64), count: usize, nodes: &mut Vec<Node>) {
    let mass = to - from;
    if end <= begin {
        return nodes.push((law.quantile(0.5 * (from + to)), mass));
    }
    let (first, width) = (nodes.len(), end - begin);
    let mut sum = 0.0;
    for &(x, w) in points(count) {
        let (below, density) = NORMAL.at(begin + x * width);
        sum += w * density;
        nodes.push((law.quantile(below.clamp(from, to)), w * density));
    }
    let panel = &mut nodes[first..];
    panel.iter_mut().for_each(|node| node.1 *= mass / sum);
    // The mean is right, whatever the law.
    let mean: f64 = panel.iter().map(|node| node.0 * node.1).sum();
    let shift = (law.mean_below(to) - law.mean_below(from) - mean) / mass;
    let (shortest, longest) = (law.quantile(from), law.quantile(to));
    panel.iter_mut().for_each(|node| node.0 = (node.0 + shift).clamp(shortest, longest));
}

/// Nodes for these atoms, which are `of` together with those that are not asked for. Many are taken together in cells between the breaks, each as
/// two nodes with its probability, mean and variance.
fn of_atoms(atoms: &[f64], of: usize, breaks: &[f64], level: Level, nodes: &mut Vec<Node>) {
    let each = 1.0 / of as f64;
    if let (Some(&first), Some(&last)) = (atoms.first(), atoms.last())
        && first == last
    {
        nodes.push((first, atoms.len() as f64 * each));
        return;
    }
    let most = ATOMS_PER_DIGIT * level.0;
    if atoms.len() <= most {
        nodes.extend(atoms.iter().map(|&span| (span, each)));
        return;
    }
    let cell = atoms.len().div_ceil(most / 2);
    let (mut rest, mut breaks) = (atoms, breaks.iter());
    while !rest.is_empty() {
        let broken = breaks.next().map_or(rest.len(), |&span| rest.partition_point(|&atom| atom <= span));
        let (part, later) = rest.split_at(broken);
        for cell in part.chunks(cell) {
            let n = cell.len() as f64;
            let mean = cell.iter().sum::<f64>() / n;
            let deviation = (cell.iter().map(|&span| (span - mean) * (span - mean)).sum::<f64>() / n).sqrt();
            nodes.extend([mean - deviation, mean + deviation].map(|span| (span.max(0.0), 0.5 * n * each)));
        }
        rest = later;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::{Dist, Sampler, Shape};
    use crate::units::Span;

    /// A rule with n points is exact for polynomials of degree 2n - 1: the integral of x^k is 1/(k + 1).
    #[test]
    fn rules_are_exact_for_polynomials() {
        for n in 1..=MOST_POINTS {
            for k in 0..2 * n as i32 {
                let sum: f64 = points(n).iter().map(|&(x, w)| w * x.powi(k)).sum();
                assert!((sum - 1.0 / f64::from(k + 1)).abs() < 1e-13, "{n} points, x^{k}: {sum}");
            }
        }
    }

    /// The probabilities of the nodes add up to that of the range, and their means to its mean; with a cap, and cut at breaks.
    #[test]
    fn nodes_keep_probability_and_mean() {
        let secs = Span::from_secs_f64;
        let many: Vec<Span> = (0..1000).map(|i| Span::from_micros(i * i * 37)).collect();
        let shapes = [
            Shape::Lognormal { median: secs(4.0), sigma: 0.7 },
            Shape::Uniform { min: secs(1.0), max: secs(9.0) },
            Shape::Constant(secs(5.0)),
            Shape::Empirical([1.0, 5.0, 2.0, 2.0].map(secs).into()),
            Shape::Empirical(many.into()),
        ];
        for shape in shapes {
            let law = Law::new(&Sampler::new(&Dist { shape, shift: secs(0.5), max: secs(20.0) }));
            for longest in [1e6, 3.3e6, 7e6, 2e7, f64::INFINITY] {
                let mut all = Vec::new();
                nodes(&law, longest, &[2.2e6, 3.1e6, 3e7], (1.0, Level(8)), &mut all);
                let mass: f64 = all.iter().map(|node| node.1).sum();
                let mean: f64 = all.iter().map(|node| node.0 * node.1).sum();
                assert!((mass - law.up_to(longest)).abs() < 1e-12, "{law:?} {mass}");
                assert!((mean - law.mean_up_to(longest)).abs() < 2e-4 * (1.0 + mean), "{mean}");
            }
        }
    }
}
