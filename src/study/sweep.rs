//! A sweep: a scenario with one or two of its values varied, and its results at each point.

use super::precision::Replications;
use super::results::Results;
use crate::scenario::{Axis, Change, Scenario, hexadecimal};
use crate::sim::REVISION;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// A point of a sweep: for each axis, the index of its value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Point(pub Vec<usize>);

impl Point {
    /// The changes to the scenario at this point.
    #[must_use]
    pub fn changes(&self, axes: &[Axis]) -> Vec<Change> {
        axes.iter().zip(&self.0).map(|(axis, &index)| axis.change(index)).collect()
    }
}

/// All points: every combination of the axes' values, with the last axis varying fastest.
#[must_use]
pub fn points(axes: &[Axis]) -> Vec<Point> {
    axes.iter().fold(vec![Point(Vec::new())], |points, axis| {
        let with = |point: &Point, index| Point(point.0.iter().copied().chain([index]).collect());
        points.iter().flat_map(|point| (0..axis.values.len()).map(move |index| with(point, index))).collect()
    })
}

/// The results of a sweep.
#[derive(Clone, PartialEq, Debug)]
pub struct Sweep {
    /// The values that were varied: one axis or two.
    pub axes: Vec<Axis>,
    /// Each point, in the order of [`points`], with its results.
    pub points: Vec<(Point, Results)>,
}

/// A digest, in hexadecimal, of everything that determines the results of `scenario` in as many replications as `replications` says. It
/// differs for every other seed, number of recipients, choice of plans, latency file, or revision of the engine.
#[must_use]
pub fn key(scenario: &Scenario, replications: Replications) -> String {
    let mut digest = Digesting(Sha256::new());
    // The debug output shows everything in a scenario, floats with all their digits.
    let _ = write!(digest, "{} {REVISION} {replications:?} {scenario:?}", env!("CARGO_PKG_VERSION"));
    hexadecimal(&digest.0.finalize())
}

/// Adapts a digest to [`Write`].
struct Digesting(Sha256);

impl Write for Digesting {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_all_combinations() {
        let axis = |text| Axis::parse(text).expect("an axis");
        let axes = [axis("seed=1,2"), axis("plans.a.steps.1.ttl=15s,30s,60s")];
        let all: Vec<_> = points(&axes).into_iter().map(|point| point.0).collect();
        assert_eq!(all, [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]);
        assert_eq!(points(&axes)[4].changes(&axes)[1].value, "30s");
    }

    #[test]
    fn a_key_tells_apart_what_may_come_to_something_else() {
        let text = include_str!("../../scenarios/bank-pin.toml");
        let scenario = crate::scenario::parse(text, "bank-pin.toml", std::path::Path::new("")).expect("valid");
        let once = Replications::Exactly(1);
        assert_eq!(key(&scenario, once), key(&scenario.clone(), once));
        let changed = [
            Scenario { seed: scenario.seed + 1, ..scenario.clone() },
            Scenario { deadline: crate::units::Span::from_micros(1), ..scenario.clone() },
            Scenario { plans: scenario.plans[1..].to_vec(), ..scenario.clone() },
        ];
        let keys = changed.iter().map(|other| key(other, once)).chain([key(&scenario, Replications::Exactly(2))]);
        let mut all: Vec<_> = keys.chain([key(&scenario, once)]).collect();
        all.sort();
        all.dedup();
        assert_eq!((all.len(), all[0].len()), (5, 64));
    }
}
