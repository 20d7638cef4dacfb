//! A scenario with one or two of its values varied: what it comes to at each point.

use crate::scenario::{Axis, Change};

/// A point of a sweep: for each axis, which of its values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Point(pub Vec<usize>);

impl Point {
    /// What is changed at it.
    #[must_use]
    pub fn changes(&self, axes: &[Axis]) -> Vec<Change> {
        axes.iter().zip(&self.0).map(|(axis, &index)| axis.change(index)).collect()
    }
}

/// All points: each value of each axis with each of the others, the last axis running first.
#[must_use]
pub fn points(axes: &[Axis]) -> Vec<Point> {
    axes.iter().fold(vec![Point(Vec::new())], |points, axis| {
        let with = |point: &Point, index| Point(point.0.iter().copied().chain([index]).collect());
        points.iter().flat_map(|point| (0..axis.values.len()).map(move |index| with(point, index))).collect()
    })
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
}
